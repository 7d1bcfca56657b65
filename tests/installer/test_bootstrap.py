"""The set-up: what it depends on, what it refuses, and how often it does things."""

import base64
import hashlib
import importlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
INSTALLER = ROOT / "installer"
PINS = ("constraints.txt", "constraints-cuda.txt")


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Modules of the installer, which import each other as a script does."""
    monkeypatch.syspath_prepend(str(INSTALLER))

    def load(name: str) -> ModuleType:
        monkeypatch.delitem(sys.modules, name, raising=False)
        return importlib.import_module(name)

    yield load
    for name in ("bootstrap", "environment", "stages", "system_libraries", "type_checker"):
        sys.modules.pop(name, None)


def entries(name: str) -> list[str]:
    text = (INSTALLER / name).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if "==" in line]


@pytest.mark.parametrize("name", PINS)
def test_every_pin_has_hashes_and_names_no_index(name: str) -> None:
    assert len(entries(name)) > 10
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", line) for line in entries(name))
    assert "://" not in (INSTALLER / name).read_text(encoding="utf-8")


def test_every_dependency_is_pinned() -> None:
    def normal(requirement: str) -> str:
        return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=; ]", requirement)[0]).lower()

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    pinned = {normal(line) for line in entries("constraints.txt")}
    assert {normal(requirement) for requirement in wanted} <= pinned
    assert {normal(r) for r in project["optional-dependencies"]["cuda"]} <= {normal(e) for e in entries(PINS[1])}


def test_both_builds_of_the_runtime_are_the_same_version() -> None:
    cpu = next(line for line in entries("constraints.txt") if line.startswith("onnxruntime=="))
    gpu = next(line for line in entries("constraints-cuda.txt") if line.startswith("onnxruntime-gpu=="))
    assert cpu.split("==")[1].split()[0] == gpu.split("==")[1].split()[0]


def test_the_pinned_qt_is_older_than_the_release_that_aborts() -> None:
    qt = next(line for line in entries("constraints.txt") if line.startswith("pyside6-essentials=="))
    assert tuple(map(int, qt.split("==")[1].split()[0].split("."))) < (6, 12)


def test_the_bootstrap_imports_the_standard_library_only() -> None:
    ours = {path.stem for path in INSTALLER.glob("*.py")}
    for path in INSTALLER.glob("*.py"):
        for name in re.findall(r"^\s*(?:import|from) (\w+)", path.read_text(encoding="utf-8"), re.M):
            assert name in sys.stdlib_module_names | ours


def test_an_old_python_is_refused_in_one_line(
    load: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bootstrap = load("bootstrap")
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2, "final", 0))
    assert bootstrap.main(["run"]) == 2
    assert capsys.readouterr().err == "bootstrap: Python 3.9.2 is too old. Run this with Python 3.11 or newer\n"


def test_wrong_words_are_answered_with_the_usage(load: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert load("bootstrap").main(["dance"]) == 2
    assert "installer/bootstrap.py [--cuda] COMMAND" in capsys.readouterr().out


@pytest.fixture
def environment(load: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The environment module with a folder of its own, and its steps counted instead of taken."""
    module = load("environment")
    venv = tmp_path / ".venv"
    for name, value in {"VENV": venv, "STAMP": venv / "stamp.json", "UNFINISHED": venv / "unfinished"}.items():
        monkeypatch.setattr(module, name, value)
    module.steps = []

    def make() -> None:
        module.steps.append("make")
        module.python().parent.mkdir(parents=True)
        module.python().touch()

    monkeypatch.setattr(module, "_make", make)
    monkeypatch.setattr(module, "_answers", lambda: module.python().exists())
    monkeypatch.setattr(module, "_pip", lambda *words: module.steps.append(f"pip {words[0]}"))
    return module


def test_the_environment_is_made_once(environment: Any) -> None:
    environment.ensure()
    assert environment.steps == ["make", "pip install", "pip install"]
    environment.ensure()
    assert environment.steps == ["make", "pip install", "pip install"]


