"""The history of the open scan: every saved state; look at one, compare it with now, go back to it."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from dataset.annotation import now
from dataset.record import Revision
from desktop_app.panel import Panel, Side
from desktop_app.session import Session
from desktop_app.theme import Theme, font
from desktop_app.widgets import label, push, reveal, tidy

ROWS = 6
"""So many rows are seen at once; more scroll."""
NOW = "Now"
NOTHING = "No state of this scan is saved yet."
BASES = {"accepted": "accepted as proposed", "corrected": "corrected", "confirmed empty": "confirmed empty"}


def when_text(moment: datetime) -> str:
    """The time today, the date as well on other days."""
    local, today = moment.astimezone(), now().astimezone()
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local:%Y-%m-%d %H:%M}"


def said_of(revision: Revision, *, is_head: bool) -> str:
    """What a revision is, in a few words."""
    state = "sent back" if revision.is_sent_back else "reviewed" if revision.is_reviewed else BASES[revision.basis]
    marks = f"{revision.count} mark{'' if revision.count == 1 else 's'}"
    words = [marks, state, "" if revision.is_finished or revision.is_sent_back else "in progress"]
    return " · ".join(word for word in (*words, "stands" if is_head else "") if word)


class HistoryView(QWidget):
    """A list of saved states, newest first, and what can be done with the chosen one."""

    note_changed = Signal(str)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.hint = label(NOTHING, "muted", wraps=True)
        self.list = QListWidget()
        self.list.setAccessibleName("Saved states of this scan, newest first")
        self.list.setToolTip("Saved states of this scan, newest first")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.look = push("Look", "Show the marks of this state over the scan, instead of those of now")
        self.compare = push("Compare with now", "Show what was added, removed and changed since this state")
        self.revert = push("Go back to this", "Make the marks what they were then; undo brings back what there was")
        self.look.setCheckable(True)
        self.compare.setCheckable(True)
        self.told = label("", "small", wraps=True)
        buttons = QHBoxLayout()
        tidy(buttons, theme, gap=4)
        for button in (self.look, self.compare, self.revert):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        tidy(column, theme, (12, 4, 12, 12), 8)
        for part in (self.hint, self.list):
            column.addWidget(part)
        column.addLayout(buttons)
        column.addWidget(self.told)
        self.look.clicked.connect(self._look)
        self.compare.clicked.connect(self._compare)
        self.revert.clicked.connect(lambda: session.history.revert(self.chosen))
        self.list.currentRowChanged.connect(self._show_buttons)
        self.list.itemActivated.connect(self._on_activated)
        session.history.changed.connect(self._fill)
        session.history.wanted.connect(self._come_into_view)
        session.saved_changed.connect(self._show_now)
        session.document_changed.connect(self._show_now)
        session.blinds.changed.connect(self._fill)
        self._fill()

    @property
    def chosen(self) -> str:
        """Id of the chosen revision; empty for what is now."""
        chosen = self.list.selectedItems()
        return str(chosen[0].data(Qt.ItemDataRole.UserRole)) if chosen else ""

    def showEvent(self, event: QShowEvent) -> None:
        """What other programs saved counts now."""
        super().showEvent(event)
        self._session.history.load()

    def _come_into_view(self) -> None:
        reveal(self.list)

    def _fill(self) -> None:
        history, chosen = self._session.history, self.chosen
        names = self._session.blinds.names_of(revision.author for revision in reversed(history.revisions))
        self.list.blockSignals(True)
        self.list.clear()
        self._add("", "", is_strong=False)
        for revision in history.revisions:
            is_head = revision.id == history.head
            lines = [f"{when_text(revision.created)}   {names[revision.author]}", said_of(revision, is_head=is_head)]
            self._add(
                revision.id,
                "\n".join(lines + ([self._session.blinds.said(revision.why)] if revision.why else [])),
                is_strong=is_head,
            )
        rows = [str(self.list.item(row).data(Qt.ItemDataRole.UserRole)) for row in range(self.list.count())]
        self.list.setCurrentRow(rows.index(chosen) if chosen in rows else 0)
        self.list.blockSignals(False)
        count = len(history.revisions)
        self.hint.setVisible(count == 0)
        for part in (self.list, self.look, self.compare, self.revert):
            part.setVisible(count > 0)
        heights = sum(self.list.sizeHintForRow(row) for row in range(min(self.list.count(), ROWS)))
        self.list.setFixedHeight(heights + 2 * self.list.frameWidth() + self._theme.px(4))
        self.note_changed.emit(f"{count} saved" if count else "")
        self._show_now()
        self._show_buttons()

    def _add(self, revision_id: str, text: str, *, is_strong: bool) -> None:
        item = QListWidgetItem(text)
        item.setData(Qt.ItemDataRole.UserRole, revision_id)
        item.setToolTip(text)
        if is_strong:
            item.setFont(font(self._theme, 13, bold=True))
        lines = text.count("\n") + 1 if text else 2
        item.setSizeHint(QSize(0, self._theme.px(10 + 18 * lines)))
        self.list.addItem(item)

    def _show_now(self) -> None:
        session = self._session
        if self.list.count():
            item = self.list.item(0)
            count = len(session.document.annotations)
            saved = session.saved_text or "as saved"
            item.setText(f"{NOW}\n{count} mark{'' if count == 1 else 's'} · {saved}")
            item.setToolTip(item.text())

    def _show_buttons(self) -> None:
        history, chosen = self._session.history, self.chosen
        is_looked = bool(chosen) and history.looked == chosen
        compared = history.compared
        self.look.setChecked(is_looked and compared is None)
        self.compare.setChecked(is_looked and compared is not None)
        for button in (self.look, self.compare, self.revert):
            button.setEnabled(bool(chosen))
        text = ""
        if compared is not None:
            text = f"Since then: {compared.added} added, {compared.removed} removed, {compared.changed} changed"
        elif history.looked:
            text = "You look at a saved state. Press Look again to see what is now."
        self.told.setText(text)
        self.told.setVisible(bool(text))

    def _on_activated(self, _item: QListWidgetItem) -> None:
        self._look()

    def _look(self) -> None:
        history = self._session.history
        if history.looked == self.chosen and history.compared is None:
            history.back()
        else:
            history.look(self.chosen) if self.chosen else history.back()
        self._show_buttons()

    def _compare(self) -> None:
        history = self._session.history
        if history.looked == self.chosen and history.compared is not None:
            history.back()
        else:
            history.compare_with_now(self.chosen)
        self._show_buttons()


class HistoryPanel:
    """The history on the right; folded until it is asked for."""

    title = "History"
    side: Side = "right"
    order = 60
    stretch = 0
    starts_folded = True

    def make(self, session: Session, theme: Theme) -> QWidget:
        """Build it."""
        return HistoryView(session, theme)


PLUGIN: Panel = HistoryPanel()
