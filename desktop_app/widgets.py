"""Small widgets that several panels and dialogs are made of."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop_app.icons import icon, pixmap
from desktop_app.theme import Theme, readable_on
from desktop_app.translation import tr


def key_text(tip: str, key: str = "") -> str:
    """A tool tip that carries the key."""
    return f"{tip}  ({key})" if key else tip


class Words(QLabel):
    """Plain text that is said in the language of the window."""

    def setText(self, text: str) -> None:
        """Say something else."""
        super().setText(tr(text))

    def setToolTip(self, text: str) -> None:
        """Explain it otherwise."""
        super().setToolTip(tr(text))


class PushButton(QPushButton):
    """A push button that says its text in the language of the window."""

    def setText(self, text: str) -> None:
        """Say something else."""
        super().setText(tr(text))

    def setToolTip(self, text: str) -> None:
        """Explain it otherwise."""
        super().setToolTip(tr(text))


def label(text: str, name: str = "", *, wraps: bool = False) -> QLabel:
    """Text in a style of the theme: heading, muted, small, number, good, bad."""
    made = Words()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    made.setObjectName(name)
    made.setWordWrap(wraps)
    return made


def tidy(layout: QBoxLayout, theme: Theme, margins: tuple[int, int, int, int] = (0, 0, 0, 0), gap: int = 8) -> None:
    """Margins (left, top, right, bottom) and gap in pixels at scale 1."""
    layout.setContentsMargins(*(theme.px(m) if m else 0 for m in margins))
    layout.setSpacing(theme.px(gap) if gap else 0)


def themed_icon(theme: Theme, name: str, size: int = 20) -> QIcon:
    """An icon in the theme's text colour, the accent when checked, faint when disabled."""
    return icon(name, theme.text, off=theme.disabled, on=theme.accent, size=theme.px(size), ratio=2.0)


def dress(button: QAbstractButton, theme: Theme, name: str, size: int = 20) -> None:
    """Give a button an icon at the theme's scale."""
    button.setIcon(themed_icon(theme, name, size))
    button.setIconSize(QSize(theme.px(size), theme.px(size)))


def push(text: str, tip: str, *, name: str = "", key: str = "") -> QPushButton:
    """A push button; `chief` is the one to press next, `link` looks like text."""
    made = PushButton()
    made.setText(text)
    made.setObjectName(name)
    made.setToolTip(key_text(tr(tip), key))
    made.setAccessibleName(tr(tip))
    made.setAutoDefault(False)
    # A click on a button must not take the keys away from the scan.
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


def tool_button(theme: Theme, icon_name: str, tip: str, *, key: str = "", size: int = 18) -> QToolButton:
    """A flat button with an icon only."""
    made = QToolButton()
    made.setObjectName("plain")
    made.setToolTip(key_text(tr(tip), key))
    made.setAccessibleName(tr(tip))
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    dress(made, theme, icon_name, size)
    return made


def picture(theme: Theme, icon_name: str, size: int, colour: str = "") -> QLabel:
    """An icon that only shows."""
    made = QLabel()
    made.setPixmap(pixmap(icon_name, colour or theme.muted, theme.px(size), 2.0))
    made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return made


def rule() -> QFrame:
    """A quiet horizontal line."""
    made = QFrame()
    made.setObjectName("rule")
    made.setFixedHeight(1)
    return made


def slider(low: int, high: int, name: str) -> QSlider:
    """A horizontal slider with an accessible name; it leaves letters and digits to the window's keys."""
    made = QSlider(Qt.Orientation.Horizontal)
    made.setRange(low, high)
    made.setAccessibleName(tr(name))
    made.setToolTip(tr(name))
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


def _is_typing(event: QEvent) -> bool:
    """Whether a key would type or move within a field, so that no shortcut may take it."""
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    held = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    return not held and event.key() not in {Qt.Key.Key_F1, Qt.Key.Key_F11}


class Field(QLineEdit):
    """A line of text that keeps every plain key to itself: typing never triggers a shortcut."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        # A file dropped here is meant for the window.
        self.setAcceptDrops(False)

    def event(self, event: QEvent) -> bool:
        """Claim plain keys before the window's shortcuts see them."""
        if _is_typing(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Escape leave the field instead of reaching the window behind it."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.returnPressed.emit()
            self.clearFocus()
        elif event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.clearFocus()
        else:
            super().keyPressEvent(event)


class Number(QDoubleSpinBox):
    """A number that keeps every plain key to itself and tells only when it is complete."""

    def __init__(self, low: float, high: float, name: str, *, decimals: int = 0) -> None:
        super().__init__()
        self.setRange(low, high)
        self.setDecimals(decimals)
        self.setKeyboardTracking(False)
        self.lineEdit().setTextMargins(6, 0, 2, 0)
        self.setAccessibleName(tr(name))
        self.setToolTip(tr(name))

    def event(self, event: QEvent) -> bool:
        """Claim plain keys before the window's shortcuts see them."""
        if _is_typing(event):
            event.accept()
            return True
        return super().event(event)


class Elided(QLabel):
    """One line of text that is shortened in the middle where there is no room."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        """Say something else, in the language of the window."""
        super().setText(tr(text))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Draw what fits."""
        painter = QPainter(self)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        self.style().drawItemText(painter, self.rect(), self.alignment(), self.palette(), self.isEnabled(), text)
        painter.end()


class Column(QScrollArea):
    """A column that scrolls up and down and is never narrower than what stands in it."""

    def __init__(self, inner: QWidget) -> None:
        super().__init__()
        self._inner = inner
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner.installEventFilter(self)

    def minimumSizeHint(self) -> QSize:
        """Wide enough for what it holds and its scroll bar."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self._inner.minimumSizeHint().width() + bar, super().minimumSizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """What stands in it may have become wider."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


class Chooser(QComboBox):
    """A combo box that does not grow with its longest entry; a click leaves the keys to the scan."""

    def __init__(self, name: str, tip: str = "") -> None:
        super().__init__()
        self.setAccessibleName(tr(name))
        self.setToolTip(tr(tip or name))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)

    def minimumSizeHint(self) -> QSize:
        """As wide as its least content; what stands there while nothing is chosen may be cut."""
        hint, metrics = super().minimumSizeHint(), self.fontMetrics()
        least = self.minimumContentsLength() * metrics.horizontalAdvance("X")
        return QSize(hint.width() - max(metrics.horizontalAdvance(self.placeholderText()) - least, 0), hint.height())


