"""Comfort: the command palette, keys of one's own, and views in windows of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QMainWindow

from desktop_app.action import ActionRow, is_slide
from desktop_app.actions import all_rows
from desktop_app.keys_dialog import KeysDialog
from desktop_app.label_look import LabelLook
from desktop_app.menus import ActionSet
from desktop_app.own_keys import OwnKeys, keyed, sound
from desktop_app.palette import Entry, Palette
from desktop_app.session import Session
from desktop_app.settings import MOST_VIEWS, ProfileName, SettingsFile
from desktop_app.theme import Theme
from desktop_app.torn_off import TornOff, place_of, put
from desktop_app.translation import tr
from desktop_app.widgets import Section, reveal
from imaging.errors import Problem

RECENT = 8
CASES_FOUND = 8


class Comfort(QObject):
    """Knows the table of actions with the keys as they are set; keeps what is changed."""

    key_released = Signal(object)
    """A key came up in a view's own window."""

    def __init__(
        self, session: Session, settings: SettingsFile, keep: Callable[..., None], window: QMainWindow
    ) -> None:
        super().__init__(window)
        self._session, self._settings, self._keep, self._window = session, settings, keep, window
        self._actions: ActionSet | None = None
        self._look: Theme | None = None
        self.palette: Palette | None = None
        self.views: list[TornOff] = []
        self._is_first_scan = True
        self._table = all_rows(session.tools.values())
        good, self._broken = sound(settings.settings.keys)
        if self._broken:
            self._keep(keys=good)
        session.scan_changed.connect(self._on_scan)
        self.show_labels()

    @property
    def rows(self) -> tuple[ActionRow, ...]:
        """The table of actions with the keys that count."""
        kept = self._settings.settings
        return keyed(self._table, kept.key_profile, kept.keys)

    def dress(self, actions: ActionSet, look: Theme) -> None:
        """The window was built (again): take its actions and its look."""
        self._actions, self._look, self.palette = actions, look, None
        if self._broken:
            what = f"has keys that no keyboard has: {'; '.join(self._broken)}"
            advice = "These are left out; Ctrl+F1 sets them again"
            self._session.problem_raised.emit(Problem(what, self._settings.path, advice))
            self._broken = ()
        for view in self.views:
            view.take_actions(actions.actions.values())
            view.pane.set_theme(look)

    def show_labels(self) -> None:
        """Show labels in the colours and patterns that are set."""
        kept = self._settings.settings
        self._session.set_label_look(LabelLook(kept.label_colours, kept.patterns))

    # Keys.

    def ask_keys(self) -> None:
        """Give actions other keys."""
        if self._look is None:
            return
        kept = self._settings.settings
        sheet = KeysDialog(self._window, self._look, self._table, kept.key_profile, kept.keys, self._set_keys)
        _ask(sheet)

    def _set_keys(self, profile: ProfileName, own: OwnKeys) -> None:
        self._keep(key_profile=profile, keys=own)
        self.rekey()

    def rekey(self) -> None:
        """Let the keys that are set count at once."""
        if self._actions is not None:
            self._actions.rekey(self.rows)

    # The palette.

    def show_palette(self) -> None:
        """Find an action, a label, a case or a panel by its name; asked again, it goes."""
        if self._look is None:
            return
        if self.palette is not None:
            self.palette.leave()
            return
        self.palette = Palette(self._window, self._look, tuple(self._entries()), self._settings.settings.recent)
        self.palette.add_finder(self._cases)
        self.palette.chosen.connect(self._remember)
        self.palette.left.connect(self._forget_palette)
        self.palette.open()

    def _forget_palette(self) -> None:
        self.palette = None

    def _remember(self, entry_id: str) -> None:
        self.palette = None
        others = tuple(known for known in self._settings.settings.recent if known != entry_id)
        self._keep(recent=(entry_id, *others)[:RECENT])

    def _entries(self) -> Iterator[Entry]:
        assert self._actions is not None
        for row in self._actions.rows:
            if row.id != "palette" and not row.id.startswith("label-"):
                yield self._entry_of(row, self._actions)
        for shown in self._session.labels.labels:
            call = _caller(self._session.choose_label, shown.id)
            yield Entry(f"label:{shown.id}", f"{tr('Label')}: {shown.name}", "", call, other=f"Label: {shown.name}")
        for section in self._window.findChildren(Section):
            text = f"{tr('Panel')}: {tr(section.title)}"
            yield Entry(
                f"panel:{section.title}", text, "", _caller(_open, section), other=f"Panel: {section.title}",
                why_not="" if section.isVisibleTo(self._window) else tr("Not for this scan"),
            )  # fmt: skip

    def _entry_of(self, row: ActionRow, actions: ActionSet) -> Entry:
        action = actions.actions[row.id]
        text = action.text().replace("&", "")
        return Entry(
            row.id, text, tr(row.menu), action.trigger, row.key_text,
            other="" if text == row.text else row.text, why_not=tr(why_not(row, self._session)),
        )  # fmt: skip

    def _cases(self, query: str) -> Iterator[Entry]:
        """The cases that have every word of a query in their title."""
        words = query.casefold().split()
        if not words:
            return
        count = 0
        for number, case in enumerate(self._session.cases):
            title = case.title.casefold()
            if all(word in title for word in words):
                call = _caller(self._session.open_case, number)
                yield Entry(f"case:{case.key or case.title}", case.title, tr("Case"), call)
                count += 1
                if count == CASES_FOUND:
                    return

    # Views in windows of their own.

    def tear_off(self) -> None:
        """Show the open scan in a window of its own as well."""
        if self._look is None or self._actions is None:
            return
        view = TornOff(self._session, self._look, self._actions.actions.values())
        kept, number = self._settings.settings, len(self.views)
        place = kept.view_places[number] if number < len(kept.view_places) else ()
        screen = kept.view_screens[number] if number < len(kept.view_screens) else ""
        if not put(view, place, screen):
            view.resize(self._look.px(720), self._look.px(640))
        view.closed.connect(_caller(self._drop, view))
        view.key_released.connect(self.key_released)
        self.views.append(view)
        view.show()

    def _drop(self, view: TornOff) -> None:
        if view in self.views:
            self._keep_places()
            self.views.remove(view)
            view.deleteLater()

    def _keep_places(self) -> None:
        known = self._settings.settings
        places, screens = list(known.view_places), list(known.view_screens)
        for number, view in enumerate(self.views):
            place, screen = place_of(view)
            places[number : number + 1], screens[number : number + 1] = [place], [screen]
        self._keep(view_places=tuple(places), view_screens=tuple(screens))

    def _on_scan(self) -> None:
        if self._session.scan is not None and self._is_first_scan:
            self._is_first_scan = False
            for _ in range(self._settings.settings.views_open):
                self.tear_off()

    def close(self) -> None:
        """The window goes: remember the views' places and close them."""
        self._keep_places()
        self._keep(views_open=min(len(self.views), MOST_VIEWS))
        for view in tuple(self.views):
            self.views.remove(view)
            view.close()
            view.deleteLater()


def why_not(row: ActionRow, session: Session) -> str:
    """Why an action cannot be done now; empty where it can."""
    if row.counts(session):
        return ""
    if row.scope == "slide" and not is_slide(session):
        return "Only on slides"
    if row.scope == "no slide" and is_slide(session):
        return "Not on slides"
    return "Open a scan first" if session.scan is None else "Not possible now"


def _open(section: Section) -> None:
    section.unfold()
    reveal(section)
    section.focusNextPrevChild(True)


def _caller(call: Callable[..., object], *arguments: object) -> Callable[[], object]:
    return lambda: call(*arguments)


def _ask(sheet: QDialog) -> bool:
    answer = sheet.exec()
    sheet.deleteLater()
    return bool(answer)
