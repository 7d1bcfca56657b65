"""The panels with a session behind them: what they show, and what they ask of it."""

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView, QWidget

from dataset.annotation import Annotation, WholeScan, now
from dataset.document import Edit
from dataset.label import Label
from desktop_app.display import CaseRow
from desktop_app.finding_words import state_of
from desktop_app.panels.display import DisplayView
from desktop_app.panels.finding_list import MANY
from desktop_app.panels.findings import LAID_OUT, FindingsView
from desktop_app.panels.models import ModelsView
from desktop_app.panels.worklist import WorklistView
from desktop_app.presets import offered_windows
from imaging.geometry import Plane
from imaging.scan import Window
from models.catalogue import Entry
from tests.desktop_app.conftest import Reader, prediction, proposal, volume

pytestmark = pytest.mark.gui
T = TypeVar("T", bound=QWidget)

ROWS = (
    CaseRow("alpha", "labelled", "a", suspicion=0.99, suspect="disc"),
    CaseRow("beta", "unseen", "b", detail="MR · 512 × 512"),
    CaseRow("gamma", "in progress", "c", suspicion=0.3),
    CaseRow("delta", "unseen", "d", suspicion=0.8, suspect="tumour"),
)


def panel(reader: Reader, kind: type[T]) -> T:
    found = reader.window.findChild(kind)
    assert found is not None
    return found


def click(view: QListView, row: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    area = view.visualRect(view.model().index(row, 0))
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifier, area.center())


def test_the_worklist_filters_as_one_types_and_says_when_nothing_matches(reader: Reader) -> None:
    view = panel(reader, WorklistView)
    reader.list_cases(*ROWS)
    assert view.model.rowCount() == 4
    view.filter.setFocus()
    QTest.keyClicks(view.filter, "gam")
    assert view.model.rowCount() == 1
    QTest.keyClicks(view.filter, "x")
    assert view.empty.isVisible()
    assert view.empty.title.text() == "No case matches"
    QTest.keyClick(view.filter, Qt.Key.Key_Escape)
    assert view.model.rowCount() == 4


