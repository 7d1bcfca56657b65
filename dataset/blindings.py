"""What is hidden from whom, kept on this computer in the user's own state folder by the dataset's id.

Not in the dataset: one reader's blinding is nobody else's, and a folder that is synced must not carry it. A file that
cannot be read hides everything: seeing too little is put right at once, seeing too much never.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from dataset.durable import replace_file
from dataset.errors import DatasetProblem
from dataset.places import safe_name
from dataset.readings import HIDDEN, OPEN, Blinding


def blinding_of(dataset_id: str, reader: str) -> Blinding:
    """What is hidden from a reader of a dataset."""
    try:
        known = _load(_file(dataset_id)).get(reader, [])
    except FileNotFoundError:
        return OPEN
    except (OSError, ValueError, TypeError):
        return Blinding(names=True, proposals=True, others=True)
    return Blinding(**{name: name in known for name in HIDDEN})


def keep_blinding(dataset_id: str, reader: str, blinding: Blinding) -> None:
    """Remember what is hidden from a reader of a dataset; raises `DatasetProblem`."""
    path = _file(dataset_id)
    try:
        known = _load(path)
    except (OSError, ValueError, TypeError):
        known = {}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**known, reader: list(blinding.hidden)}, ensure_ascii=False)
        replace_file(path, text.encode("utf-8", "surrogateescape"), mode=0o600)
    except OSError as error:
        raise DatasetProblem(
            f"cannot be written ({error.strerror})", path, "What is hidden holds until you quit"
        ) from error


def _file(dataset_id: str) -> Path:
    from platformdirs import user_state_path

    return user_state_path("overread", appauthor=False) / "blinding" / f"{safe_name(dataset_id)}.json"


def _load(path: Path) -> dict[str, list[str]]:
    found: object = json.loads(path.read_bytes().decode("utf-8", "surrogateescape"))
    if not isinstance(found, dict):
        raise TypeError("no JSON object")
    values = cast("dict[str, object]", found)
    if not all(isinstance(value, list) for value in values.values()):
        raise TypeError("no lists")
    return cast("dict[str, list[str]]", values)
