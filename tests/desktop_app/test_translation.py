"""Translation: complete, nothing left over, the same parts, and a window in German."""

import re
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QAbstractButton, QLabel, QToolButton

from desktop_app.main_window import MainWindow
from desktop_app.translation import LANGUAGES, Said, language_of, matcher, texts_of, tr
from desktop_app.translation_texts import collected, main
from tests.desktop_app.conftest import Reader, prediction, proposal, volume

OTHERS = [name for name in LANGUAGES if name not in {"", "en"}]
EACH = pytest.mark.parametrize("language", OTHERS)


class Nothing(Said):
    """Stands for Qt's own translator."""

    def __init__(self) -> None:
        pass


@EACH
def test_every_text_of_the_window_is_translated_and_no_other(language: str) -> None:
    texts = texts_of(language)
    assert sorted(collected() - texts.keys()) == []
    assert sorted(texts.keys() - collected()) == []
    assert [text for text, said in texts.items() if not said] == []


@EACH
def test_what_changes_in_a_text_is_in_its_translation(language: str) -> None:
    for text, said in texts_of(language).items():
        parts = text.count("{}")
        used = re.findall(r"\{(\d*)\}", said)
        assert len(used) <= parts, text
        assert not any(used) or all(int(number) < parts for number in used), text
        assert parts == 0 or used, text
        assert text.endswith("…") == said.endswith("…"), text


def test_the_texts_of_the_window_are_found() -> None:
    found = collected()
    assert {"Undo", "Next case", "Findings", "Undo {}", "all saved {}", "Colour-blind safe", "in progress"} <= found
    assert not {"Ctrl+Z", "undo", "scan_changed", "right"} & found


def test_texts_with_parts_are_said_with_their_parts_translated() -> None:
    said = Said({"Undo {}": "Zurück: {}", "Draw box": "Rechteck", "{} of {}": "{1} davon {0}"}, Nothing())
    assert said.say("Undo draw box") == "Zurück: Rechteck"
    assert said.say("Undo something else") == "Zurück: something else"
    assert said.translate("Overread", "Unknown words") == "Unknown words"
    assert matcher("{} of {}").fullmatch("3 of 4") is not None


def test_the_language_set_wins_over_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    assert language_of("de") == "de"
    assert language_of("en") == "en"
    monkeypatch.setattr(QLocale, "uiLanguages", lambda _self: ["fr-CA", "de-AT", "en"])
    assert language_of("") == "de"
    monkeypatch.setattr(QLocale, "uiLanguages", lambda _self: ["fr"])
    assert language_of("") == "en"


def test_collecting_wants_its_word() -> None:
    assert main([]) == 2


@pytest.fixture
def german(home: Path, make_window: Callable[..., MainWindow]) -> Generator[MainWindow]:
    home.mkdir()
    (home / "settings.json").write_text('{"language": "de"}')
    window = make_window(size=(1366, 768))
    yield window
    window._language.use("en")


def test_a_german_window_says_menus_panels_and_tool_tips_in_german(german: MainWindow) -> None:
    assert tr("Next case") == "Nächster Fall"
    actions = german._actions.actions
    assert actions["next-case"].text() == "Nächster Fall"
    assert actions["undo"].toolTip().startswith("Rückgängig  (Strg+Z")
    menus = [action.text().replace("&", "") for action in german.menuBar().actions()]
    assert menus[:2] == ["Datei", "Bearbeiten"]
    sections = {button.text().strip() for button in german.findChildren(QToolButton, "section")}
    assert {"Arbeitsliste", "Befunde"} <= sections


def test_nothing_is_clipped_in_a_german_window_of_1366_by_768(german: MainWindow, qtbot: object) -> None:
    reader = Reader(german, qtbot)  # type: ignore[arg-type]
    reader.open(volume(), prediction(proposal(1)))
    clipped = [
        (type(part).__name__, part.text(), part.width(), part.minimumSizeHint().width())
        for part in german.findChildren(QAbstractButton)
        if part.isVisible() and part.text() and part.width() < part.minimumSizeHint().width()
    ]
    clipped += [
        ("QLabel", part.text(), part.width(), part.minimumSizeHint().width())
        for part in german.findChildren(QLabel)
        if type(part).__name__ == "Words" and part.isVisible() and part.width() < part.minimumSizeHint().width()
    ]
    assert clipped == []
