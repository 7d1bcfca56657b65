"""The ids of what is found on a slide: the same thing found again by the same model has the same id.

Parts of a slide are read one after the other, and stopped readings go on: what a reader has settled stays settled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from dataset.prediction import ModelRef
from imaging.geometry import Plane


def found_id(model: ModelRef, plane: Plane, label: str, outline: Sequence[NDArray[Any]]) -> str:
    """An id, in the form of all ids, that follows from the model, the plane, the label and the outline's numbers."""
    from ulid import ULID

    digest = hashlib.sha256(f"{model.sha256} {plane.axis} {plane.index} {label}".encode())
    for ring in outline:
        digest.update(b" %d " % len(ring))
        digest.update(ring.tobytes())
    return str(ULID(digest.digest()[:16]))
