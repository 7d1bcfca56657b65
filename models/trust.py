"""Which packages were tried on this machine already, so that each is tried once per device and not at every start."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from imaging.progress import Progress
from models.checking import check_package, refuse_failing
from models.device import candidates, engine
from models.package import ModelPackage


def ensure_tried(package: ModelPackage, wanted: str, progress: Progress) -> None:
    """Inspect a package and play its test vectors unless this machine remembers that they passed."""
    mark = _mark(package, wanted)
    if mark.exists():
        return
    refuse_failing(package, check_package(package, wanted, progress))
    with contextlib.suppress(OSError):  # a read-only home costs only the memory of it
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def cache_folder() -> Path:
    """Where things that may be deleted at any time are kept: `OVERREAD_CACHE`, or the user's cache folder."""
    chosen = os.environ.get("OVERREAD_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("overread", appauthor=False)


def _mark(package: ModelPackage, wanted: str) -> Path:
    """The empty file that stands for a passed trial of exactly these bytes by exactly this engine."""
    engine_version = str(engine().__version__)
    name = f"{package.ref.sha256}-{candidates(wanted)[0]}-{engine_version}"
    return cache_folder() / "tried" / name
