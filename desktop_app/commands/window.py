"""`overread [PATH…]`: the window. Qt is imported only when it runs."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from desktop_app.command import Command, Console


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
        parser.add_argument(
            "--model", default="", metavar="NAME", help="the model to choose; runs with --screenshot"
        )
        parser.add_argument("--screenshot", type=Path, metavar="FILE", help="draw, wait until complete, save, leave")
        parser.add_argument("--size", type=size_of, metavar="WxH", help="size of the window in pixels")

    def run(self, arguments: Namespace, console: Console) -> int:  # noqa: ARG002
        """Show the window until it is closed."""
        if sys.platform == "win32":
            # Its libraries must be loaded before Qt's, or they do not load at all.
            import onnxruntime  # noqa: F401  # pyright: ignore[reportUnusedImport]
        from desktop_app.app import Arguments, run

        return run(
            Arguments(tuple(arguments.paths), arguments.dataset, arguments.screenshot, arguments.size, arguments.model)
        )


PLUGIN: Command = Window()
