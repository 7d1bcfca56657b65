"""`overread demo`: sample scans, shipped models, a dataset, an export and a sync, in one command."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from desktop_app.command import DONE, Command, Console
from imaging.errors import Problem

SHOTS = (("lumbar", "1600x1000"), ("ihc", "1600x1000"), ("chest", "1366x768"))
"""A part of the sample's name, and the window's size, of each picture."""


class Demo:
    """The whole way: samples → models → a scripted reader → export → sync; then the window, where there is a screen."""

    name = "demo"
    help = "sample scans, shipped models, a dataset: the whole way in one command"

    def configure(self, parser: ArgumentParser) -> None:
        """Add where it goes, and whether the window opens."""
        parser.add_argument(
            "--headless",
            type=Path,
            metavar="DIR",
            help="no window; leave dataset, export, upstream and pictures in DIR",
        )

    def run(self, arguments: Namespace, console: Console) -> int:
        """Do it; a second run finds what the first left and does only the rest."""
        from desktop_app.demo import Places, prepare, read_over, send_out

        headless: Path | None = arguments.headless
        places = Places((headless or _own_folder()).resolve())
        with console.progress("demo") as progress:
            samples = prepare(places, console.say, progress)
            if headless is None:
                return self._window(places.dataset)
            read_over(places, samples, console.say)
            send_out(places, console.say, progress)
        for part, size in SHOTS:
            sample = next(s for s in samples if part in s.path.name)
            picture = places.screenshots / f"{sample.path.stem}.png"
            _photograph(sample.path, places, picture, size)
            console.say(f"the window: {picture}", {"step": "screenshot", "path": str(picture)})
        return DONE

    def _window(self, dataset: Path) -> int:
        from desktop_app.app import Arguments, run

        return run(Arguments(dataset=dataset))


def _own_folder() -> Path:
    from platformdirs import user_data_path

    return user_data_path("overread", appauthor=False) / "demo"


def _photograph(scan: Path, places: object, picture: Path, size: str) -> None:
    """Let a window of its own open a sample, draw it and save the picture; without a screen, drawn in memory."""
    from desktop_app.demo import Places

    assert isinstance(places, Places)
    picture.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "OVERREAD_HOME": str(places.root / "home")}
    words = [sys.executable, "-m", "desktop_app.commandline", str(scan), "--dataset", str(places.dataset)]
    done = subprocess.run(
        [*words, "--screenshot", str(picture), "--size", size],
        env=environment, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    if done.returncode or not picture.exists():
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Problem(f"the window could not be photographed ({last})", scan.name, "Run `overread doctor`")


PLUGIN: Command = Demo()
