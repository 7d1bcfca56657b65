"""Fixtures of the model tests: folders of their own."""

from pathlib import Path

import pytest

from models.cache import ANSWERS


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Imported packages and the memory of tried ones go to a temporary folder."""
    monkeypatch.setenv("OVERREAD_MODELS", str(tmp_path / "user-models"))
    monkeypatch.setenv("OVERREAD_CACHE", str(tmp_path / "cache"))
    ANSWERS.forget()
    return tmp_path / "user-models"
