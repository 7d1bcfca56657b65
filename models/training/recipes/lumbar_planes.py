"""Read the lumbar volumes as sagittal planes with their discs."""

# pyright: basic, reportMissingImports=false

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.training.preparation import scale_percentiles

LEVELS = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
OTHER = len(LEVELS)
LOW, HIGH = 1.0, 99.0
MINIMUM_AREA = 40
UNSURE_ABOVE = 8
# The vertebral bodies of vb1_10 from T10 down to S1, as its mask numbers them, and the level below each.
BODIES = (7, 8, 4, 2, 1, 3, 5, 6, 9)
BELOW_BODY = (OTHER, OTHER, OTHER, 0, 1, 2, 3, 4)
DISC_VOLUMES = ("ivd_11_t2.mha", "ivd_20_t2.mha", "ivd_42_t2.nii.gz")
BODY_VOLUME = "vb1_10.mha"


@dataclass(frozen=True, slots=True)
class Disc:
    """One disc of one plane: its box (x, y, width, height in pixels of 1 mm) and its level's index."""

    box: tuple[float, float, float, float]
    level: int

    @property
    def centre(self) -> tuple[float, float]:
        """The box's middle."""
        x, y, width, height = self.box
        return x + width / 2, y + height / 2


@dataclass(frozen=True, slots=True)
class SagittalPlane:
    """One sagittal plane, 1 mm pixels, head up: values in 0…1, disc mask, where the mask is known, discs."""

    volume: str
    index: int
    values: np.ndarray
    mask: np.ndarray
    known: np.ndarray
    discs: tuple[Disc, ...]


def read_planes(data: Path) -> list[SagittalPlane]:
    """Return every sagittal plane of the four volumes that has sure labels."""
    planes = list[SagittalPlane]()
    for name in DISC_VOLUMES:
        mask = read_volume(data / name.replace("_t2", "_t2_mask"))
        for index, values in enumerate(read_volume(data / name)):
            # The masks number the discs from L5-S1 up to L1-L2.
            planes.append(make_plane(name, index, values, {level: mask[index] == 5 - level for level in range(5)}))
    bodies = read_volume(data / BODY_VOLUME.replace(".mha", "_mask.mha"))
    for index, values in enumerate(read_volume(data / BODY_VOLUME)):
        pieces = discs_between(bodies[index])
        if len(pieces) >= 6 or not bodies[index].any():
            planes.append(make_plane(BODY_VOLUME, index, values, pieces))
    return planes


def read_volume(path: Path) -> np.ndarray:
    """Return a volume's voxels, planes first; these files store sagittal planes, head up, 1 mm."""
    import SimpleITK

    image = SimpleITK.ReadImage(str(path))
    if any(abs(size - 1.0) > 0.01 for size in image.GetSpacing()):
        raise ValueError(f"{path} is not sampled at 1 mm")
    return SimpleITK.GetArrayFromImage(image)


def make_plane(name: str, index: int, values: np.ndarray, pieces: dict[int, np.ndarray]) -> SagittalPlane:
    """Return a plane with its disc masks by level (keys from OTHER up may stand for several others).

    Discs above the topmost labelled one are seen but not labelled, so nothing is known there.
    """
    mask = np.zeros(values.shape, bool)
    discs = list[Disc]()
    for level, at in pieces.items():
        mask |= at
        if at.sum() >= MINIMUM_AREA:
            rows, columns = np.nonzero(at)
            left, top = columns.min(), rows.min()
            box = (float(left), float(top), float(columns.max() + 1 - left), float(rows.max() + 1 - top))
            discs.append(Disc(box, min(level, OTHER)))
    known = np.ones(values.shape, bool)
    if mask.any():
        known[: max(0, int(np.nonzero(mask)[0].min()) - UNSURE_ABOVE)] = False
    discs.sort(key=lambda disc: disc.centre[1])
    return SagittalPlane(name, index, scale_percentiles(values, LOW, HIGH), mask, known, tuple(discs))


def discs_between(bodies: np.ndarray) -> dict[int, np.ndarray]:
    """Return the disc masks that follow from the vertebral bodies above and below, by level.

    A disc is what the hull of two neighbouring bodies adds to them, less one pixel of endplate, and only where
    the two are not much farther apart than usual (a hull also bridges notches).
    """
    pieces: dict[int, np.ndarray] = {}
    others = OTHER
    for upper, lower, level in zip(BODIES, BODIES[1:], BELOW_BODY, strict=False):
        above, below = bodies == upper, bodies == lower
        if above.sum() < 150 or below.sum() < 150:
            continue
        points = np.argwhere(above | below)[:, ::-1].astype(np.int32)
        hull = np.zeros(bodies.shape, np.uint8)
        cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
        far_above, far_below = (
            cv2.distanceTransform((~body).astype(np.uint8), cv2.DIST_L2, 5) for body in (above, below)
        )
        gap = far_above + far_below
        thick = cv2.dilate((above | below).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        between = (hull > 0) & ~thick
        if not between.any():
            continue
        between &= gap <= 1.5 * np.median(gap[between])
        opened = cv2.morphologyEx(between.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        count, numbers, figures, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
        if count < 2:
            continue
        key = level
        if level == OTHER:
            key, others = others, others + 1
        pieces[key] = numbers == 1 + int(figures[1:, cv2.CC_STAT_AREA].argmax())
    return pieces


def boxes_of(mask: np.ndarray) -> list[tuple[float, float, float, float]]:
    """Return the boxes of a mask's connected pieces of at least the minimum area, from the top down."""
    count, _, figures, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    kept = [figures[index] for index in range(1, count) if figures[index][cv2.CC_STAT_AREA] >= MINIMUM_AREA]
    boxes = [(float(row[0]), float(row[1]), float(row[2]), float(row[3])) for row in kept]
    return sorted(boxes, key=lambda box: box[1] + box[3] / 2)


def overlap(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """Return the intersection over union of two boxes."""
    wide = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    tall = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    shared = max(wide, 0.0) * max(tall, 0.0)
    return shared / (first[2] * first[3] + second[2] * second[3] - shared)
