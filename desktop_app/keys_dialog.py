"""The dialog for keys: whose keys are used, and own keys for single actions. What is changed counts at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from desktop_app.action import ActionRow, readable_key
from desktop_app.dialogs import Sheet, chooser
from desktop_app.finding_names import rank
from desktop_app.key_profiles import PROFILE_TITLES
from desktop_app.key_sheet import OTHER
from desktop_app.own_keys import RESERVED, OwnKeys, holders, keyed, with_keys, without
from desktop_app.settings import ProfileName
from desktop_app.theme import Theme
from desktop_app.translation import tr
from desktop_app.widgets import Field, label, push, tidy

_ID = Qt.ItemDataRole.UserRole
Keep = Callable[[ProfileName, OwnKeys], None]


class KeyField(QKeySequenceEdit):
    """Takes the next key pressed; Tab goes on as everywhere."""

    pressed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setMaximumSequenceLength(1)
        self.setAccessibleName("New key")
        self.setToolTip("Click here, then press the key for the chosen action")
        self.keySequenceChanged.connect(self._tell)
        self.empty()

    def empty(self) -> None:
        """Wait for a key."""
        self.clear()
        for field in self.findChildren(QLineEdit):
            # Qt puts its own words there, which are too long.
            field.setPlaceholderText(tr("Press a key"))
            field.setAccessibleName(tr("New key"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape alone leaves the dialog, unless it is to be the key: then with the field focused and empty."""
        if event.key() in {Qt.Key.Key_Tab, Qt.Key.Key_Backtab}:
            event.ignore()
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Tab)
            return
        super().keyPressEvent(event)

    def _tell(self, sequence: QKeySequence) -> None:
        if not sequence.isEmpty():
            self.pressed.emit(sequence.toString())