def test_a_click_on_a_case_opens_it_and_leaves_the_keys_to_the_scan(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = panel(reader, WorklistView)
    reader.list_cases(*ROWS)
    opened: list[int] = []
    monkeypatch.setattr(reader.session, "open_case", opened.append)
    view.sort_by("need")
    before = reader.window.focusWidget()
    click(view.list, 0)
    assert opened == [2]
    assert reader.window.focusWidget() is before


def test_the_worklist_follows_the_session(reader: Reader) -> None:
    view = panel(reader, WorklistView)
    reader.list_cases(*ROWS)
    reader.session.worklist.current = 2
    reader.session.case_changed.emit(2)
    assert view.list.currentIndex().row() == 2
    reader.session.worklist.change_row("c", state="labelled")
    assert "labelled" in str(view.model.data(view.model.index(2), Qt.ItemDataRole.AccessibleTextRole))


def test_rows_keep_their_places_until_the_reader_asks(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    view = panel(reader, WorklistView)
    reader.list_cases(*ROWS)
    view.sort_by("need")
    assert [view.model.number(view.model.index(row)) for row in range(4)] == [2, 3, 1, 0]
    reader.session.worklist.change_row("d", state="labelled")
    assert [view.model.number(view.model.index(row)) for row in range(4)] == [2, 3, 1, 0]
    opened: list[int] = []
    monkeypatch.setattr(reader.session.worklist, "open_case", opened.append)
    for current in (2, 3, 1):
        reader.session.worklist.current = current
        reader.session.next_case()
    assert opened == [3, 1, 0]
    reader.session.previous_case()
    assert opened[-1] == 3
    reader.session.worklist.current = 0
    reader.session.next_case()
    assert len(opened) == 4


def test_ten_thousand_cases_are_listed_without_a_wait(reader: Reader) -> None:
    import time

    view = panel(reader, WorklistView)
    rows = tuple(CaseRow(f"case {n}", key=str(n), suspicion=n / 10_000) for n in range(10_000))
    reader.list_cases(*rows)
    began = time.perf_counter()
    view.sort_by("need")
    view.filter.setText("7")
    view.grab()
    assert time.perf_counter() - began < 1.0
    assert view.model.rowCount() == sum("7" in row.title for row in rows)


def test_findings_are_one_list_in_which_nothing_jumps(reader: Reader) -> None:
    view = panel(reader, FindingsView)
    reader.open(volume(), prediction(proposal(1), proposal(2, score=0.7)))
    reader.session.accept(["p1"])
    reader.settle()
    assert [state_of(mark) for mark in view.model.marks] == ["accepted", "proposed"]
    text = str(view.model.data(view.model.index(0), Qt.ItemDataRole.AccessibleTextRole))
    assert text == "Disc, score 0.90, accepted, finder@1.0, box · plane 7"
    reader.session.relabel(["p2"], "cyst")
    reader.settle()
    assert [state_of(mark) for mark in view.model.marks] == ["accepted", "corrected"]


def test_where_there_is_one_plane_a_finding_does_not_name_it(reader: Reader) -> None:
    view = panel(reader, FindingsView)
    reader.open(volume(1, "picture"), prediction(proposal(1, plane=0)))
    text = str(view.model.data(view.model.index(0), Qt.ItemDataRole.AccessibleTextRole))
    assert text == "Disc, score 0.90, proposed, finder@1.0, box"


def test_selection_goes_both_ways(reader: Reader) -> None:
    view = panel(reader, FindingsView)
    reader.open(volume(), prediction(*(proposal(n) for n in range(5))))
    reader.session.select(["p3", "p1"])
    assert sorted(i.row() for i in view.list.selectionModel().selectedIndexes()) == [1, 3]
    click(view.list, 2)
    assert reader.session.selection == {"p2"}
    click(view.list, 4, Qt.KeyboardModifier.ControlModifier)
    assert reader.session.selection == {"p2", "p4"}


def test_very_many_findings_of_one_plane_keep_their_order_while_some_come_and_go(reader: Reader) -> None:
    view = panel(reader, FindingsView)
    ids = [f"p{number * 7919 % 10_007:05d}" for number in range(1, 3 * MANY)]
    reader.open(volume(1, "picture"), prediction(*(replace(proposal(1, plane=0), id=name) for name in ids)))

    def listed() -> list[str]:
        reader.settle()
        return [(mark.origin if isinstance(mark, Annotation) else "") or mark.id for mark in view.model.marks]

    assert listed() == sorted(ids)
    reader.session.accept(ids[5:20])
    assert listed() == sorted(ids)
    reader.session.reject(ids[50:70])
    assert listed() == sorted({*ids} - {*ids[50:70]})
    whole = Annotation("z", "disc", WholeScan(), "ann", now())
    reader.session.commit(Edit("Say", put=(whole,)))
    reader.session.findings.stream(tuple(replace(proposal(1, plane=0), id=f"o{number}") for number in (3, 1, 2)))
    reader.session.proposals_changed.emit()
    assert listed() == ["z", "o1", "o2", "o3", *sorted({*ids} - {*ids[50:70]})]
    reader.session.undo()
    reader.session.undo()
    reader.session.findings.stop_streaming()
    reader.session.proposals_changed.emit()
    assert listed() == sorted(ids)


def test_a_list_too_long_to_be_laid_out_at_once_is_scrolled_to_what_is_selected_and_stays_there(reader: Reader) -> None:
    view = panel(reader, FindingsView)
    proposals = [replace(proposal(n), id=f"p{n:05d}") for n in range(3 * LAID_OUT)]
    reader.open(volume(), prediction(*proposals))
    last = proposals[-1].id
    reader.session.select([last])
    row = view.model.index(view.model.row_of(last))
    bar = view.list.verticalScrollBar()
    reader.bot.waitUntil(lambda: view.list.viewport().rect().contains(view.list.visualRect(row)))
    at = bar.value()
    reader.session.reject([proposals[-2].id])
    reader.bot.waitUntil(lambda: view.model.rowCount() == len(proposals) - 1)
    reader.bot.waitUntil(lambda: at - 100 <= bar.value() <= at)


def test_the_list_can_be_of_this_plane_only(reader: Reader) -> None:
    view = panel(reader, FindingsView)
    reader.open(volume(), prediction(proposal(1, plane=2), proposal(2, plane=6), proposal(3, plane=6)))
    QTest.mouseClick(view.this_plane, Qt.MouseButton.LeftButton, pos=QPoint(8, view.this_plane.height() // 2))
    reader.settle()
    assert [mark.id for mark in view.model.marks] == ["p2", "p3"]
    reader.session.step_plane(1)
    reader.settle()
    assert view.empty.title.text() == "No findings on this plane"
    reader.session.set_plane(Plane(0, 2))
    reader.settle()
    assert [mark.id for mark in view.model.marks] == ["p1"]


def test_a_double_click_goes_to_the_plane_of_the_finding(reader: Reader) -> None:
    view = panel(reader, FindingsView)
    reader.open(volume(), prediction(proposal(1, plane=2)))
    area = view.list.visualRect(view.model.index(0))
    QTest.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=area.center())
    QTest.mouseDClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=area.center())
    assert reader.session.plane == Plane(0, 2)


def test_the_threshold_hides_at_once_and_says_how_many(reader: Reader) -> None:
    view = panel(reader, FindingsView)
    reader.open(volume(), prediction(proposal(1, score=0.6), proposal(2, score=0.7)))
    view.threshold.setValue(65)
    reader.settle()
    assert view.model.rowCount() == 1
    view.threshold.setValue(90)
    reader.settle()
    assert view.empty.isVisible()
    assert view.empty.hint.text().startswith("2 score less")


def test_buttons_accept_reject_and_confirm(reader: Reader) -> None:
    view = panel(reader, FindingsView)
    reader.open(volume(), prediction(proposal(1), proposal(2), proposal(3)))
    assert not view.none.isVisible()
    assert not view.reject.isEnabled()
    reader.session.select(["p1"])
    QTest.mouseClick(view.reject, Qt.MouseButton.LeftButton)
    reader.settle()
    reader.session.select(["p2"])
    QTest.mouseClick(view.accept, Qt.MouseButton.LeftButton)
    reader.settle()
    assert [p.id for p in reader.session.proposals] == ["p3"]
    QTest.mouseClick(view.accept_all, Qt.MouseButton.LeftButton)
    reader.settle()
    assert len(reader.session.document.annotations) == 2
    assert not view.accept_all.isVisible()


def test_a_scan_without_findings_can_be_confirmed_empty(reader: Reader) -> None:
    view = panel(reader, FindingsView)
    reader.open(volume())
    assert view.none.isVisible()
    QTest.mouseClick(view.none, Qt.MouseButton.LeftButton)
    reader.bot.waitUntil(lambda: bool(reader.dataset.revisions), timeout=3000)


def test_the_label_chooser_shows_the_label_of_the_selection(reader: Reader) -> None:
    view = panel(reader, FindingsView)
    reader.open(volume(), prediction(proposal(1, label="cyst")))
    assert view.labels.currentData() == "disc"
    reader.session.select(["p1"])
    assert view.labels.currentData() == "cyst"
    view.labels.setCurrentIndex(1)
    view.labels.activated.emit(1)
    assert [a.label for a in reader.session.document.annotations] == ["tumour"]
    reader.session.relabel(reader.session.selection, "disc")
    reader.settle()
    assert view.labels.currentData() == "disc"


def test_twenty_thousand_findings_are_listed_without_a_wait(reader: Reader) -> None:
    import time

    view = panel(reader, FindingsView)
    reader.open(volume(), prediction(*(proposal(n) for n in range(20_000))))
    began = time.perf_counter()
    reader.session.reject(["p7"])
    reader.settle()
    view.grab()
    assert time.perf_counter() - began < 1.5
    assert view.model.rowCount() == 19_999


def test_classifier_scores_are_shown_as_bars_with_the_highest_first(reader: Reader) -> None:
    view = panel(reader, ModelsView)
    reader.open(volume(), prediction(scores=(("disc", 0.2), ("tumour", 0.8))))
    assert view.scores.isVisible()
    assert view.scores.accessibleName().endswith("Tumour 80%, Disc 20%")
    assert "on cpu" in view.said.text()


def test_models_are_listed_and_chosen(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    view = panel(reader, ModelsView)
    reader.open(volume())
    assert not view.run.isEnabled()
    found = (
        Entry("nuclei", "0.1", Path(), "Nuclei", "instances"),
        Entry("nuclei", "0.0", Path(), "Old nuclei", "instances"),
        Entry("chest", "1.0", Path(), "Chest", "classify"),
        Entry("bad", "1.0", Path(), problem="has no weights"),
    )
    reader.session._on_models(found)
    assert [view.models.itemText(n) for n in range(view.models.count())] == ["Nuclei", "Chest"]
    assert reader.session.model == "nuclei"
    view.models.activated.emit(1)
    assert reader.session.model == "chest"
    assert view.about.text() == "chest 1.0 · classifies the scan"
    asked: list[str] = []
    monkeypatch.setattr(reader.session.predicting, "start", lambda model, *_facts: asked.append(model))
    QTest.mouseClick(view.run, Qt.MouseButton.LeftButton)
    assert asked == ["chest"]


def test_the_display_shows_numbers_and_takes_them(reader: Reader) -> None:
    view = panel(reader, DisplayView)
    reader.open(volume())
    assert (view.centre.value(), view.width_box.value()) == (40, 400)
    assert view.centre.suffix() == " HU"
    view.width_box.setFocus()
    view.width_box.selectAll()
    QTest.keyClicks(view.width_box, "1500")
    QTest.keyClick(view.width_box, Qt.Key.Key_Return)
    assert reader.session.display.window == Window(40, 1500)
    assert view.presets.currentIndex() == -1
    reader.session.set_display(replace(reader.session.display, overlay_opacity=0.8, smooth=False, inverted=True))
    assert view.opacity.value() == 80
    assert not view.smooth.isChecked()
    assert view.inverted.isChecked()
    QTest.mouseClick(view.reset, Qt.MouseButton.LeftButton)
    assert reader.session.display.window == Window(40, 400)


def test_presets_begin_with_the_window_the_scan_opened_with() -> None:
    info = volume().info
    offered = offered_windows(info, Window(50, 350))
    assert offered[0].name == "As opened"
    assert len({(w.centre, w.width) for w in offered}) == len(offered)
    assert "Lung" in [w.name for w in offered]
    mr = offered_windows(replace(info, modality="MR"), Window(500, 1000, "Automatic"))
    assert [w.name for w in mr] == ["Automatic", "More contrast", "Bright fluid", "Dark tissue", "Wide"]
    assert offered_windows(None, None) == ()


def test_folding_a_section_is_remembered(reader: Reader, home: Path) -> None:
    from desktop_app.settings import SettingsFile
    from desktop_app.widgets import Section

    section = next(s for s in reader.window.findChildren(Section) if s.title == "Display")
    QTest.mouseClick(section._button, Qt.MouseButton.LeftButton)
    assert not section.is_open
    assert SettingsFile(home).settings.folded == ("Display",)


def test_labels_that_come_with_a_model_appear_in_the_chooser(reader: Reader) -> None:
    view = panel(reader, FindingsView)
    reader.open(volume())
    reader.session.add_labels([Label("new", "New one", "#00ff00")], keep=False)
    assert view.labels.itemText(3) == "New one    Ctrl+4"


def test_an_index_out_of_range_shows_nothing(reader: Reader) -> None:
    assert panel(reader, FindingsView).model.data(QModelIndex()) is None
    assert panel(reader, WorklistView).model.data(QModelIndex()) is None
