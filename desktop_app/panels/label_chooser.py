"""The label of what is drawn next and of what is selected, chosen from those of the dataset."""

from __future__ import annotations

from itertools import islice

from PySide6.QtCore import Qt

from dataset.measurement import labels_of_findings
from desktop_app.panels.swatch import swatch
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.translation import tr
from desktop_app.widgets import Chooser

MOST_ASKED = 1000
"""So many of the selected marks are asked for their label."""
_ITEM = Qt.ItemDataRole.UserRole + 1


class LabelChooser(Chooser):
    """Shows the label of the selection, else the one in hand; choosing relabels what is selected."""

    def __init__(self, session: Session, theme: Theme) -> None:
        tip = "Label of new marks; with a selection, relabels it  (Ctrl+1 … 9; a new one Ctrl+L)"
        super().__init__("Label of new and selected marks", tip)
        self._session, self._theme = session, theme
        self.activated.connect(self._choose)

    def refresh(self) -> None:
        """Show the labels as they are."""
        session = self._session
        wanted = [(item.id, item.name, item.colour) for item in labels_of_findings(session.labels).labels]
        if wanted != [self.itemData(row, _ITEM) for row in range(self.count())]:
            self.clear()
            for number, item in enumerate(wanted, 1):
                text = f"{item[1]}    Ctrl+{number}" if number <= 9 else item[1]
                self.addItem(swatch(item[2], self._theme.px(12)), text, item[0])
                self.setItemData(number - 1, item, _ITEM)
        few = islice(session.selection, MOST_ASKED)
        picked = {mark.label for mark in map(session.findings.get, few) if mark is not None}
        shown = picked.pop() if len(picked) == 1 else session.label
        self.setCurrentIndex(self.findData(shown))
        self.setEnabled(bool(wanted))
        self.setPlaceholderText(tr("No labels yet: run a model"))

    def _choose(self, row: int) -> None:
        self._session.choose_label(str(self.itemData(row)))
