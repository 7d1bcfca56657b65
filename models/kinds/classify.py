"""Classifiers: one score per label for a plane, or for a rectangle of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Box, Geometry, Proposal, WholeScan, new_id
from imaging.geometry import Plane, Region, whole_plane
from models.decode import activated
from models.package import ModelPackage
from models.placement import fit
from models.preprocess import as_input, finish, late_steps
from models.problem import ModelProblem
from models.reading import Findings, Reading, read_grid


class Classify:
    """Scores of a plane; a scan of several planes is read at the one shown, or at its middle."""

    task = "classify"

    def check(self, package: ModelPackage) -> None:
        """See `ModelKind.check`."""
        output = package.outputs[0]
        if output.decode != "scores":
            raise ModelProblem(f"classifies, but its output is decoded as {output.decode!r}", package.ref)
        if package.input.axes == "NCDHW":
            raise ModelProblem("classifies volumes, which this version does not", package.ref)
        if len(package.labels) == 1 and output.activation == "softmax":
            raise ModelProblem("has one label and a softmax, which is always 1", package.ref)

    def read(self, reading: Reading, region: Region | None) -> Findings:
        """See `ModelKind.read`."""
        size = reading.info.size
        regions = reading.regions(region)
        chosen = regions[len(regions) // 2]
        if len(regions) > 1:
            reading.runner.note(f"read plane {chosen.plane.index + 1} of {len(regions)}, the middle one")
        scores = classify_regions(reading, (chosen,))[0]
        whole = region is None or (size.planes == 1 and chosen == whole_plane(size, Plane()))
        geometry = WholeScan() if whole else Box(chosen.plane, chosen.x, chosen.y, chosen.width, chosen.height)
        findings = _findings(reading.package, scores, geometry)
        reading.partial(findings.proposals)
        return findings


def classify_regions(reading: Reading, regions: Sequence[Region]) -> NDArray[np.float32]:
    """Scores of every label (columns) for each region (rows)."""
    package = reading.package
    steps = late_steps(package)
    inputs = [
        as_input(finish(fit(read_grid(reading, region).values, package.input.size).values, steps), package.input)
        for region in regions
    ]
    return scores_of_inputs(reading, np.concatenate(inputs))


def scores_of_inputs(reading: Reading, inputs: NDArray[Any]) -> NDArray[np.float32]:
    """Scores of every label (columns) for each finished input (rows)."""
    package = reading.package
    raw = reading.runner.run(inputs)[0].reshape(len(inputs), -1)
    if raw.shape[1] != len(package.labels):
        raise ModelProblem(
            f"gives {raw.shape[1]} scores for {len(package.labels)} labels", package.ref, "A label was lost or added"
        )
    return activated(raw, package.outputs[0].activation)


def _findings(package: ModelPackage, scores: NDArray[np.float32], geometry: Geometry) -> Findings:
    """Every label's score; proposed are the best (softmax), or those from the threshold on."""
    named = tuple((entry.label.id, float(scores[entry.index])) for entry in package.labels)
    allowed = {entry.label.id for entry in package.foreground}
    ranked = sorted(named, key=lambda pair: -pair[1])
    if package.outputs[0].activation == "sigmoid":
        chosen = [pair for pair in ranked if pair[1] >= package.thresholds.score]
    else:
        chosen = ranked[:1]
    proposals = tuple(Proposal(new_id(), label, geometry, score, named) for label, score in chosen if label in allowed)
    return Findings(proposals, named)


PLUGIN = Classify()
