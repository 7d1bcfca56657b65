"""The actions of volumes and radiographs: planes, slabs, comparing, true size."""

from __future__ import annotations

from collections.abc import Callable

from desktop_app.action import ActionRow, Desk
from desktop_app.session import Session


def is_volume(session: Session) -> bool:
    """Whether the open scan has planes along three axes."""
    return session.info is not None and session.info.kind == "volume" and session.info.size.planes > 1


def _is_open(session: Session) -> bool:
    return session.scan is not None


def _row(
    id_: str,
    text: str,
    call: Callable[[Desk], object],
    *keys: str,
    group: int,
    icon: str = "",
    tip: str = "",
    can: Callable[[Session], bool] = is_volume,
    is_on: Callable[[Session], bool] | None = None,
) -> ActionRow:
    return ActionRow(id_, text, call, keys, "no slide", "View", group, icon, tip, can, is_on=is_on)


def volume_rows() -> tuple[ActionRow, ...]:
    """All of them, in the order of the menus."""
    return (
        _row(
            "one-view",
            "One view",
            lambda d: d.volume.show_planes(False),
            "F2",
            group=4,
            icon="view-one",
            tip="The plane that is worked on, alone",
            can=_is_open,
        ),
        _row(
            "three-planes",
            "Three planes",
            lambda d: d.volume.show_planes(True),
            "F4",
            group=4,
            icon="view-planes",
            tip="Planes of all three axes through the crosshair",
        ),
        _row("next-axis", "Next axis", lambda d: d.volume.next_axis(), "F5", group=4, icon="axis"),
        _row(
            "crosshair",
            "Crosshair",
            lambda d: d.volume.toggle_crosshair(),
            "C",
            group=4,
            icon="crosshair",
            tip="Show where the other planes cut this one; move it with Shift and the mouse",
        ),
        _row(
            "slab",
            "Slab: mean, max, min, off",
            lambda d: d.volume.cycle_slab(),
            "Shift+S",
            group=5,
            icon="slab",
            tip="Show several planes as one; its thickness is set in Display",
            is_on=lambda s: s.display.slab.is_on,
        ),
        _row(
            "true-size",
            "True size",
            lambda d: d.volume.show_true_size(),
            "Shift+F",
            group=5,
            icon="ruler",
            tip="One millimetre of the scan as one millimetre on the screen",
            can=_is_open,
        ),
        _row(
            "compare",
            "Compare with another case…",
            lambda d: d.volume.compare(),
            "F3",
            group=6,
            icon="view-two",
            tip="Look at another case beside this one, or close it",
            can=_is_open,
        ),
        _row(
            "link-compared",
            "Link the compared scans",
            lambda d: d.volume.toggle_link(),
            "K",
            group=6,
            icon="link",
            tip="Let the compared scans move together, or each for itself",
            can=_is_open,
        ),
    )
