"""What is checked before a change is kept: cheap stages first, one closing line each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import system_libraries
import type_checker
from environment import ROOT, python, say, script

Environment: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Stage:
    """One check: a name, the words to run, and variables set for it."""

    name: str
    words: list[str]
    variables: Environment = field(default_factory=dict[str, str])


def test(words: list[str]) -> int:
    """Every stage; stops at the first that fails, unless `--keep-going` is given."""
    system_libraries.ensure(for_tests=True)
    return run([*_style(), _unit(), _types(), _slow(), _gui()], keep_going="--keep-going" in words)


def check(words: list[str]) -> int:
    """Style, contracts and types."""
    return run([*_style(), _types()], keep_going="--keep-going" in words)


def bench(words: list[str]) -> int:
    """The benchmarks, one process each; all of them or those whose name holds one of the words."""
    system_libraries.ensure()
    scripts = sorted((ROOT / "tests" / "benchmarks").glob("bench_*.py"))
    chosen = [path for path in scripts if not words or any(word in path.stem for word in words)]
    if not chosen:
        names = ", ".join(path.stem.removeprefix("bench_") for path in scripts)
        sys.stderr.write(f"bootstrap: no such benchmark; there are: {names}\n")
        return 2
    with _display() as display:
        start = [str(python()), "-m"]
        stages = [Stage(path.stem, [*start, f"tests.benchmarks.{path.stem}"], display) for path in chosen]
        return run(stages, keep_going=True)


def run(stages: list[Stage], *, keep_going: bool) -> int:
    """Run stages in order; prints one line per stage and returns 0 when all of them passed."""
    lines: list[str] = []
    failed = False
    for stage in stages:
        say(f"--- {stage.name}")
        start = time.monotonic()
        code = subprocess.call(stage.words, cwd=ROOT, env={**os.environ, **stage.variables})
        outcome = "passed" if code == 0 else f"FAILED (exit {code})"
        lines.append(f"{stage.name}: {outcome}, {time.monotonic() - start:.1f} s")
        say(lines[-1])
        failed = failed or code != 0
        if failed and not keep_going:
            break
    left_out = len(stages) - len(lines)
    say("=== " + ("FAILED" if failed else "all passed") + (f"; {left_out} not run" if left_out else ""))
    for line in lines:
        say("    " + line)
    return 1 if failed else 0


def _style() -> list[Stage]:
    ruff = str(script("ruff"))
    return [
        Stage("style", [ruff, "check", "."]),
        Stage("layout", [ruff, "format", "--check", "."]),
        Stage("import contracts", [str(script("lint-imports"))]),
    ]


def _types() -> Stage:
    return Stage("types", type_checker.words())


def _pytest(name: str, marks: str, *more: str, variables: Environment | None = None) -> Stage:
    """Tests draw off screen: on a bare X server without a window manager no window is active, so no shortcut fires."""
    words = [str(python()), "-m", "pytest", "-m", marks, "--durations=5", *more]
    # Compiled files are kept, else each of the processes would compile every test and library again.
    return Stage(name, words, {"QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": "", **(variables or {})})


def _unit() -> Stage:
    return _pytest("unit tests", "not slow and not gui", *_workers())


def _slow() -> Stage:
    """Whole corpora, kills and servers; and again, with many more examples, what holds for all values."""
    return _pytest("slow tests", "(slow or examples) and not gui", *_workers(), variables={"OVERREAD_THOROUGH": "1"})


def _gui() -> Stage:
    return _pytest("window tests", "gui")


def _workers() -> list[str]:
    """Two processes where there are cores for them; more would disturb what tests measure."""
    return ["-n", "2"] if (os.cpu_count() or 1) > 1 else []


@contextmanager
def _display() -> Generator[Environment]:
    """A screen of a known size that nobody sees: Xvfb, or Qt's own without it."""
    if not sys.platform.startswith("linux") or shutil.which("Xvfb") is None:
        yield {"QT_QPA_PLATFORM": "offscreen"}
        return
    reading, writing = os.pipe()
    words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1920x1200x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(words, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        if number:
            yield {"QT_QPA_PLATFORM": "xcb", "DISPLAY": f":{number}", "WAYLAND_DISPLAY": ""}
        else:
            say("Xvfb did not start; the window is drawn off screen")
            yield {"QT_QPA_PLATFORM": "offscreen"}
    finally:
        server.terminate()
        server.wait()
