"""Detectors: boxes with labels and scores."""

from __future__ import annotations

from dataset.annotation import Box, Proposal, new_id
from imaging.geometry import Region
from models.boxes import check_boxes
from models.detection import find_boxes
from models.package import ModelPackage
from models.reading import Findings, Reading, shares


class Detect:
    """Boxes on the planes that were read."""

    task = "detect"

    def check(self, package: ModelPackage) -> None:
        """See `ModelKind.check`."""
        check_boxes(package)

    def read(self, reading: Reading, region: Region | None) -> Findings:
        """See `ModelKind.read`."""
        names = {entry.index: entry.label.id for entry in reading.package.foreground}
        proposals: list[Proposal] = []
        for share, place in shares(reading, region):
            fresh = tuple(
                Proposal(new_id(), names[one.label], Box(place.plane, one.x, one.y, one.width, one.height), one.score)
                for one in find_boxes(share, place, with_masks=False)
                if one.label in names
            )
            reading.partial(fresh)
            proposals += fresh
        return Findings(tuple(proposals))


PLUGIN = Detect()
