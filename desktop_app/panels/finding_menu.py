"""What can be done with a row of the list of findings, and with those like it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMenu, QWidget

from dataset.annotation import Proposal
from desktop_app.judging import above, accept_these, below, is_rejected, of_label, reject_these, restore
from desktop_app.session import Session
from desktop_app.tool import Mark
from desktop_app.translation import tr


def menu_of(parent: QWidget, session: Session, mark: Mark, list_only: Callable[[str], None]) -> QMenu:
    """The menu of a row; `list_only` lists marks of one label alone."""
    menu, ids = QMenu(parent), tuple(session.selection) or (mark.id,)
    _add(menu, tr("Show it"), lambda: session.go_to(mark.id))
    if is_rejected(session, mark):
        _add(menu, tr("Take back the rejection"), lambda: restore(session, ids))
    elif isinstance(mark, Proposal):
        can = session.findings.is_settleable(mark.id)
        _add(menu, tr("Accept"), lambda: session.accept(ids), can)
        _add(menu, tr("Reject"), lambda: session.reject(ids), can)
        _add_alike(menu, session, mark)
    else:
        _add(menu, tr("Delete"), session.delete_selection, mark.id in session.selection)
    menu.addSeparator()
    name = session.label_of(mark.label).name
    _add(menu, tr("List only {}").format(name), lambda: list_only(mark.label))
    return menu


def _add_alike(menu: QMenu, session: Session, mark: Proposal) -> None:
    """What judges all that score more or less, or have its label."""
    score, name = f"{mark.score:.2f}", session.label_of(mark.label).name
    more, less, alike = above(session, mark.score), below(session, mark.score), of_label(session, mark.label)
    menu.addSeparator()
    for text, found, judge in (
        (tr("Accept {} that score {} or more").format(len(more), score), more, accept_these),
        (tr("Reject {} that score less than {}").format(len(less), score), less, reject_these),
        (tr("Accept all {} {}").format(len(alike), name), alike, accept_these),
        (tr("Reject all {} {}").format(len(alike), name), alike, reject_these),
    ):
        _add(menu, text, lambda found=found, judge=judge: judge(session, found), bool(found))


def _add(menu: QMenu, text: str, act: Callable[[], object], can: bool = True) -> None:
    action = menu.addAction(text.replace("&", "&&"))
    action.setEnabled(can)
    action.triggered.connect(lambda _checked=False: act())
