"""The worklist: every case, its state and the model's suspicion; filtered and sorted by need. Virtual."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListView,
    QMenu,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from desktop_app.display import CaseRow
from desktop_app.icons import pixmap
from desktop_app.panel import Panel, Side
from desktop_app.session import Session
from desktop_app.theme import Theme, font
from desktop_app.thumbnails import Thumbnails
from desktop_app.widgets import Chooser, Empty, Field, dress, paint_chip, tidy, tool_button

STATES = ("unseen", "in progress", "confirmed empty", "labelled", "reviewed")
Index = QModelIndex | QPersistentModelIndex
THUMBNAILS_HELD = 256
LOOK_AGAIN_MS = 60
SUSPICIOUS, VERY_SUSPICIOUS = 0.4, 0.8


def arranged(rows: tuple[CaseRow, ...], text: str, state: str, *, by_need: bool) -> tuple[int, ...]:
    """Which rows to show and in what order: those with the text and the state (empty: any).

    By need: what is not done comes first, the most suspicious leading.
    """
    wanted = text.casefold()
    shown = [
        number
        for number, row in enumerate(rows)
        if (not state or row.state == state)
        and (not wanted or wanted in f"{row.title} {row.detail} {row.suspect} {row.state}".casefold())
    ]
    if by_need:
        done = {"confirmed empty", "labelled", "reviewed"}
        shown.sort(key=lambda n: (rows[n].state in done, -_suspicion(rows[n])))
    return tuple(shown)


def _suspicion(row: CaseRow) -> float:
    return -1.0 if row.suspicion is None else row.suspicion


class CaseModel(QAbstractListModel):
    """The rows that are shown; row numbers of the session are behind `number`."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._rows: tuple[CaseRow, ...] = session.cases
        self._shown: tuple[int, ...] = tuple(range(len(self._rows)))
        self.text, self.state, self.by_need = "", "", False

    def refresh(self, *, rearrange: bool = False) -> None:
        """Show what the session holds now.

        Rows keep their places until rows come or go or the reader asks: a list that moves under the hand misleads.
        """
        rows, shown = self._session.cases, self._shown
        if rearrange or len(rows) != len(self._rows):
            shown = arranged(rows, self.text, self.state, by_need=self.by_need)
            self._session.worklist.order = shown
        if shown == self._shown:
            self._rows = rows
            if shown:
                self.dataChanged.emit(self.index(0), self.index(len(shown) - 1))
            return
        self.beginResetModel()
        self._rows, self._shown = rows, shown
        self.endResetModel()

    def number(self, index: Index) -> int:
        """The session's number of a shown row."""
        return self._shown[index.row()]

    def row_of(self, number: int) -> int:
        """The shown row of a session's number, or -1."""
        return self._shown.index(number) if number in self._shown else -1

    def rowCount(self, parent: Index | None = None) -> int:
        """How many rows are shown."""
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Title for reading, the whole row for painting, a sentence for screen readers."""
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        row = self._rows[self._shown[index.row()]]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.problem or "\n".join(part for part in (row.title, row.detail) if part)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            suspicion = "" if row.suspicion is None else f", {row.suspect} {row.suspicion:.0%}"
            return f"{row.title}, {row.problem or row.state}{suspicion}"
        return None


class CaseDelegate(QStyledItemDelegate):
    """Paints one case: thumbnail, title, state, suspicion."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._blank = pixmap("scan", theme.disabled, theme.px(22), 2.0)
        self._warning = pixmap("warning", theme.danger, theme.px(22), 2.0)
        self._thumbnails: OrderedDict[int, tuple[bytes, QPixmap]] = OrderedDict()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        """One height for all rows."""
        return QSize(0, self._theme.px(64))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        theme, row = self._theme, index.data(Qt.ItemDataRole.UserRole)
        area: QRectF = QRectF(option.rect)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
        if not isinstance(row, CaseRow):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(theme.accent_soft))
            painter.fillRect(QRectF(area.left(), area.top(), theme.px(3), area.height()), QColor(theme.accent))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(theme.raised))
        inner = area.adjusted(theme.px(12), theme.px(8), -theme.px(12), -theme.px(8))
        frame = QRectF(inner.left(), inner.top(), inner.height(), inner.height())
        self._paint_thumbnail(painter, frame, row)
        self._paint_words(painter, inner.adjusted(frame.width() + theme.px(10), 0, 0, 0), row)
        painter.restore()

    def _paint_thumbnail(self, painter: QPainter, frame: QRectF, row: CaseRow) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.canvas))
        painter.drawRoundedRect(frame, 4, 4)
        picture = self._warning if row.problem else self._blank
        if row.thumbnail is not None and not row.problem:
            picture = self._thumbnail(row.thumbnail)
        size = picture.deviceIndependentSize()
        if row.thumbnail is not None and not row.problem and not size.isEmpty():
            size.scale(frame.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRectF(frame.center().x() - size.width() / 2, frame.center().y() - size.height() / 2, 0, 0)
        target.setSize(size)
        painter.drawPixmap(target, picture, QRectF(picture.rect()))

    def _paint_words(self, painter: QPainter, area: QRectF, row: CaseRow) -> None:
        theme, line = self._theme, area.height() / 2
        painter.setFont(font(theme, 13))
        painter.setPen(QColor(theme.text))
        title = QRectF(area.left(), area.top(), area.width(), line)
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        elide = Qt.TextElideMode.ElideMiddle
        painter.drawText(title, align, painter.fontMetrics().elidedText(row.title, elide, int(title.width())))
        painter.setFont(font(theme, 11))
        colour = theme.danger if row.problem else state_colour(theme, row.state)
        word = "cannot be opened" if row.problem else row.state
        width = painter.fontMetrics().horizontalAdvance(word) + theme.px(14)
        height = theme.px(18)
        chip = QRectF(area.left(), area.top() + line + (line - height) / 2, width, height)
        paint_chip(painter, chip, word, colour)
        rest = QRectF(chip.right() + theme.px(8), area.top() + line, area.right() - chip.right() - theme.px(8), line)
        painter.setPen(QColor(theme.muted))
        detail = row.detail or row.format
        if row.suspicion is not None:
            detail = f"{row.suspect} {row.suspicion:.0%}".strip()
            painter.setFont(font(theme, 11, bold=row.suspicion >= SUSPICIOUS))
            painter.setPen(QColor(suspicion_colour(theme, row.suspicion)))
        text = painter.fontMetrics().elidedText(detail, Qt.TextElideMode.ElideRight, int(rest.width()))
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)

    def _thumbnail(self, png: bytes) -> QPixmap:
        known = self._thumbnails.get(id(png))
        if known is not None and known[0] is png:
            self._thumbnails.move_to_end(id(png))
            return known[1]
        picture = QPixmap()
        picture.loadFromData(png)
        self._thumbnails[id(png)] = (png, picture)
        if len(self._thumbnails) > THUMBNAILS_HELD:
            self._thumbnails.popitem(last=False)
        return picture


