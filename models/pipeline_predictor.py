"""A pipeline as a predictor: plane by plane, segment, take pieces, box, classify, order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Box, Proposal, new_id
from dataset.label import Label
from dataset.mask import Mask, mask_of_plane
from dataset.prediction import ModelRef, Prediction
from imaging.geometry import Plane, Region, whole_plane
from imaging.progress import Progress
from imaging.scan import Scan
from models.answering import Read, answered
from models.cache import ANSWERS, Answers, Question
from models.choices import Choices
from models.kinds.classify import scores_of_inputs
from models.kinds.segment import segment_plane
from models.package import ModelPackage, Reads
from models.pieces import Piece, crop_rectangle, cut_out, ordered_columns, pieces_of
from models.pipeline import Pipeline
from models.placement import fit
from models.preprocess import as_input, finish, late_steps
from models.reading import Findings, Partial, Reading, check_offer, plane_pixel_mm, read_grid, shares
from models.runtime import Runner, stoppable
from models.trust import ensure_tried
from models.turning import Turned, turned_scan
from models.union import united

Named = tuple[Piece, str, float, tuple[tuple[str, float], ...]]
"""A piece, the label it got, the score of that label, and every label's score."""
MOST_PIECES = 1000


class PipelinePredictor:
    """Reads scans with a pipeline. See `models.predictor.Predictor`."""

    def __init__(self, pipeline: Pipeline, choices: Choices | None = None, answers: Answers = ANSWERS) -> None:
        self._pipeline, self._choices, self._answers = pipeline, choices or Choices(), answers
        self._proposable = {label.id for label in pipeline.labels if not label.assigned_by}

    @property
    def pipeline(self) -> Pipeline:
        """What it runs."""
        return self._pipeline

    @property
    def packages(self) -> tuple[ModelPackage, ...]:
        """The packages it runs, in order."""
        return self._pipeline.packages

    @property
    def reads(self) -> Reads:
        """Which scans and planes it is for."""
        return self._pipeline.reads

    @property
    def model(self) -> ModelRef:
        """Which model this is."""
        return self._pipeline.ref

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels it can propose, and those left to the reader."""
        return self._pipeline.labels

    def predict(
        self, scan: Scan, scan_key: str, region: Region | None, progress: Progress, partial: Partial | None = None
    ) -> Prediction:
        """See `Predictor.predict`."""
        pipeline = self._pipeline
        check_offer(pipeline.title, pipeline.reads, scan.info)
        question = Question(scan_key, pipeline.ref, self._choices.settings(region))

        def read() -> Read:
            return self._read(scan, turned_scan(scan, pipeline.reads, region), progress, partial)

        return answered(question, self._answers, scan.info, self.labels, read, partial)

    def _read(self, scan: Scan, turned: Turned, progress: Progress, partial: Partial | None) -> Read:
        """Read plane by plane: boxes per plane, and one mask per label over all planes."""
        choices = self._choices
        notes = [*choices.notes(), *turned.notes]
        for package in self.packages:
            ensure_tried(package, choices.device, progress)
        boxes: list[Proposal] = []
        masks: dict[str, list[Proposal]] = {}
        with stoppable(progress) as stop:
            readings: dict[str, Reading] = {}
            for package in self.packages:
                runner = Runner(package, choices.device, progress, stop, notes)
                spacing = turned.spacing(choices.spacing(scan.info))
                readings[package.ref.sha256] = Reading(package, turned.scan, runner, progress, spacing)
            first = self.packages[0].ref.sha256
            for share, place in shares(readings[first], turned.region):
                found = self._plane({**readings, first: share}, place)
                here = [turned.back(one) for one in (*_boxes(found, place.plane), *_masks(found, place.plane))]
                for proposal in here:
                    if isinstance(proposal.geometry, Box):
                        boxes.append(proposal)
                    else:
                        masks.setdefault(proposal.label, []).append(proposal)
                if partial is not None:
                    partial(tuple(here))
            device = ", ".join(dict.fromkeys(reading.runner.device for reading in readings.values()))
        whole = [_merged(label, parts) for label, parts in sorted(masks.items())]
        return Findings((*boxes, *whole)), device, notes

    def _plane(self, readings: dict[str, Reading], region: Region) -> list[Named]:
        """The pieces of a plane with their labels; those that get none of the pipeline's are left out."""
        pipeline = self._pipeline
        segment, classify = pipeline.step("segment"), pipeline.step("classify")
        assert segment is not None
        assert segment.package is not None
        reading = readings[segment.package.ref.sha256]
        pieces = self._pieces(reading, region)
        if not pieces:
            return []
        if classify is None or classify.package is None:
            names = {entry.index: entry.label.id for entry in segment.package.labels}
            return [(p, names[p.label], p.score, ()) for p in pieces if names[p.label] in self._proposable]
        scores = classify_pieces(
            readings[classify.package.ref.sha256], region.plane, pieces, classify.settings.get("crop", {"margin": 0.0})
        )
        return self._named(classify.package, pieces, scores)

    def _pieces(self, reading: Reading, region: Region) -> tuple[Piece, ...]:
        """The pieces of a plane's segmentation."""
        step = self._pipeline.step("pieces")
        least, most = 1.0, MOST_PIECES
        if step is not None:
            least, most = float(step.settings.get("minimum_area", 1)), int(step.settings.get("at_most", MOST_PIECES))
            if step.settings.get("minimum_area_mm2"):
                across, down = plane_pixel_mm(reading, region.plane)
                least = max(least, step.settings["minimum_area_mm2"] / (across * down))
        labels = np.full((region.height, region.width), -1, np.int16)
        best = np.zeros((region.height, region.width), np.float32)
        for inner, part, scores in segment_plane(reading, region):
            rows = slice(inner.y - region.y, inner.y - region.y + inner.height)
            columns = slice(inner.x - region.x, inner.x - region.x + inner.width)
            labels[rows, columns], best[rows, columns] = part, scores
        return pieces_of(labels, best, (region.x, region.y), least, most)

    def _named(self, package: ModelPackage, pieces: Sequence[Piece], scores: NDArray[np.float32]) -> list[Named]:
        names = [entry.label.id for entry in package.labels]
        order = self._pipeline.step("order")
        if order is None:
            columns = tuple(int(column) for column in scores.argmax(axis=1))
        else:
            columns = ordered_columns(pieces, scores, names, order.settings)
        named: list[Named] = []
        for piece, column, row in zip(pieces, columns, scores, strict=True):
            if column >= 0 and names[column] in self._proposable:
                pairs = zip(names, row, strict=True)
                every = tuple((name, float(score)) for name, score in pairs if name in self._proposable)
                named.append((piece, names[column], float(row[column]), every))
        return named


