"""The entry point: `overread COMMAND …`, or `overread [PATH…]` for the window."""

from __future__ import annotations

import sys
from argparse import Action, ArgumentParser
from collections.abc import Sequence
from pkgutil import iter_modules

from desktop_app import commands
from desktop_app.command import DONE, FAILED, Command, Console
from desktop_app.commands import window
from imaging.errors import Problem
from imaging.plugins import gather
from imaging.progress import Cancelled


def main(argv: Sequence[str] | None = None) -> int:
    """Run `overread` with the given words (the program's own by default); returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] and words[0] in {*_command_names(), "-h", "--help", "--version"}:
        known = {command.name: command for command in gather(commands, Command)}
    else:
        # The window: the other commands are not even imported, its start is short.
        known = {"window": window.PLUGIN}
        words = ["window", *words]
    parser = _parser(known)
    try:
        arguments = parser.parse_args(words)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else FAILED
    console = Console(as_json=arguments.json, quiet=arguments.quiet)
    try:
        return known[arguments.command].run(arguments, console)
    except Problem as problem:
        if arguments.debug:
            raise
        console.complain(problem)
    except (Cancelled, KeyboardInterrupt):
        sys.stderr.write("overread: stopped\n")
    except BrokenPipeError:
        sys.stderr.close()
    except Exception as error:
        if arguments.debug:
            raise
        text = f"{type(error).__name__}: {error}"
        console.complain(Problem(f"failed unexpectedly ({text})", arguments.command, "Run it again with --debug"))
    return FAILED


def _command_names() -> set[str]:
    """The names of the commands, by those of their modules."""
    return {entry.name for entry in iter_modules(commands.__path__)}


class _Version(Action):
    """Prints the version, which is looked up only then."""

    def __call__(self, parser: ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("overread")
        except PackageNotFoundError:
            number = "from source"
        sys.stdout.write(f"overread {number}\n")
        parser.exit(DONE)


def _parser(known: dict[str, Command]) -> ArgumentParser:
    parser = ArgumentParser(
        prog="overread",
        description="A medical AI reads first; a person over-reads. Without a command: the window.",
        usage="overread [PATH ...] [--dataset DIR] | overread COMMAND ...",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version")
    sub = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in known.values():
        child = sub.add_parser(command.name, help=command.help, description=command.help)
        child.add_argument("--json", action="store_true", help="one JSON object per line on stdout")
        child.add_argument("--quiet", action="store_true", help="no progress bar")
        child.add_argument("--debug", action="store_true", help="show tracebacks")
        command.configure(child)
    return parser


if __name__ == "__main__":
    code = main()
    sys.exit(code if code else DONE)
