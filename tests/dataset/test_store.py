"""Commits are all or nothing: on full and read-only disks, after kills at every step, and beside other programs."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from dataset.document import Edit, Snapshot
from dataset.durable import problem_of
from dataset.errors import DatasetProblem
from dataset.folder import Dataset
from dataset.mask import mask_of_plane
from dataset.store import Store, user_name
from dataset.verify import verify_folder
from imaging.progress import silent
from tests.dataset.scans import LABELS, annotation, loaded, picture, prediction


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the index and the lock."""
    left_out = {"index.sqlite", ".lock"}
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in left_out)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files if path.suffix != ".lock"}


def test_files_and_folders_are_synced_before_the_audit_and_the_audit_before_renaming(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    done: list[str] = []
    replace = Path.replace

    def sync(descriptor: int) -> None:
        done.append("sync " + Path(os.readlink(f"/proc/self/fd/{descriptor}")).suffix)

    def rename(path: Path, target: Path) -> Path:
        done.append("rename")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", rename)
    mask = annotation(mask_of_plane(np.ones((3, 3), np.bool_), 0))
    dataset.save_revision("flat", Snapshot((mask,)), author="ana")
    # The mask, the revision and their folder, in any order; then the audit; then the two names.
    assert sorted(done[:3]) == ["sync ", "sync .part", "sync .part"]
    assert done[3:] == ["sync .jsonl", "rename", "rename"]


class Killed(BaseException):
    """Stands for the end of the program."""


def fail_after(monkeypatch: pytest.MonkeyPatch, name: str, calls: int, error: BaseException) -> None:
    """Let the `calls` + 1-th call of an `os` function, and all later ones, fail."""
    real: Callable[..., object] = getattr(os, name)
    count = iter(range(10**6))

    def failing(*arguments: object, **options: object) -> object:
        if next(count) >= calls:
            raise error
        return real(*arguments, **options)

    monkeypatch.setattr(os, name, failing)


SAVES: dict[str, Callable[[Dataset], object]] = {
    "revision": lambda d: d.save_revision("flat", Snapshot((annotation(),)), author="ana"),
    "prediction": lambda d: d.save_prediction(prediction("flat")),
    "scan": lambda d: d.add_scan(picture(), "new", silent()),
    "labels": lambda d: d.save_labels(LABELS),
    "edit": lambda d: d.keep("flat", Edit("Draw", put=(annotation(),))),
    "event": lambda d: d.audit("ana", "looked"),
}


def complaint(work: Callable[[], object]) -> str:
    """What a piece of work complains of; empty when it succeeds."""
    try:
        work()
    except DatasetProblem as problem:
        return str(problem)
    return ""


@pytest.mark.parametrize("save", SAVES)
@pytest.mark.parametrize(
    ("name", "calls"), [("write", 0), ("write", 1), ("write", 2), ("fsync", 0), ("fsync", 1), ("fsync", 2)]
)
def test_a_full_disk_changes_nothing_says_so_and_saving_works_again(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, save: str, name: str, calls: int
) -> None:
    dataset.record("flat")
    before = contents(dataset.folder)
    with monkeypatch.context() as patch:
        fail_after(patch, name, calls, OSError(errno.ENOSPC, "No space left on device"))
        problem = complaint(lambda: SAVES[save](dataset))
    if problem:
        assert "no room left" in problem
        assert "\n" not in problem
        assert contents(dataset.folder) == before
    SAVES[save](dataset)
    assert [finding for finding in verify_folder(dataset.folder, silent()) if not finding.is_notice] == []


@pytest.mark.parametrize("save", ["revision", "prediction", "scan", "labels"])
@pytest.mark.parametrize("name", ["write", "fsync", "rename", "replace", "open"])
def test_a_kill_at_any_step_leaves_all_or_nothing(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, save: str, name: str
) -> None:
    dataset.record("flat")
    for calls in range(12):
        before = contents(dataset.folder)
        with monkeypatch.context() as patch:
            fail_after(patch, name, calls, Killed())
            patch.setattr("dataset.store.discard_parts", lambda _paths: None)  # the dead remove nothing
            patch.setattr("dataset.durable.discard_parts", lambda _paths: None)
            try:
                SAVES[save](dataset)
                is_killed = False
            except Killed:
                is_killed = True
        findings = verify_folder(dataset.folder, silent())
        assert [finding for finding in findings if not finding.is_notice] == []
        dataset = Dataset.open(dataset.folder)
        assert verify_folder(dataset.folder, silent()) == []
        after = {path: data for path, data in contents(dataset.folder).items() if not path.endswith(".part")}
        assert set(before) - {p for p in before if p.endswith(".part")} <= set(after)
        if not is_killed:
            break


def test_a_commit_that_was_killed_before_its_renaming_is_finished(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("dataset.store.finish_parts", lambda _paths: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    findings = verify_folder(dataset.folder, silent())
    assert [finding.is_notice for finding in findings] == [True]
    assert "was committed" in str(findings[0])
    other = Dataset.open(dataset.folder)
    assert len(other.revisions("flat")) == 1
    assert verify_folder(dataset.folder, silent()) == []


def test_a_killed_creation_is_finished_or_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "set"
    with monkeypatch.context() as patch:
        patch.setattr("dataset.store.write_parts", lambda _files: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            Dataset.create(folder, LABELS)
    with monkeypatch.context() as patch:
        patch.setattr("dataset.store.finish_parts", lambda _paths: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            Dataset.create(folder, LABELS)
    assert Dataset.open_or_create(folder).labels == LABELS
    assert verify_folder(folder, silent()) == []


def test_a_torn_last_line_of_the_audit_is_taken_away_with_the_next(dataset: Dataset) -> None:
    chain = dataset.folder / "audit.jsonl"
    whole = chain.read_bytes()
    chain.write_bytes(whole + b'{"files":{"labels.json"')
    (finding,) = verify_folder(dataset.folder, silent())
    assert finding.is_notice
    Dataset.open(dataset.folder).audit("ana", "looked")
    assert chain.read_bytes().startswith(whole)
    assert verify_folder(dataset.folder, silent()) == []


def test_the_chain_goes_on_after_a_damaged_line(dataset: Dataset) -> None:
    chain = dataset.folder / "audit.jsonl"
    chain.write_bytes(chain.read_bytes()[:-5] + b"x\n")
    other = Dataset.open(dataset.folder)
    other.audit("ana", "looked")
    findings = verify_folder(dataset.folder, silent())
    assert [str(finding) for finding in findings if finding.where == "audit.jsonl"] == [
        "audit.jsonl: line 3: it is no JSON"
    ]


def test_a_folder_held_by_another_program_is_one_clear_line(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataset.store.LOCK_SECONDS", 0.1)
    other = Store(dataset.folder)
    with dataset._store.locked(), pytest.raises(DatasetProblem, match="is being written by another program"):
        other.commit("bob", "looked", {})
    other.commit("bob", "looked", {})


def test_a_lock_left_by_a_killed_program_does_not_hold(dataset: Dataset) -> None:
    assert (dataset.folder / ".lock").exists()
    Dataset.open(dataset.folder).audit("ana", "looked")


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../../x", "a\\b", "c:x"])
def test_paths_that_leave_the_folder_are_refused(dataset: Dataset, path: str) -> None:
    with pytest.raises(DatasetProblem, match="outside the dataset"):
        Store(dataset.folder).path(path)


def test_stale_parts_are_removed_and_young_ones_left(dataset: Dataset) -> None:
    folder = dataset.folder / "scans" / "flat" / "revisions"
    folder.mkdir()
    for name in (".old.json.part", ".young.json.part"):
        (folder / name).write_bytes(b"half")
    os.utime(folder / ".old.json.part", (0, 0))
    Dataset.open(dataset.folder)
    assert [path.name for path in folder.iterdir()] == [".young.json.part"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.ENOSPC, "no room left"),
        (errno.EROFS, "read-only"),
        (errno.ENOENT, "not there"),
        (errno.EIO, "Check the disk"),
    ],
)
def test_failures_of_the_disk_are_said_in_one_line(number: int, text: str) -> None:
    problem = problem_of(OSError(number, os.strerror(number)), "/set")
    assert text in str(problem)
    assert "\n" not in str(problem)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(path: Path) -> None:
    """Write until there is no room left."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


@pytest.mark.skipif(os.name == "nt", reason="mounts a disk")
def test_a_disk_that_runs_full_and_has_room_again(small_disk: Path) -> None:
    dataset = Dataset.create(small_disk / "set", LABELS)
    dataset.add_scan(picture(), "flat", silent())
    filler = small_disk / "filler"
    fill(filler)
    before = contents(dataset.folder)
    many = tuple(annotation() for _ in range(500))
    with pytest.raises(DatasetProblem, match="no room left"):
        dataset.save_revision("flat", Snapshot(many), author="ana")
    with pytest.raises(DatasetProblem, match="no room left"):
        dataset.keep("flat", Edit("Draw", put=many))
    assert contents(dataset.folder) == before
    filler.unlink()
    dataset.keep("flat", Edit("Draw", put=many))
    dataset.save_revision("flat", Snapshot(many), author="ana")
    assert verify_folder(dataset.folder, silent()) == []
    dataset.close()


@pytest.mark.skipif(os.name == "nt", reason="mounts a disk")
def test_a_disk_that_turns_read_only(small_disk: Path) -> None:
    dataset = Dataset.create(small_disk / "set", LABELS)
    dataset.add_scan(picture(), "flat", silent())
    saved = dataset.save_revision("flat", Snapshot((annotation(),)), author="ana")
    dataset.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    reading = Dataset.open(dataset.folder)
    assert not reading.is_writable
    assert reading.head("flat").revision == saved
    assert loaded(reading.open_pixels("flat")).voxels().shape == (1, 32, 48)
    assert verify_folder(dataset.folder, silent()) == []
    for save in SAVES.values():
        with pytest.raises(DatasetProblem, match="read-only"):
            save(reading)
    with pytest.raises(DatasetProblem, match="read-only"):
        Dataset.create(small_disk / "another")
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    reading.save_revision("flat", Snapshot((annotation(),)), author="ana", base=saved.id)
    assert verify_folder(dataset.folder, silent()) == []


def test_a_user_without_a_name_is_no_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("uid")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert user_name() == ""


def test_a_chain_that_is_gone_begins_anew_and_verifying_says_so(dataset: Dataset) -> None:
    (dataset.folder / "audit.jsonl").unlink()
    other = Dataset.open(dataset.folder)
    other.audit("ana", "looked")
    assert any("not in the audit chain" in str(finding) for finding in verify_folder(dataset.folder, silent()))


def test_a_journal_folder_that_cannot_be_locked_is_one_clear_line(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_lock: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("filelock.FileLock.acquire", full)
    with pytest.raises(DatasetProblem, match="no room left"):
        dataset.keep("flat", Edit("Draw", put=(annotation(),)))
    with pytest.raises(DatasetProblem, match="no room left"):
        dataset.audit("ana", "looked")


def test_an_empty_chain_is_begun(dataset: Dataset) -> None:
    (dataset.folder / "audit.jsonl").write_bytes(b"\n")
    Dataset.open(dataset.folder).audit("ana", "looked")
    assert b'"prev":""' in (dataset.folder / "audit.jsonl").read_bytes()


def test_folders_that_need_no_sync_are_not_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataset.durable._open_folder", lambda _folder: None)
    dataset = Dataset.create(tmp_path / "set", LABELS)
    dataset.keep("flat", Edit("Draw", put=(annotation(),)))
    assert verify_folder(dataset.folder, silent()) == []
    dataset.close()
