"""Power: how close a slide is seen, as a microscope would say it. No Qt.

A slide scanned with a known objective is seen at that power where one pixel of it takes one pixel of the screen. Where
only the pixel size is known, 40× stands for 0.25 µm per pixel of the screen. Where neither is, there is no power, and
a scale in per cent is all that can be said.
"""

from __future__ import annotations

from dataclasses import dataclass

from imaging.scan import ScanInfo

POWERS = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
MICRONS_AT_ONE = 10.0
"""Micrometres per pixel of the screen at 1×."""
SUPPOSED = 40.0
"""What 100 % stands for where the steps of the powers are offered as per cents."""


@dataclass(frozen=True, slots=True)
class Optics:
    """What is known of how a slide was scanned."""

    objective: float | None = None
    microns: float | None = None
    """Micrometres per full-resolution pixel (the smaller of across and down)."""

    @staticmethod
    def of(info: ScanInfo | None, given_mm: float | None = None) -> Optics:
        """What a scan says, or for its pixel size what the reader gave where it does not say."""
        if info is None:
            return Optics()
        known = [spacing for spacing in info.spacing_mm[:2] if spacing and spacing > 0]
        mm = min(known) if len(known) == 2 else given_mm
        objective = info.objective if info.objective and info.objective > 0 else None
        return Optics(objective, mm * 1000 if mm and mm > 0 else None)

    @property
    def at_full(self) -> float | None:
        """The power at a scale of 1; `None` where it is unknown."""
        if self.objective is not None:
            return self.objective
        return MICRONS_AT_ONE / self.microns if self.microns is not None else None

    def power(self, scale: float) -> float | None:
        """The power at a scale (screen pixels per scan pixel)."""
        full = self.at_full
        return None if full is None else full * scale

    def scale(self, power: float) -> float:
        """The scale at which a power is seen; where nothing is known, that share of the supposed 40×."""
        return power / (self.at_full or SUPPOSED)

    def name(self, power: float) -> str:
        """What a step is called: `10×`, or `25 %` where no power is known."""
        return f"{power:g}×" if self.at_full is not None else f"{power / SUPPOSED * 100:g} %"

    def text(self, scale: float) -> str:
        """How close, in words: `12.5× · 0.80 µm/px`, or the per cent that is left where nothing is known."""
        power = self.power(scale)
        words = [f"{_short(scale * 100)} %"] if power is None else [f"{_short(power)}×"]
        if self.microns is not None and scale > 0:
            words.append(f"{_short(self.microns / scale)} µm/px")
        return " · ".join(words)

    def chosen(self, scale: float) -> float | None:
        """Which of the powers is the present one, within two per cent."""
        return next((power for power in POWERS if abs(self.scale(power) / scale - 1) < 0.02), None) if scale else None


def _short(value: float) -> str:
    """Three digits that count, and no exponent."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}" if value >= 10 else f"{value:.2f}"
