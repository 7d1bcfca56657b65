"""The actions of copying and pasting marks. A text field that has the focus takes these keys first."""

from __future__ import annotations

from desktop_app.action import ActionRow
from desktop_app.session import Session


def _has_selection(session: Session) -> bool:
    return session.scan is not None and bool(session.selection)


def _can_duplicate(session: Session) -> bool:
    info = session.info
    return info is not None and _has_selection(session) and info.size.count(session.plane.axis) > 1


def clipboard_rows() -> tuple[ActionRow, ...]:
    """All of them, in the order of the menu."""
    return (
        ActionRow(
            "cut-marks",
            "Cut",
            lambda d: d.session.clipping.cut(),
            ("Ctrl+X",),
            menu="Edit",
            group=2,
            icon="cut",
            tip="Copy the selected marks and take them away; of masks what lies on this plane",
            can=_has_selection,
        ),
        ActionRow(
            "copy-marks",
            "Copy",
            lambda d: d.session.clipping.copy(),
            ("Ctrl+C",),
            menu="Edit",
            group=2,
            icon="copy",
            tip="Copy the selected marks, also as GeoJSON for other programs",
            can=_has_selection,
        ),
        ActionRow(
            "paste-marks",
            "Paste",
            lambda d: d.session.clipping.paste(),
            ("Ctrl+V",),
            menu="Edit",
            group=2,
            icon="paste",
            tip="Put the copied marks on this plane, at the same place; also in another case",
            can=lambda s: s.scan is not None,
        ),
        ActionRow(
            "duplicate-marks",
            "Copy to the next plane",
            lambda d: d.session.clipping.duplicate(),
            ("Ctrl+Shift+D",),
            menu="Edit",
            group=2,
            icon="duplicate",
            tip="Put the selected marks on the next plane too, and go there",
            can=_can_duplicate,
            repeats=True,
        ),
    )
