"""A scripted reading that is killed at random moments.

`python -m tests.dataset.reading` forks a reader for each line on its input (a number and a folder), so that a hundred
of them start at once. A reader restores what was kept, goes on drawing and painting, and says what is on the disk, a
JSON line each.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from dataset.annotation import Annotation, Box
from dataset.document import Document, Edit
from dataset.folder import Dataset
from dataset.mask import Mask, mask_of_plane
from imaging.geometry import Plane
from tests.dataset.scans import WHEN, annotation, prediction

MASK_ID = "painted"
WIDTH = 300


def place_of(number: int) -> tuple[int, int]:
    """The pixel that the stroke of a number sets."""
    return number % WIDTH, number // WIDTH * 3


def restored(dataset: Dataset) -> tuple[Document, str]:
    """The document as it was when it was last known to be kept, and the revision it is made from."""
    head = dataset.head("flat").revision
    document = Document(dataset.snapshot(head) if head else None)
    for edit in dataset.unsaved_edits("flat"):
        document.commit(edit)
    return document, head.id if head else ""


def next_edit(document: Document, number: int) -> Edit:
    """A stroke on a mask, or a box drawn or relabelled, in turn."""
    if number % 2 == 0:
        x, y = place_of(number)
        stamp = np.ones((2, 1), np.bool_)
        old = document.get(MASK_ID)
        mask = old.geometry.painted(0, x, y, stamp, value=True) if old and isinstance(old.geometry, Mask) else None
        mask = mask or mask_of_plane(stamp, 0, x=x, y=y)
        return Edit(f"{number}", put=(Annotation(MASK_ID, "disc", mask, "ana", WHEN),))
    box = replace(annotation(Box(Plane(), number, 0.5, 3.0, 3.0)), id=f"box-{number}")
    return Edit(f"{number}", put=(box,), reject=(f"p{number}",))


def tell(**facts: object) -> None:
    """Say something at once."""
    os.write(1, json.dumps(facts).encode() + b"\n")


def read(folder: Path, first: int) -> None:
    """Go on reading until killed."""
    dataset = Dataset.open(folder)
    document, base = restored(dataset)
    tell(ready=os.getpid())
    for number in range(first, first + 10_000):
        change = document.commit(next_edit(document, number))
        dataset.keep("flat", change.edit, author="ana")
        tell(kept=number)
        if number % 5 == 0:
            is_done = number % 2 == 0
            base = dataset.save_revision("flat", document.snapshot(), author="ana", base=base, finished=is_done).id
            tell(saved=base)
        if number % 17 == 0:
            dataset.save_prediction(prediction("flat", mask_of_plane(np.ones((9, 9), np.bool_), 0)))


def main() -> None:
    """Fork a reader for each line on the input: the number of its first edit, and the folder."""
    for line in sys.stdin:
        first, _, folder = line.strip().partition(" ")
        child = os.fork()
        if child == 0:
            read(Path(folder), int(first))
        os.waitpid(child, 0)
        tell(dead=child)


if __name__ == "__main__":
    main()
