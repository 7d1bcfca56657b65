"""Annotations: where they lie, and whose they are."""

from __future__ import annotations

import numpy as np

from dataset.annotation import (
    Box,
    Points,
    Polygon,
    Polyline,
    Proposal,
    WholeScan,
    accepted,
    bounds,
    corrected,
    geometry_plane,
    lies_on,
)  # fmt: skip
from dataset.mask import empty_mask, mask_of_stack
from imaging.geometry import Plane
from tests.dataset.scans import annotation

SIDE = Plane(1, 4)
RING = ((1.0, 2.0), (5.0, 2.0), (5.0, 9.0))
MASK = mask_of_stack(np.ones((2, 3, 4), np.bool_), axis=1, plane=4, x=7, y=8)


def test_geometries_lie_on_their_planes() -> None:
    for geometry in (Box(SIDE, 1, 2, 4, 7), Polygon(SIDE, RING), Polyline(SIDE, RING), Points(SIDE, RING)):
        assert geometry_plane(geometry) == SIDE
        assert lies_on(geometry, SIDE)
        assert not lies_on(geometry, Plane(1, 5))
        assert bounds(geometry) == (1, 2, 4, 7)
    assert geometry_plane(MASK) == SIDE
    assert bounds(MASK) == (7, 8, 4, 3)
    assert [lies_on(MASK, Plane(1, index)) for index in (3, 4, 5, 6)] == [False, True, True, False]
    assert not lies_on(MASK, Plane(0, 4))


def test_what_has_no_place_has_no_bounds() -> None:
    for geometry in (WholeScan(), empty_mask(), Points(SIDE, ())):
        assert bounds(geometry) is None
    assert geometry_plane(WholeScan()) is None
    assert geometry_plane(empty_mask()) is None
    assert not lies_on(WholeScan(), Plane())


def test_an_accepted_proposal_is_the_models_and_a_corrected_one_a_persons() -> None:
    proposal = Proposal("p", "disc", Box(SIDE, 1, 2, 3, 4), 0.9)
    mark = accepted(proposal, "discs@1")
    assert (mark.author, mark.origin, mark.score, mark.geometry) == ("model:discs@1", "p", 0.9, proposal.geometry)
    own = corrected(mark, "ana", label="nodule")
    assert (own.id, own.author, own.origin, own.label) == (mark.id, "ana", "p", "nodule")
    assert own.created >= mark.created
    assert annotation().id < annotation().id
