"""`overread predict` on slides, entered as a person enters it."""

import json

import pytest

from dataset.folder import Dataset
from desktop_app.command import DONE, FAILED
from desktop_app.commandline import main
from imaging.progress import Progress
from tests.models.slides.made import instances


@pytest.fixture
def svs(data):
    return data / "wsi" / "CMU-1-Small-Region.svs"


@pytest.fixture
def cells(own_folders):
    return instances(own_folders / "tiny" / "1.0.0")


def run(capsys, *words):
    code = main([*map(str, words), "--json", "--quiet"])
    said = capsys.readouterr()
    return code, [json.loads(line) for line in said.out.splitlines()], said.err


def test_a_region_of_a_slide_is_read_and_kept(capsys, svs, cells, tmp_path):
    words = ["predict", svs, "--model", cells, "--dataset", tmp_path / "set", "--region", "600,900,500,300"]
    code, (fact,), _ = run(capsys, *words)
    assert code == DONE
    assert fact["proposals"] > 5
    assert fact["done"] == 1
    (kept,) = Dataset.open(tmp_path / "set").predictions(fact["scan"])
    assert len(kept.proposals) == fact["proposals"]


@pytest.mark.slow
def test_tissue_is_less_than_everything(capsys, svs, cells):
    _, (whole,), _ = run(capsys, "predict", svs, "--model", cells)
    _, (tissue,), _ = run(capsys, "predict", svs, "--model", cells, "--tissue")
    assert 0 < tissue["proposals"] < whole["proposals"]


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(capsys, svs, cells, tmp_path, monkeypatch):
    words = ["predict", svs, "--model", cells, "--dataset", tmp_path / "set"]
    report = Progress.report

    def stopping(self, done, total=0.0, text=""):
        if "tiles/s" in text or text.startswith("tile 1500 "):
            self.cancel()
        report(self, done, total, text)

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "report", stopping)
        code, (fact,), err = run(capsys, *words)
    assert code == FAILED
    assert "stopped" in err
    assert 0 < fact["done"] < 1
    code, (again,), _ = run(capsys, *words)
    assert code == DONE
    assert again["done"] == 1
    assert again["proposals"] > fact["proposals"]
    assert len(Dataset.open(tmp_path / "set").predictions(fact["scan"])) == 2


@pytest.mark.parametrize("region", ["1,2,3", "a,b,c,d", "1,1,0,5", "1,2,3,-4"])
def test_what_is_no_region_is_refused_in_one_line(capsys, svs, cells, region):
    code, (fact,), _ = run(capsys, "predict", svs, "--model", cells, f"--region={region}")
    assert code == FAILED
    assert fact["error"] == "is no region"
