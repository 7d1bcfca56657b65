"""Readers: two readings of the open scan side by side, deciding between them, and reviewing what others finished."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from dataset.agreement import CLOSE, LabelAgreement
from dataset.matching import SAME
from dataset.readings import Reading
from desktop_app.adjudicating import COLOUR_A, COLOUR_B, WORDS, Choice
from desktop_app.flow import Flow
from desktop_app.panel import Panel, Side
from desktop_app.panels.history import said_of, when_text
from desktop_app.panels.swatch import swatch
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import Chooser, Column, Elided, Field, Section, label, push, rule, tidy, tool_button

HEADS = ("F1", "IoU", "Dice", "κ")
TIPS = (
    "2 × what both have / all that either has",
    f"Of masks: common pixels / pixels of either. Of other marks: the mean over pairs; a pair has at least {SAME:.0%}",
    "Of masks: 2 × common pixels / pixels of both",
    "Cohen's kappa of whether the label is there at all, over all scans both have finished",
)
CHOICES: tuple[tuple[Choice, str, str], ...] = (
    ("a", "A's", "Alt+1"),
    ("b", "B's", "Alt+2"),
    ("both", "Both", "Alt+3"),
    ("neither", "Neither", "Alt+0"),
)
MOST_ROWS = 12


def line_sample(theme: Theme, colour: str, *, is_dashed: bool) -> QPixmap:
    """How a reader's marks are drawn: a short line, solid or dashed."""
    width, height = theme.px(28), theme.px(14)
    picture = QPixmap(width * 2, height * 2)
    picture.fill(Qt.GlobalColor.transparent)
    picture.setDevicePixelRatio(2.0)
    painter = QPainter(picture)
    pen = QPen(QColor(colour), theme.px(3))
    if is_dashed:
        pen.setDashPattern([2.2, 1.4])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.drawLine(QPointF(1, height / 2), QPointF(width - 1, height / 2))
    painter.end()
    return picture


def number_text(value: float | None) -> str:
    """Two digits; a dash where there is no such figure."""
    return "–" if value is None else f"{value:.2f}"


