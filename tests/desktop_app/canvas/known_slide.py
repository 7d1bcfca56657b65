"""Slides made of known pixels, and an event loop that ends when a view is complete."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from desktop_app.canvas.scan_view import ScanView
from imaging.errors import ScanProblem
from imaging.geometry import Plane, Region, Size
from imaging.scan import Channel, Level, ScanInfo
from imaging.tiled import screen_pixels


class KnownSlide:
    """A slide in memory that counts what is asked of it, and fails where it is told to."""

    def __init__(self, levels: list[NDArray[Any]], info: ScanInfo) -> None:
        self._pixels, self.info = levels, info
        self.asked: list[tuple[int, int, int]] = []
        self.lost: set[tuple[int, int, int]] = set()
        self.delay = 0.0
        self.gate = threading.Event()
        self.gate.set()
        self.profile: bytes | None = None

    def tile(self, plane: Plane, level: int, column: int, row: int) -> NDArray[Any]:
        self.asked.append((level, column, row))
        self.gate.wait()
        if self.delay:
            time.sleep(self.delay)
        if (level, column, row) in self.lost:
            raise ScanProblem(f"tile ({column}, {row}) of level {level} cannot be read", self.info.name)
        across, down = self.info.levels[level].tile or (1, 1)
        pixels = self._pixels[level]
        cut = pixels[row * down : (row + 1) * down, column * across : (column + 1) * across]
        return np.ascontiguousarray(cut + cut.dtype.type(plane.index))

    def screen_tile(self, plane: Plane, level: int, column: int, row: int) -> NDArray[np.uint32]:
        return screen_pixels(self.tile(plane, level, column, row))

    def read(self, region: Region, downsample: float = 1.0) -> NDArray[Any]:  # noqa: ARG002
        raise AssertionError("a slide is shown tile by tile")

    def associated_image(self, name: str) -> NDArray[Any]:
        raise ScanProblem(f"has no {name}", self.info.name)

    def icc_profile(self) -> bytes | None:
        return self.profile

    def close(self) -> None:
        pass


def slide_of(
    pixels: NDArray[Any],
    *,
    downsamples: tuple[int, ...] = (1, 2, 4),
    tile: tuple[int, int] = (64, 48),
    planes: int = 1,
    fluorescence: tuple[Channel, ...] = (),
) -> KnownSlide:
    """A slide of (rows, columns[, channels]) pixels; each level the mean of the finest."""
    rows, columns = pixels.shape[:2]
    made = [pixels if d == 1 else _shrunk(pixels, d) for d in downsamples]
    levels = tuple(Level(p.shape[1], p.shape[0], float(d), tile) for p, d in zip(made, downsamples, strict=True))
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    info = ScanInfo(
        "known slide", "made", "slide", Size(columns, rows, planes), str(pixels.dtype), channels, levels=levels,
        fluorescence=fluorescence,
    )  # fmt: skip
    return KnownSlide(made, info)


def _shrunk(pixels: NDArray[Any], downsample: int) -> NDArray[Any]:
    rows, columns = (-(-length // downsample) for length in pixels.shape[:2])
    return cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA)


def tissue(rows: int = 400, columns: int = 600, seed: int = 1) -> NDArray[np.uint8]:
    """Smooth colours that differ everywhere, with some grain."""
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    red = 150 + 80 * np.sin(x / 37) * np.cos(y / 23)
    green = 110 + 70 * np.cos(x / 19 + y / 41)
    blue = 170 + 60 * np.sin((x + 2 * y) / 53)
    grain = np.random.default_rng(seed).normal(0, 3, (rows, columns, 3))
    return np.clip(np.stack([red, green, blue], axis=2) + grain, 0, 255).astype(np.uint8)


def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Let the window work until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        QApplication.processEvents()
        time.sleep(0.002)


def complete(view: ScanView) -> None:
    """Let the window work until the view is complete."""
    until(lambda: view.is_complete)


def shown(view: ScanView) -> NDArray[np.uint8]:
    """What the view shows, (rows, columns, 3) in red, green, blue."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    rows, columns = image.height(), image.width()
    words = np.frombuffer(image.constBits(), np.uint32).reshape(rows, image.bytesPerLine() // 4)[:, :columns]
    return np.stack([words >> 16 & 255, words >> 8 & 255, words & 255], axis=2).astype(np.uint8)
