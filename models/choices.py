"""What a person may choose for a prediction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from imaging.geometry import Region
from imaging.scan import ScanInfo, Spacing
from models.slide_choices import SlideChoices


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person may choose for a prediction."""

    device: str = "auto"
    pixel_size_mm: float | None = None
    """Millimetres per pixel in the plane, for scans that do not say; overrides what they say."""
    slide: SlideChoices = SlideChoices()

    def spacing(self, info: ScanInfo) -> Spacing:
        """The scan's spacing with the choice applied."""
        if self.pixel_size_mm is None:
            return info.spacing_mm
        return self.pixel_size_mm, self.pixel_size_mm, info.spacing_mm[2]

    def settings(self, region: Region | None) -> tuple[tuple[str, str], ...]:
        """The choices as a prediction keeps them."""
        kept = [("device wanted", self.device)]
        if region is not None:
            plane = region.plane
            kept.append(("plane", f"{plane.axis}/{plane.index}"))
            kept.append(("region", f"{region.x},{region.y} {region.width}x{region.height}"))
        if self.pixel_size_mm is not None:
            kept.append(("pixel size mm", f"{self.pixel_size_mm:g}"))
        within = self.slide.within
        if within:
            digest = hashlib.sha256(repr(within).encode()).hexdigest()
            kept.append(("within", f"{len(within)} polygon{'' if len(within) == 1 else 's'}, sha256 {digest[:32]}"))
        return tuple(kept)

    def notes(self) -> list[str]:
        """What must be told about the choices."""
        if self.pixel_size_mm is None:
            return []
        return [f"the pixel size, {self.pixel_size_mm:g} mm, was given by a person, not by the scan"]
