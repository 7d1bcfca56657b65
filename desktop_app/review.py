"""What a reader does with proposals and marks, as edits. Pure: values in, edits out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dataset.annotation import Annotation, Proposal, accepted, geometry_plane, new_id, now
from dataset.document import Document, Edit
from dataset.prediction import Prediction
from desktop_app.standing import standing
from desktop_app.tool import Mark
from imaging.geometry import Plane


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal and the model that made it (`name@version`)."""

    proposal: Proposal
    model: str


def newest_by_model(predictions: Iterable[Prediction]) -> tuple[Prediction, ...]:
    """The last prediction of each model name, oldest first: a model that reads again replaces what it said."""
    newest: dict[str, Prediction] = {}
    for prediction in sorted(predictions, key=lambda p: (p.created, p.id)):
        newest.pop(prediction.model.name, None)
        newest[prediction.model.name] = prediction
    return tuple(newest.values())


def proposed_by(predictions: Iterable[Prediction]) -> dict[str, Proposed]:
    """Every proposal that still stands, by its id."""
    return {
        proposal.id: Proposed(proposal, str(prediction.model))
        for prediction in standing(predictions)
        for proposal in prediction.proposals
    }


def open_proposals(proposed: Mapping[str, Proposed], settled: frozenset[str], threshold: float) -> tuple[Proposal, ...]:
    """Proposals nobody has settled, with at least the score of the threshold."""
    return tuple(
        item.proposal
        for item in proposed.values()
        if item.proposal.id not in settled and item.proposal.score >= threshold
    )


def accept_edit(items: Iterable[Proposed]) -> Edit:
    """Take proposals as they are; the model stays their author."""
    put = tuple(accepted(item.proposal, item.model) for item in items)
    return Edit(_counted("Accept", len(put)), put=put)


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
    put: list[Annotation] = []
    for mark_id in ids:
        mark = document.get(mark_id)
        if mark is not None:
            if mark.label != label:
                put.append(replace(mark, label=label, author=author, created=now()))
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
