"""A dataset with a picture and a volume."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataset.folder import Dataset
from imaging.progress import silent
from tests.dataset.scans import LABELS, picture, volume


@pytest.fixture(autouse=True)
def _no_outside_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OVERREAD_GROUP_KEY", raising=False)


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where slides lie is remembered in the user's state folder, which is no test's business."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Syncs cost milliseconds each and change nothing that a test can see; that they are asked for has its own test."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


@pytest.fixture(scope="session")
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "set"
    made = Dataset.create(folder, LABELS, title="Spines")
    made.add_scan(picture(patient="Roe^Jane"), "flat", silent())
    made.add_scan(volume(patient="Roe^Jane"), "deep", silent())
    made.close()
    return folder


@pytest.fixture
def dataset(_made_once: Path, tmp_path: Path) -> Iterator[Dataset]:
    """A dataset of one's own with the scans `flat` and `deep` of one patient."""
    shutil.copytree(_made_once, tmp_path / "set")
    made = Dataset.open(tmp_path / "set")
    yield made
    made.close()
