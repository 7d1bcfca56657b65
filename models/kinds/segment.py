"""Segmentation: one mask per label, over the planes that were read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Proposal, new_id
from dataset.mask import Mask, empty_mask, mask_of_plane
from imaging.geometry import Region
from models.connected import AREA, connected
from models.decode import NOTHING, chosen_labels
from models.dense import channel_count, score_blocks
from models.package import ModelPackage
from models.problem import ModelProblem
from models.reading import Findings, Reading, shares
from models.union import united
from models.volume import segment_volume

Floats: TypeAlias = NDArray[np.float32]


@dataclass(slots=True)
class Gathered:
    """The mask of one label as it grows, and the scores it rests on."""

    mask: Mask = field(default_factory=empty_mask)
    total: float = 0.0
    count: int = 0

    def add(self, more: Gathered) -> None:
        """Take in another part of the same label."""
        self.mask = united(self.mask, more.mask)
        self.total += more.total
        self.count += more.count

    @property
    def score(self) -> float:
        """The mean score of its pixels."""
        return self.total / self.count if self.count else 0.0


class Segment:
    """Which pixels belong to which structure."""

    task = "segment"

    def check(self, package: ModelPackage) -> None:
        """See `ModelKind.check`."""
        output = package.outputs[0]
        if output.decode != "map":
            raise ModelProblem(f"segments, but its output is decoded as {output.decode!r}", package.ref)
        if output.activation == "softmax" and len(package.labels) < 2:
            raise ModelProblem("has a softmax over one label, which is always 1", package.ref)
        if channel_count(package) != len(package.labels):
            raise ModelProblem("names other channels than labels", package.ref)

    def read(self, reading: Reading, region: Region | None) -> Findings:
        """See `ModelKind.read`."""
        gathered: dict[int, Gathered] = {}
        is_volumetric = reading.package.input.axes == "NCDHW"
        parts = segment_volume(reading, region) if is_volumetric else _planes(reading, region)
        for place, labels, scores in parts:
            fresh = {index: _gathered(place, labels == index, scores) for index in _present(labels)}
            for index, found in fresh.items():
                gathered.setdefault(index, Gathered()).add(found)
            reading.partial(_proposals(reading.package, fresh))
        return Findings(_proposals(reading.package, gathered))


def _gathered(region: Region, bits: NDArray[np.bool_], scores: Floats) -> Gathered:
    """The pixels of one label in a region."""
    mask = mask_of_plane(bits, region.plane.index, axis=region.plane.axis, x=region.x, y=region.y)
    count = int(np.count_nonzero(bits))
    total = float(np.einsum("ij,ij->", scores, bits, dtype=np.float64)) if count else 0.0
    return Gathered(mask, total, count)


def _present(labels: NDArray[np.int16]) -> list[int]:
    """The label indices that occur."""
    if labels.size == 0:
        return []
    highest = int(labels.max())
    return [index for index in range(highest + 1) if index == highest or (labels == index).any()]


def _planes(reading: Reading, region: Region | None) -> Iterator[tuple[Region, NDArray[np.int16], Floats]]:
    for share, place in shares(reading, region):
        yield from segment_plane(share, place)


def segment_plane(reading: Reading, region: Region) -> Iterator[tuple[Region, NDArray[np.int16], Floats]]:
    """A plane's regions, each with the label index (or `NOTHING`) and its score at every plane pixel."""
    package = reading.package
    for grid, inner, scores in score_blocks(reading, region, len(package.labels)):
        outer = grid.region
        rows = slice(inner.y - outer.y, inner.y - outer.y + inner.height)
        columns = slice(inner.x - outer.x, inner.x - outer.x + inner.width)
        labels, best = chosen_labels(package, scores, outer.width, outer.height)
        labels = _without_specks(labels, package.thresholds.minimum_area * grid.pixel_width * grid.pixel_height)
        yield inner, labels[rows, columns], best[rows, columns]


def _without_specks(labels: NDArray[np.int16], least: float) -> NDArray[np.int16]:
    """The labels without connected pieces of less than `least` pixels."""
    if least <= 1:
        return labels
    out = labels.copy()
    for index in _present(labels):
        numbers, figures = connected(labels == index)
        small = figures[:, AREA] < least
        small[0] = False
        out[small[numbers]] = NOTHING
    return out


def _proposals(package: ModelPackage, gathered: dict[int, Gathered]) -> tuple[Proposal, ...]:
    named = {entry.index: entry.label.id for entry in package.labels}
    return tuple(
        Proposal(new_id(), named[index], found.mask, found.score)
        for index, found in sorted(gathered.items())
        if found.count
    )


PLUGIN = Segment()