class ReadersView(QWidget):
    """Who read the scan, how far they agree, and what is decided. Keeps no truth of its own."""

    note_changed = Signal(str)
    applies_changed = Signal(bool)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.state = label("", "muted", wraps=True)
        self.sides = tuple(self._side(letter) for letter in "AB")
        self.compare = push("Compare", "Show what the two readers said side by side", key="Shift+C")
        self.compare.setCheckable(True)
        self._pair, self._compared = QWidget(), QWidget()
        self._build_pair()
        self._build_compared()
        self._review = self._build_review()
        column = QVBoxLayout(self)
        tidy(column, theme, (12, 4, 12, 12), 8)
        for part in (self.state, self._pair, self._compared, self._review):
            column.addWidget(part)
        readers = session.readers
        self.compare.clicked.connect(readers.toggle)
        readers.changed.connect(self._show)
        session.blinds.changed.connect(self._show)
        session.document_changed.connect(self._show)
        self._show()

    @property
    def applies(self) -> bool:
        """Whether there is anything to compare or to review."""
        readers = self._session.readers
        head = readers.head
        return readers.can_compare or readers.can_review or (head is not None and head.is_sent_back)

    # Building.

    def _side(self, letter: str) -> tuple[Chooser, QLabel]:
        who = Chooser(f"Reader {letter}", f"Whose reading is {letter}")
        who.activated.connect(self._choose)
        return who, label("", "small")

    def _build_pair(self) -> None:
        grid = QGridLayout(self._pair)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(self._theme.px(8))
        grid.setVerticalSpacing(self._theme.px(4))
        looks = ((COLOUR_A, False, "A"), (COLOUR_B, True, "B"))
        for row, ((colour, dashed, letter), (who, about)) in enumerate(zip(looks, self.sides, strict=True)):
            sample = QLabel()
            sample.setPixmap(line_sample(self._theme, colour, is_dashed=dashed))
            sample.setToolTip(f"{letter}'s marks are drawn {'dashed' if dashed else 'solid'}")
            grid.addWidget(label(letter, "heading"), 2 * row, 0)
            grid.addWidget(sample, 2 * row, 1)
            grid.addWidget(who, 2 * row, 2)
            grid.addWidget(about, 2 * row + 1, 2)
        grid.addWidget(self.compare, 4, 2)
        grid.setColumnStretch(2, 1)

    def _build_compared(self) -> None:
        theme, readers = self._theme, self._session.readers
        column = QVBoxLayout(self._compared)
        tidy(column, theme, gap=8)
        self._table, self._column = QWidget(), column
        self.back = tool_button(theme, "left", "Previous difference", key="Alt+PageUp")
        self.forward = tool_button(theme, "right", "Next difference", key="Alt+PageDown")
        self.where, self.what = label("", "heading"), Elided("muted")
        step = QHBoxLayout()
        tidy(step, theme, gap=4)
        words = QVBoxLayout()
        tidy(words, theme, gap=0)
        words.addWidget(self.where)
        words.addWidget(self.what)
        step.addWidget(self.back)
        step.addLayout(words, 1)
        step.addWidget(self.forward)
        self.choices: dict[Choice, QPushButton] = {}
        takes = Flow(theme.px(4))
        for choice, text, key in CHOICES:
            button = self.choices[choice] = push(text, f"Take {text.lower() if len(text) > 3 else text}", key=key)
            button.setCheckable(True)
            button.clicked.connect(self._taker(choice))
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            takes.addWidget(button)
        self.agreed = push("Take all agreed", "Put what both have into the document, as A drew it")
        self.save = push("Save as reviewed", "Save what was decided between the two", name="chief", key="Ctrl+Shift+R")
        last = Flow.of((self.agreed, self.save), theme.px(4))
        for button in (self.agreed, self.save):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for part in (step, takes, last):
            column.addLayout(part)
        column.addWidget(rule())
        column.addWidget(self._table)
        self.back.clicked.connect(lambda: readers.step(-1))
        self.forward.clicked.connect(lambda: readers.step(1))
        self.agreed.clicked.connect(readers.take_agreed)
        self.save.clicked.connect(readers.save_reviewed)

    def _taker(self, choice: Choice) -> Callable[[], None]:
        return lambda: self._session.readers.take(choice)

    def _build_review(self) -> QWidget:
        theme, made = self._theme, QWidget()
        self.approve = push(
            "Approve", "This is right, as it is or as you corrected it; then the next", name="chief", key="Ctrl+Enter"
        )
        self.reason = Field()
        self.reason.setPlaceholderText("What should be looked at again?")
        self.reason.setAccessibleName("Why it goes back")
        self.reason.setToolTip("Why it goes back to its reader")
        self.send = push("Send back", "Give the scan back to its reader, with the reason")
        row = QHBoxLayout()
        tidy(row, theme, gap=4)
        row.addWidget(self.reason, 1)
        row.addWidget(self.send)
        column = QVBoxLayout(made)
        tidy(column, theme, gap=8)
        column.addWidget(self.approve)
        column.addLayout(row)
        self.approve.clicked.connect(self._session.readers.approve)
        self.send.clicked.connect(self._send_back)
        return made

    # Showing.

    def _show(self, _touched: object = None) -> None:
        readers = self._session.readers
        self.applies_changed.emit(self.applies)
        if readers.comparison is not None and self._compared.isHidden():
            self._unfold()
        self.state.setText(self._state_text())
        self._pair.setVisible(readers.can_compare)
        self._compared.setVisible(readers.comparison is not None)
        self._review.setVisible(readers.can_review and readers.comparison is None)
        self.compare.setChecked(readers.comparison is not None)
        self.compare.setText("Compare" if readers.comparison is None else "Stop comparing")
        pair = readers.pair
        if pair is not None:
            for (who, about), chosen in zip(self.sides, pair, strict=True):
                self._show_side(who, about, chosen)
        if readers.comparison is not None:
            self._show_table()
            self._show_difference()
        count = len(readers.readings)
        self.note_changed.emit(f"{count} readings" if count > 1 else "")

    def _unfold(self) -> None:
        """Be seen, without taking the keys from the scan."""
        parent = self.parentWidget()
        while parent is not None and not isinstance(parent, Section):
            parent = parent.parentWidget()
        if parent is not None:
            parent.unfold()
            # Once the column has made room.
            QTimer.singleShot(50, self, self._come_into_view)

    def _come_into_view(self) -> None:
        parent = self.parentWidget()
        while parent is not None:
            if isinstance(parent, Column):
                parent.ensureWidgetVisible(self._table)
                parent.ensureWidgetVisible(self.state)
            parent = parent.parentWidget()

    def _state_text(self) -> str:
        readers, blinds = self._session.readers, self._session.blinds
        head = readers.head
        if head is None:
            return ""
        who = blinds.name_of(head.author)
        if head.is_sent_back:
            why = blinds.said(head.why)
            return f"{who} — {why[:1].lower()}{why[1:]}"
        if head.is_reviewed:
            return f"Reviewed by {who}, {when_text(head.created)}"
        if readers.can_review:
            return f"Finished by {who}; waits for a second look"
        return f"{len(readers.readings)} people have read this scan" if readers.can_compare else ""

    def _show_side(self, who: Chooser, about: QLabel, chosen: Reading) -> None:
        readings = self._session.readers.readings
        names = self._session.blinds.names_of(reading.author for reading in readings)
        if [who.itemData(row) for row in range(who.count())] != list(names) or who.itemText(0) != names[
            who.itemData(0)
        ]:
            who.clear()
            for author, name in names.items():
                who.addItem(name, author)
        who.setCurrentIndex(who.findData(chosen.author))
        about.setText(f"{when_text(chosen.revision.created)} · {said_of(chosen.revision, is_head=False)}")

    def _show_table(self) -> None:
        compared = self._session.readers.comparison
        assert compared is not None
        old, self._table = self._table, QWidget()
        grid = QGridLayout(self._table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(self._theme.px(12))
        grid.setVerticalSpacing(self._theme.px(1))
        grid.setColumnStretch(0, 1)
        for number, (word, tip) in enumerate(zip(HEADS, TIPS, strict=True), 1):
            head = label(word, "small")
            head.setToolTip(tip)
            grid.addWidget(head, 0, number, Qt.AlignmentFlag.AlignRight)
        agreement = compared.agreement
        rows = agreement.labels[:MOST_ROWS]
        for row, found in enumerate(rows):
            self._add_row(grid, 3 * row + 1, found)
        if len(agreement.labels) > 1:
            self._add_row(grid, 3 * len(rows) + 1, agreement.overall)
        scans = self._session.readers.kappas.scans
        text = f"κ over {scans} scan{'' if scans == 1 else 's'} that both have finished"
        grid.addWidget(label(text, "small"), 3 * len(rows) + 4, 0, 1, 5)
        self._column.replaceWidget(old, self._table)
        old.hide()
        old.deleteLater()

    def _add_row(self, grid: QGridLayout, row: int, found: LabelAgreement) -> None:
        session = self._session
        name, kappas = QHBoxLayout(), session.readers.kappas.by_label
        tidy(name, self._theme, gap=4)
        text = Elided("")
        if found.label:
            shown, size = session.label_of(found.label), self._theme.px(12)
            spot = QLabel()
            spot.setPixmap(swatch(shown.colour, size).pixmap(size, size))
            name.addWidget(spot)
            text.setText(shown.name)
        else:
            text.setText("All labels")
        text.setToolTip(text.text())
        name.addWidget(text, 1)
        grid.addLayout(name, row, 0)
        iou = found.iou if found.iou is not None else found.mean_iou
        values = (found.f1, iou, found.dice, kappas.get(found.label) if found.label else None)
        for number, (value, tip) in enumerate(zip(values, TIPS, strict=True), 1):
            figure = label(number_text(value), "number")
            figure.setToolTip(tip)
            grid.addWidget(figure, row, number, Qt.AlignmentFlag.AlignRight)
        counts = label(f"{found.matched} both · {found.only_a} only A · {found.only_b} only B", "small")
        grid.addWidget(counts, row + 1, 0, 1, 5)
        grid.setRowMinimumHeight(row + 2, self._theme.px(6))

    def _show_difference(self) -> None:
        readers, session = self._session.readers, self._session
        count, at = len(readers.differences), readers.at
        for part in (self.back, self.forward, *self.choices.values()):
            part.setEnabled(count > 0)
        for choice, button in self.choices.items():
            button.setChecked(at >= 0 and readers.choice(at) == choice)
        self.agreed.setEnabled(bool(readers.comparison and readers.comparison.agreement.agreed))
        self.save.setEnabled(readers.open_count == 0)
        if at < 0:
            self.where.setText("They agree")
            self.what.setText(f"Every mark has its pair with an IoU of at least {CLOSE:.0%}")
            return
        difference = readers.differences[at]
        left = readers.open_count
        self.where.setText(f"Difference {at + 1} of {count}" + (f" · {left} open" if left else " · all decided"))
        names = [session.label_of(m.label).name for m in (difference.a, difference.b) if m is not None]
        likeness = f" · IoU {difference.likeness:.2f}" if difference.kind == "outline" else ""
        self.what.setText(f"{WORDS[difference.kind]} · {' / '.join(dict.fromkeys(names))}{likeness}")

    # What a person does.

    def _choose(self, _row: int) -> None:
        a, b = (str(who.currentData()) for who, _ in self.sides)
        self._session.readers.choose(a, b)
        self._show()

    def _send_back(self) -> None:
        reason = self.reason.text()
        self.reason.setText("")
        self._session.readers.send_back(reason)


class ReadersPanel:
    """The readers on the right; there only where a scan has more than one reading, or waits for a review."""

    title = "Readers"
    side: Side = "right"
    order = 55
    stretch = 0
    starts_folded = True

    def make(self, session: Session, theme: Theme) -> QWidget:
        """Build it."""
        return ReadersView(session, theme)


PLUGIN: Panel = ReadersPanel()
