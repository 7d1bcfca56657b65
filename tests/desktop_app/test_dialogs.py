"""The dialogs: what their defaults do, and what comes of them."""

from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMessageBox, QPushButton, QWidget

from desktop_app.action import readable_key
from desktop_app.canvas.tile_cache import CACHE_BYTES, Tile, TileKey
from desktop_app.canvas.tile_engine import shared_engine
from desktop_app.dialogs import About, Destination, NewLabel
from desktop_app.exchange import import_models, is_model
from desktop_app.key_sheet import KeySheet, halves
from desktop_app.main_window import MainWindow
from desktop_app.preferences import Preferences
from desktop_app.settings import Settings
from desktop_app.theme import DARK
from imaging.errors import Problem
from tests.desktop_app.conftest import Reader, prediction, proposal, volume

pytestmark = pytest.mark.gui

DESTRUCTIVE = ("leave", "delete", "discard", "lose", "overwrite")


def answer(act: Callable[[QWidget], object]) -> None:
    """Do something with the dialog that opens next."""

    def now() -> None:
        box = QApplication.activeModalWidget()
        assert box is not None
        act(box)

    QTimer.singleShot(50, now)


def default_of(box: QWidget) -> str:
    return next((b.text().lower() for b in box.findChildren(QPushButton) if b.isDefault()), "")


def test_the_key_sheet_lists_every_key_of_the_table(window: MainWindow) -> None:
    sheet = KeySheet(window, DARK, window._actions.rows)
    shown = {text.text() for text in sheet.findChildren(QLabel)}
    for row in window._actions.rows:
        if row.keys and not row.id.startswith(("label-", "preset-")):
            assert row.text.rstrip("…") in shown
            assert row.key_text in shown
    assert readable_key("Shift+Return") == "Shift+Enter"
    sheet.deleteLater()


def test_no_default_button_destroys(window: MainWindow) -> None:
    made: list[QDialog] = [
        KeySheet(window, DARK, window._actions.rows),
        Preferences(window, DARK, Settings(), "Ann"),
        Destination(window, DARK, "Export", "Export", [("COCO", "coco")]),
        About(window, DARK),
    ]
    for sheet in made:
        assert not any(word in default_of(sheet) for word in DESTRUCTIVE)
        sheet.deleteLater()


def test_preferences_are_kept_and_applied(reader: Reader, home: Path) -> None:
    reader.open(volume())

    def choose(box: QWidget) -> None:
        assert isinstance(box, Preferences)
        box.look.setCurrentIndex(1)
        box.scale.setCurrentIndex(box.scale.findData(1.3))
        box.author.setText("Dr. Ada")
        box.accept()

    answer(choose)
    reader.window.ask_preferences()
    reader.settle()
    assert reader.session.author == "Dr. Ada"
    assert '"scale": 1.3' in (home / "settings.json").read_text()
    assert reader.window._look.name == "light"
    assert reader.window._look.scale == 1.3


@pytest.fixture
def usual_memory() -> Generator[None]:
    """The bound of the one engine as it was before."""
    before = shared_engine().most_bytes
    yield
    shared_engine().set_bound(before)