def test_changed_pins_are_installed_into_the_environment_there_is(
    environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.ensure()
    monkeypatch.setattr(environment, "digest", lambda **_: "changed")
    environment.ensure()
    assert environment.steps.count("make") == 1
    assert environment.steps.count("pip install") == 4


def test_an_installation_cut_short_is_begun_anew(environment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_words: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(environment, "_pip", cut)
        with pytest.raises(KeyboardInterrupt):
            environment.ensure()
    environment.ensure()
    assert environment.steps.count("make") == 2
    assert not environment.UNFINISHED.exists()


def test_cuda_is_remembered(environment: Any) -> None:
    environment.ensure(cuda=True)
    assert json.loads(environment.STAMP.read_text())["cuda"] is True
    before = list(environment.steps)
    environment.ensure()
    assert environment.steps == before


def test_a_missing_library_is_named_to_whoever_cannot_install_it(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    libraries = load("system_libraries")
    monkeypatch.setattr(libraries.sys, "platform", "linux")
    monkeypatch.setattr(libraries, "_loads", lambda name: name != "libEGL.so.1")
    monkeypatch.setattr(libraries, "run_apt", lambda _packages: False)
    with pytest.raises(libraries.LibrariesMissing, match=r"As root: apt-get install .*libegl1"):
        libraries.ensure()


def test_a_missing_virtual_display_stops_nothing(load: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    libraries = load("system_libraries")
    (tmp_path / "font.ttf").touch()
    monkeypatch.setattr(libraries.sys, "platform", "linux")
    monkeypatch.setattr(libraries, "_loads", lambda _name: True)
    monkeypatch.setattr(libraries, "FONTS", (tmp_path,))
    monkeypatch.setattr(libraries.shutil, "which", lambda _name: None)
    monkeypatch.setattr(libraries, "run_apt", lambda _packages: False)
    assert libraries.missing_packages(x11=True, xvfb=True) == ["xvfb"]
    libraries.ensure(for_tests=True)


def archive(place: Path) -> Path:
    with tarfile.open(place, "w:gz") as packed:
        info = tarfile.TarInfo("package/index.js")
        info.size = 2
        packed.addfile(info, io.BytesIO(b"//"))
    return place


def test_a_type_checker_that_is_not_the_pinned_one_is_refused(load: Any, tmp_path: Path) -> None:
    checker = load("type_checker")
    with pytest.raises(sys.modules["environment"].CannotInstall, match="sha512 differs"):
        checker.unpack(archive(tmp_path / "a.tgz"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_pinned_type_checker_is_unpacked(load: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    checker = load("type_checker")
    packed = archive(tmp_path / "a.tgz")
    monkeypatch.setattr(checker, "SHA512", base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode())
    checker.unpack(packed, tmp_path / "out")
    assert (tmp_path / "out" / "package" / "index.js").read_bytes() == b"//"


def test_the_type_checker_is_the_version_that_is_pinned(load: Any) -> None:
    pinned = next(line for line in entries("constraints.txt") if line.startswith("pyright=="))
    assert pinned.split("==")[1].split()[0] == load("type_checker").VERSION


def test_stages_stop_at_the_first_that_fails_and_say_so(load: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stages = load("stages")
    good = stages.Stage("good", [sys.executable, "-c", "pass"])
    bad = stages.Stage("bad", [sys.executable, "-c", "raise SystemExit(3)"])
    assert stages.run([good, bad, good], keep_going=False) == 1
    said = capsys.readouterr().out
    assert re.search(r"good: passed, \d+\.\d s", said)
    assert re.search(r"bad: FAILED \(exit 3\), \d+\.\d s", said)
    assert "FAILED; 1 not run" in said
    assert stages.run([good, good], keep_going=False) == 0
    assert stages.run([bad, good], keep_going=True) == 1


def test_usage_is_shown_by_a_bare_python_without_touching_anything() -> None:
    words = [sys.executable, "-E", "-S", str(INSTALLER / "bootstrap.py"), "--help"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage:")
