"""The window that asks: every question actions put to a person. The main window adds what is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QDialog, QFileDialog, QMainWindow

from desktop_app import dialogs, exchange, theme
from desktop_app.action import ActionRow
from desktop_app.canvas.tile_engine import shared_engine
from desktop_app.comfort import Comfort
from desktop_app.key_sheet import KeySheet
from desktop_app.labelling import label_named
from desktop_app.preferences import Preferences
from desktop_app.score_dialog import AskScore, Judgement
from desktop_app.session import Session
from desktop_app.settings import SettingsFile
from desktop_app.translation import Language, tr
from imaging.errors import Problem


class AskingWindow(QMainWindow):
    """Knows session, settings and look; asks with dialogs and hands on what was answered."""

    def __init__(self, session: Session, settings: SettingsFile, look: theme.Theme) -> None:
        super().__init__()
        self._session, self._settings, self._look = session, settings, look
        self._language = Language()
        self._language.use(settings.settings.language)

    @property
    def session(self) -> Session:
        """What is open."""
        return self._session

    @property
    def action_rows(self) -> tuple[ActionRow, ...]:
        """The table of actions, as it stands."""
        raise NotImplementedError

    def tell(self, problem: object) -> None:
        """Show a problem."""
        raise NotImplementedError

    @property
    def comfort(self) -> Comfort:
        """Palette, keys, and views in windows of their own."""
        raise NotImplementedError

    def redress(self, look: theme.Theme, *, anew: bool = False) -> None:
        """Build everything again in another theme, at another scale, or (`anew`) in another language."""
        raise NotImplementedError

    def take_marks(self, path: Path) -> None:
        """Put the marks of a file on the open scan."""
        raise NotImplementedError

    # What actions ask.

    def ask_files(self) -> None:
        """Choose files to open."""
        found, _ = QFileDialog.getOpenFileNames(self, tr("Open scans"), self._folder())
        if found:
            self._open([Path(name) for name in found])

    def ask_folder(self) -> None:
        """Choose a folder of scans to open."""
        found = QFileDialog.getExistingDirectory(self, tr("Open a folder of scans"), self._folder())
        if found:
            self._open([Path(found)])

    def ask_dataset(self) -> None:
        """Choose a dataset folder to open or make."""
        found = QFileDialog.getExistingDirectory(
            self, tr("Open a dataset, or an empty folder to make one"), self._folder()
        )
        if found:
            self._keep(last_folder=str(Path(found).parent))
            self._session.open_dataset(Path(found))

    def _open(self, paths: list[Path]) -> None:
        models = [path for path in paths if exchange.is_model(path)]
        marks = [path for path in paths if path.suffix.lower() == ".geojson" and self._session.scan is not None]
        scans = [path for path in paths if path not in models and path not in marks]
        exchange.import_models(self._session, models)
        for path in marks:
            self.take_marks(path)
        if scans:
            self._keep(last_folder=str(scans[0].parent))
            self._session.open_paths(scans)

    def ask_label(self) -> None:
        """Name a new label; what is selected gets it."""
        sheet = dialogs.NewLabel(self, self._look)
        if ask(sheet):
            label = label_named(sheet.chosen_name, self._session.labels)
            self._session.add_labels([label])
            self._session.choose_label(label.id)

    def ask_export(self) -> None:
        """Choose a format and a folder and export."""
        sheet = dialogs.Destination(self, self._look, "Export", "Export", exchange.export_formats())
        if ask(sheet):
            exchange.export_dataset(self._session, sheet.chosen_format, Path(sheet.chosen_place))

    def ask_sync(self) -> None:
        """Choose where to and sync."""
        sheet = dialogs.Destination(self, self._look, "Sync upstream", "Sync")
        if ask(sheet):
            exchange.send_upstream(self._session, sheet.chosen_place)

    def ask_score(self, judgement: Judgement) -> float | None:
        """From which score on proposals are accepted, or below which they are rejected; `None`: not at all."""
        sheet = AskScore(self, self._look, self._session, judgement)
        return sheet.score if ask(sheet) else None

    def ask_preferences(self) -> None:
        """Change the settings."""
        sheet = Preferences(self, self._look, self._settings.settings, self._session.author)
        if ask(sheet):
            self._keep(**sheet.chosen())
            self._session.blinds.read_as(self._settings.settings.author or self._session.author)
            self._session.predicting.device = self._settings.settings.device
            shared_engine().set_bound(self._settings.settings.slide_memory * 2**20)
            self.comfort.rekey()
            self.comfort.show_labels()
            is_new = self._language.use(self._settings.settings.language)
            self.redress(theme.chosen(self._settings.settings.theme, self._settings.settings.scale), anew=is_new)

    def show_keys(self) -> None:
        """The key sheet."""
        sheet = KeySheet(self, self._look, self.action_rows)
        if ask(sheet) and sheet.wants_change:
            self.comfort.ask_keys()

    def show_about(self) -> None:
        """What this program is and what devices it found."""
        sheet = dialogs.About(self, self._look)
        job = exchange.ask_doctor(self._session, sheet.show_text)
        ask(sheet)
        job.cancel()

    # Settings.

    def _folder(self) -> str:
        return self._settings.settings.last_folder or str(Path.home())

    def _keep(self, **changes: Any) -> None:
        try:
            self._settings.change(**changes)
        except Problem as problem:
            self.tell(problem)


def ask(sheet: QDialog) -> bool:
    """Show a dialog until it is answered; what it holds can be read until the next turn of the event loop."""
    answer = sheet.exec()
    sheet.deleteLater()
    return bool(answer)
