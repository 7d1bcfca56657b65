"""Pictures of the window and of all that opens from it, in each theme, size and language, for a person to look at.

`python -m tests.pictures --out DIR [--only WORD] [--look dark-1-1366x768]` writes `DIR/<look>/<name>.png`. Each look
runs in a process of its own, on a made screen of its size and in folders of its own; nothing is fetched.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.picture_stage import Stage


@dataclass(frozen=True, slots=True)
class Look:
    """One way the window can look."""

    theme: str
    scale: float
    size: tuple[int, int]
    language: str = "en"

    @property
    def name(self) -> str:
        """Theme, scale and size in one word."""
        words = f"{self.theme}-{self.scale:g}-{self.size[0]}x{self.size[1]}"
        return words if self.language == "en" else f"{words}-{self.language}"


SMALL, LARGE = (1366, 768), (3840, 2160)
LOOKS = (
    *(Look(theme, scale, size) for theme in ("dark", "light") for scale in (1.0, 2.0) for size in (SMALL, LARGE)),
    Look("dark", 1.0, SMALL, "de"),
    Look("light", 2.0, SMALL, "de"),
)


def screen_of(look: Look, folder: Path) -> str:
    """The platform to run on: a screen in memory as large as the window."""
    width, height = look.size
    screen = {"name": "made", "x": 0, "y": 0, "width": width, "height": height, "dpr": 1, "logicalDpi": 96}
    path = folder / "screen.json"
    path.write_text(json.dumps({"screens": [{**screen, "logicalBaseDpi": 96}]}), "utf-8")
    return f"offscreen:configfile={path}"


def take_apart(look: Look, out: Path, only: str) -> int:
    """Take the pictures of one look in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        places = {"OVERREAD_HOME": "home", "OVERREAD_CACHE": "cache", "XDG_STATE_HOME": "state"}
        environment = {**os.environ, **{key: str(root / folder) for key, folder in places.items()}}
        environment["QT_QPA_PLATFORM"] = screen_of(look, root)
        words = [sys.executable, "-m", "tests.pictures", "--out", str(out), "--only", only, "--look", look.name]
        return subprocess.run([*words, "--in", name], env=environment, check=False).returncode


def take(look: Look, out: Path, only: str, root: Path) -> int:
    """Take the pictures of one look here."""
    from PySide6.QtCore import qInstallMessageHandler

    from tests.picture_scenes import SCENES
    from tests.picture_stage import Stage

    failures, old = 0, qInstallMessageHandler(_say)
    stage = Stage(look, out / look.name, root)
    for name, scene in SCENES.items():
        if only in name:
            failures += _take_one(name, scene, stage)
    stage.leave()
    qInstallMessageHandler(old)
    return failures


def _say(_kind: object, _context: object, text: str) -> None:
    """What Qt says, but for what the platform in memory cannot do."""
    if not text.startswith("This plugin does not support"):
        print(f"Qt: {text}", file=sys.stderr)


def _take_one(name: str, scene: Callable[[Stage], None], stage: Stage) -> int:
    began = time.monotonic()
    try:
        scene(stage)
    except (AssertionError, AttributeError, TimeoutError) as error:
        print(f"{stage.look.name}: {name} failed: {type(error).__name__}: {error}", flush=True)
        return 1
    finally:
        stage.tidy_up()
    print(f"{stage.look.name}: {name} {time.monotonic() - began:.1f} s", flush=True)
    return 0


def main() -> int:
    """Take them all, or those of one look, or those whose name holds a word."""
    parser = argparse.ArgumentParser(description="Pictures of the window")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="", help="only pictures whose name holds this")
    parser.add_argument("--look", default="", help="one look, or the beginning of its name")
    parser.add_argument("--in", dest="root", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    looks = [look for look in LOOKS if look.name.startswith(given.look)]
    if given.root is not None:
        look = next(look for look in looks if look.name == given.look)
        return take(look, given.out, given.only, given.root)
    return sum(take_apart(look, given.out.resolve(), given.only) for look in looks)


if __name__ == "__main__":
    sys.exit(main())
