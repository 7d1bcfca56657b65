"""`overread [PATH…]`: the window. Qt is imported only when it runs."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from desktop_app.command import WRONG_USE, Command, Console
from imaging.errors import Problem


def size_of(text: str) -> tuple[int, int]:
    """`1600x1000` as width and height."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()) or not (200 <= int(width) <= 16384 >= int(height) >= 200):
        raise ArgumentTypeError(f"{text} is no size such as 1600x1000")
    return int(width), int(height)


class Window:
    """The command without a name."""

    name = "window"
    help = "the window (also without a command)"

    def configure(self, parser: ArgumentParser) -> None:
        """Add its arguments."""
        parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="scans, folders or a dataset to open")
        parser.add_argument("--dataset", type=Path, metavar="DIR", help="the dataset to keep corrections in")
        parser.add_argument("--model", default="", metavar="NAME", help="the model to choose; runs with --screenshot")
        parser.add_argument("--screenshot", type=Path, metavar="FILE", help="draw, wait until complete, save, leave")
        parser.add_argument("--size", type=size_of, metavar="WxH", help="size of the window in pixels")

    def run(self, arguments: Namespace, console: Console) -> int:
        """Show the window until it is closed."""
        missing = [path for path in arguments.paths if not path.exists()]
        if missing:
            advice = "Name a scan, a folder or a dataset, or see `overread --help` for the commands"
            console.complain(Problem("is neither a file nor a command", missing[0], advice))
            return WRONG_USE
        _need_a_screen(in_memory_will_do=arguments.screenshot is not None)
        if sys.platform == "win32":
            # Its libraries must be loaded before Qt's, or they do not load at all.
            import onnxruntime  # noqa: F401  # pyright: ignore[reportUnusedImport]
        from desktop_app.app import Arguments, run

        return run(
            Arguments(tuple(arguments.paths), arguments.dataset, arguments.screenshot, arguments.size, arguments.model)
        )


def _need_a_screen(*, in_memory_will_do: bool) -> None:
    """Without a screen Qt would abort the program: draw in memory where that is enough, else say it in one line."""
    if not sys.platform.startswith("linux") or "QT_QPA_PLATFORM" in os.environ:
        return
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return
    if not in_memory_will_do:
        raise Problem(
            "there is no screen to show the window on", advice="Use the commands, or `overread demo --headless`"
        )
    os.environ["QT_QPA_PLATFORM"] = "offscreen"


PLUGIN: Command = Window()
