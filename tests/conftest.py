"""Fixtures for every test."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real medical files; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("OVERREAD_DATA", Path(__file__).parents[1].parent / "shared" / "data"))
    if not (folder / "MANIFEST.csv").exists():
        pytest.skip(f"no test data at {folder} (set OVERREAD_DATA)")
    return folder
