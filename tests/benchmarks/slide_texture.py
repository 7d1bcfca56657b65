"""Textures of made H&E tissue: square fields that continue at their own rims, with nuclei, fibres and lumina.

Everything is drawn as optical density of two dyes, as light sees a stained section: haematoxylin (blue, nuclei) and
eosin (pink, the rest). A field is seeded, so that it is the same in every run.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

HAEMATOXYLIN = np.array([0.66, 0.74, 0.30], np.float32)
EOSIN = np.array([0.08, 0.82, 0.36], np.float32)
GLASS = (244, 244, 246)


@dataclass(frozen=True)
class Tissue:
    """How one kind of tissue looks; lengths in pixels at 0.25 µm."""

    name: str
    eosin: float
    spacing: float
    """Mean distance of neighbouring nuclei."""
    radius: float
    longness: float = 1.4
    """Length of a nucleus over its width."""
    dye: float = 1.0
    """How dark the nuclei are."""
    haze: float = 0.12
    """How blue the ground between them is."""
    fibres: float = 0.0
    """How strongly the ground runs in one direction, 0…1."""
    lumina: float = 0.0
    """Share of the field that is glass: lumina, fat, tears."""
    lumen_size: float = 120.0
    walls: bool = False
    """Whether what is no glass is thin walls."""


TISSUES = (
    Tissue("tumour, pale", 0.42, 46, 16.5, 1.3, 0.85, 0.20),
    Tissue("tumour, dark", 0.50, 40, 14.5, 1.5, 1.15, 0.26),
    Tissue("tumour, large nuclei", 0.46, 58, 20.0, 1.25, 0.80, 0.18),
    Tissue("lymphocytes", 0.34, 33, 11.5, 1.1, 1.35, 0.22),
    Tissue("stroma", 0.62, 96, 10.0, 3.2, 1.05, 0.06, 0.9),
    Tissue("stroma, loose", 0.36, 110, 11.0, 2.6, 1.0, 0.05, 0.7, 0.10, 90),
    Tissue("muscle", 0.85, 120, 9.5, 3.8, 1.0, 0.05, 1.0),
    Tissue("glands", 0.44, 44, 14.0, 1.7, 1.0, 0.16, 0.1, 0.16, 210),
    Tissue("alveoli", 0.52, 56, 12.5, 1.5, 1.1, 0.10, 0.2, 0.60, 400, True),
    Tissue("fat", 0.40, 60, 10.0, 2.0, 1.1, 0.05, 0.0, 0.78, 250, True),
)


@dataclass(frozen=True)
class Field:
    """A square to draw on: its side, what is random about it, pixels per 0.25 µm, and the run of its fibres."""

    side: int
    rng: np.random.Generator
    scale: float
    angle: float

    def noise(self, size: float, stretch: float = 1.0) -> Floats:
        """Smooth noise of mean 0 and spread 1 that continues at its rims; `size` is its wavelength at 0.25 µm.

        With `stretch` above 1 it runs in streaks along the fibres.
        """
        size *= self.scale
        rough = self.rng.standard_normal((self.side, self.side), dtype=np.float32)
        y = fft.fftfreq(self.side).astype(np.float32)[:, None]
        x = fft.rfftfreq(self.side).astype(np.float32)[None, :]
        across_x, across_y = np.float32(np.cos(self.angle)), np.float32(np.sin(self.angle))
        along = (x * across_x + y * across_y) * np.float32(size * stretch)
        across = (y * across_x - x * across_y) * np.float32(size)
        keep = np.exp(-(np.square(along) + np.square(across)) * np.float32(2))
        smooth = np.asarray(fft.irfft2(fft.rfft2(rough) * keep, s=rough.shape), np.float32)
        smooth -= smooth.mean()
        return smooth / max(float(smooth.std()), 1e-6)


def texture(tissue: Tissue, seed: int, side: int, scale: float = 1.0) -> Bytes:
    """A field of one tissue, side × side × RGB; `scale` is 0.25 over the µm a pixel spans."""
    rng = np.random.default_rng([seed, *tissue.name.encode()])
    field = Field(side, rng, scale, float(rng.uniform(0, np.pi)))
    glass = lumina(field, tissue)
    eosin = ground(field, tissue)
    nuclei, blue = draw_nuclei(field, tissue, glass)
    haze = tissue.haze * (1 + 0.35 * field.noise(60) + 0.25 * field.noise(9))
    solid = 1 - glass
    eosin *= solid * (1 - 0.5 * np.square(nuclei))
    blue = np.maximum(blue, haze * solid)
    density = blue[..., None] * HAEMATOXYLIN + eosin[..., None] * EOSIN
    light = np.exp(-np.clip(density, 0, 3)) * np.array(GLASS, np.float32)
    light += rng.standard_normal(light.shape, dtype=np.float32) * 1.6
    return np.clip(light, 0, 255).astype(np.uint8)


def ground(field: Field, tissue: Tissue) -> Floats:
    """Density of eosin: cytoplasm in clumps, or fibres that run along an angle and wave."""
    clumps = field.noise(26) * 0.20 + field.noise(7) * 0.16 + field.noise(200) * 0.12
    if tissue.fibres:
        streaks = field.noise(9, 14) * 0.28 + field.noise(26, 9) * 0.30
        gaps = np.clip(field.noise(16, 12) - 1.15, 0, 1)
        clumps = clumps * (1 - 0.5 * tissue.fibres) + (streaks - 0.7 * gaps) * tissue.fibres
    return np.clip(tissue.eosin * (1 + clumps), 0.03, 2).astype(np.float32)


def lumina(field: Field, tissue: Tissue) -> Floats:
    """1 where the field is glass, with soft rims: round lumina, or the chambers between thin walls."""
    if not tissue.lumina:
        return np.zeros((field.side, field.side), np.float32)
    height = chambers(field, tissue.lumen_size) if tissue.walls else field.noise(tissue.lumen_size)
    height += 0.025 * field.noise(30)
    edge = float(np.quantile(height, 1 - tissue.lumina))
    slope = tissue.lumen_size * field.scale / 6
    return np.clip((height - edge) * slope + 0.5, 0, 1).astype(np.float32)


def chambers(field: Field, size: float) -> Floats:
    """How far from the walls between chambers of a size, in sizes: fat cells, alveoli."""
    coarse = field.side // 4
    across = max(2, round(field.side / (size * field.scale)))
    rows, columns = np.mgrid[0:across, 0:across]
    y, x = ((n + field.rng.uniform(0, 0.9, n.shape)) * (coarse / across) for n in (rows, columns))
    points = np.full((coarse, coarse), 255, np.uint8)
    points[y.astype(np.intp).ravel() % coarse, x.astype(np.intp).ravel() % coarse] = 0
    _, nearest = cv2.distanceTransformWithLabels(
        np.pad(points, coarse // 2, mode="wrap"), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    same = (nearest == np.roll(nearest, 1, 0)) & (nearest == np.roll(nearest, 1, 1))
    far = np.asarray(cv2.distanceTransform(same.astype(np.uint8), cv2.DIST_L2, 5), np.float32)
    far = cv2.resize(far, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    shift = coarse // 2 * 4
    inner = far[shift : shift + field.side, shift : shift + field.side]
    height = np.asarray(inner, np.float32) * np.float32(4 / (size * field.scale))
    return np.asarray(height + 0.05 * field.noise(110), np.float32)


def draw_nuclei(field: Field, tissue: Tissue, glass: Floats) -> tuple[Floats, Floats]:
    """Where nuclei are (0…1) and their density of haematoxylin."""
    rng, scale = field.rng, field.scale
    spots = places(field, tissue.spacing, glass)
    shade, rims = np.zeros(glass.shape, np.uint8), np.zeros(glass.shape, np.uint8)
    sizes = np.clip(rng.lognormal(0, 0.20, len(spots)), 0.6, 1.7) * tissue.radius * scale
    longness = np.clip(rng.normal(tissue.longness, 0.22 * tissue.longness, len(spots)), 1.0, 5)
    spread = 0.22 if tissue.fibres > 0.5 else np.pi
    turns = np.degrees(field.angle + rng.uniform(-spread, spread, len(spots)))
    darkness = np.clip(rng.normal(0.78, 0.13, len(spots)), 0.45, 1.0)
    for (x, y), size, longer, turn, dark in zip(spots, sizes, longness, turns, darkness, strict=True):
        axes = (size * float(np.sqrt(longer)), size / float(np.sqrt(longer)))
        for dx, dy in wrapped(x, y, axes[0] + 2, field.side):
            ellipse(shade, (x + dx, y + dy), axes, turn, int(dark * 255), -1)
            ellipse(rims, (x + dx, y + dy), axes, turn, int(dark * 255), max(1, round(2.2 * scale)))
    body, rim = (np.asarray(plane, np.float32) / 255 for plane in bent(field, shade, rims))
    rim = cv2.GaussianBlur(rim, (0, 0), 1.1 * scale)
    body = np.asarray(cv2.GaussianBlur(body, (0, 0), 1.2 * scale), np.float32)
    chromatin = 1 + 0.22 * field.noise(5) + 0.14 * field.noise(12)
    blue = body * chromatin * 1.05 + rim * 0.35 * (body > 0.1)
    return np.clip(body * 1.4, 0, 1), (blue * tissue.dye).astype(np.float32)


def places(field: Field, spacing: float, glass: Floats) -> list[tuple[float, float]]:
    """Middles of nuclei: a shaken lattice of about one per spacing², thinned here and there, none on glass."""
    side, rng = field.side, field.rng
    count = max(1, round(side / (spacing * field.scale)))
    step = side / count
    rows, columns = np.mgrid[0:count, 0:count].astype(np.float64)
    columns += 0.5 * (rows % 2)
    x = (columns + 0.5 + rng.uniform(-0.36, 0.36, columns.shape)) * step % side
    y = (rows + 0.5 + rng.uniform(-0.36, 0.36, rows.shape)) * step % side
    crowd = field.noise(5 * spacing)
    spots = list[tuple[float, float]]()
    for px, py, luck in zip(x.ravel(), y.ravel(), rng.random(x.size), strict=True):
        at = int(py) % side, int(px) % side
        if glass[at] < 0.2 and luck < 0.86 + 0.16 * crowd[at]:
            spots.append((float(px), float(py)))
    return spots


def wrapped(x: float, y: float, reach: float, side: int) -> list[tuple[int, int]]:
    """By how much to shift something at (x, y) so that it also shows where it crosses the rims."""
    across, down = ([0, *[side] * int(at < reach), *[-side] * int(at > side - reach)] for at in (x, y))
    return [(dx, dy) for dx in across for dy in down]


def ellipse(
    into: Bytes, middle: tuple[float, float], axes: tuple[float, float], turn: float, value: int, thickness: int
) -> None:
    """Draw an ellipse to a sixteenth of a pixel."""
    at = (round(middle[0] * 16), round(middle[1] * 16))
    size = (round(axes[0] * 16), round(axes[1] * 16))
    cv2.ellipse(into, at, size, turn, 0, 360, value, thickness, cv2.LINE_AA, 4)


def bent(field: Field, *planes: Bytes) -> list[Bytes]:
    """The planes pushed about by a pixel or three, so that no nucleus is a clean ellipse."""
    y, x = np.mgrid[0 : field.side, 0 : field.side].astype(np.float32)
    x += field.noise(16) * np.float32(2.2 * field.scale)
    y += field.noise(16) * np.float32(2.2 * field.scale)
    return [
        np.asarray(cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.uint8) for plane in planes
    ]
