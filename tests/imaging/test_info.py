"""`overread info`, as a person or a program runs it."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from pydicom.sequence import Sequence as Items

from desktop_app.commandline import main
from tests.imaging.dicom_files import series
from tests.imaging.dicom_slides import level, path_of, pyramid, smooth

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
    "pixel_size_from",
    "levels",
    "objective",
    "objective_from",
    "fluorescence",
    "associated",
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


def test_a_slide_is_told_with_its_levels_power_and_pixel_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    pyramid(tmp_path, smooth(100, 70))
    assert main(["info", "--json", "--quiet", str(tmp_path)]) == 0
    fact = json.loads(capsys.readouterr().out)
    assert fact.keys() == KEYS
    assert (fact["kind"], fact["size"], fact["pixel_size_mm"]) == ("slide", [100, 70, 1], [0.00026, 0.00025, None])
    assert (fact["pixel_size_from"], fact["objective"]) == ("DICOM PixelSpacing", 40.0)
    assert fact["objective_from"] == "DICOM ObjectiveLensPower"
    assert fact["levels"][2] == {"size": [25, 18], "downsample": 4.0, "tile": [32, 24]}
    assert fact["associated"] == ["label", "macro"]
    assert main(["info", "--quiet", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert (
        "100 × 70 RGB; 0.26 × 0.25 µm/px (DICOM PixelSpacing); objective 40×; 3 levels (1, 2, 4); tiles of 32" in said
    )
    assert "beside it: label, macro; 5 files" in said


def test_a_gigapixel_is_told_without_being_read(data: Path, capsys: pytest.CaptureFixture[str]):
    start = time.monotonic()
    assert main(["info", "--quiet", str(data / "wsi/derived/synthetic_giant_mosaic_98304.tif")]) == 0
    assert time.monotonic() - start < 5
    assert "98304 × 98304 RGB; 0.499 µm/px (TIFF resolution); objective unknown; 8 levels" in capsys.readouterr().out


def test_channels_of_a_slide_are_told_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for number in range(2):
        path = Items([path_of(f"c{number}")])
        level(tmp_path / f"{number}.dcm", np.full((70, 100), number, np.uint16), OpticalPathSequence=path)
    assert main(["info", "--json", "--quiet", str(tmp_path)]) == 0
    fact = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in fact["fluorescence"]] == ["c0", "c1"]
    assert all(one["colour"].startswith("#") for one in fact["fluorescence"])


def test_a_tile_that_cannot_be_read_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = level(tmp_path / "a.dcm", smooth(100, 70))
    with path.open("r+b") as stream:
        stream.truncate(path.stat().st_size - 9 * 32 * 24 * 3)
    assert main(["info", "--quiet", str(path)]) == 0
    told = capsys.readouterr().out
    assert "is cut short: 9 of 12 tiles" in told
    assert "tile (1, 1) of level 0 cannot be read" in told
