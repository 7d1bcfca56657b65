"""What is said of a mark in the list of findings: its state, who made it, when, where it is, and what it was before."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import datetime

from dataset.annotation import (
    Annotation,
    Box,
    Points,
    Polygon,
    Polyline,
    Proposal,
    RotatedBox,
    WholeScan,
    bounds,
    geometry_plane,
)
from dataset.mask import Mask
from desktop_app.session import Session
from desktop_app.tool import Mark
from desktop_app.translation import tr

STATES = ("proposed", "accepted", "corrected", "drawn", "rejected")
SHAPES: dict[type, Callable[[], str]] = {
    Box: lambda: tr("box"),
    RotatedBox: lambda: tr("rotated box"),
    Polygon: lambda: tr("polygon"),
    Polyline: lambda: tr("line"),
    Points: lambda: tr("points"),
    WholeScan: lambda: tr("whole scan"),
    Mask: lambda: tr("mask"),
}
MOST_SCORES = 8
"""So many labels are told with their scores."""


def state_of(mark: Mark, rejected: AbstractSet[str] = frozenset()) -> str:
    """`proposed`, `accepted` (as the model said), `corrected` (a person's version of it), `drawn` or `rejected`."""
    if not isinstance(mark, Annotation):
        return "rejected" if mark.id in rejected else "proposed"
    if mark.author.startswith("model:"):
        return "accepted"
    return "corrected" if mark.origin else "drawn"


def author_of(mark: Mark, session: Session) -> str:
    """Who made it: a person, or a model's name and version."""
    if isinstance(mark, Annotation):
        return session.blinds.name_of(mark.author).removeprefix("model:")
    proposed = session.findings.proposed.get(mark.id)
    return proposed.model if proposed is not None else "reading…"


def made_at(mark: Mark, session: Session) -> datetime | None:
    """When a person or a model made it; `None` while the model still reads."""
    if isinstance(mark, Annotation):
        return mark.created
    proposed = session.findings.proposed.get(mark.id)
    return proposed.created if proposed is not None else None


def place_of(mark: Mark, session: Session) -> str:
    """What shape it has and, where the scan has several planes, on which it lies, in a few words."""
    shape = SHAPES[type(mark.geometry)]()
    if session.info is not None and session.info.size.planes == 1:
        return shape
    plane = geometry_plane(mark.geometry)
    return shape if plane is None else f"{shape} · {tr('plane {}').format(plane.index + 1)}"


def origin_of(mark: Mark, session: Session) -> Proposal | None:
    """The proposal that a person made a mark from, where it says something else than the mark."""
    if not isinstance(mark, Annotation) or not mark.origin or mark.author.startswith("model:"):
        return None
    known = session.findings.proposed.get(mark.origin)
    if known is None:
        return None
    proposal = known.proposal
    has_moved = proposal.geometry is not mark.geometry and proposal.geometry != mark.geometry
    return proposal if has_moved or proposal.label != mark.label else None


def was_words(mark: Mark, session: Session) -> str:
    """What the model said before a person changed it: its size, label and score; empty where nothing was changed."""
    before = origin_of(mark, session)
    if before is None:
        return ""
    around = bounds(before.geometry)
    size = f"{around[2]:.0f} × {around[3]:.0f} px, " if around is not None else ""
    return tr("was {}").format(f"{size}{session.label_of(before.label).name} {before.score:.2f}")


def time_words(moment: datetime | None) -> str:
    """When: the time today, else the day too."""
    if moment is None:
        return ""
    there, today = moment.astimezone(), datetime.now().astimezone()
    return there.strftime("%H:%M" if there.date() == today.date() else "%Y-%m-%d %H:%M")


def scores_words(mark: Mark, session: Session) -> str:
    """Every label with its score, where the model gave them; the highest first."""
    known = mark
    if isinstance(mark, Annotation):
        origin = session.findings.proposed.get(mark.origin)
        known = origin.proposal if origin is not None else mark
    if not isinstance(known, Proposal) or len(known.scores) < 2:
        return ""
    ranked = sorted(known.scores, key=lambda pair: -pair[1])[:MOST_SCORES]
    return ", ".join(f"{session.label_of(label).name} {score:.2f}" for label, score in ranked)


def line_of(mark: Mark, session: Session) -> str:
    """One line of what a row has no room for."""
    said = (was_words(mark, session), author_of(mark, session), time_words(made_at(mark, session)))
    return " · ".join(filter(None, (*said, scores_words(mark, session))))


def tip_of(mark: Mark, session: Session) -> str:
    """All that is known of a mark, in some lines."""
    name, score = session.label_of(mark.label).name, "" if mark.score is None else f" {mark.score:.2f}"
    state = tr(state_of(mark, session.document.rejected))
    lines = (
        f"{name}{score} · {state}",
        " · ".join(filter(None, (author_of(mark, session), time_words(made_at(mark, session))))),
        place_of(mark, session),
        was_words(mark, session),
        scores_words(mark, session),
    )
    return "\n".join(filter(None, lines))


def sentence_of(mark: Mark, session: Session) -> str:
    """A row for a screen reader."""
    score = "" if mark.score is None else f", {tr('score {}').format(f'{mark.score:.2f}')}"
    name, state = session.label_of(mark.label).name, tr(state_of(mark, session.document.rejected))
    return f"{name}{score}, {state}, {author_of(mark, session)}, {place_of(mark, session)}"
