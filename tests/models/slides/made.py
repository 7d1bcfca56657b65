"""Slides in memory, with tiles that can be made unreadable, and packages that read them."""

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from onnx import helper

from imaging.errors import ScanProblem
from imaging.geometry import Region, Size
from imaging.scan import Level, ScanInfo
from models.catalogue import open_folder
from models.choices import Choices
from models.model_predictor import ModelPredictor
from models.slide_choices import SlideChoices
from tests.models.graphs import N, graph_of, manifest_of, write_package


class MadeSlide:
    """A slide in memory: levels of factor 4 down to one tile, every tile cut from an array."""

    def __init__(self, pixels, tile=64, um: float | None = 0.5, levels=2, broken=(), **changes: Any) -> None:
        self.levels = [np.asarray(pixels)]
        for _ in range(1, levels):
            small = self.levels[-1]
            size = (max(1, small.shape[1] // 4), max(1, small.shape[0] // 4))
            self.levels.append(np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA)))
        rows, columns = self.levels[0].shape[:2]
        spacing = None if um is None else um / 1000
        facts: dict[str, Any] = {
            "name": "made.svs",
            "format": "test",
            "kind": "slide",
            "size": Size(columns, rows, 1),
            "dtype": self.levels[0].dtype.name,
            "channels": 3 if self.levels[0].ndim == 3 else 1,
            "spacing_mm": (spacing, spacing, None),
            "levels": tuple(
                Level(one.shape[1], one.shape[0], float(4**index), (tile, tile))
                for index, one in enumerate(self.levels)
            ),
        }
        facts.update(changes)
        self.info = ScanInfo(**facts)
        self.broken = set(broken)
        self.reads = 0
        self._lock = threading.Lock()

    def tile(self, _plane, level, column, row):
        if (level, column, row) in self.broken:
            raise ScanProblem(f"tile {column}, {row} cannot be read", self.info.name)
        with self._lock:
            self.reads += 1
        wide, tall = self.info.levels[level].tile or (0, 0)
        return self.levels[level][row * tall : (row + 1) * tall, column * wide : (column + 1) * wide]

    def screen_tile(self, plane, level, column, row):
        raise NotImplementedError

    def associated_image(self, name):
        raise ScanProblem("has none", name)

    def icc_profile(self):
        return None

    def read(self, region: Region, downsample: float = 1.0):
        whole = self.levels[0]
        out = np.full((region.height, region.width, *whole.shape[2:]), 255, whole.dtype)
        inside = region.clipped(self.info.size)
        part = whole[inside.y : inside.y + inside.height, inside.x : inside.x + inside.width]
        out[inside.y - region.y :, inside.x - region.x :][: inside.height, : inside.width] = part
        size = (max(1, round(region.width / downsample)), max(1, round(region.height / downsample)))
        return out if downsample == 1 else np.asarray(cv2.resize(out, size, interpolation=cv2.INTER_AREA))

    def close(self) -> None:
        pass


def blobs(width: int, height: int, seed: int = 3, fine: float = 5.0):
    """A grey picture of bright blobs, many of them touching."""
    noise = np.random.default_rng(seed).random((height, width)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), fine)
    return np.clip((soft - soft.mean()) / soft.std() * 50 + 110, 0, 255).astype(np.uint8)


def smoothing(channels: int, side: int = 5):
    """Maps: the pixel's smoothed neighbourhood, once for every channel."""
    kernel = np.full((channels, 1, side, side), 1 / side**2, np.float32)
    return graph_of(
        [helper.make_node("Conv", ["image", "k"], ["map"], pads=[side // 2] * 4)],
        {"image": [N, 1, "h", "w"]},
        {"map": [N, channels, "h", "w"]},
        {"k": kernel},
    )


SCALE = [{"step": "divide", "by": 255.0}]


def grey_input(policy: str = "tiles", side: int = 48, halo: int = 8, **more: Any) -> dict[str, Any]:
    """An input of grey tiles."""
    size: dict[str, Any] = {"policy": policy, "width": side, "height": side}
    if policy == "tiles":
        size["halo"] = halo
    return {"name": "image", "axes": "NCHW", "channels": "gray", "type": "float32", "size": size, **more}


def instances(folder: Path, **more: Any) -> Path:
    """A package that tells blobs apart: bright pixels are inside, the brightest are seeds."""
    manifest = manifest_of(
        "instances",
        {"as": "distance-map", "activation": "none", "channels": ["interior", "seeds"]},
        input=grey_input(**more),
        preprocessing=SCALE,
        thresholds={"score": 0.45, "seed": 0.6, "minimum_area": 4},
    )
    return write_package(folder, manifest, smoothing(2))


def predictor(folder: Path, **slide: Any) -> ModelPredictor:
    """A predictor on the processor with choices for slides."""
    found = open_folder(folder, Choices("cpu", slide=SlideChoices(**slide)))
    assert isinstance(found, ModelPredictor)
    return found


def told(prediction) -> list[Any]:
    """Everything a prediction says but its ids: labels, outlines, scores."""
    return [(one.label, one.geometry, one.score) for one in prediction.proposals]
