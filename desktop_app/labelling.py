"""New labels: an id and a colour for a name. Pure."""

from __future__ import annotations

import re
import unicodedata

from dataset.label import Label, LabelSet

COLOURS = (
    *("#4cc9f0", "#f9c74f", "#90be6d", "#f3722c", "#b388eb", "#ff70a6", "#2ec4b6", "#e5989b", "#a3b18a", "#ffd6a5"),
    *("#8ecae6", "#d4a373", "#c77dff", "#80ed99", "#ff9f1c", "#9bf6ff"),
)
"""Colours that can be told apart on grey and on black."""


def label_named(name: str, labels: LabelSet) -> Label:
    """A label for a name: the one that has it already, else a new one in the first colour that is not taken."""
    known = next((label for label in labels.labels if label.name.casefold() == name.casefold()), None)
    if known is not None:
        return known
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "label"
    taken = {label.id for label in labels.labels}
    number = 2
    label_id = stem
    while label_id in taken:
        label_id, number = f"{stem}-{number}", number + 1
    used = {label.colour for label in labels.labels}
    free = [colour for colour in COLOURS if colour not in used]
    return Label(label_id, name, free[0] if free else COLOURS[len(taken) % len(COLOURS)])
