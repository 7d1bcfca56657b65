"""`overread info`, as a person or a program runs it."""

import json
from pathlib import Path

import pytest

from desktop_app.commandline import main
from tests.imaging.dicom_files import series

KEYS = {
    "path",
    "title",
    "format",
    "kind",
    "size",
    "planes",
    "channels",
    "dtype",
    "pixel_size_mm",
    "modality",
    "windows",
    "notes",
    "sources",
}


def test_json_has_the_documented_keys_one_object_per_scan(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    series(tmp_path / "a", [0, 1, 2])
    series(tmp_path / "b", [0, 1], PixelSpacing=None, SeriesInstanceUID="7.8")
    assert main(["info", "--json", "--quiet", str(tmp_path)]) == 0
    facts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(fact.keys() == KEYS for fact in facts)
    assert [fact["size"] for fact in facts] == [[4, 4, 3], [4, 4, 2]]
    assert [fact["pixel_size_mm"] for fact in facts] == [[0.25, 0.5, 1.0], [None, None, 1.0]]


def test_people_get_one_line_per_scan(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    series(tmp_path, [0, 1, 2])
    assert main(["info", "--quiet", str(tmp_path)]) == 0
    assert "dicom volume CT; 4 × 4 × 3 int16; 0.25 × 0.5 × 1 mm; 3 files" in capsys.readouterr().out


def test_what_cannot_be_read_is_one_line_and_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    series(tmp_path / "a", [0, 1])
    (tmp_path / "b.txt").write_text("words")
    assert main(["info", "--quiet", str(tmp_path / "b.txt"), str(tmp_path / "a"), str(tmp_path / "none")]) == 1
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 1
    assert "is no scan Overread knows" in told.err.splitlines()[0]
    assert "does not exist" in told.err.splitlines()[1]
    assert "Traceback" not in told.err


def test_info_reads_pixels_and_not_only_headers(tmp_path: Path, capsys: pytest.CaptureFixture[str], data: Path):
    assert main(["info", "--quiet", str(data / "broken/truncated.png")]) == 1
    assert "cannot be read" in capsys.readouterr().err
