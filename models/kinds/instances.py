"""Instances: every object its own mask, from prototypes (YOLO-seg) or from seeds that grow (watershed)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import cast

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Proposal, new_id
from dataset.mask import mask_of_plane
from imaging.geometry import Region
from models.boxes import check_boxes
from models.dense import channel_count, score_blocks
from models.detection import find_boxes
from models.kinds.watershed import grow_instances
from models.package import ModelPackage
from models.problem import ModelProblem
from models.reading import Findings, Grid, Reading, shares


class Instances:
    """One mask per object on the planes that were read."""

    task = "instances"

    def check(self, package: ModelPackage) -> None:
        """See `ModelKind.check`."""
        if package.outputs[0].decode == "distance-map":
            if channel_count(package) < 2 or len(package.labels) != 1:
                raise ModelProblem("needs the channels interior and seeds, and one label", package.ref)
            if package.input.axes == "NCDHW":
                raise ModelProblem("tells objects apart in volumes, which this version does not", package.ref)
            return
        check_boxes(package)
        decodes = [output.decode for output in package.outputs]
        if "prototypes" not in decodes[1:] or not package.outputs[0].settings.get("masks"):
            raise ModelProblem(
                "tells objects apart, but has no output 'prototypes' and no mask coefficients", package.ref
            )

    def read(self, reading: Reading, region: Region | None) -> Findings:
        """See `ModelKind.read`."""
        names = {entry.index: entry.label.id for entry in reading.package.foreground}
        by_seeds = reading.package.outputs[0].decode == "distance-map"
        proposals: list[Proposal] = []
        for share, place in shares(reading, region):
            for objects in _grown(share, place) if by_seeds else _prototyped(share, place):
                fresh = tuple(
                    _proposal(names[label], place, corner, bits, score)
                    for label, corner, bits, score in objects
                    if label in names
                )
                reading.partial(fresh)
                proposals += fresh
        return Findings(tuple(proposals))


Object = tuple[int, tuple[int, int], NDArray[np.bool_], float]
"""Label index, x and y of the corner in plane pixels, pixels, score."""


def _proposal(label: str, place: Region, corner: tuple[int, int], bits: NDArray[np.bool_], score: float) -> Proposal:
    mask = mask_of_plane(bits, place.plane.index, axis=place.plane.axis, x=corner[0], y=corner[1])
    return Proposal(new_id(), label, mask, score)


def _prototyped(reading: Reading, place: Region) -> Iterator[list[Object]]:
    """Objects of a YOLO-seg network."""
    objects: list[Object] = []
    for found in find_boxes(reading, place, with_masks=True):
        if found.bits is not None and found.bits.any():
            corner = (int(np.floor(found.x)), int(np.floor(found.y)))
            objects.append((found.label, corner, found.bits, found.score))
    yield objects


def _grown(reading: Reading, place: Region) -> Iterator[list[Object]]:
    """Objects grown from seeds; of an object over two blocks, the block that holds its middle keeps it."""
    limits = reading.package.thresholds
    for grid, inner, scores in score_blocks(reading, place, channel_count(reading.package)):
        pieces = grow_instances(
            scores[0],
            scores[1],
            threshold=limits.score,
            seed_threshold=limits.seed,
            minimum_area=max(1, round(limits.minimum_area)),
        )
        yield [one for one in _cut_apart(pieces, scores[0], grid) if _middle_in(one, inner)]


def _cut_apart(pieces: NDArray[np.int32], interior: NDArray[np.float32], grid: Grid) -> Iterator[Object]:
    """Each piece of a label map on its own, in plane pixels, with its mean interior score."""
    from scipy import ndimage

    same = (grid.pixel_width, grid.pixel_height) == (1.0, 1.0)
    found = cast("list[tuple[slice, slice] | None]", ndimage.find_objects(pieces))
    for number, slices in enumerate(found, start=1):
        if slices is None:
            continue
        rows, columns = slices
        bits: NDArray[np.bool_] = pieces[slices] == number
        score = float(interior[slices][bits].mean(dtype=np.float64))
        corner = (grid.region.x + columns.start, grid.region.y + rows.start)
        if not same:
            corner, bits = _on_plane(bits, grid, columns.start, rows.start)
        if bits.any():
            yield 0, corner, bits, score


def _on_plane(bits: NDArray[np.bool_], grid: Grid, column: int, row: int) -> tuple[tuple[int, int], NDArray[np.bool_]]:
    """A piece at (column, row) of the grid as pixels of the plane, its outline interpolated; and their corner."""
    import cv2

    wide, tall, region = grid.pixel_width, grid.pixel_height, grid.region
    x0, y0 = math.floor(column * wide), math.floor(row * tall)
    x1 = min(math.ceil((column + bits.shape[1]) * wide), region.width)
    y1 = min(math.ceil((row + bits.shape[0]) * tall), region.height)
    # Plane pixel centre → grid pixel index inside the piece.
    matrix = np.array(
        [[1 / wide, 0, (x0 + 0.5) / wide - column - 0.5], [0, 1 / tall, (y0 + 0.5) / tall - row - 0.5]], np.float64
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    soft = cv2.warpAffine(bits.astype(np.float32), matrix, (x1 - x0, y1 - y0), flags=flags)
    return (region.x + x0, region.y + y0), np.asarray(soft) >= 0.5


def _middle_in(one: Object, inner: Region) -> bool:
    _, (x, y), bits, _ = one
    middle_x, middle_y = x + bits.shape[1] / 2, y + bits.shape[0] / 2
    return inner.x <= middle_x < inner.x + inner.width and inner.y <= middle_y < inner.y + inner.height


PLUGIN = Instances()