def classify_pieces(
    reading: Reading, plane: Plane, pieces: Sequence[Piece], crop: dict[str, float]
) -> NDArray[np.float32]:
    """Scores (pieces, labels): a crop around each piece, cut from the prepared whole plane."""
    package = reading.package
    grid = read_grid(reading, whole_plane(reading.info.size, plane))
    scale = (grid.pixel_width, grid.pixel_height)
    pixel_mm: tuple[float, float] | None = None
    if "side_mm" in crop:
        across, down = plane_pixel_mm(reading, plane)
        pixel_mm = (across * scale[0], down * scale[1])
    inputs = [
        as_input(
            finish(
                fit(cut_out(grid.values, crop_rectangle(piece, crop, pixel_mm, scale)), package.input.size).values,
                late_steps(package),
            ),
            package.input,
        )
        for piece in pieces
    ]
    return scores_of_inputs(reading, np.concatenate(inputs))


def _boxes(found: Sequence[Named], plane: Plane) -> list[Proposal]:
    return [
        Proposal(
            new_id(),
            label,
            Box(plane, float(piece.x), float(piece.y), float(piece.width), float(piece.height)),
            score,
            every,
        )
        for piece, label, score, every in found
    ]


def _masks(found: Sequence[Named], plane: Plane) -> list[Proposal]:
    return [
        Proposal(new_id(), label, mask_of_plane(piece.bits, plane.index, axis=plane.axis, x=piece.x, y=piece.y), score)
        for piece, label, score, _ in found
    ]


def _merged(label: str, parts: Sequence[Proposal]) -> Proposal:
    """One mask of all of a label's pieces; its score is their mean, by pixels."""
    total, count = 0.0, 0
    merged: Mask | None = None
    for part in parts:
        mask = part.geometry
        assert isinstance(mask, Mask)
        merged = mask if merged is None else united(merged, mask)
        pixels = mask.count()
        total, count = total + part.score * pixels, count + pixels
    assert merged is not None
    return Proposal(new_id(), label, merged, total / max(count, 1))
