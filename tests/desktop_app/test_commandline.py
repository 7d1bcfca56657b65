"""The command line: exit codes, one line for what went wrong, never a traceback."""

import json
from pathlib import Path

import pytest

from desktop_app.commandline import main


def test_a_word_that_is_neither_a_file_nor_a_command_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frobnicate"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "frobnicate: is neither a file nor a command" in said


def test_without_a_screen_the_window_says_so_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main([]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "no screen" in said


def test_wrong_words_for_a_command_are_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--format", "yolo"]) == 2
    assert "--dataset" in capsys.readouterr().err


def test_an_unexpected_error_is_one_line_unless_debugging(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("out of the blue")

    monkeypatch.setattr("desktop_app.commands.info.InfoCommand.run", fail)
    assert main(["info", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "out of the blue" in said
    with pytest.raises(RuntimeError):
        main(["info", str(tmp_path), "--debug"])


def test_json_errors_are_objects_too(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["verify", "--dataset", str(tmp_path / "none"), "--json"]) == 1
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(facts) == {"error", "path", "advice"}


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for command in ("demo", "doctor", "info", "predict", "accept", "models", "export", "sync", "verify"):
        assert command in said
