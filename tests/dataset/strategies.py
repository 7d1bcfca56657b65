"""Random marks for property tests."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import strategies as st

from dataset.annotation import (
    Annotation,
    Box,
    Geometry,
    Points,
    Polygon,
    Polyline,
    Proposal,
    RotatedBox,
    WholeScan,
    new_id,
)
from dataset.mask import Mask, mask_of_stack
from imaging.geometry import Axis, Plane, Size

SIZE = Size(40, 30, 5)
FLAT = Size(300, 270, 1)

numbers = st.floats(-1e6, 1e6, allow_nan=False)
lengths = st.floats(0, 1e6)
points = st.tuples(numbers, numbers)
texts = st.text(max_size=12)
pairs = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)
scores = st.lists(st.tuples(texts, st.floats(0, 1)), max_size=3).map(tuple)
planes = st.builds(Plane, st.sampled_from([0, 1, 2]), st.integers(0, 9999))
times = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))
rings = st.lists(points, min_size=1, max_size=6).map(tuple)


@st.composite
def masks(draw: st.DrawFn, size: Size = SIZE) -> Mask:
    """A random mask on the planes of any axis, within a scan (axis 0 on a single plane)."""
    axis: Axis = draw(st.sampled_from([0, 1, 2])) if size.planes > 1 else 0
    width, height = size.on_plane(axis)
    density = draw(st.sampled_from([0.0, 0.02, 0.6]))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    return mask_of_stack(random.random((size.count(axis), height, width)) < density, axis=axis)


outlines = st.one_of(
    st.builds(Box, planes, numbers, numbers, lengths, lengths),
    st.builds(RotatedBox, planes, numbers, numbers, lengths, lengths, st.floats(0, 360, exclude_max=True)),
    st.builds(Polygon, planes, rings, st.lists(rings, max_size=2).map(tuple)),
    st.builds(Polyline, planes, st.lists(points, max_size=5).map(tuple)),
    st.builds(Points, planes, st.lists(points, max_size=5).map(tuple)),
    st.builds(WholeScan),
)


def geometries(size: Size) -> st.SearchStrategy[Geometry]:
    """Any geometry."""
    return st.one_of(outlines, masks(size))


def some_annotations(size: Size = SIZE) -> st.SearchStrategy[Annotation]:
    """Any annotation, with an id of its own."""
    return st.builds(
        Annotation,
        st.builds(new_id),
        st.sampled_from(["disc", "nodule", "unheard of"]),
        geometries(size),
        texts,
        times,
        st.none() | st.floats(0, 1),
        texts,
        st.booleans(),
        pairs,
    )


def some_proposals(size: Size = SIZE) -> st.SearchStrategy[Proposal]:
    """Any proposal, with an id of its own."""
    return st.builds(Proposal, st.builds(new_id), texts, geometries(size), st.floats(0, 1), scores)
