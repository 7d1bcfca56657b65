"""How every predictor answers: from what is kept, or by reading, timed and signed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

from dataset.annotation import Proposal, new_id, now
from dataset.label import Label
from dataset.prediction import Prediction
from imaging.scan import ScanInfo
from models.cache import Answers, Question
from models.reading import Findings
from models.stopped import Stopped

Read: TypeAlias = tuple[Findings, str, list[str]]
"""What was found, on which device, and what must be told about it."""


def answered(
    question: Question,
    answers: Answers,
    info: ScanInfo,
    labels: tuple[Label, ...],
    read: Callable[[], Read],
    partial: Callable[[tuple[Proposal, ...]], None] | None,
) -> Prediction:
    """The prediction for a question; `read` is called only where no answer is kept. Raises `Stopped`."""
    started = time.perf_counter()
    # What is found on a slide has ids of its own (`models.slides.naming`).
    kept = answers.ask(question, same_ids=info.kind == "slide")
    if kept is not None:
        if partial is not None:
            partial(kept.proposals)
        return kept
    findings, device, notes = read()
    prediction = Prediction(
        id=new_id(),
        scan=question.scan,
        model=question.model,
        device=device,
        created=now(),
        seconds=time.perf_counter() - started,
        proposals=findings.proposals,
        scores=findings.scores,
        settings=question.settings,
        notes=tuple(notes),
        heat_maps=findings.heat_maps,
        done=findings.done,
    )
    if findings.done < 1:
        raise Stopped(prediction)
    answers.keep(question, prediction, info, labels)
    return prediction
