"""Actions made for each tool, each label key and each window preset."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from dataset.label import Label, LabelSet
from dataset.measurement import labels_of_findings
from desktop_app.action import ActionRow, Desk
from desktop_app.presets import offered_windows
from desktop_app.session import Session
from desktop_app.tool import Tool

FIRST = ("select", "box", "rotated-box", "polygon", "polyline", "points", "brush", "eraser", "threshold-brush", "wand")
"""The order of the usual tools in the strip; others follow by name."""


def tool_rows(tools: Iterable[Tool]) -> tuple[ActionRow, ...]:
    """One row for each tool, and the brush size."""
    ordered = sorted(tools, key=lambda tool: FIRST.index(tool.name) if tool.name in FIRST else len(FIRST))
    rows = tuple(
        ActionRow(
            f"tool-{tool.name}",
            tool.title,
            _taker(tool.name),
            (tool.key,),
            menu="Tools",
            icon=tool.icon,
            is_on=_is_in_hand(tool.name),
        )
        for tool in ordered
    )
    sizes = (
        ActionRow(
            "smaller",
            "Smaller brush",
            lambda d: d.session.set_brush(d.session.brush / 1.25),
            ("[",),
            menu="Tools",
            group=1,
            repeats=True,
        ),
        ActionRow(
            "larger",
            "Larger brush",
            lambda d: d.session.set_brush(d.session.brush * 1.25),
            ("]",),
            menu="Tools",
            group=1,
            repeats=True,
        ),
    )
    return (*rows, *sizes)


def numbered_rows() -> tuple[ActionRow, ...]:
    """Labels on Ctrl+1…9 and window presets on 1…5."""
    labels = tuple(
        ActionRow(f"label-{n}", f"Label {n}", _labeller(n), (f"Ctrl+{n}",), can=_has_label(n)) for n in range(1, 10)
    )
    presets = tuple(
        ActionRow(f"preset-{n}", f"Window preset {n}", _presetter(n - 1), (f"{n}",), "no slide", can=_has_preset(n - 1))
        for n in range(1, 6)
    )
    return (*labels, *presets)


def _taker(name: str) -> Callable[[Desk], object]:
    return lambda desk: desk.session.set_tool(name)


def _is_in_hand(name: str) -> Callable[[Session], bool]:
    return lambda session: session.tool_name == name


def numbered_label(labels: LabelSet, number: int) -> Label | None:
    """The label on Ctrl+number: the one that claims the key, else the one at that place if it claims none."""
    claimed = next((label for label in labels.labels if label.key == str(number)), None)
    drawn = labels_of_findings(labels).labels
    if claimed is not None or number > len(drawn):
        return claimed
    placed = drawn[number - 1]
    return None if placed.key else placed


def _labeller(number: int) -> Callable[[Desk], object]:
    def choose(desk: Desk) -> None:
        label = numbered_label(desk.session.labels, number)
        if label is not None:
            desk.session.choose_label(label.id)

    return choose


def _has_label(number: int) -> Callable[[Session], bool]:
    return lambda session: numbered_label(session.labels, number) is not None


def _has_preset(position: int) -> Callable[[Session], bool]:
    return lambda session: position < len(offered_windows(session.info, session.first_window))


def _presetter(position: int) -> Callable[[Desk], object]:
    def choose(desk: Desk) -> None:
        offered = offered_windows(desk.session.info, desk.session.first_window)
        if position < len(offered):
            desk.session.set_display(replace(desk.session.display, window=offered[position]))

    return choose
