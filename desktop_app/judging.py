"""Judging many proposals at once: those above or below a score, those of a label. Only what is shown is touched."""

from __future__ import annotations

from dataset.annotation import Annotation, Proposal
from dataset.document import Edit
from desktop_app.session import Session
from desktop_app.tool import Mark


def score_at(session: Session) -> float | None:
    """The least score of the selected open proposals; `None` where none is selected."""
    chosen = [one.proposal.score for one in map(session.findings.proposed.get, session.selection) if one is not None]
    return min(chosen, default=None)


def above(session: Session, score: float) -> tuple[Proposal, ...]:
    """The shown proposals that score so much or more."""
    return tuple([one for one in session.stepping.open_proposals() if one.score >= score])


def below(session: Session, score: float) -> tuple[Proposal, ...]:
    """The shown proposals that score less."""
    return tuple([one for one in session.stepping.open_proposals() if one.score < score])


def of_label(session: Session, label: str) -> tuple[Proposal, ...]:
    """The shown proposals of a label."""
    return tuple([one for one in session.stepping.open_proposals() if one.label == label])


def label_at(session: Session) -> str:
    """The label of what is selected, where it is one; else that of what is drawn next."""
    chosen = {mark.label for mark in map(session.findings.get, session.selection) if mark is not None}
    return chosen.pop() if len(chosen) == 1 else session.label


def accept_these(session: Session, proposals: tuple[Proposal, ...]) -> None:
    """Take proposals as they are, and say how many."""
    session.accept([proposal.id for proposal in proposals])
    session.told.emit(f"Accepted {_count_text(proposals)}" if proposals else "No proposal shown is among these")


def reject_these(session: Session, proposals: tuple[Proposal, ...]) -> None:
    """Say that proposals are wrong, and how many."""
    session.reject([proposal.id for proposal in proposals])
    session.told.emit(f"Rejected {_count_text(proposals)}" if proposals else "No proposal shown is among these")


def restore(session: Session, ids: tuple[str, ...]) -> None:
    """Open rejected proposals again."""
    chosen = tuple(i for i in ids if i in session.document.rejected and i in session.findings.proposed)
    if chosen:
        session.commit(Edit("Restore" if len(chosen) == 1 else f"Restore {len(chosen)}", restore=chosen))


def is_rejected(session: Session, mark: Mark) -> bool:
    """Whether it is a proposal that a person rejected."""
    return not isinstance(mark, Annotation) and mark.id in session.document.rejected


def _count_text(proposals: tuple[Proposal, ...]) -> str:
    return "1 proposal" if len(proposals) == 1 else f"{len(proposals):,} proposals"
