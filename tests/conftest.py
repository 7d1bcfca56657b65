"""Fixtures for every test."""

import os
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test, settings

# Few examples, always the same, answer within seconds whether a change is sound; many, drawn anew, look for the rest.
# In CI the many are the same ones too: a change must not be refused for what another run happens to draw.
settings.register_profile("quick", max_examples=25, derandomize=True, database=None, deadline=None)
settings.register_profile(
    "thorough", max_examples=200, derandomize="CI" in os.environ, database=None, print_blob=True, deadline=None
)
settings.load_profile("thorough" if os.environ.get("OVERREAD_THOROUGH") else "quick")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what holds for all values, so that a run can ask for it alone and with more examples."""
    for item in items:
        if isinstance(item, pytest.Function) and is_hypothesis_test(item.obj):
            item.add_marker(pytest.mark.examples)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real medical files; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("OVERREAD_DATA", Path(__file__).parents[1].parent / "shared" / "data"))
    if not (folder / "MANIFEST.csv").exists():
        pytest.skip(f"no test data at {folder} (set OVERREAD_DATA)")
    return folder
