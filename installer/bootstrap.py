"""Make Overread run from a fresh clone, with nothing but Python: `python3 installer/bootstrap.py run | test | …`.

Standard library only, on Linux, macOS and Windows. Doing it again is quick: what is there already is left alone.
"""

from __future__ import annotations

import sys

OLDEST = (3, 11)

USAGE = """usage: python3 installer/bootstrap.py [--cuda] COMMAND [WORDS]
  run [WORDS]   install what is missing and start `overread WORDS` (without words: the demo)
  test          everything that is checked before a change is kept
  check         the quick part of it: style, import contracts, types
  bench [NAME]  the benchmarks (all, or those named)
  install       only make the environment
  --cuda        run models on an NVIDIA GPU (Linux, Windows); remembered
"""


def main(words: list[str]) -> int:
    """Run one of the sub-commands; returns the exit code."""
    if sys.version_info < OLDEST:
        have = ".".join(str(part) for part in sys.version_info[:3])
        sys.stderr.write("bootstrap: Python " + have + " is too old. Run this with Python 3.11 or newer\n")
        return 2
    # Only now: these modules are written for the Python that was just checked.
    import environment
    import stages
    import system_libraries

    cuda = words[:1] == ["--cuda"]
    words = words[1:] if cuda else words
    known = {"run": run, "test": stages.test, "check": stages.check, "bench": stages.bench, "install": install}
    if not words or words[0] not in known:
        sys.stdout.write(USAGE)
        return 0 if words in ([], ["--help"], ["-h"]) else 2
    try:
        environment.ensure(cuda=cuda)
        return known[words[0]](words[1:])
    except (environment.CannotInstall, system_libraries.LibrariesMissing) as problem:
        sys.stderr.write(f"bootstrap: {problem}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("bootstrap: stopped; run it again to go on\n")
        return 130


def install(words: list[str]) -> int:
    """Have the shared libraries of the window too; the environment is made already."""
    import system_libraries

    system_libraries.ensure(for_tests="--for-tests" in words)
    return 0


def run(words: list[str]) -> int:
    """Hand over to `overread`; without words to its demo, in a window where there is a display."""
    import environment
    import system_libraries

    system_libraries.ensure()
    if not words:
        words = ["demo"]
        if not system_libraries.has_display():
            words += ["--headless", str(environment.ROOT / "build" / "demo")]
        environment.say("overread " + " ".join(words))
    return environment.hand_over([str(environment.script("overread")), *words])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