class Section(QFrame):
    """A titled part of a column that folds away.

    A body with `note_changed` tells what stands beside the title; one with `applies` and `applies_changed` tells
    whether it has anything to do with the open scan, and goes with its title where it has not.
    """

    folded = Signal(str, bool)

    def __init__(self, title: str, theme: Theme, body: QWidget, *, is_folded: bool = False) -> None:
        super().__init__()
        self.setObjectName("column")
        self.title, self._theme, self._body = title, theme, body
        self._button = QToolButton()
        self._button.setObjectName("section")
        self._button.setText(f" {tr(title)}")
        self._button.setCheckable(True)
        self._button.setChecked(not is_folded)
        self._button.setAccessibleName(tr("{} section").replace("{}", tr(title)))
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setIconSize(QSize(theme.px(16), theme.px(16)))
        self._button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._button.toggled.connect(self._fold)
        self._note = label("", "number")
        head = QHBoxLayout()
        tidy(head, theme, (4, 4, 12, 4), 4)
        head.addWidget(self._button, 1)
        head.addWidget(self._note)
        column = QVBoxLayout(self)
        tidy(column, theme, gap=0)
        column.addLayout(head)
        column.addWidget(body, 1)
        column.addWidget(rule())
        note = getattr(body, "note_changed", None)
        if note is not None:
            note.connect(self._note.setText)
        applies = getattr(body, "applies_changed", None)
        if applies is not None:
            applies.connect(self.setVisible)
            self.setVisible(bool(getattr(body, "applies", True)))
        self._show()

    @property
    def is_open(self) -> bool:
        """Whether the body is shown."""
        return self._button.isChecked()

    def unfold(self) -> None:
        """Show the body."""
        self._button.setChecked(True)

    def _fold(self) -> None:
        self._show()
        self.folded.emit(self.title, not self.is_open)

    def _show(self) -> None:
        self._body.setVisible(self.is_open)
        mark = "down" if self.is_open else "right"
        self._button.setIcon(icon(mark, self._theme.muted, size=self._theme.px(16), ratio=2.0))
        self._button.setToolTip((tr("Fold {}") if self.is_open else tr("Show {}")).replace("{}", tr(self.title)))
        vertical = QSizePolicy.Policy.Preferred if self.is_open else QSizePolicy.Policy.Maximum
        self.setSizePolicy(QSizePolicy.Policy.Preferred, vertical)


def reveal(widget: QWidget) -> None:
    """Unfold what a widget stands in, scroll to it, and give it the keys."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, Section):
            parent.unfold()
        elif isinstance(parent, Column):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()
    widget.setFocus(Qt.FocusReason.OtherFocusReason)


class Empty(QWidget):
    """What stands where nothing is yet: an icon, what this place is for, and what to do."""

    def __init__(self, theme: Theme, icon_name: str, title: str, hint: str, *, size: int = 32) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        tidy(column, theme, (16, 16, 16, 16), 8)
        column.addStretch(1)
        column.addWidget(picture(theme, icon_name, size, theme.disabled))
        self.title, self.hint = label(title, "heading", wraps=True), label(hint, "muted", wraps=True)
        for text in (self.title, self.hint):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(text)
        column.addStretch(1)
        self.setAccessibleName(f"{tr(title)}. {tr(hint)}")

    def say(self, title: str, hint: str) -> None:
        """Say something else."""
        self.title.setText(title)
        self.hint.setText(hint)
        self.setAccessibleName(f"{tr(title)}. {tr(hint)}")


class Spinner(QProgressBar):
    """A thin bar: how far something is, or that it is under way."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setTextVisible(False)
        self.setAccessibleName(tr(name))
        self.show_fraction(None)

    def show_fraction(self, fraction: float | None) -> None:
        """0…1, or `None` while unknown."""
        most, value = (0, 0) if fraction is None else (1000, round(fraction * 1000))
        if (most, value) == (self.maximum(), self.value()):
            return
        # Qt paints a new value at once, and all of the window that waits to be painted with it: not while updates
        # are off.
        self.setUpdatesEnabled(False)
        self.setRange(0, most)
        self.setValue(value)
        self.setUpdatesEnabled(True)


def paint_chip(painter: QPainter, area: QRectF, text: str, colour: str, *, filled: bool = False) -> None:
    """A small rounded word: outlined, or filled with its colour."""
    painter.setPen(Qt.PenStyle.NoPen if filled else QPen(QColor(colour), 1))
    painter.setBrush(QColor(colour) if filled else Qt.BrushStyle.NoBrush)
    radius = area.height() / 2
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    painter.setPen(QColor(readable_on(colour) if filled else colour))
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
