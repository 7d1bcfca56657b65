"""What a reader does with proposals, as edits."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset.annotation import Box, Proposal, WholeScan
from dataset.document import Document
from dataset.prediction import ModelRef, Prediction
from desktop_app.findings import Findings
from desktop_app.limits import Limits
from desktop_app.review import accept_edit, delete_edit, proposed_by, reject_edit, relabel_edit, suspicion
from imaging.geometry import Plane


def proposal(number: int, score: float = 0.9, label: str = "L4-L5") -> Proposal:
    return Proposal(f"p{number}", label, Box(Plane(0, number), 1, 2, 3, 4), score)


def prediction(*proposals: Proposal, name: str = "discs", hour: int = 1, scores=()) -> Prediction:
    when = datetime(2026, 1, 1, hour, tzinfo=UTC)
    return Prediction(f"x{hour}", "scan", ModelRef(name, "1", "0"), "cpu", when, 1.0, proposals, scores)


@pytest.fixture
def findings() -> Findings:
    return Findings(Document(), [prediction(proposal(1), proposal(2), proposal(3, 0.3))])


def test_an_accepted_proposal_keeps_the_model_as_author(findings: Findings) -> None:
    findings.document.commit(accept_edit([findings.proposed["p1"]]))
    (mark,) = findings.document.annotations
    assert mark.author == "model:discs@1"
    assert mark.origin == "p1"
    assert [p.id for p in findings.open(Limits(0.0))] == ["p2", "p3"]


def test_proposals_below_the_threshold_are_not_open(findings: Findings) -> None:
    assert [p.id for p in findings.open(Limits(0.5))] == ["p1", "p2"]


def test_a_relabelled_proposal_becomes_the_readers(findings: Findings) -> None:
    edit = relabel_edit(findings.document, findings.proposed, ["p2"], "L5-S1", "Ada")
    findings.document.commit(edit)
    (mark,) = findings.document.annotations
    assert (mark.label, mark.author, mark.origin) == ("L5-S1", "Ada", "p2")


def test_relabelling_to_the_same_label_changes_nothing(findings: Findings) -> None:
    findings.document.commit(accept_edit([findings.proposed["p1"]]))
    (mark,) = findings.document.annotations
    assert relabel_edit(findings.document, findings.proposed, [mark.id], "L4-L5", "Ada").is_empty


def test_deleting_an_accepted_mark_does_not_bring_its_proposal_back(findings: Findings) -> None:
    findings.document.commit(accept_edit([findings.proposed["p1"]]))
    (mark,) = findings.document.annotations
    findings.document.commit(delete_edit(findings.document, findings.proposed, [mark.id]))
    assert "p1" not in {p.id for p in findings.open(Limits(0.0))}
    findings.document.undo()
    assert findings.document.annotations == (mark,)


def test_undoing_a_rejection_opens_the_proposal_again(findings: Findings) -> None:
    findings.document.commit(reject_edit(["p1"]))
    assert "p1" not in {p.id for p in findings.open(Limits(0.0))}
    findings.document.undo()
    assert "p1" in {p.id for p in findings.open(Limits(0.0))}


def test_a_model_that_reads_again_replaces_what_it_said() -> None:
    older, newer = prediction(proposal(1)), prediction(proposal(2), hour=2)
    other = prediction(proposal(3), name="nuclei", hour=1)
    assert set(proposed_by([newer, older, other])) == {"p2", "p3"}


def test_streamed_proposals_are_seen_but_cannot_be_settled(findings: Findings) -> None:
    findings.stream((proposal(9),))
    assert [p.id for p in findings.open(Limits(0.5))] == ["p1", "p2", "p9"]
    assert not findings.is_settleable("p9")
    findings.add_prediction(prediction(proposal(9), hour=3))
    assert [p.id for p in findings.open(Limits(0.5))] == ["p9"]
    assert findings.is_settleable("p9")


def test_suspicion_is_the_highest_score_of_a_finding() -> None:
    chest = prediction(
        Proposal("w", "normal", WholeScan(), 0.9), scores=(("normal", 0.9), ("pneumonia", 0.1)), name="chest"
    )
    assert suspicion([chest], frozenset({"normal"})) == (0.1, "pneumonia")
    assert suspicion([], frozenset()) is None
    assert suspicion([prediction()], frozenset()) == (0.0, "")


def test_marks_are_found_by_plane(findings: Findings) -> None:
    assert findings.planes_with_marks(0, Limits()) == (1, 2, 3)
    assert [mark.id for mark in findings.marks_on(Plane(0, 2), Limits(0.0))] == ["p2"]
    assert findings.marks_on(Plane(1, 2), Limits(0.0)) == ()


def test_what_is_found_by_plane_follows_every_change(findings: Findings) -> None:
    def seen() -> list[str]:
        return [mark.id for mark in findings.marks_on(Plane(0, 2), Limits(0.0))]

    assert seen() == ["p2"]
    assert findings.open(Limits(0.0)) is findings.open(Limits(0.0))
    findings.document.commit(reject_edit(["p2"]))
    assert seen() == []
    assert findings.planes_with_marks(0, Limits()) == (1, 3)
    findings.document.undo()
    findings.stream((replace(proposal(9), geometry=proposal(2).geometry),))
    assert seen() == ["p2", "p9"]
    findings.stop_streaming()
    assert seen() == ["p2"]
    assert findings.marks_on(Plane(0, 2), Limits(1.0)) == ()


@given(st.integers(0, 2**32 - 1))
def test_what_is_open_and_seen_is_followed_through_any_changes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    planes = int(rng.integers(1, 3))
    every = [
        replace(
            proposal(n, float(rng.random()), "other" if n % 3 else "L4-L5"),
            geometry=Box(Plane(0, n % planes), n, 2, 3, 4),
        )
        for n in range(30)
    ]
    findings = Findings(Document(), [prediction(*every)])
    document = findings.document
    for _ in range(12):
        chosen = [p for p in findings.open(Limits(0.0)) if findings.is_settleable(p.id) and rng.random() < 0.2]
        act = int(rng.integers(6))
        if act == 0:
            document.commit(accept_edit([findings.proposed[p.id] for p in chosen]))
        elif act == 1:
            document.commit(reject_edit([p.id for p in chosen]))
        elif act == 2:
            document.undo()
        elif act == 3:
            document.redo()
        elif act == 4:
            findings.stream((proposal(int(rng.integers(100, 200)), float(rng.random())),))
        elif rng.random() < 0.3:
            findings.add_prediction(prediction(*every[:25], hour=len(findings.predictions) + 1))
        own = (("other", float(rng.choice([0.2, 0.9]))),) if rng.random() < 0.5 else ()
        limits = Limits(float(rng.choice([0.0, 0.4, 0.7])), own)
        standing = [item.proposal for item in findings.proposed.values()]
        wanted = [p for p in standing if limits.passes(p.label, p.score) and not document.is_settled(p.id)]
        streamed = [p for p in findings._streaming if limits.passes(p.label, p.score)]
        assert list(findings.open(limits)) == wanted + streamed
        for index in range(planes):
            marks = (*document.annotations, *wanted, *streamed)
            seen = [m for m in marks if isinstance(m.geometry, Box) and m.geometry.plane.index == index]
            assert list(findings.marks_on(Plane(0, index), limits)) == seen