class KeysDialog(Sheet):
    """A table of the actions with their keys; the chosen one gets the key that is pressed."""

    def __init__(
        self,
        parent: QWidget | None,
        theme: Theme,
        table: tuple[ActionRow, ...],
        profile: ProfileName,
        own: OwnKeys,
        keep: Keep,
    ) -> None:
        super().__init__(parent, theme, "Change keys")
        self._table, self._own, self._keep = table, own, keep
        self._profile: ProfileName = profile
        self._rows = keyed(table, profile, own)
        self._wanted = ""
        self._items: dict[str, QTreeWidgetItem] = {}
        self._make_head()
        self.tree = self._make_tree()
        self.body.addWidget(self.tree, 1)
        self._make_foot()
        self._fill()
        self.tree.currentItemChanged.connect(self._show_chosen)
        self._show_chosen()
        self.fit(720, 680)
        self.search.setFocus()

    def _make_head(self) -> None:
        names = tuple((text, name) for name, text in PROFILE_TITLES.items())
        self.profile = chooser("Keys as in", names, self._profile)
        self.profile.setToolTip("Whose keys are used where this program has the same action")
        self.profile.currentIndexChanged.connect(self._on_profile)
        self.search = Field()
        self.search.setPlaceholderText("Find an action or a key")
        self.search.setAccessibleName("Find an action or a key")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._show_found)
        row = QHBoxLayout()
        tidy(row, self.theme, gap=8)
        row.addWidget(label("Keys as in", "muted"))
        row.addWidget(self.profile)
        row.addSpacing(self.theme.px(16))
        row.addWidget(self.search, 1)
        self.body.addLayout(row)

    def _make_tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setColumnCount(3)
        tree.setHeaderLabels([tr("Action"), tr("Keys"), ""])
        tree.setAccessibleName("Actions and their keys")
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        tree.setIndentation(self.theme.px(14))
        head = tree.header()
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        head.setStretchLastSection(False)
        return tree

    def _make_foot(self) -> None:
        self.chosen = label("", "heading")
        self.key = KeyField()
        self.key.setFixedWidth(self.theme.px(150))
        self.key.pressed.connect(self._on_pressed)
        self.clear = push("No key", "Take all keys from the chosen action")
        self.clear.clicked.connect(lambda: self._give(()))
        self.reset = push("Reset", "Give the chosen action the usual keys again")
        self.reset.clicked.connect(self._reset_one)
        row = QHBoxLayout()
        tidy(row, self.theme, gap=8)
        row.addWidget(self.chosen, 1)
        for part in (self.key, self.clear, self.reset):
            row.addWidget(part)
        self.body.addLayout(row)
        self.told = label("", "muted", wraps=True)
        self.take = push("Take it", "Give this key to the chosen action; the other loses it")
        self.take.clicked.connect(self._take)
        self.let = push("Leave it", "Leave this key where it is")
        self.let.clicked.connect(self._ask_again)
        row = QHBoxLayout()
        tidy(row, self.theme, gap=8)
        row.addWidget(self.told, 1)
        row.addWidget(self.take)
        row.addWidget(self.let)
        # Room for the question is kept, so that nothing moves when it comes.
        row.addStrut(self.take.sizeHint().height())
        self.body.addLayout(row)
        self.reset_all = push("Reset all", "Forget all keys of your own")
        self.reset_all.clicked.connect(lambda: self._change(()))
        self._buttons.insertWidget(0, self.reset_all)

    # The table.

    def _fill(self) -> None:
        menus: dict[str, QTreeWidgetItem] = {}
        for row in self._rows:
            menu = row.menu or OTHER
            if menu not in menus:
                menus[menu] = QTreeWidgetItem(self.tree, [tr(menu)])
                menus[menu].setFlags(Qt.ItemFlag.ItemIsEnabled)
                menus[menu].setFirstColumnSpanned(True)
                font = self.tree.font()
                font.setBold(True)
                menus[menu].setFont(0, font)
            item = QTreeWidgetItem(menus[menu], [tr(row.text).rstrip("…")])
            item.setData(0, _ID, row.id)
            self._items[row.id] = item
        self.tree.expandAll()
        self._show_keys()
        if self._rows:
            self.choose(self._rows[0].id)

    def _show_keys(self) -> None:
        owned = {entry[0] for entry in self._own if entry}
        for row in self._rows:
            item = self._items[row.id]
            item.setText(1, "   ".join(dict.fromkeys(map(readable_key, row.keys))))
            item.setText(2, tr("own") if row.id in owned else "")
            item.setToolTip(1, tr("No key") if not row.keys else "")
        self.reset_all.setEnabled(bool(self._own))

    def _show_found(self, query: str) -> None:
        for row in self._rows:
            keys = {readable_key(key).casefold() for key in row.keys}
            names = (rank(query, tr(row.text)), rank(query, row.text))
            is_found = query.strip().casefold() in keys or any(one is not None and one[0] != 3 for one in names)
            self._items[row.id].setHidden(not is_found)
        for number in range(self.tree.topLevelItemCount()):
            menu = self.tree.topLevelItem(number)
            if menu is not None:
                ids = (row.id for row in self._rows if self._items[row.id].parent() is menu)
                menu.setHidden(all(self._items[action_id].isHidden() for action_id in ids))

    @property
    def chosen_id(self) -> str:
        """The id of the action that is chosen; empty for none."""
        item = self.tree.currentItem()
        return str(item.data(0, _ID) or "") if item is not None else ""

    def choose(self, action_id: str) -> None:
        """Choose an action."""
        self.tree.setCurrentItem(self._items[action_id])

    def _row(self) -> ActionRow | None:
        return next((row for row in self._rows if row.id == self.chosen_id), None)

    def _show_chosen(self) -> None:
        row = self._row()
        self.chosen.setText(row.text.rstrip("…") if row is not None else "Choose an action")
        for part in (self.key, self.clear):
            part.setEnabled(row is not None)
        self.clear.setEnabled(row is not None and bool(row.keys))
        self.reset.setEnabled(any(entry[:1] == (self.chosen_id,) for entry in self._own))
        self._ask_again()

    # What is asked and answered.

    def _ask_again(self) -> None:
        self._wanted = ""
        self.key.empty()
        self._tell("Press a key in the field to give it to this action" if self._row() is not None else "")

    def _tell(self, text: str, *, asks: bool = False) -> None:
        self.told.setText(text)
        self.take.setVisible(asks)
        self.let.setVisible(asks)

    def _on_pressed(self, key: str) -> None:
        row = self._row()
        if row is None:
            return
        if key in RESERVED:
            self._tell(RESERVED[key])
            return
        others = holders(self._rows, row.id, key)
        if others:
            self._wanted = key
            names = ", ".join(f"“{tr(other.text).rstrip('…')}”" for other in others)
            self._tell(tr("{} is the key of {}").replace("{}", readable_key(key), 1).replace("{}", names, 1), asks=True)
        else:
            self._give((key,))

    def _take(self) -> None:
        if self._wanted:
            self._give((self._wanted,))

    def _give(self, keys: tuple[str, ...]) -> None:
        row = self._row()
        if row is not None:
            self._change(with_keys(self._own, row.id, keys))
            said = " ".join(map(readable_key, keys)) or tr("No key")
            self._tell(f"{tr(row.text).rstrip('…')}: {said}")

    def _reset_one(self) -> None:
        self._change(without(self._own, self.chosen_id))

    def _on_profile(self) -> None:
        self._profile = cast("ProfileName", self.profile.currentData())
        self._change(self._own)

    def _change(self, own: OwnKeys) -> None:
        self._own = own
        self._rows = keyed(self._table, self._profile, own)
        self._keep(self._profile, own)
        self._show_keys()
        self._show_chosen()
