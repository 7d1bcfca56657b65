"""The shared libraries of the system that Qt needs on Linux, and what else the tests want there."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path

from environment import run_apt

ALWAYS = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""Needed to draw at all, on a screen or off it: library and Debian package."""

WITH_X11 = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
"""Needed for windows under X11."""

FONTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")


class LibrariesMissing(Exception):
    """Said in one line: what is missing and how to get it."""


def has_display() -> bool:
    """Whether a window can be shown."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def ensure(*, for_tests: bool = False) -> None:
    """Install what Qt lacks where that is possible (root on Debian), else name it."""
    if not sys.platform.startswith("linux"):
        return
    if packages := missing_packages(x11=for_tests or has_display(), xvfb=for_tests):
        run_apt(packages)
    # Tests run without X11 too, off screen, so its absence stops nothing.
    needed = missing_packages(x11=has_display() or (for_tests and shutil.which("Xvfb") is not None), xvfb=False)
    if needed:
        raise LibrariesMissing(f"Qt lacks libraries of the system. As root: apt-get install {' '.join(needed)}")


def missing_packages(*, x11: bool, xvfb: bool) -> list[str]:
    """The Debian packages whose libraries are not found."""
    wanted = {**ALWAYS, **(WITH_X11 if x11 else {})}
    packages = [package for library, package in wanted.items() if not _loads(library)]
    if not any(folder.is_dir() and any(folder.rglob("*.[ot]tf")) for folder in FONTS):
        packages.append("fonts-dejavu-core")
    if xvfb and shutil.which("Xvfb") is None:
        packages.append("xvfb")
    return packages


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
