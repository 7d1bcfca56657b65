"""What a command of `overread` is, and how it talks: text or JSON lines on stdout, progress and problems on stderr."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from imaging.errors import Problem
from imaging.progress import Progress, Step

DONE, FAILED, WRONG_USE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Console:
    """Where a command says what it does."""

    as_json: bool = False
    quiet: bool = False

    def say(self, text: str, facts: Mapping[str, object] | None = None) -> None:
        """One line of text on stdout or, with `--json`, the facts as one JSON object (nothing without facts)."""
        if not self.as_json:
            sys.stdout.write(text + "\n")
        elif facts is not None:
            sys.stdout.write(json.dumps(facts, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()

    def complain(self, problem: Problem) -> None:
        """One line on stderr: what, where, what to do; with `--json` also an object with the key `error` on stdout."""
        sys.stderr.write(f"overread: {problem}\n")
        if self.as_json:
            facts = {"error": problem.what, "path": problem.where, "advice": problem.advice}
            sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
            sys.stdout.flush()

    @contextmanager
    def progress(self, title: str) -> Generator[Progress]:
        """A progress shown as a bar on stderr; Ctrl+C cancels it."""
        from tqdm import tqdm

        # On a screen the bar moves; in a log it is a line now and then.
        every = 0.1 if sys.stderr.isatty() else 10.0
        bar = tqdm(
            total=100, desc=title, file=sys.stderr, disable=self.quiet, leave=False, delay=0.5,
            bar_format="{desc} {percentage:3.0f} %|{bar:30}| {elapsed}<{remaining} {postfix}",
        )  # fmt: skip

        def stop(_number: int, _frame: object) -> None:
            progress.cancel()

        shown = time.monotonic() + 0.4

        def listen(step: Step) -> None:
            nonlocal shown
            if time.monotonic() - shown < every:  # a bar drawn at every step takes longer than the work
                return
            shown = time.monotonic()
            bar.n = round(100 * step.done / step.total) if step.total > 0 else 0
            bar.set_postfix_str(step.text, refresh=False)
            bar.refresh()

        progress = Progress(listen)
        main_thread = threading.current_thread() is threading.main_thread()
        previous = signal.signal(signal.SIGINT, stop) if main_thread else None
        try:
            yield progress
        finally:
            bar.close()
            if main_thread:
                signal.signal(signal.SIGINT, previous)


@runtime_checkable
class Command(Protocol):
    """One sub-command. `run` returns an exit code; problems it raises become one line and exit code 1."""

    name: str
    help: str

    def configure(self, parser: ArgumentParser) -> None:
        """Add its arguments; `--json`, `--quiet` and `--debug` are there already."""
        ...

    def run(self, arguments: Namespace, console: Console) -> int:
        """Do it."""
        ...
