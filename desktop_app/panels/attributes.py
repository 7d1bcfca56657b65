"""Attributes: what the labels of the selected marks ask of them, filled in for all of them at once."""

from __future__ import annotations

from functools import partial
from itertools import islice

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from dataset.annotation import Annotation
from dataset.label import NO, YES, AttributeDef
from desktop_app.mark_edits import attribute_edit, attribute_of
from desktop_app.panel import Panel, Side
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.tool import Mark
from desktop_app.widgets import Chooser, Field, label

MOST_ASKED = 1000
"""So many of the selected marks are asked for their attributes."""
SEVERAL, UNSAID = "Several", "—"
WAIT_MS = 30


def asked_of(marks: tuple[Mark, ...], session: Session) -> tuple[AttributeDef, ...]:
    """What the labels of marks ask, each thing once; of two with one name the first counts."""
    found: dict[str, AttributeDef] = {}
    for label_id in dict.fromkeys(mark.label for mark in marks):
        for asked in session.label_of(label_id).attributes:
            found.setdefault(asked.name, asked)
    return tuple(found.values())


class Answer(Field):
    """A text whose Escape brings back what was said."""

    def __init__(self) -> None:
        super().__init__()
        self.said = ""

    def show_said(self, value: str) -> None:
        """Show what the marks say."""
        self.said = value
        self.setText(value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves the field as it was."""
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self.said)
            self.clearFocus()
        else:
            super().keyPressEvent(event)


class AttributesView(QWidget):
    """One field for each attribute; there while the selection has some."""

    note_changed = Signal(str)
    applies_changed = Signal(bool)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._asked: tuple[AttributeDef, ...] = ()
        self.fields: dict[str, Chooser | Answer] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(theme.px(12), theme.px(4), theme.px(12), theme.px(12))
        self._grid.setHorizontalSpacing(theme.px(12))
        self._grid.setVerticalSpacing(theme.px(8))
        self._grid.setColumnStretch(1, 1)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(WAIT_MS)
        self._wait.timeout.connect(self._refresh)
        for signal in (session.selection_changed, session.document_changed, session.labels_changed):
            signal.connect(self._pend)
        self._refresh()

    @property
    def applies(self) -> bool:
        """Whether the labels of the selection ask anything."""
        return bool(self._asked)

    def _pend(self) -> None:
        self._wait.start()

    def _marks(self) -> tuple[Mark, ...]:
        found = map(self._session.findings.get, islice(sorted(self._session.selection), MOST_ASKED))
        return tuple(mark for mark in found if mark is not None)

    def _refresh(self) -> None:
        marks = self._marks()
        asked = asked_of(marks, self._session)
        if asked != self._asked:
            self._build(asked)
        for one in asked:
            self._show(one, marks)
        missing = {
            name
            for mark in marks
            for name in self._session.label_of(mark.label).missing(
                mark.attributes if isinstance(mark, Annotation) else ()
            )
        }
        self.note_changed.emit(f"{len(missing)} needed" if missing else "")
        self.applies_changed.emit(bool(asked))

    def _build(self, asked: tuple[AttributeDef, ...]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        self._asked, self.fields = asked, {}
        for row, one in enumerate(asked):
            field = self._field(one)
            self.fields[one.name] = field
            self._grid.addWidget(label(f"{one.name} *" if one.is_required else one.name, "muted"), row, 0)
            self._grid.addWidget(field, row, 1)

    def _field(self, asked: AttributeDef) -> Chooser | Answer:
        tip = f"{asked.name} of the selected marks" + (", needed" if asked.is_required else "")
        if asked.kind in {"text", "number"}:
            field = Answer()
            field.setAccessibleName(asked.name)
            field.setToolTip(tip)
            field.editingFinished.connect(partial(self._typed, asked, field))
            return field
        made = Chooser(asked.name, tip)
        made.addItem(UNSAID, "")
        for value in asked.choices or (YES, NO):
            made.addItem(value if asked.choices else value.capitalize(), value)
        made.setPlaceholderText(SEVERAL)
        made.activated.connect(partial(self._picked, asked, made))
        return made

    def _show(self, asked: AttributeDef, marks: tuple[Mark, ...]) -> None:
        """Show what the marks say; nothing in particular where they differ."""
        values = {attribute_of(mark, asked.name) if isinstance(mark, Annotation) else "" for mark in marks}
        value = values.pop() if len(values) == 1 else None
        field = self.fields[asked.name]
        if isinstance(field, Chooser):
            field.setCurrentIndex(-1 if value is None else field.findData(value))
        elif not field.hasFocus() or not field.isModified():
            field.setPlaceholderText(SEVERAL if value is None else "")
            field.show_said(value or "")

    def _picked(self, asked: AttributeDef, field: Chooser, row: int) -> None:
        self.say(asked, str(field.itemData(row)))

    def _typed(self, asked: AttributeDef, field: Answer) -> None:
        if not field.isModified():
            return
        field.setModified(False)
        value = field.text().strip().replace(",", ".") if asked.kind == "number" else field.text().strip()
        if asked.allows(value):
            self.say(asked, value)
        else:
            self._session.told.emit(f"{asked.name} is a number")
            self._refresh()

    def say(self, asked: AttributeDef, value: str) -> None:
        """Give the selected marks whose labels ask it a value, in one edit."""
        session = self._session
        marks = (session.findings.get(mark_id) for mark_id in sorted(session.selection))
        asking = {one.id for one in session.labels.labels if asked in one.attributes}
        ids = [mark.id for mark in marks if mark is not None and mark.label in asking]
        edit = attribute_edit(session.document, session.findings.proposed, ids, asked.name, value, session.author)
        session.commit(edit)
        if any(annotation.origin in session.selection for annotation in edit.put):
            kept = (i for i in session.selection if i not in {annotation.origin for annotation in edit.put})
            session.select([*kept, *(annotation.id for annotation in edit.put)])


class AttributesPanel:
    """Attributes of the selected marks, on the right."""

    title = "Attributes"
    side: Side = "right"
    order = 11
    stretch = 0

    def make(self, session: Session, theme: Theme) -> QWidget:
        """Build it."""
        return AttributesView(session, theme)


PLUGIN: Panel = AttributesPanel()
