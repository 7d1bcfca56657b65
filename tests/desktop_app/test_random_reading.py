"""Whatever a reader does, in whatever order: the document is what a plain model says, and comes back as it was left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.desktop_app.random_reading import RandomReader, make_dataset

THOROUGH = bool(os.environ.get("OVERREAD_THOROUGH"))


def read_at_random(folder: Path, seed: int, steps: int) -> RandomReader:
    """Take steps, and compare after each of them."""
    make_dataset(folder)
    reader = RandomReader(folder, seed)
    try:
        for number in range(steps):
            said = reader.step()
            plain = reader.session.plain
            assert plain is not None
            assert plain.is_like(reader.session.document), f"after step {number} ({said}); {reader.done[-5:]}"
        reader.reopen()
    finally:
        reader.close()
    assert reader.problems == []
    return reader


def test_a_document_is_what_a_plain_model_says_over_a_hundred_steps(qtbot: QtBot, tmp_path: Path) -> None:
    reader = read_at_random(tmp_path / "set", 11, 100)
    assert len({said for said in reader.done if said.startswith("use_a_tool")}) >= 5


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(4))
def test_a_document_is_what_a_plain_model_says_over_thousands_of_steps(qtbot: QtBot, tmp_path: Path, seed: int) -> None:
    steps = 6000 if THOROUGH else 1500
    reader = read_at_random(tmp_path / "set", 100 + seed, steps)
    used = {said for said in reader.done if said.startswith("use_a_tool")}
    assert len(used) == len(reader.session.tools), "not every tool was used"
