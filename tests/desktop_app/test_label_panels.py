"""Labels, labels of the whole scan, attributes and measurements, as a person meets them in the window."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from dataset.annotation import Annotation, Box, Polyline, Proposal, WholeScan, now
from dataset.document import Edit
from dataset.label import AttributeDef, Label
from dataset.measurement import MEASUREMENT, measured_as, measurement
from desktop_app.label_dialog import LabelSheet
from desktop_app.mark_edits import attribute_of
from desktop_app.panels.attributes import AttributesView
from desktop_app.panels.label_list import place_of, rows_of
from desktop_app.panels.labels import LabelsView
from desktop_app.panels.measurements import MeasurementsView
from desktop_app.panels.this_scan import ThisScanView, scan_labels
from desktop_app.widgets import Section
from imaging.geometry import Plane
from tests.desktop_app.conftest import Reader, prediction, proposal, volume

LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
GRADE = AttributeDef("Grade", "choice", ("low", "high"), is_required=True)
SIZE = AttributeDef("Size", "number")


def section_of(view: LabelsView | ThisScanView | AttributesView | MeasurementsView) -> Section:
    parent = view.parentWidget()
    assert isinstance(parent, Section)
    return parent


def click_label(view: LabelsView, row: int, part: str = "row", held: Qt.KeyboardModifier = PLAIN) -> None:
    area = view.list.visualRect(view.model.index(row))
    place = area.center() if part == "row" else place_of(part, area, view._theme).center()  # type: ignore[arg-type]
    QTest.mouseClick(view.list.viewport(), LEFT, held, QPoint(place))


@pytest.fixture
def labels(reader: Reader) -> LabelsView:
    reader.open(volume(), prediction(proposal(1), proposal(2, label="tumour"), proposal(3, label="tumour")))
    view = reader.window.findChild(LabelsView)
    assert view is not None
    reader.bot.waitUntil(lambda: [row.count for row in view.model.rows] == [1, 2, 0])
    return view


def test_labels_are_listed_with_key_and_count_and_a_click_chooses_one(labels: LabelsView, reader: Reader) -> None:
    assert [(row.label.name, row.key) for row in rows_of(reader.session)] == [
        ("Disc", "1"), ("Tumour", "2"), ("Cyst", "3"),
    ]  # fmt: skip
    click_label(labels, 2)
    assert reader.session.label == "cyst"
    assert [row.is_current for row in labels.model.rows] == [False, False, True]
    assert labels.model.data(labels.model.index(1), Qt.ItemDataRole.AccessibleTextRole) == "Tumour, 2 marks, Ctrl+2"


def test_eye_and_alt_hide_labels_and_show_them_alone(labels: LabelsView, reader: Reader) -> None:
    session = reader.session
    click_label(labels, 1, "eye")
    assert [one.label for one in session.marks_on(session.plane)] == ["disc"]
    assert labels.hidden.text() == "Labels hidden"
    click_label(labels, 1, held=Qt.KeyboardModifier.AltModifier)
    assert [one.label for one in session.marks_on(session.plane)] == ["tumour", "tumour"]
    QTest.mouseClick(labels.show_all, LEFT)
    assert len(session.marks_on(session.plane)) == 3
    assert session.visibility.is_all


def test_the_lock_of_a_label_locks_all_its_marks_in_one_edit(labels: LabelsView, reader: Reader) -> None:
    session = reader.session
    session.accept(["p2", "p3"])
    click_label(labels, 1, "lock")
    assert [one.locked for one in session.document.annotations] == [True, True]
    session.undo()
    assert [one.locked for one in session.document.annotations] == [False, False]


def test_enter_space_and_f2_do_the_same_from_the_keyboard(
    labels: LabelsView, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    labels.list.edited.disconnect()
    labels.list.edited.connect(asked.append)
    labels.list.setCurrentIndex(labels.model.index(1))
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_F2):
        QTest.keyClick(labels.list, key)
    assert reader.session.label == "tumour"
    assert reader.session.visibility.labels == {"tumour"}
    assert asked == ["tumour"]


def test_the_dialog_changes_a_label_and_says_what_is_wrong(labels: LabelsView, reader: Reader) -> None:
    session = reader.session
    known = session.labels.get("tumour")
    assert known is not None
    sheet = LabelSheet(reader.window, labels._theme, known, session.labels)
    sheet.name.setText("Disc")
    assert sheet.fault.text() == "There is another label called Disc."
    assert not sheet.chief.isEnabled()
    sheet.name.setText("Lesion")
    sheet.choose_colour("#2ec4b6")
    sheet.key.setCurrentIndex(sheet.key.findData("1"))
    sheet.add_row(AttributeDef("Grade", "choice"))
    assert sheet.fault.text() == "Grade needs at least two choices."
    sheet.rows[0].choices.setText("low, high")
    sheet.rows[0].required.setChecked(True)
    assert sheet.chief.isEnabled()
    session.change_label(sheet.chosen)
    sheet.deleteLater()
    lesion = Label("tumour", "Lesion", "#2ec4b6", "1", attributes=(GRADE,))
    assert session.labels.get("tumour") == lesion
    disc = session.labels.get("disc")
    assert disc is not None
    assert disc.key == "", "a key has one label"
    reader.settle()
    assert "Lesion 0.90" in {chip.text for chip in reader.window.pane.view.plan.chips}


def test_the_whole_scan_is_labelled_beside_the_scores_and_proposals_are_accepted_there(reader: Reader) -> None:
    session = reader.session
    session.add_labels([Label("pneumonia", "Pneumonia", "#ff0000"), Label("normal", "Normal", "#00ff00")], keep=False)
    offered = Proposal("w", "pneumonia", WholeScan(), 0.8)
    reader.open(volume(), prediction(offered, scores=(("normal", 0.2), ("pneumonia", 0.8))))
    view = reader.window.findChild(ThisScanView)
    assert view is not None
    assert [(one.label.id, one.score, one.is_offered) for one in scan_labels(session)] == [
        ("pneumonia", 0.8, True), ("normal", 0.2, False),
    ]  # fmt: skip
    assert view.boxes["pneumonia"].text() == "Pneumonia · proposed"
    view.boxes["pneumonia"].click()
    view.boxes["normal"].click()
    assert [(a.label, a.author.startswith("model:")) for a in session.document.annotations] == [
        ("pneumonia", True), ("normal", False),
    ]  # fmt: skip
    reader.bot.waitUntil(lambda: view.boxes["pneumonia"].text() == "Pneumonia")
    assert view.boxes["pneumonia"].isChecked()
    view.boxes["normal"].click()
    assert [a.label for a in session.document.annotations] == ["pneumonia"]
    assert session.document.undo_title == "Scan is not Normal"
    menu = view.menu()
    assert [action.text() for action in menu.actions()] == ["Disc", "Tumour", "Cyst"]
    menu.actions()[2].trigger()
    menu.deleteLater()
    assert [a.label for a in session.document.annotations] == ["pneumonia", "cyst"]


def test_accepting_by_key_ticks_the_label_of_the_scan(reader: Reader) -> None:
    offered = Proposal("w", "disc", WholeScan(), 0.8)
    reader.open(volume(), prediction(offered, scores=(("disc", 0.8),)))
    view = reader.window.findChild(ThisScanView)
    assert view is not None
    reader.session.accept_or_next()
    reader.bot.waitUntil(view.boxes["disc"].isChecked)


@pytest.fixture
def attributes(reader: Reader) -> AttributesView:
    session = reader.session
    tumour = session.labels.get("tumour")
    assert tumour is not None
    reader.open(volume(), prediction(proposal(1), proposal(2, label="tumour")))
    session.change_label(replace(tumour, attributes=(GRADE, SIZE)))
    marks = tuple(Annotation(i, "tumour", Box(Plane(0, 6), 20, 20, 9, 9), "ada", now()) for i in "ab")
    session.commit(Edit("Draw", put=marks))
    view = reader.window.findChild(AttributesView)
    assert view is not None
    return view


def test_attributes_are_there_where_labels_ask_and_are_set_for_all_in_one_edit(
    attributes: AttributesView, reader: Reader
) -> None:
    session, bot = reader.session, reader.bot
    session.select(["p1"])
    bot.waitUntil(lambda: section_of(attributes).isHidden())
    session.select(["a", "b", "p1"])
    bot.waitUntil(lambda: attributes.applies and section_of(attributes)._note.text() == "1 needed")
    grade = attributes.fields["Grade"]
    grade.activated.emit(grade.findData("high"))  # type: ignore[union-attr]
    assert [attribute_of(one, "Grade") for one in session.document.annotations] == ["high", "high"]
    assert session.document.undo_title == "Set grade"
    assert not session.document.is_settled("p1"), "the disc's label asks for no grade"
    bot.waitUntil(lambda: section_of(attributes)._note.text() == "1 needed" or not section_of(attributes)._note.text())
    session.undo()
    assert [one.attributes for one in session.document.annotations] == [(), ()]


def test_numbers_are_checked_and_escape_leaves_what_was_said(attributes: AttributesView, reader: Reader) -> None:
    session, bot = reader.session, reader.bot
    session.select(["a"])
    bot.waitUntil(lambda: "Size" in attributes.fields)
    size, told = attributes.fields["Size"], list[str]()
    session.told.connect(told.append)
    size.setFocus()
    QTest.keyClicks(size, "12,5")
    QTest.keyClick(size, Qt.Key.Key_Return)
    assert attribute_of(session.document.annotations[0], "Size") == "12.5"
    bot.waitUntil(lambda: size.text() == "12.5")  # type: ignore[union-attr]
    size.setFocus()
    QTest.keyClicks(size, "x")
    QTest.keyClick(size, Qt.Key.Key_Return)
    assert told == ["Size is a number"]
    bot.waitUntil(lambda: size.text() == "12.5")  # type: ignore[union-attr]
    size.setFocus()
    QTest.keyClicks(size, "99")
    QTest.keyClick(size, Qt.Key.Key_Escape)
    assert attribute_of(session.document.annotations[0], "Size") == "12.5"


def test_a_proposal_that_is_described_becomes_the_readers_own(attributes: AttributesView, reader: Reader) -> None:
    session = reader.session
    session.select(["p2"])
    attributes.say(GRADE, "low")
    own = next(one for one in session.document.annotations if one.origin == "p2")
    assert (own.author, own.attributes) == (session.author, (("Grade", "low"),))
    assert session.selection == {own.id}


# Measuring in the window.


def drag(reader: Reader, *points: tuple[float, float], up: bool = True) -> None:
    view = reader.window.pane.view
    QTest.mousePress(view, LEFT, PLAIN, view.position_of(*points[0]))
    for point in points[1:]:
        QTest.mouseMove(view, view.position_of(*point))
    if up:
        QTest.mouseRelease(view, LEFT, PLAIN, view.position_of(*points[-1]))
    reader.settle()


def chips(reader: Reader) -> set[str]:
    reader.settle()
    return {chip.text for chip in reader.window.pane.view.plan.chips}


def test_the_first_measurement_brings_its_label_and_says_its_length(reader: Reader) -> None:
    session = reader.session
    reader.open(volume())
    QTest.keyClick(reader.window, Qt.Key.Key_L)
    assert session.tool_name == "ruler"
    drag(reader, (10, 10), (30, 30), (50, 10))
    (made,) = session.document.annotations
    assert measured_as(made) == "length"
    assert session.labels.get(MEASUREMENT.id) == MEASUREMENT
    assert session.label == "disc", "what is drawn next keeps its label"
    assert chips(reader) == {"32.0 mm"} or chips(reader) <= {"31.9 mm", "32.1 mm", "32.2 mm", "31.8 mm"}


def test_dragging_an_end_tells_the_length_as_it_goes(reader: Reader) -> None:
    session = reader.session
    reader.open(volume())
    ruler = measurement("length", Polyline(Plane(0, 6), ((10.0, 10.0), (50.0, 10.0))), "ada")
    session.add_labels([MEASUREMENT])
    session.commit(Edit("Measure", put=(ruler,)))
    session.select([ruler.id])
    drag(reader, (50, 10), (40, 10), (30, 10), up=False)
    (said,) = (text for _, text in reader.window.pane.view._preview.texts)
    assert said.endswith(" mm")
    assert abs(float(said.removesuffix(" mm")) - 16) < 0.3
    view = reader.window.pane.view
    QTest.mouseRelease(view, LEFT, PLAIN, view.position_of(30, 10))
    assert session.document.annotations[0].attributes == (("measures", "length"),)
    assert chips(reader) == {said}


def test_a_region_tells_its_values_at_the_mark_and_in_the_panel(reader: Reader) -> None:
    session = reader.session
    reader.open(volume())
    session.set_tool("region")
    drag(reader, (28, 24), (40, 30), (50, 40))
    view = reader.window.findChild(MeasurementsView)
    assert view is not None
    reader.bot.waitUntil(lambda: any("HU" in text for text in chips(reader)))
    (said,) = chips(reader)
    assert said.startswith("60.0 ± 0.0 HU · ")
    reader.bot.waitUntil(lambda: ("Mean", "60.0 HU", "") in view._facts())
    QTest.mouseClick(view.copy, LEFT)
    assert "Mean\t60.0 HU" in QGuiApplication.clipboard().text().splitlines()
    session.select(())
    reader.bot.waitUntil(lambda: bool(view.measures.measured))
    assert [(name, value) for name, value, _ in view._facts()] == [("Region · plane 7", said)]


def test_the_values_of_any_area_are_told_on_request(reader: Reader) -> None:
    session = reader.session
    reader.open(volume())
    mark = Annotation("a", "disc", Box(Plane(0, 6), 26, 22, 10, 10), "ada", now())
    session.commit(Edit("Draw", put=(mark,)))
    session.select(["a"])
    view = reader.window.findChild(MeasurementsView)
    assert view is not None
    reader.bot.waitUntil(lambda: not view.values.isHidden())
    assert [name for name, _, _ in view._facts()] == ["Area", "Perimeter"]
    view.values.setChecked(True)
    reader.bot.waitUntil(lambda: ("Pixels", "100", "") in view._facts())
    assert ("Largest", "60.0 HU", "") in view._facts()
    session.relabel(["a"], "cyst")
    reader.bot.waitUntil(lambda: ("Pixels", "100", "") in view._facts())


def test_a_ruler_and_a_rejected_proposal_may_be_confirmed_as_nothing_to_mark(reader: Reader) -> None:
    session = reader.session
    reader.open(volume(), prediction(proposal(1)))
    session.commit(Edit("Measure", put=(measurement("length", Polyline(Plane(0, 6), ((1, 1), (9, 9))), "ada"),)))
    session.confirm_empty()
    session.keeping.flush()
    _, facts = cast("tuple[object, dict[str, object]]", reader.dataset.revisions[-1])
    assert facts["basis"] == "confirmed empty"
