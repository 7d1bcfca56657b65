# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""A slide's ICC profile as a table from its colours to sRGB, for tiles as they are shown."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem, one_line

_LARGEST = 16 << 20
"""Bytes of a profile; those of printers have some megabytes, those of scanners some kilobytes."""
_BITS = 7
"""Of each channel, that the table tells apart: 2 grey levels go to one entry, the whole has 8 MiB."""
_SIDE = 1 << _BITS
_OPAQUE = np.uint32(0xFF000000)
_ADVICE = "The colours stay as they are stored"


@dataclass(frozen=True, slots=True, eq=False)
class ColourTable:
    """From a slide's colours to sRGB. Safe from any thread; works without Python's global lock."""

    name: str
    """What the profile calls itself."""
    entries: NDArray[np.uint32] | None
    """0xFFRRGGBB by the upper 7 bits of red, green and blue; `None` where the profile is sRGB's and changes nothing."""

    @property
    def changes_nothing(self) -> bool:
        """Whether tiles come back as they are."""
        return self.entries is None

    def screen(self, tile: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """A tile of 0xFFRRGGBB in sRGB: 99 of 100 pixels within 2 grey levels of the exact transform, white exactly."""
        if self.entries is None:
            return tile
        index = np.right_shift(tile, 3)
        np.bitwise_and(index, 0x1FC000, out=index)
        part = np.right_shift(tile, 2)
        np.bitwise_and(part, 0x3F80, out=part)
        np.bitwise_or(index, part, out=index)
        np.right_shift(tile, 1, out=part)
        np.bitwise_and(part, 0x7F, out=part)
        np.bitwise_or(index, part, out=index)
        return self.entries[index]

    def rgb(self, tile: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The same for a tile of (rows, columns, 3)."""
        if self.entries is None:
            return tile
        wide = np.empty((*tile.shape[:2], 4), np.uint8)
        wide[..., :3], wide[..., 3] = tile[..., ::-1], 255
        shown = self.screen(wide.view("<u4")[..., 0])
        return np.ascontiguousarray(shown.astype("<u4", copy=False)[..., None].view(np.uint8)[..., 2::-1])


def colour_table(profile: bytes, where: object = "") -> ColourTable:
    """The table of an ICC profile (relative to white, as screens show). Raises `ScanProblem` with one line.

    Takes 8 MiB, and about a twentieth of a second.
    """
    from PIL import Image, ImageCms

    if not 128 <= len(profile) <= _LARGEST:
        raise ScanProblem(f"has a colour profile of {len(profile):,} bytes, which is none", where, _ADVICE)
    try:
        opened: Any = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = str(opened.profile.xcolor_space).strip()
        if space != "RGB":
            raise ScanProblem(f"has a colour profile for {space}, its pixels are RGB", where, _ADVICE)
        name = " ".join(ImageCms.getProfileDescription(opened).split())[:100]
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        to_screen = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), "RGB", "RGB", intent)
        colours = _every_colour()
        image: Any = Image.fromarray(colours)
        shown = np.asarray(ImageCms.applyTransform(image, to_screen), np.uint8)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError) as error:
        raise ScanProblem(f"has a colour profile that cannot be used ({one_line(error)})", where, _ADVICE) from error
    if int(np.abs(shown.astype(np.int16) - colours).max()) <= 1:
        return ColourTable(name, None)
    wide = shown.reshape(-1, 3).astype(np.uint32)
    packed = _OPAQUE | wide[:, 0] << np.uint32(16) | wide[:, 1] << np.uint32(8) | wide[:, 2]
    return ColourTable(name, packed.astype(np.uint32, copy=False))


def _every_colour() -> NDArray[np.uint8]:
    """One colour for each entry, as a picture: 0 and 255 are among them."""
    steps = np.rint(np.arange(_SIDE) * (255 / (_SIDE - 1))).astype(np.uint8)
    red, green, blue = np.meshgrid(steps, steps, steps, indexing="ij")
    return np.stack([red, green, blue], axis=-1).reshape(_SIDE * _SIDE // 8, _SIDE * 8, 3)
