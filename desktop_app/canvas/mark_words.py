"""What stands at a mark: its label and score, or what it measures."""

from __future__ import annotations

from collections.abc import Sequence

from dataset.annotation import Annotation, Point, Proposal
from dataset.measurement import MEASUREMENT, measured_as
from desktop_app.measure_text import anchor_of, measure_text
from desktop_app.session import Session
from desktop_app.tool import Mark

MEASURING = ("ruler", "angle", "region")
"""The tools that make measurements."""


def words_of(mark: Mark, session: Session) -> tuple[str, Point | None]:
    """The text of a mark's chip, and the point it stands at (`None`: beside the mark)."""
    name, kind = session.label_of(mark.label).name, measured_as(mark)
    if kind is None:
        return (f"{name} {mark.score:.2f}" if isinstance(mark, Proposal) else name), None
    values = session.valuing.of(mark.id, mark.geometry) if kind == "region" else None
    text = measure_text(kind, mark.geometry, session.spacing_mm, values)
    return (text if mark.label == MEASUREMENT.id else f"{name} {text}"), anchor_of(kind, mark.geometry)


def preview_colour(session: Session) -> str:
    """The colour of what is being drawn: that of what it will be."""
    if session.tool_name in MEASURING:
        return (session.labels.get(MEASUREMENT.id) or MEASUREMENT).colour
    return session.label_of(session.label).colour


def live_words(live: Sequence[Annotation], session: Session) -> tuple[tuple[Point, str], ...]:
    """What measurements under the hand would say, each at its point."""
    found: list[tuple[Point, str]] = []
    for mark in live:
        kind = measured_as(mark)
        anchor = anchor_of(kind, mark.geometry) if kind is not None else None
        if kind is not None and anchor is not None:
            found.append((anchor, measure_text(kind, mark.geometry, session.spacing_mm)))
    return tuple(found)
