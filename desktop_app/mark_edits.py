"""What a reader says of marks beside their shape, as edits: locks, attributes, labels of the whole scan. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from dataset.annotation import Annotation, WholeScan, corrected, new_id, now
from dataset.document import Document, Edit
from desktop_app.review import Proposed, accept_edit, correction, delete_edit


def lock_edit(marks: Iterable[Annotation], locked: bool) -> Edit:
    """Lock marks, or unlock them; who drew them stays who they are."""
    put = tuple(replace(mark, locked=locked) for mark in marks if mark.locked != locked)
    return Edit(_counted("Lock" if locked else "Unlock", len(put)), put=put)


def attribute_edit(
    document: Document, proposed: Mapping[str, Proposed], ids: Iterable[str], name: str, value: str, author: str
) -> Edit:
    """Give marks an attribute, or take it away with an empty value; a proposal becomes the reader's own."""
    put: list[Annotation] = []
    for mark_id in ids:
        mark = document.get(mark_id)
        if mark is None and mark_id in proposed and value:
            mark = correction(proposed[mark_id].proposal, author)
            put.append(replace(mark, attributes=with_attribute(mark, name, value)))
        elif mark is not None and attribute_of(mark, name) != value:
            put.append(corrected(mark, author, attributes=with_attribute(mark, name, value)))
    return Edit(f"Set {name.lower()}", put=tuple(put))


def attribute_of(mark: Annotation, name: str) -> str:
    """The value of an attribute; empty where it has none."""
    return next((value for known, value in mark.attributes if known == name), "")


def with_attribute(mark: Annotation, name: str, value: str) -> tuple[tuple[str, str], ...]:
    """The attributes of a mark with one changed in its place, added at the end, or taken away."""
    if not value:
        return tuple(pair for pair in mark.attributes if pair[0] != name)
    if any(known == name for known, _ in mark.attributes):
        return tuple((known, value if known == name else old) for known, old in mark.attributes)
    return (*mark.attributes, (name, value))


def whole_scan_marks(document: Document) -> dict[str, tuple[Annotation, ...]]:
    """The labels of the whole scan, with the annotations that say so."""
    found: dict[str, tuple[Annotation, ...]] = {}
    for mark in [mark for mark in document.annotations if type(mark.geometry) is WholeScan]:
        found[mark.label] = (*found.get(mark.label, ()), mark)
    return found


def whole_scan_edit(
    document: Document, proposed: Mapping[str, Proposed], label: str, is_on: bool, author: str, name: str
) -> Edit:
    """Say that a label is true of the whole scan, or that it is not.

    Where a model proposes it, saying so accepts the proposal, and saying no rejects it.
    """
    offered = [
        item
        for mark_id, item in proposed.items()
        if item.proposal.label == label
        and type(item.proposal.geometry) is WholeScan
        and not document.is_settled(mark_id)
    ]
    if is_on and offered:
        return replace(accept_edit(offered), title=f"Label scan {name}")
    if is_on:
        if label in whole_scan_marks(document):
            return Edit("")
        return Edit(f"Label scan {name}", put=(Annotation(new_id(), label, WholeScan(), author, now()),))
    ids = [mark.id for mark in whole_scan_marks(document).get(label, ())]
    ids += [item.proposal.id for item in offered]
    return replace(delete_edit(document, proposed, ids), title=f"Scan is not {name}") if ids else Edit("")


def _counted(verb: str, count: int) -> str:
    return verb if count == 1 else f"{verb} {count}"
