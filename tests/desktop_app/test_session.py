"""The session on a real dataset folder: what is edited is kept, restored, saved, and told."""

import shutil
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from pytestqt.qtbot import QtBot

from dataset.annotation import Annotation, Box, Proposal, new_id, now
from dataset.document import Edit
from dataset.errors import DatasetProblem
from dataset.folder import Dataset
from dataset.label import Label
from dataset.prediction import ModelRef, Prediction
from desktop_app import tools
from desktop_app.opening import open_case
from desktop_app.predicting import Reading
from desktop_app.session import Session
from desktop_app.tool import Tool
from imaging.geometry import Plane
from imaging.plugins import gather
from tests.desktop_app.conftest import end


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two scans that need no test data: pydicom brings them."""
    scans = tmp_path / "scans"
    scans.mkdir()
    for name in ("CT_small.dcm", "MR_small.dcm"):
        found = get_testdata_file(name, download=False)
        assert isinstance(found, str)
        shutil.copy(found, scans / name)
    return tmp_path


@pytest.fixture
def make(qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[..., Session]]:
    monkeypatch.setattr("desktop_app.keeping.RETRY_MS", 30)
    made: list[Session] = []

    def session(*paths: str) -> Session:
        one = Session(gather(tools, Tool), "Ada")
        made.append(one)
        one.open_dataset(folder / "dataset")
        if paths:
            one.open_paths([folder / "scans" / path for path in paths])
            qtbot.waitUntil(lambda: one.scan is not None, timeout=10_000)
        else:
            qtbot.waitUntil(lambda: one.dataset is not None, timeout=10_000)
        return one

    yield session
    for one in made:
        end(one)


def box(number: int = 0, label: str = "disc") -> Annotation:
    return Annotation(new_id(), label, Box(Plane(), 10 + number, 20, 30, 40), "Ada", now())


def settle(qtbot: QtBot, session: Session) -> None:
    def settled() -> bool:
        assert session.keeping.problem is None, str(session.keeping.problem)
        return session.keeping.is_settled and not session.jobs.running

    qtbot.waitUntil(settled, timeout=10_000)


def crash(session: Session) -> None:
    """End as a killed program does: nothing is saved any more."""
    session.saving.begin(None)


def test_an_edit_is_restored_after_a_crash(qtbot: QtBot, make) -> None:
    first = make("CT_small.dcm")
    mark = box()
    first.commit(Edit("Draw", put=(mark,)))
    settle(qtbot, first)
    assert first.saved_text.startswith("all saved")
    crash(first)
    first.close()
    told: list[str] = []
    second = make()
    second.told.connect(told.append)
    second.open_paths([Path(second.dataset.folder).parent / "scans" / "CT_small.dcm"])
    qtbot.waitUntil(lambda: second.scan is not None, timeout=10_000)
    assert second.document.annotations == (mark,)
    assert any("Restored 1 edit" in text for text in told)


def test_an_undone_edit_stays_undone_after_a_crash(qtbot: QtBot, make) -> None:
    first = make("CT_small.dcm")
    kept, undone = box(1), box(2)
    first.commit(Edit("Draw", put=(kept,)))
    first.commit(Edit("Draw", put=(undone,)))
    first.undo()
    settle(qtbot, first)
    crash(first)
    first.close()
    second = make("CT_small.dcm")
    assert second.document.annotations == (kept,)


def test_going_to_the_next_case_saves_a_revision(qtbot: QtBot, make, folder: Path) -> None:
    session = make("CT_small.dcm", "MR_small.dcm")
    key = session.scan_key
    session.commit(Edit("Draw", put=(box(),)))
    session.next_case()
    qtbot.waitUntil(lambda: session.scan_key not in ("", key), timeout=10_000)
    settle(qtbot, session)
    dataset = Dataset.open(folder / "dataset")
    head = dataset.head(key).revision
    assert head is not None
    assert (head.author, head.basis, head.count) == ("Ada", "corrected", 1)
    assert dataset.record(key).state == "labelled"
    dataset.close()
    assert session.cases[0].state == "labelled"
    assert session.document.annotations == ()


def test_coming_back_before_the_disk_has_it_shows_every_edit(
    qtbot: QtBot, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make("CT_small.dcm", "MR_small.dcm")
    real = Dataset.keep

    def slow(self: Dataset, *args, **kwargs):
        time.sleep(0.3)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Dataset, "keep", slow)
    marks = [box(1), box(2), box(3)]
    for mark in marks:
        session.commit(Edit("Draw", put=(mark,)))
    first = session.scan_key
    session.open_case(1)
    qtbot.waitUntil(lambda: session.scan_key != first, timeout=10_000)
    session.open_case(0)
    qtbot.waitUntil(lambda: session.scan_key == first, timeout=10_000)
    assert session.document.annotations == tuple(marks)
    session.commit(Edit("Draw", put=(box(4),)))
    session.save()
    settle(qtbot, session)
    assert session.dataset is not None
    head = session.dataset.head(first)
    assert head.conflicts == ()
    assert head.revision is not None
    assert head.revision.count == 4


def test_autosave_leaves_the_scan_in_progress(qtbot: QtBot, make) -> None:
    session = make("CT_small.dcm")
    session.commit(Edit("Draw", put=(box(),)))
    session.save(finished=False)
    settle(qtbot, session)
    assert session.cases[0].state == "in progress"
    session.save()
    settle(qtbot, session)
    assert session.cases[0].state == "labelled"


def test_a_full_disk_is_told_and_nothing_is_lost(
    qtbot: QtBot, make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make("CT_small.dcm")
    real, full = Dataset.keep, [True]

    def keep(self: Dataset, *args, **kwargs):
        if full[0]:
            raise DatasetProblem("the disk is full", folder, "Make room")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Dataset, "keep", keep)
    problems: list[object] = []
    session.problem_raised.connect(problems.append)
    marks = [box(1), box(2)]
    for mark in marks:
        session.commit(Edit("Draw", put=(mark,)))
    qtbot.waitUntil(lambda: bool(problems))
    assert session.saved_text == "not saved: the disk is full"
    assert session.document.annotations == tuple(marks)
    full[0] = False
    qtbot.waitUntil(lambda: session.keeping.is_settled, timeout=10_000)
    crash(session)
    session.close()
    assert make("CT_small.dcm").document.annotations == tuple(marks)


def test_confirmed_empty_is_kept_as_such(qtbot: QtBot, make) -> None:
    session = make("CT_small.dcm")
    session.confirm_empty()
    settle(qtbot, session)
    assert session.cases[0].state == "confirmed empty"


def test_a_scan_with_marks_is_not_confirmed_empty(qtbot: QtBot, make) -> None:
    session = make("CT_small.dcm")
    session.commit(Edit("Draw", put=(box(),)))
    with qtbot.waitSignal(session.problem_raised):
        session.confirm_empty()
    settle(qtbot, session)
    assert session.cases[0].state != "confirmed empty"


def test_a_file_that_is_no_scan_is_told_and_the_session_goes_on(qtbot: QtBot, make, folder: Path) -> None:
    session = make("CT_small.dcm")
    (folder / "scans" / "letter.txt").write_text("Dear colleague")
    with qtbot.waitSignal(session.problem_raised, timeout=10_000) as told:
        session.open_paths([folder / "scans" / "letter.txt"])
    assert told.args is not None
    assert "letter.txt" in str(told.args[0])
    session.open_case(0)
    qtbot.waitUntil(lambda: session.scan is not None, timeout=10_000)


def test_the_same_scan_from_two_places_is_one_case(qtbot: QtBot, make, folder: Path) -> None:
    session = make("CT_small.dcm")
    session.commit(Edit("Draw", put=(box(),)))
    session.save()
    settle(qtbot, session)
    shutil.copy(folder / "scans" / "CT_small.dcm", folder / "again.dcm")
    session.open_paths([folder / "again.dcm"])
    settle(qtbot, session)
    assert len(session.cases) == 1
    assert len(session.document.annotations) == 1


def proposals(*scores: float) -> tuple[Proposal, ...]:
    return tuple(Proposal(new_id(), "disc", Box(Plane(), 5 * n, 5, 4, 4), score) for n, score in enumerate(scores))


def predicted(session: Session, *scores: float) -> Prediction:
    """A prediction in the dataset, as a model would leave it."""
    model = ModelRef("discs", "1.0", "0" * 64)
    prediction = Prediction(new_id(), session.scan_key, model, "cpu", now(), 0.1, proposals(*scores))
    session.add_labels([Label("disc", "Disc", "#4cc9f0"), Label("other", "Other", "#f72585")])
    session.findings.add_prediction(prediction)
    return prediction


def test_enter_accepts_the_selected_then_the_rest_then_goes_on(qtbot: QtBot, make) -> None:
    session = make("CT_small.dcm", "MR_small.dcm")
    prediction = predicted(session, 0.9, 0.8, 0.2)
    session.select([prediction.proposals[1].id])
    session.accept_or_next()
    assert [mark.origin for mark in session.document.annotations] == [prediction.proposals[1].id]
    session.select([])
    session.accept_or_next()
    assert {mark.origin for mark in session.document.annotations} == {p.id for p in prediction.proposals[:2]}
    session.accept_or_next()
    qtbot.waitUntil(lambda: session.case == 1, timeout=10_000)


def test_every_hand_of_the_reader_can_be_undone(qtbot: QtBot, make) -> None:
    session = make("CT_small.dcm")
    prediction = predicted(session, 0.9, 0.8)
    before = session.document.snapshot()
    session.accept_all()
    session.relabel([session.document.annotations[0].id], "other")
    session.delete_selection()
    session.reject([prediction.proposals[1].id])
    for _ in range(3):
        session.undo()
    assert session.document.snapshot() == before
    assert [p.id for p in session.proposals] == [p.id for p in prediction.proposals]


def test_what_a_model_reads_is_drawn_with_its_labels_next(qtbot: QtBot, make) -> None:
    session = make("CT_small.dcm")
    assert session.label == "finding"
    prediction = Prediction(new_id(), session.scan_key, ModelRef("n", "1", "0"), "cpu", now(), 0.1, proposals(0.9))
    session.predicting.predicted.emit(Reading(prediction, (Label("disc", "Disc", "#4cc9f0"),)))
    assert session.label == "disc"
    session.add_labels([Label("cell", "Cell", "#ff0000")], keep=False)
    session.set_label("cell")
    session.predicting.predicted.emit(Reading(prediction, (Label("disc", "Disc", "#4cc9f0"),)))
    assert session.label == "disc"


def test_a_case_opened_again_shows_what_was_edited_though_the_disk_was_read_before_it_was_written(
    qtbot: QtBot, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make("CT_small.dcm")
    settle(qtbot, session)
    mark = box()
    read = open_case

    def read_early(*arguments: object) -> object:
        opened = read(*arguments)  # type: ignore[arg-type]
        is_read.set()
        while not session.keeping.is_settled:
            time.sleep(0.005)
        return opened

    def write_late(*arguments: object, **facts: object) -> object:
        is_read.wait(10)
        return keep(*arguments, **facts)  # type: ignore[arg-type]

    is_read = threading.Event()
    keep = Dataset.keep
    monkeypatch.setattr("desktop_app.worklist.open_case", read_early)
    monkeypatch.setattr(Dataset, "keep", write_late)
    session.commit(Edit("Draw", put=(mark,)))
    with qtbot.waitSignal(session.scan_changed, timeout=10_000):
        session.open_case(0)
    assert session.document.annotations == (mark,)


def test_nothing_of_the_cases_left_behind_is_held_once_it_is_saved(qtbot: QtBot, make) -> None:
    session = make("CT_small.dcm", "MR_small.dcm")
    for number in (1, 0, 1):
        session.commit(Edit("Draw", put=(box(number),)))
        key = session.scan_key
        session.open_case(number)
        qtbot.waitUntil(lambda key=key: session.scan_key != key, timeout=10_000)
    settle(qtbot, session)
    assert session._left == {}
