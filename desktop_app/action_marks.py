"""The actions of marks: lock, hide, show a label alone."""

from __future__ import annotations

from dataset.annotation import Annotation
from desktop_app.action import ActionRow
from desktop_app.mark_edits import lock_edit
from desktop_app.session import Session
from desktop_app.visibility import EVERYTHING

GROUP = 3
"""Below the labels of the menu."""


def marks_rows() -> tuple[ActionRow, ...]:
    """All of them, in the order of the menus."""
    return (
        ActionRow(
            "lock",
            "Lock",
            lambda d: toggle_lock(d.session),
            ("Ctrl+Shift+L",),
            menu="Marks",
            group=GROUP,
            icon="lock",
            tip="Keep the selected marks from being moved or deleted; once more unlocks them",
            can=lambda s: bool(s.selection),
            name=lambda s: "Unlock" if _all_locked(s) else "Lock",
        ),
        ActionRow(
            "hide-selected",
            "Hide selected",
            lambda d: hide_selected(d.session),
            ("Shift+H",),
            menu="Marks",
            group=GROUP,
            icon="eye-off",
            tip="Hide the selected marks while this scan is open",
            can=lambda s: bool(s.selection),
        ),
        ActionRow(
            "solo",
            "Show this label alone",
            lambda d: solo(d.session),
            ("S",),
            menu="Marks",
            group=GROUP,
            icon="solo",
            tip="Show only the labels of the selection, or the current label; once more shows all",
            can=lambda s: s.scan is not None,
            is_on=lambda s: bool(s.visibility.solo),
        ),
        ActionRow(
            "show-all",
            "Show all marks",
            lambda d: d.session.set_visibility(EVERYTHING),
            ("Ctrl+Shift+H",),
            menu="Marks",
            group=GROUP,
            icon="eye",
            tip="Show every mark and every label again",
            can=lambda s: not s.visibility.is_all,
        ),
    )


def _selected(session: Session) -> tuple[Annotation, ...]:
    found = map(session.document.get, session.selection)
    return tuple(mark for mark in found if mark is not None)


def _all_locked(session: Session) -> bool:
    marks = _selected(session)
    return bool(marks) and all(mark.locked for mark in marks)


def toggle_lock(session: Session) -> None:
    """Lock the selected marks, or unlock them where all are locked."""
    marks = _selected(session)
    if marks:
        session.commit(lock_edit(marks, not all(mark.locked for mark in marks)))
    else:
        session.told.emit("Proposals are not locked; accept them first")


def hide_selected(session: Session) -> None:
    """Hide the selected marks."""
    count = len(session.selection)
    session.set_visibility(session.visibility.hiding(session.selection))
    session.told.emit(f"{count} hidden: Ctrl+Shift+H shows all again")


def solo(session: Session) -> None:
    """Show the labels of the selection alone, else the current label; once more shows all."""
    if session.visibility.solo:
        session.set_visibility(session.visibility.toggling_solo(()))
        return
    marks = (session.findings.get(mark_id) for mark_id in session.selection)
    labels = {mark.label for mark in marks if mark is not None} or {session.label}
    session.set_visibility(session.visibility.toggling_solo(labels))
