"""What a reader does with proposals and marks, as edits. Pure: values in, edits out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice, product, repeat
from operator import attrgetter
from typing import NamedTuple

from dataset.annotation import Annotation, Proposal, geometry_plane, new_id, now
from dataset.document import Document, Edit
from dataset.prediction import Prediction
from desktop_app.standing import standing
from desktop_app.tool import Mark
from imaging.geometry import Plane

_ID = attrgetter("id")
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_COUNTED = 4
"""So many last digits of an id count where very many are made at once."""


class Proposed(NamedTuple):
    """A proposal, the model that made it (`name@version`), and when."""

    proposal: Proposal
    model: str
    created: datetime | None = None


def newest_by_model(predictions: Iterable[Prediction]) -> tuple[Prediction, ...]:
    """The last prediction of each model name, oldest first: a model that reads again replaces what it said."""
    newest: dict[str, Prediction] = {}
    for prediction in sorted(predictions, key=lambda p: (p.created, p.id)):
        newest.pop(prediction.model.name, None)
        newest[prediction.model.name] = prediction
    return tuple(newest.values())


def proposed_by(predictions: Iterable[Prediction]) -> dict[str, Proposed]:
    """Every proposal that still stands, by its id."""
    found: dict[str, Proposed] = {}
    for prediction in standing(predictions):
        proposals, model, created = prediction.proposals, str(prediction.model), prediction.created
        found.update(zip(map(_ID, proposals), map(Proposed, proposals, repeat(model), repeat(created)), strict=False))
    return found


def accept_edit(items: Iterable[Proposed]) -> Edit:
    """Take proposals as they are; the model stays their author."""
    chosen, moment = tuple(items), now()
    put = tuple(
        Annotation(fresh, p.label, p.geometry, f"model:{model}", moment, p.score, p.id)
        for fresh, (p, model, _) in zip(_new_ids(len(chosen)), chosen, strict=True)
    )
    return Edit(_counted("Accept", len(put)), put=put)


def _new_ids(count: int) -> list[str]:
    """Fresh ids in ascending order: one is drawn for many, and its end counts up."""
    if count == 1:
        return [new_id()]
    ids: list[str] = []
    while len(ids) < count:
        stem = new_id()[:-_COUNTED]
        ids += (stem + "".join(end) for end in islice(product(_DIGITS, repeat=_COUNTED), count - len(ids)))
    return ids


def reject_edit(proposal_ids: Iterable[str]) -> Edit:
    """Say that proposals are wrong."""
    ids = tuple(proposal_ids)
    return Edit(_counted("Reject", len(ids)), reject=ids)


def delete_edit(document: Document, proposed: Mapping[str, Proposed], ids: Iterable[str]) -> Edit:
    """Delete marks and reject proposals; a deleted mark's own proposal is rejected too, so it does not come back."""
    chosen = tuple(ids)
    marks = [mark for mark in map(document.get, chosen) if mark is not None]
    rejected = [i for i in chosen if i in proposed] + [mark.origin for mark in marks if mark.origin]
    return Edit(_counted("Delete", len(chosen)), remove=tuple(m.id for m in marks), reject=tuple(rejected))


def relabel_edit(
    document: Document, proposed: Mapping[str, Proposed], ids: Iterable[str], label: str, author: str
) -> Edit:
    """Give marks and proposals another label; a relabelled proposal becomes a person's correction."""
    put, moment = list[Annotation](), now()
    for mark_id in ids:
        mark = document.get(mark_id)
        if mark is not None:
            if mark.label != label:
                put.append(replace(mark, label=label, author=author, created=moment))
        elif mark_id in proposed:
            put.append(correction(proposed[mark_id].proposal, author, label=label))
    return Edit(_counted("Relabel", len(put)), put=tuple(put))


def correction(proposal: Proposal, author: str, *, label: str = "") -> Annotation:
    """A person's own version of a proposal."""
    return Annotation(new_id(), label or proposal.label, proposal.geometry, author, now(), proposal.score, proposal.id)


def suspicion(predictions: Iterable[Prediction], benign: frozenset[str]) -> tuple[float, str] | None:
    """The highest score of a finding and its label, over the newest predictions; `None` before a model has read.

    Whole-scan scores count when their label is no `benign` one (such as "normal").
    """
    best: tuple[float, str] | None = None
    for prediction in newest_by_model(predictions):
        found = [(p.score, p.label) for p in prediction.proposals] + [(s, label) for label, s in prediction.scores]
        for score, label in [*found, (0.0, "")]:
            if label not in benign and (best is None or score > best[0]):
                best = (score, label)
    return best


def mark_plane(mark: Mark) -> Plane | None:
    """The plane to go to for a mark; `None` for a label of the whole scan."""
    return geometry_plane(mark.geometry)


def _counted(verb: str, count: int) -> str:
    return verb if count == 1 else f"{verb} {count}"