def suspicion_colour(theme: Theme, suspicion: float) -> str:
    """The colour of a score: the higher, the more alarming."""
    return theme.danger if suspicion >= VERY_SUSPICIOUS else theme.warning if suspicion >= SUSPICIOUS else theme.muted


def state_colour(theme: Theme, state: str) -> str:
    """The colour of a state's word."""
    return {
        "in progress": theme.warning,
        "labelled": theme.good,
        "reviewed": theme.accent,
        "confirmed empty": theme.good,
    }.get(state, theme.muted)


class WorklistView(QWidget):
    """Filter, order and list. A row that becomes current is opened."""

    note_changed = Signal(str)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self.model = CaseModel(session)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(CaseDelegate(theme))
        self.list.itemDelegate().setParent(self.list)
        self.list.setUniformItemSizes(True)
        self.list.setMinimumWidth(theme.px(220))
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.setAccessibleName("Worklist")
        self.filter = Field()
        self.filter.setPlaceholderText("Filter")
        self.filter.setAccessibleName("Filter the worklist")
        self.filter.setToolTip("Show only cases with these words")
        self.filter.setClearButtonEnabled(True)
        self.states = Chooser("Show cases of one state")
        self.states.addItem("All states", "")
        for state in STATES:
            self.states.addItem(state.capitalize(), state)
        self.order = tool_button(theme, "sort", "Sort by need: open and most suspicious first")
        self.order.setCheckable(True)
        self.empty = Empty(theme, "worklist", "No cases", "Drop scans or folders on the window, or press Ctrl+O.")
        self._lay_out(theme)
        dress(self.order, theme, "sort")
        self.filter.textChanged.connect(self._arrange)
        self.states.currentIndexChanged.connect(self._arrange)
        self.order.toggled.connect(self._arrange)
        self.list.selectionModel().currentChanged.connect(self._on_current)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self._thumbnails = Thumbnails(session, self)
        self._look_again = QTimer(self)
        self._look_again.setSingleShot(True)
        self._look_again.setInterval(LOOK_AGAIN_MS)
        self._look_again.timeout.connect(self._want_thumbnails)
        self.list.verticalScrollBar().valueChanged.connect(self._look_again.start)
        session.cases_changed.connect(self._refresh)
        session.case_changed.connect(self._refresh)
        self._refresh()

    def _lay_out(self, theme: Theme) -> None:
        top = QHBoxLayout()
        tidy(top, theme, (12, 4, 12, 0), 8)
        top.addWidget(self.filter, 1)
        top.addWidget(self.order)
        second = QHBoxLayout()
        tidy(second, theme, (12, 8, 12, 8), 8)
        second.addWidget(self.states, 1)
        column = QVBoxLayout(self)
        tidy(column, theme, gap=0)
        column.addLayout(top)
        column.addLayout(second)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.list)
        self._pages.addWidget(self.empty)
        column.addLayout(self._pages, 1)

    def _arrange(self) -> None:
        self.model.text = self.filter.text().strip()
        self.model.state = str(self.states.currentData())
        self.model.by_need = self.order.isChecked()
        self.model.refresh(rearrange=True)
        self._refresh()

    def _refresh(self) -> None:
        self.model.refresh()
        total, shown = len(self._session.cases), self.model.rowCount()
        self.note_changed.emit("" if not total else f"{shown} of {total}" if shown != total else str(total))
        if total and not shown:
            self.empty.say("No case matches", "Change the words or the state above.")
        elif not total:
            self.empty.say("No cases", "Drop scans or folders on the window, or press Ctrl+O.")
        self._pages.setCurrentIndex(0 if shown else 1)
        self._look_again.start()
        row = self.model.row_of(self._session.case)
        if row != self.list.currentIndex().row():
            self.list.setCurrentIndex(self.model.index(row) if row >= 0 else QModelIndex())

    def _want_thumbnails(self) -> None:
        """Ask for those of the rows that are seen."""
        if self.list.isVisible():
            area = self.list.viewport().rect()
            first = max(self.list.indexAt(area.topLeft()).row(), 0)
            last = self.list.indexAt(area.bottomLeft()).row()
            end = last + 1 if last >= 0 else self.model.rowCount()
            self._thumbnails.want(self.model.number(self.model.index(row)) for row in range(first, end))

    def menu_of(self, number: int) -> QMenu:
        """What can be done with a case."""
        menu, session = QMenu(self), self._session
        menu.addAction("Open").triggered.connect(lambda: session.open_case(number))
        beside = menu.addAction("Open beside")
        beside.setEnabled(session.scan is not None and number != session.case)
        beside.triggered.connect(lambda: session.worklist.open_beside(number))
        return menu

    def _show_menu(self, position: QPoint) -> None:
        index = self.list.indexAt(position)
        if index.isValid():
            menu = self.menu_of(self.model.number(index))
            menu.exec(self.list.viewport().mapToGlobal(position))
            menu.deleteLater()

    def _on_current(self, current: QModelIndex) -> None:
        if current.isValid() and self.model.number(current) != self._session.case:
            self._session.open_case(self.model.number(current))


class WorklistPanel:
    """The worklist on the left."""

    title = "Worklist"
    side: Side = "left"
    order = 10
    stretch = 1

    def make(self, session: Session, theme: Theme) -> QWidget:
        """Build it."""
        return WorklistView(session, theme)


PLUGIN: Panel = WorklistPanel()