@pytest.mark.usefixtures("usual_memory")
def test_the_memory_for_slides_is_typed_kept_and_holds_at_once_and_at_the_next_start(
    reader: Reader, home: Path, make_window: Callable[..., MainWindow]
) -> None:
    assert shared_engine().most_bytes == CACHE_BYTES == Settings().slide_memory * 2**20
    cache = shared_engine().cache
    for column in range(3):
        cache.put(TileKey(-1, 0, 0, 0, column, 0), Tile(np.zeros((64 * 2**20) // 4, np.uint32)))
    assert cache.byte_count > 190 * 2**20

    def type_it(text: str) -> None:
        def act(box: QWidget) -> None:
            assert isinstance(box, Preferences)
            assert box.memory.suffix() == " MiB"
            box.memory.setFocus()
            box.memory.selectAll()
            QTest.keyClicks(box.memory, text)
            chief = next(button for button in box.findChildren(QPushButton) if button.isDefault())
            QTest.mouseClick(chief, Qt.MouseButton.LeftButton)

        answer(act)
        reader.window.ask_preferences()

    type_it("128")
    assert shared_engine().most_bytes == 128 * 2**20
    assert cache.byte_count <= 128 * 2**20
    type_it("99999")  # the field takes no more than it may be
    assert shared_engine().most_bytes <= 16 * 2**30
    type_it("2048")
    assert '"slide_memory": 2048' in (home / "settings.json").read_text()
    cache.drop_scan(-1)
    shared_engine().set_bound(CACHE_BYTES)
    make_window(size=(1366, 768))
    assert shared_engine().most_bytes == 2048 * 2**20


def test_preferences_left_by_escape_change_nothing(reader: Reader, home: Path) -> None:
    answer(lambda box: box.close())
    reader.window.ask_preferences()
    assert not (home / "settings.json").exists()


def test_export_wants_a_place_before_it_goes(reader: Reader, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[str, Path]] = []
    monkeypatch.setattr("desktop_app.exchange.export_dataset", lambda _s, name, folder: asked.append((name, folder)))
    monkeypatch.setattr("desktop_app.exchange.export_formats", lambda: (("COCO", "coco"), ("YOLO", "yolo")))

    def choose(box: QWidget) -> None:
        assert isinstance(box, Destination)
        assert not box.go.isEnabled()
        box.format.setCurrentIndex(1)
        box.place.setText(f" {tmp_path} ")
        assert box.go.isEnabled()
        box.go.click()

    answer(choose)
    reader.window.ask_export()
    assert asked == [("yolo", tmp_path)]


def test_a_new_label_is_added_and_given_to_the_selection(reader: Reader) -> None:
    reader.open(volume(), prediction(proposal(1)))
    reader.session.select(["p1"])

    def name_it(box: QWidget) -> None:
        assert isinstance(box, NewLabel)
        assert not box.go.isEnabled()
        QTest.keyClicks(box.name, "Schmorl node")
        QTest.keyClick(box.name, Qt.Key.Key_Return)

    answer(name_it)
    QTest.keyClick(reader.window.focusWidget() or reader.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    reader.settle()
    assert [a.label for a in reader.session.document.annotations] == ["schmorl-node"]
    assert reader.session.label_of("schmorl-node").name == "Schmorl node"


def test_leaving_with_unsaved_edits_asks_and_enter_stays(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    keeping = reader.session.keeping
    monkeypatch.setattr(keeping, "flush", lambda: False)
    monkeypatch.setattr(keeping, "_problem", Problem("disk is full"))
    defaults: list[str] = []

    def stay(box: QWidget) -> None:
        assert isinstance(box, QMessageBox)
        defaults.append(default_of(box))
        assert "disk is full" in box.text()
        default = box.defaultButton()
        assert default is not None
        default.click()

    answer(stay)
    assert not reader.window.close()
    assert defaults == ["stay"]
    assert reader.window.isVisible()

    def leave(box: QWidget) -> None:
        next(b for b in box.findChildren(QPushButton) if b.text() == "Leave").click()

    answer(leave)
    assert reader.window.close()


def test_what_the_doctor_says_is_shown_and_no_longer_asked_for_when_nobody_looks(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    cancelled: list[bool] = []

    class Asked:
        def cancel(self) -> None:
            cancelled.append(True)

    def ask(_session: object, then: Callable[[str], None]) -> Asked:
        then("cpu: usable")
        return Asked()

    def look(box: QWidget) -> None:
        assert isinstance(box, About)
        seen.append(box.text.toPlainText())
        box.leave.click()

    monkeypatch.setattr("desktop_app.exchange.ask_doctor", ask)
    answer(look)
    reader.window.show_about()
    assert seen == ["cpu: usable"]
    assert cancelled == [True]


def test_what_is_dropped_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "model.json").write_text("{}")
    (tmp_path / "series").mkdir()
    assert is_model(tmp_path / "package")
    assert is_model(tmp_path / "net.ONNX")
    assert not is_model(tmp_path / "series")
    assert not is_model(tmp_path / "scan.dcm")


def test_a_model_that_cannot_be_imported_is_told(reader: Reader, tmp_path: Path) -> None:
    bad = tmp_path / "net.onnx"
    bad.write_bytes(b"no model")
    import_models(reader.session, [bad])
    reader.bot.waitUntil(reader.window.problems.isVisible, timeout=20_000)
    assert "net.onnx" in reader.window.problems.what.text()


def test_halves_are_of_about_one_length() -> None:
    lengths = {"a": 10, "b": 6, "c": 5, "d": 1}
    left, right = halves(lengths)
    assert sorted(left + right) == list(lengths)
    assert abs(sum(lengths[n] for n in left) - sum(lengths[n] for n in right)) <= 4
