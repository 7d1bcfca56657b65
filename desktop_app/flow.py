"""A row of controls that goes on in the next line where there is no room."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget


class Flow(QLayout):
    """Left to right, then down. What is left of a line goes to its controls that want to expand, or before the last."""

    def __init__(self, gap: int, *, spread: bool = False, centred: bool = False) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._spread, self._centred = spread, centred
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(gap)

    @staticmethod
    def of(widgets: Iterable[QWidget], gap: int, *, spread: bool = False, centred: bool = False) -> Flow:
        """A flow of these: `spread` puts what is left of a full line before its last, `centred` on both sides."""
        made = Flow(gap, spread=spread, centred=centred)
        for widget in widgets:
            made.addWidget(widget)
        return made

    # What Qt asks of a layout.

    def addItem(self, item: QLayoutItem) -> None:
        """Take one more."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        """One of them."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        """Let one go."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Only as high as it needs to be."""
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:
        """Narrower is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The lines one below the other."""
        around = self.contentsMargins()
        lines = self._lines(width - around.left() - around.right())
        gaps = self.spacing() * max(len(lines) - 1, 0)
        return sum(_height(line) for line in lines) + gaps + around.top() + around.bottom()

    def sizeHint(self) -> QSize:
        """All in one line."""
        items = self._shown()
        wide = sum(item.sizeHint().width() for item in items) + self.spacing() * max(len(items) - 1, 0)
        return self._with_margins(QSize(wide, _height(items)))

    def minimumSize(self) -> QSize:
        """As wide as the widest of them."""
        items = self._shown()
        return self._with_margins(QSize(max((_width(item) for item in items), default=0), _height(items)))

    def setGeometry(self, rect: QRect) -> None:
        """Put them in their places."""
        super().setGeometry(rect)
        room = self.contentsRect()
        top = room.top()
        for line in self._lines(room.width()):
            self._place(line, QRect(room.left(), top, room.width(), _height(line)))
            top += _height(line) + self.spacing()

    # How they are laid out.

    def _with_margins(self, size: QSize) -> QSize:
        around = self.contentsMargins()
        return size + QSize(around.left() + around.right(), around.top() + around.bottom())

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        lines: list[list[QLayoutItem]] = []
        used = 0
        for item in self._shown():
            wide = _width(item)
            if lines and used + self.spacing() + wide <= width:
                lines[-1].append(item)
                used += self.spacing() + wide
            else:
                lines.append([item])
                used = wide
        return lines

    def _place(self, line: list[QLayoutItem], area: QRect) -> None:
        spare = max(area.width() - sum(map(_width, line)) - self.spacing() * (len(line) - 1), 0)
        eager = [item for item in line if item.expandingDirections() & Qt.Orientation.Horizontal]
        left = area.left() + (spare // 2 if self._centred and not eager else 0)
        for number, item in enumerate(line):
            wide = _width(item)
            if item in eager:
                wide += spare // len(eager)
            elif self._spread and not eager and number == len(line) - 1 and number:
                left += spare
            wide = min(wide, area.width())
            high = min(item.sizeHint().height(), area.height())
            item.setGeometry(QRect(left, area.top() + (area.height() - high) // 2, wide, high))
            left += wide + self.spacing()


def _width(item: QLayoutItem) -> int:
    """What one needs: all of its words; of what can shrink its least."""
    widget = item.widget()
    shrinks = widget is not None and widget.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored
    return max(item.minimumSize().width(), 0 if shrinks else item.sizeHint().width())


def _height(items: list[QLayoutItem]) -> int:
    return max((item.sizeHint().height() for item in items), default=0)
