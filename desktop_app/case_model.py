"""The rows of the worklist as Qt lists them: which are shown, in what order, and what each says."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QStringListModel, Qt, Signal

from desktop_app.case_index import Order, Sort, Wanted, narrowed, sorted_numbers
from desktop_app.session import Session

Index = QModelIndex | QPersistentModelIndex


class CaseModel(QStringListModel):
    """The rows that are shown; numbers of the session are behind `number`.

    It is a list of empty texts to Qt: a view that lays out 100,000 rows asks twice for each how many there are, and
    asks no Python for it this way (10 ms instead of 200).
    Rows keep their places until the reader asks: a list that moves under the hand misleads. New ones come at the end.
    """

    rearranged = Signal()
    """Other rows are shown than before, or in another order."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._worklist = session.worklist
        self._table, self._epoch, self._known = session.worklist.table, -1, 0
        self._sorted: list[int] = []
        """All rows by the sort."""
        self._order = Order()
        self.wanted = Wanted()
        self.sorting: Sort = "listed"
        session.cases_changed.connect(self._on_cases)
        session.case_changed.connect(self._on_case)
        session.worklist.whole.connect(self._on_whole)
        self.sort_by("listed")

    def look_for(self, wanted: Wanted) -> None:
        """Show only cases that are wanted."""
        if wanted != self.wanted:
            self.wanted = wanted
            self._show()

    def sort_by(self, sort: Sort) -> None:
        """Put the rows in order as they are now."""
        self.sorting = sort
        self._take_table()
        self._show()

    @property
    def order(self) -> Order:
        """The numbers that are shown, in order."""
        return self._order

    def number(self, index: Index) -> int:
        """The session's number of a shown row."""
        return self._order[index.row()]

    def row_of(self, number: int) -> int:
        """The shown row of a session's number, or -1."""
        return self._order.place(number) if number >= 0 else -1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Title for reading, the whole row for painting, a sentence for screen readers."""
        if not index.isValid() or index.row() >= len(self._order):
            return None
        row = self._table[self._order[index.row()]].row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.problem or "\n".join(part for part in (row.title, row.detail, _read_by(row.readings)) if part)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            suspicion = "" if row.suspicion is None else f", {row.suspect} {row.suspicion:.0%}"
            conflict = ", readers disagree" if row.conflicts else ""
            return f"{row.title}, {row.problem or row.state}{suspicion}{conflict}"
        return None

    def _on_cases(self) -> None:
        table = self._worklist.table
        if table is not self._table or table.epoch != self._epoch:
            self.sort_by(self.sorting)
        elif len(table) > self._known:
            self._append(range(self._known, len(table)))

    def _on_whole(self) -> None:
        """Rows that came while the list was read stand at its end, wherever they would stand."""
        if self.sorting != "listed":
            self.sort_by(self.sorting)

    def _on_case(self, number: int) -> None:
        row = self._order.place(number)
        if row >= 0:
            index = self.index(row)
            self.dataChanged.emit(index, index)

    def _append(self, numbers: range) -> None:
        """New cases come at the end, wherever they would stand."""
        self._sorted += numbers
        self._known = numbers.stop
        shown = narrowed(self._table, numbers, self.wanted)
        if shown:
            last = len(self._order)
            self._set_order(Order([*self._order[:], *shown]))
            self.insertRows(last, len(shown))
        self.rearranged.emit()

    def _take_table(self) -> None:
        self._table = self._worklist.table
        self._epoch, self._known = self._table.epoch, len(self._table)
        self._sorted = sorted_numbers(self._worklist.rows, self.sorting)

    def _show(self) -> None:
        self._set_order(Order(narrowed(self._table, self._sorted, self.wanted)))
        self.setStringList([""] * len(self._order))
        self.rearranged.emit()

    def _set_order(self, order: Order) -> None:
        self._order = self._worklist.order = order


def _read_by(readings: tuple[tuple[str, float], ...]) -> str:
    return f"Read by {', '.join(who for who, _when in readings)}" if readings else ""
