"""Which proposals still stand when models have read a scan more than once. Pure.

A model that reads again replaces what it said. On a slide it is often asked for one part after another: then a later
reading replaces only what lies in its own part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dataset.annotation import Proposal, WholeScan, bounds, geometry_plane
from dataset.prediction import Prediction
from imaging.geometry import Plane, Region


def standing(predictions: Iterable[Prediction]) -> tuple[Prediction, ...]:
    """The predictions that still stand, oldest first, each with the proposals no later one of its model replaces."""
    later: dict[str, list[Prediction]] = {}
    kept: list[Prediction] = []
    for prediction in sorted(predictions, key=lambda p: (p.created, p.id), reverse=True):
        newer = later.setdefault(prediction.model.name, [])
        left = _left_by(prediction, newer)
        if left is not None:
            kept.append(left)
        newer.append(prediction)
    return tuple(reversed(kept))


def region_read(prediction: Prediction) -> Region | None:
    """The part that was asked for; `None` for all of the scan."""
    said = dict(prediction.settings)
    if "region" not in said:
        return None
    axis, index = (int(word) for word in said.get("plane", "0/0").split("/"))
    corner, size = said["region"].split(" ")
    (x, y), (width, height) = (map(int, corner.split(",")), map(int, size.split("x")))
    return Region(Plane(axis, index), x, y, width, height)  # type: ignore[arg-type]


def _left_by(prediction: Prediction, newer: list[Prediction]) -> Prediction | None:
    """A prediction without what newer ones of the same model say anew; `None` where nothing is left of it."""
    proposals = prediction.proposals
    for other in newer:
        region, is_whole = region_read(other), other.done >= 1.0
        if region is None and is_whole and "within" not in dict(other.settings):
            return None
        again = {proposal.id for proposal in other.proposals}
        proposals = tuple(
            p for p in proposals if p.id not in again and not (is_whole and region is not None and _lies_in(p, region))
        )
    if newer and not proposals and not prediction.heat_maps:
        return None
    return prediction if proposals is prediction.proposals else replace(prediction, proposals=proposals)


def _lies_in(proposal: Proposal, region: Region) -> bool:
    """Whether the middle of a proposal lies in a region."""
    plane, around = geometry_plane(proposal.geometry), bounds(proposal.geometry)
    if isinstance(proposal.geometry, WholeScan) or plane != region.plane or around is None:
        return False
    x, y = around[0] + around[2] / 2, around[1] + around[3] / 2
    return region.x <= x < region.x + region.width and region.y <= y < region.y + region.height
