"""The worklist: every case, its state and the model's suspicion; found, sorted, and how far the day is. Virtual."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QListView, QMenu, QStackedLayout, QToolButton, QVBoxLayout, QWidget

from desktop_app.case_delegate import CaseDelegate
from desktop_app.case_index import SORTS, Sort, wanted_of
from desktop_app.case_model import CaseModel
from desktop_app.day import Day, DayCount
from desktop_app.panel import Panel, Side
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.thumbnails import Thumbnails
from desktop_app.widgets import Chooser, Empty, Field, Spinner, label, tidy, tool_button

STATES = ("unseen", "in progress", "confirmed empty", "labelled", "reviewed")
LOOK_AGAIN_MS = 60
MOST_CHOICES = 40
FILTER_TIP = "Show only cases with these words.\nAlso state:…, label:… and reader:…, as in  state:unseen label:nodule"


class WorklistView(QWidget):
    """Filter, order and list. A row that becomes current is opened."""

    note_changed = Signal(str)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self.model = CaseModel(session)
        self._make_list(theme)
        self.filter = Field()
        self.filter.setPlaceholderText("Filter")
        self.filter.setAccessibleName("Filter the worklist")
        self.filter.setToolTip(FILTER_TIP)
        self.filter.setClearButtonEnabled(True)
        self.states = Chooser("Show cases of one state")
        self.states.setMinimumContentsLength(6)
        self.states.addItem("All states", "")
        for state in STATES:
            self.states.addItem(state.capitalize(), state)
        self.only = tool_button(theme, "tag", "Show only a finding or a reader")
        self.only.setMenu(QMenu(self))
        self.only.menu().aboutToShow.connect(self._fill_only)
        self.order = tool_button(theme, "sort", "Sort the cases")
        self._fill_sorts()
        self.empty = Empty(theme, "worklist", "No cases", "Drop scans or folders on the window, or press Ctrl+O.")
        self.day, self.done = label("", "small"), Spinner("How much of the list is done")
        self._lay_out(theme)
        self.filter.textChanged.connect(self._look_for)
        self.states.currentIndexChanged.connect(self._look_for)
        self._count = DayCount(session, self)
        self._count.changed.connect(self._show_day)
        self._thumbnails = Thumbnails(session, self)
        self._look_again = QTimer(self)
        self._look_again.setSingleShot(True)
        self._look_again.setInterval(LOOK_AGAIN_MS)
        self._look_again.timeout.connect(self._want_thumbnails)
        self.list.verticalScrollBar().valueChanged.connect(self._look_again.start)
        self.model.rearranged.connect(self._on_rearranged)
        session.case_changed.connect(self._follow)
        session.scan_changed.connect(self._follow)
        session.read_ahead.changed.connect(self._show_day)
        self._show_day()
        self._on_rearranged()

    def _make_list(self, theme: Theme) -> None:
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(CaseDelegate(theme))
        self.list.itemDelegate().setParent(self.list)
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setMinimumWidth(theme.px(160))
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.list.setAccessibleName("Worklist")
        self.list.selectionModel().currentChanged.connect(self._on_current)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)

    def _lay_out(self, theme: Theme) -> None:
        top = QHBoxLayout()
        tidy(top, theme, (12, 4, 12, 0), 8)
        top.addWidget(self.filter, 1)
        second = QHBoxLayout()
        tidy(second, theme, (12, 8, 12, 8), 4)
        second.addWidget(self.states, 1)
        for button in (self.only, self.order):
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            second.addWidget(button)
        column = QVBoxLayout(self)
        tidy(column, theme, gap=0)
        column.addLayout(top)
        column.addLayout(second)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.list)
        self._pages.addWidget(self.empty)
        column.addLayout(self._pages, 1)
        self._bottom = QWidget()
        bottom = QVBoxLayout(self._bottom)
        tidy(bottom, theme, (12, 6, 12, 8), 5)
        bottom.addWidget(self.day)
        bottom.addWidget(self.done)
        column.addWidget(self._bottom)

    # What is shown.

    def _look_for(self) -> None:
        self.model.look_for(wanted_of(self.filter.text(), str(self.states.currentData())))

    def sort_by(self, sort: Sort) -> None:
        """Put the cases in order, as they are now."""
        self.model.sort_by(sort)
        self.list.scrollTo(self.list.currentIndex())
        for action in self._sorts.actions():
            action.setChecked(action.data() == sort)
        self.order.setChecked(sort != "listed")
        title = next(title for name, title, _tip in SORTS if name == sort)
        self.order.setToolTip(f"Sort the cases; now: {title.lower()}")

    def _choose_sort(self, sort: Sort, _checked: bool = False) -> None:
        self.sort_by(sort)

    def _fill_sorts(self) -> None:
        menu, self._sorts = QMenu(self), QActionGroup(self)
        menu.setToolTipsVisible(True)
        for name, title, tip in SORTS:
            action = menu.addAction(title)
            action.setData(name)
            action.setToolTip(tip)
            action.setCheckable(True)
            action.setChecked(name == "listed")
            action.triggered.connect(partial(self._choose_sort, name))
            self._sorts.addAction(action)
        menu.addSeparator()
        again = menu.addAction("Sort again")
        again.setToolTip("Put the cases in order as they are now; they keep their places until you ask")
        again.triggered.connect(lambda: self.sort_by(self.model.sorting))
        self.order.setCheckable(True)
        self.order.setMenu(menu)

    def _fill_only(self) -> None:
        """The findings and readers there are, to be shown alone."""
        menu, table = self.only.menu(), self._session.worklist.table
        menu.clear()
        findings = sorted({case.row.suspect for case in table} - {""}, key=str.casefold)
        readers = sorted({who for case in table for who, _when in case.row.readings}, key=str.casefold)
        for title, name, values in (("Finding", "label", findings), ("Read by", "reader", readers)):
            if values:
                menu.addSeparator()
                menu.addAction(title).setEnabled(False)
            for value in values[:MOST_CHOICES]:
                menu.addAction(value).triggered.connect(partial(self._only, name, value))
        if not findings and not readers:
            menu.addAction("No findings and no readers yet").setEnabled(False)

    def _only(self, name: str, value: str, _checked: bool = False) -> None:
        """Ask for a finding or a reader in the filter, where it can be seen and taken back."""
        words = [word for word in self.filter.text().split() if not word.casefold().startswith(f"{name}:")]
        self.filter.setText(" ".join([*words, f"{name}:{value.split(maxsplit=1)[0].casefold()}"]))

    def _on_rearranged(self) -> None:
        total, shown = len(self._session.cases), self.model.rowCount()
        self.note_changed.emit("" if not total else f"{shown:,} of {total:,}" if shown != total else f"{total:,}")
        if total and not shown:
            self.empty.say("No case matches", "Change the words or the state above.")
        elif not total:
            self.empty.say("No cases", "Drop scans or folders on the window, or press Ctrl+O.")
        self._pages.setCurrentIndex(0 if shown else 1)
        self._bottom.setVisible(total > 0)
        self._follow()

    def _follow(self) -> None:
        """The open case is the current row, wherever it stands."""
        self._look_again.start()
        row = self.model.row_of(self._session.case)
        if row != self.list.currentIndex().row():
            self.list.setCurrentIndex(self.model.index(row) if row >= 0 else QModelIndex())

    def _show_day(self) -> None:
        day: Day = self._count.day
        ahead = " · reading ahead" if self._session.read_ahead.is_on else ""
        self.day.setText(day.text + ahead)
        self.day.setToolTip(day.tip)
        self.done.setToolTip(day.tip)
        self.done.show_fraction(day.fraction)

    def _want_thumbnails(self) -> None:
        """Ask for those of the rows that are seen."""
        if self.list.isVisible():
            area = self.list.viewport().rect()
            first = max(self.list.indexAt(area.topLeft()).row(), 0)
            last = self.list.indexAt(area.bottomLeft()).row()
            end = last + 1 if last >= 0 else self.model.rowCount()
            self._thumbnails.want(self.model.number(self.model.index(row)) for row in range(first, end))

    # What is done.

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
