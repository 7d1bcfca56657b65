"""Planes as a network was shown them: turned the radiological way, with findings turned back.

A package that names anatomical planes (`reads.planes`) was trained on planes that lie as they are displayed (head
up, front left). A scan that is stored otherwise is presented to it turned; nothing is resampled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dataset.annotation import Box, Proposal
from dataset.mask import Mask, empty_mask
from imaging.geometry import (
    Axis,
    Orientation,
    Plane,
    Region,
    Size,
    display_orientation,
    plane_name,
    plane_spacing,
)
from imaging.scan import Pixels, Scan, ScanInfo, Spacing
from models.package import Reads


@dataclass(frozen=True, slots=True)
class Turned:
    """A scan as a package reads it, and the way back."""

    scan: Scan
    region: Region | None
    axis: Axis = 0
    orientation: Orientation = Orientation()
    width: int = 0
    """Width and height of the turned planes."""
    height: int = 0
    is_turned: bool = False
    notes: tuple[str, ...] = ()

    def spacing(self, spacing: Spacing) -> Spacing:
        """The scan's spacing along the turned axes."""
        if not self.is_turned:
            return spacing
        across, down = plane_spacing(spacing, self.axis)
        return (down, across, None) if self.orientation.transpose else (across, down, None)

    def back(self, proposal: Proposal) -> Proposal:
        """A proposal on the turned planes as one on the scan's own."""
        if not self.is_turned:
            return proposal
        geometry = proposal.geometry
        if isinstance(geometry, Box):
            x, y, width, height = self._rectangle(geometry.x, geometry.y, geometry.width, geometry.height)
            return replace(proposal, geometry=Box(Plane(self.axis, geometry.plane.index), x, y, width, height))
        if isinstance(geometry, Mask):
            return replace(proposal, geometry=self._mask(geometry))
        return proposal

    def _rectangle(self, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        """A rectangle on the scan's plane: flipped back first, then transposed back."""
        if self.orientation.flip_x:
            x = self.width - x - width
        if self.orientation.flip_y:
            y = self.height - y - height
        return (y, x, height, width) if self.orientation.transpose else (x, y, width, height)

    def _mask(self, mask: Mask) -> Mask:
        out = empty_mask(self.axis)
        for index in mask.planes:
            for x, y, bits in mask.on_plane(index):
                turned = bits[:: -1 if self.orientation.flip_y else 1, :: -1 if self.orientation.flip_x else 1]
                left, top, _, _ = self._rectangle(x, y, bits.shape[1], bits.shape[0])
                laid = turned.T if self.orientation.transpose else turned
                out = out.painted(index, int(left), int(top), laid, value=True)
        return out


AXES: tuple[Axis, ...] = (0, 1, 2)


class TurnedScan:
    """A scan whose planes of one axis are presented as stored planes, turned."""

    def __init__(self, scan: Scan, axis: Axis, orientation: Orientation) -> None:
        self._scan, self._orientation = scan, orientation
        self._axis: Axis = axis
        info = scan.info
        width, height = info.size.on_plane(axis)
        across, down = plane_spacing(info.spacing_mm, axis)
        if orientation.transpose:
            width, height, across, down = height, width, down, across
        self._info = replace(
            info,
            size=Size(width, height, info.size.count(axis)),
            spacing_mm=(across, down, None),
            affine=None,
            levels=(),
        )

    @property
    def info(self) -> ScanInfo:
        """What the scan is, seen along the axis."""
        return self._info

    def read(self, region: Region, downsample: float = 1.0) -> Pixels:
        """Stored values of a region of a turned plane."""
        pixels = self._scan.read(own_region(region, self._axis, self._orientation, self._info.size), downsample)
        return turn(pixels, self._orientation)

    def close(self) -> None:
        """Let go of files."""
        self._scan.close()


def reading_axis(reads: Reads, info: ScanInfo) -> Axis:
    """The axis whose planes a package reads: the anatomical one it names where the scan knows it, else as stored."""
    if reads.planes != "stored" and info.affine is not None and info.size.planes > 1:
        for axis in AXES:
            if plane_name(info.affine, axis) == reads.planes:
                return axis
    return 0


def turned_scan(scan: Scan, reads: Reads, region: Region | None) -> Turned:
    """The scan as a package with `reads` sees it; unchanged where it names no planes or the scan lies so already."""
    info = scan.info
    if reads.planes == "stored" or info.affine is None or info.size.planes == 1:
        return Turned(scan, region)
    axis = reading_axis(reads, info)
    notes: tuple[str, ...] = ()
    if region is not None and region.plane.axis != axis:
        axis = region.plane.axis
        notes = (f"reads {reads.planes} planes; this one is {plane_name(info.affine, axis)}",)
    orientation = display_orientation(info.affine, axis)
    if axis == 0 and not (orientation.transpose or orientation.flip_x or orientation.flip_y):
        return Turned(scan, region, notes=notes)
    turned = TurnedScan(scan, axis, orientation)
    size = turned.info.size
    inner = None if region is None else turned_region(region, orientation, size)
    return Turned(turned, inner, axis, orientation, size.columns, size.rows, True, notes)


def turn(pixels: Pixels, orientation: Orientation) -> Pixels:
    """A plane turned to be shown: transposed first, then flipped."""
    if orientation.transpose:
        pixels = pixels.swapaxes(0, 1)
    return np.ascontiguousarray(pixels[:: -1 if orientation.flip_y else 1, :: -1 if orientation.flip_x else 1])


def turned_region(region: Region, orientation: Orientation, size: Size) -> Region:
    """A region of the scan's plane on the turned planes of `size`."""
    x, y, width, height = region.x, region.y, region.width, region.height
    if orientation.transpose:
        x, y, width, height = y, x, height, width
    x = size.columns - x - width if orientation.flip_x else x
    y = size.rows - y - height if orientation.flip_y else y
    return Region(Plane(0, region.plane.index), x, y, width, height)


def own_region(region: Region, axis: Axis, orientation: Orientation, size: Size) -> Region:
    """A region of the turned planes of `size` on the scan's own plane."""
    x = size.columns - region.x - region.width if orientation.flip_x else region.x
    y = size.rows - region.y - region.height if orientation.flip_y else region.y
    width, height = region.width, region.height
    if orientation.transpose:
        x, y, width, height = y, x, height, width
    return Region(Plane(axis, region.plane.index), x, y, width, height)
