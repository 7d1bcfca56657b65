"""Accepting what a model proposed as the labels of a scan: "the initial predictions are right". Pure."""

from __future__ import annotations

from dataset.annotation import Annotation, WholeScan, accepted, new_id, now
from dataset.document import Snapshot
from dataset.errors import DatasetProblem
from dataset.prediction import Prediction
from dataset.record import PredictionSummary, ScanRecord


def prediction_to_accept(record: ScanRecord, model: str | None) -> PredictionSummary | None:
    """The newest prediction of a scan, of a model (`name` or `name@version`) where one is named.

    Where several models have read and none is named, that is a problem: their proposals may be of the same things.
    """
    found = [p for p in record.predictions if model in {None, p.model, _name(p)}]
    names = sorted({_name(p) for p in found})
    if len(names) > 1:
        raise DatasetProblem(f"was read by {len(names)} models ({', '.join(names)})", record.title, "Name one of them")
    return found[-1] if found else None


def accepted_snapshot(prediction: Prediction, threshold: float | None = None) -> Snapshot:
    """The proposals of a prediction as annotations, their author the model.

    Only those that score at least `threshold`, by default the one the prediction was made with. Of a classifier
    that proposes nothing, the label with the highest score becomes a label of the whole scan.
    """
    least = _threshold(prediction) if threshold is None else threshold
    model = str(prediction.model)
    marks = [accepted(proposal, model) for proposal in prediction.proposals if proposal.score >= least]
    if not prediction.proposals and prediction.scores:
        label, score = max(prediction.scores, key=lambda pair: pair[1])
        marks.append(Annotation(new_id(), label, WholeScan(), f"model:{model}", now(), score))
    return Snapshot(tuple(marks))


def _threshold(prediction: Prediction) -> float:
    for key, value in prediction.settings:
        if key == "threshold":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 0.0


def _name(prediction: PredictionSummary) -> str:
    return prediction.model.rpartition("@")[0]
