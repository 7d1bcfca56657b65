"""The virtual environment `.venv`: made once, filled with pinned packages whose hashes are checked."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "overread-installed.json"
UNFINISHED = VENV / "overread-installing"
PINS = ROOT / "installer" / "constraints.txt"
CUDA_PINS = ROOT / "installer" / "constraints-cuda.txt"


class CannotInstall(Exception):
    """Said in one line: what is missing and what to do."""


def say(text: str) -> None:
    """One line about what is being done."""
    sys.stdout.write(f"bootstrap: {text}\n")
    sys.stdout.flush()


def python() -> Path:
    """The environment's Python."""
    return script("python")


def script(name: str) -> Path:
    """A program of the environment."""
    return VENV / "Scripts" / f"{name}.exe" if os.name == "nt" else VENV / "bin" / name


def ensure(*, cuda: bool = False) -> None:
    """Have the environment as the pins say; returns at once when it is so already, without the network."""
    stamp = _read_stamp()
    cuda = cuda or stamp.get("cuda") is True
    wanted = {"digest": digest(cuda=cuda), "cuda": cuda}
    if stamp == wanted and python().exists():
        return
    if cuda and sys.platform == "darwin":
        raise CannotInstall("There is no CUDA on macOS. Leave --cuda away")
    if UNFINISHED.exists():
        say("an earlier installation was cut short; making .venv anew")
        shutil.rmtree(VENV)
    if not _answers():
        _make()
    UNFINISHED.touch()
    STAMP.unlink(missing_ok=True)
    _install(cuda=cuda)
    STAMP.write_text(json.dumps(wanted), encoding="utf-8")
    UNFINISHED.unlink()
    say("the environment is complete")


def digest(*, cuda: bool) -> str:
    """What the environment depends on: the pins, the project's metadata, this Python, and where it lies."""
    whole = hashlib.sha256()
    for path in (PINS, ROOT / "pyproject.toml", *((CUDA_PINS,) if cuda else ())):
        whole.update(path.read_bytes())
    whole.update(repr((sys.version_info[:3], sys.platform, str(ROOT))).encode())
    return whole.hexdigest()


def hand_over(words: list[str]) -> int:
    """Become another program (on Windows: wait for it); returns its exit code."""
    if os.name != "nt":
        sys.stdout.flush()
        os.execv(words[0], words)
    return subprocess.call(words)


def run_apt(packages: list[str]) -> bool:
    """Install Debian packages as root; False where that cannot be done here."""
    if not (sys.platform == "linux" and shutil.which("apt-get") and os.geteuid() == 0):
        return False
    say("apt-get install " + " ".join(packages))
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    with (ROOT / ".venv-apt.log").open("wb") as log:
        # Package lists of a bare system are absent or old: ask without them first, then with fresh ones.
        for words in (install, ["apt-get", "update", "-qq"], install):
            code = subprocess.call(words, env=quiet, stdout=log, stderr=subprocess.STDOUT)
            if words is install and code == 0:
                break
    if code == 0:
        (ROOT / ".venv-apt.log").unlink()
    return code == 0


def _read_stamp() -> dict[str, object]:
    try:
        return dict(json.loads(STAMP.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _answers() -> bool:
    """Whether `.venv` holds this version of Python, and pip."""
    if not python().exists():
        return False
    probe = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([str(python()), "-c", probe], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.strip() == "{}.{}".format(*sys.version_info[:2])


def _make() -> None:
    if VENV.exists() and not (VENV / "pyvenv.cfg").exists() and any(VENV.iterdir()):
        raise CannotInstall(f"{VENV} is no virtual environment. Move it away")
    if importlib.util.find_spec("ensurepip") is None:
        package = "python{}.{}-venv".format(*sys.version_info[:2])
        if not run_apt([package]):
            raise CannotInstall(f"This Python cannot make virtual environments. Install {package} as root")
    say(f"making {VENV.name} with Python {sys.version.split()[0]}")
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        reason = ((made.stderr + made.stdout).strip().splitlines() or ["no reason given"])[-1]
        raise CannotInstall(f"{VENV} could not be made: {reason}")


def _install(*, cuda: bool) -> None:
    count = sum("==" in line for line in PINS.read_text(encoding="utf-8").splitlines())
    say(f"installing {count} pinned packages, hashes checked; the first time this takes minutes")
    hashed = ["--require-hashes", "--no-deps", "--only-binary", ":all:"]
    if cuda:
        # Both builds live in the same folder `onnxruntime`: the one leaves before the other comes.
        _pip("uninstall", "-y", "onnxruntime", "onnxruntime-gpu")
    _pip("install", *hashed, "-r", str(PINS))
    if cuda:
        _pip("uninstall", "-y", "onnxruntime")
        _pip("install", *hashed, "-r", str(CUDA_PINS))
    # A plain path file instead of import hooks: they would cost start-up time.
    compat = ["--config-settings", "editable_mode=compat"]
    _pip("install", "--no-deps", "--no-build-isolation", "--no-index", *compat, "-e", str(ROOT))


def _pip(*words: str) -> None:
    """Run pip; its first complaint becomes the reason."""
    command = [str(python()), "-m", "pip", "--disable-pip-version-check", "--no-input", "-q", *words]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stderr is not None
    complaints = [line.strip() for line in process.stderr if line.strip()]
    if process.wait() == 0:
        return
    errors = [line for line in complaints if line.startswith("ERROR")] or complaints or ["no reason given"]
    raise CannotInstall(f"pip {words[0]} failed: {errors[0]}. Is the package index reachable? Run this again to go on")
