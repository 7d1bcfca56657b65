"""Settings: kept, checked, set aside when broken."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.settings import Settings, SettingsFile, SettingsProblem, config_folder, parse


def test_settings_come_back_as_they_were_kept(tmp_path: Path) -> None:
    SettingsFile(tmp_path).change(theme="light", scale=1.3, columns=(1, 2, 3), folded=("Models",), author="Åsa")
    again = SettingsFile(tmp_path)
    assert again.settings == Settings(theme="light", scale=1.3, columns=(1, 2, 3), folded=("Models",), author="Åsa")
    assert again.problem is None


def test_nothing_is_written_while_nothing_differs(tmp_path: Path) -> None:
    SettingsFile(tmp_path).change(theme="dark")
    assert not (tmp_path / "settings.json").exists()


@given(
    st.builds(
        Settings,
        theme=st.sampled_from(["dark", "light"]),
        scale=st.floats(0.8, 2),
        author=st.text(st.characters(codec="utf-8")),
        slide_memory=st.integers(128, 16_384),
        columns=st.lists(st.integers(-1_000_000, 1_000_000)).map(tuple),
        folded=st.lists(st.text()).map(tuple),
    )
)
def test_every_setting_survives_its_file(settings: Settings) -> None:
    assert parse(json.dumps(asdict(settings))) == settings


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"scale": "big"}',
        '{"scale": 40}',
        '{"theme": "pink"}',
        '{"columns": [1, "2"]}',
        '{"author": 3}',
        '{"slide_memory": 127}',
        '{"slide_memory": 16385}',
        '{"slide_memory": 512.0}',
        '{"slide_memory": true}',
        '{"columns": [-5, 10000000000, 2]}',
        '{"view_places": [[10000000000, 0, 1, 1, 0]]}',
        '{"views_open": 1000000000}',
        '{"author": "\\ud800"}',
        '{"scale": 1' + "0" * 400 + "}",
        "[" * 100_000,
        "\x00",
    ],
)
def test_a_broken_file_is_set_aside_and_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.json").write_text(text)
    file = SettingsFile(tmp_path)
    assert file.settings == Settings()
    assert file.problem is not None
    assert "settings-broken" in file.problem.advice
    kept = list(tmp_path.glob("settings-broken-*.json"))
    assert [path.read_text() for path in kept] == [text]
    file.change(theme="light")
    assert kept[0].read_text() == text


def test_a_newer_file_keeps_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"theme": "light", "holograms": true}')
    assert SettingsFile(tmp_path).settings == Settings(theme="light")


def test_a_folder_that_cannot_be_written_is_a_problem_and_the_change_holds(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    file = SettingsFile(tmp_path / "home")
    with pytest.raises(SettingsProblem, match="cannot be written"):
        file.change(theme="light")
    assert file.settings.theme == "light"


def test_the_folder_can_be_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERREAD_HOME", str(tmp_path))
    assert config_folder() == tmp_path
