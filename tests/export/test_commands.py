"""`overread export` and `overread sync`, through the program's entry point."""

import json
from pathlib import Path

import pytest

from desktop_app.commandline import main
from export.writing import exporters
from tests.benchmarks.s3_sink import Sink, serve
from tests.export.conftest import Made


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def run(*words: object) -> int:
    return main([str(word) for word in words])


def test_export_says_what_it_wrote_as_one_object(own: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = own.dataset.folder
    assert run("export", "--dataset", place, "--format", "yolo", "--to", tmp_path / "out", "--json") == 0
    (line,) = capsys.readouterr().out.splitlines()
    facts = json.loads(line)
    assert (facts["format"], facts["scans"], facts["folder"]) == ("yolo", 3, str(tmp_path / "out"))
    assert (tmp_path / "out" / "data.yaml").is_file()


def test_export_says_what_was_left_out(own: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", "--dataset", own.dataset.folder, "--format", "nifti", "--to", tmp_path / "out") == 0
    assert "left out: 1 × scans with marks but no masks" in capsys.readouterr().out


def test_the_help_names_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", "--help") == 0
    said = capsys.readouterr().out
    assert all(exporter.name in said for exporter in exporters())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "--dataset", "{nowhere}", "--format", "csv", "--to", "{new}"], "is no dataset folder"),
        (["export", "--dataset", "{own}", "--format", "voc", "--to", "{new}"], "is no export format"),
        (["export", "--dataset", "{own}", "--format", "csv", "--to", "{own}"], "is not from an export"),
        (["sync", "--dataset", "{nowhere}", "--to", "{new}"], "is no dataset folder"),
        (["sync", "--dataset", "{own}", "--to", "gopher://x"], "is no place to sync to"),
        (["sync", "--dataset", "{own}", "--to", "s3://bucket", "--endpoint", "not a url"], "is no address of a server"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(
    own: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    places = {"own": own.dataset.folder, "new": tmp_path / "new", "nowhere": tmp_path / "nowhere"}
    assert run(*(word.format(**places) for word in words)) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("overread: ")
    assert said in line


def test_wrong_use_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("export", "--format", "csv") == 2
    assert run("sync", "--dataset", "x") == 2
    assert "required" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_sync_twice_sends_everything_and_then_nothing(
    own: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    with serve(Sink()) as endpoint:
        to = [tmp_path / "up"] if kind == "folder" else ["s3://bucket/data", "--endpoint", endpoint]
        counts = []
        for _ in range(2):
            assert run("sync", "--dataset", own.dataset.folder, "--to", *to, "--check", "--json") == 0
            facts = json.loads(capsys.readouterr().out.splitlines()[-1])
            counts.append((facts["transferred"], facts["unchanged"], facts["checked"]))
    everything = len(own.dataset.travelling_files())
    assert counts == [(everything, 0, everything), (0, everything, everything)]


def test_what_must_stay_here_does_not_travel(own: Made, tmp_path: Path) -> None:
    assert run("sync", "--dataset", own.dataset.folder, "--to", tmp_path / "up") == 0
    there = {path.relative_to(tmp_path / "up").as_posix() for path in (tmp_path / "up").rglob("*") if path.is_file()}
    assert there == {*own.dataset.travelling_files(), "manifest.json"}
    assert not any("journal" in name or "sqlite" in name or "lock" in name for name in there)
