"""Which findings are listed, and in which order: a field, a menu of states and labels, a menu of orders."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from desktop_app.finding_order import SORTS, USUAL, Filter, Sort
from desktop_app.finding_words import STATES
from desktop_app.panels.swatch import swatch
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.translation import tr
from desktop_app.widgets import Field, tidy, tool_button

MOST_LABELS = 40


class FindingBar(QWidget):
    """One field and two small menus."""

    filter_changed = Signal()
    sort_changed = Signal()

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self.filter = Filter()
        self.sort: Sort = "plane"
        self.text = Field()
        self.text.setPlaceholderText(tr("Filter"))
        self.text.setAccessibleName(tr("Filter the findings"))
        self.text.setToolTip(tr("List only findings with these words in label, author or state"))
        self.text.setClearButtonEnabled(True)
        self.only = tool_button(theme, "filter", "List only some states or labels; rejected proposals too")
        self.only.setMenu(QMenu(self))
        self.only.menu().aboutToShow.connect(self._fill)
        self.order = tool_button(theme, "sort", "Order of the list")
        self.order.setMenu(QMenu(self))
        self.order.menu().setToolTipsVisible(True)
        self.order.menu().aboutToShow.connect(self._fill_orders)
        row = QHBoxLayout(self)
        tidy(row, theme, gap=4)
        row.addWidget(self.text, 1)
        for button in (self.only, self.order):
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            button.setCheckable(True)
            row.addWidget(button)
        self.text.textChanged.connect(self._on_text)

    def show_all(self) -> None:
        """List everything again."""
        self.set_filter(Filter())

    def set_filter(self, wanted: Filter) -> None:
        """List something else."""
        if wanted == self.filter:
            return
        self.filter = wanted
        if self.text.text() != wanted.text:
            self.text.setText(wanted.text)
        self.only.setChecked(wanted.states != USUAL or bool(wanted.labels))
        self.filter_changed.emit()

    def set_sort(self, sort: Sort) -> None:
        """List them in another order."""
        if sort != self.sort:
            self.sort = sort
            self.order.setChecked(sort != "plane")
            self.sort_changed.emit()

    def _on_text(self, text: str) -> None:
        self.set_filter(replace(self.filter, text=text))

    def _fill(self) -> None:
        """The states and the labels there are."""
        menu, session = self.only.menu(), self._session
        menu.clear()
        for state in STATES:
            action = menu.addAction(tr(state).capitalize())
            _check(action, state in self.filter.states)
            action.triggered.connect(partial(self._toggle_state, state))
        menu.addSeparator()
        used = {mark.label for mark in session.document.annotations} | set(session.findings.rows.labels)
        for one in [known for known in session.labels.labels if known.id in used][:MOST_LABELS]:
            shown = session.label_of(one.id)
            action = menu.addAction(swatch(shown.colour, self._theme.px(12)), shown.name.replace("&", "&&"))
            _check(action, one.id in self.filter.labels)
            action.triggered.connect(partial(self._toggle_label, one.id))
        menu.addSeparator()
        everything = menu.addAction(tr("List everything"))
        everything.setEnabled(not self.filter.is_usual)
        everything.triggered.connect(self.show_all)
        # A menu button that is checkable toggles itself when it is pressed; what is true is the filter's.
        self.only.setChecked(self.filter.states != USUAL or bool(self.filter.labels))

    def _fill_orders(self) -> None:
        menu, info = self.order.menu(), self._session.info
        menu.clear()
        group = QActionGroup(menu)
        is_flat = info is not None and info.size.planes == 1
        shown = "drawn" if is_flat and self.sort == "plane" else self.sort
        for name, title, tip in SORTS:
            if name == "plane" and is_flat:
                continue
            action = menu.addAction(tr(title))
            action.setToolTip(tr(tip))
            _check(action, name == shown)
            group.addAction(action)
            action.triggered.connect(partial(self._choose_sort, name))
        self.order.setChecked(self.sort != "plane")

    def _toggle_state(self, state: str, _checked: bool = False) -> None:
        self.set_filter(self.filter.toggling_state(state))

    def _toggle_label(self, label: str, _checked: bool = False) -> None:
        self.set_filter(self.filter.toggling_label(label))

    def _choose_sort(self, sort: Sort, _checked: bool = False) -> None:
        self.set_sort(sort)


def _check(action: QAction, is_on: bool) -> None:
    action.setCheckable(True)
    action.setChecked(is_on)
