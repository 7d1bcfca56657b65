"""W4: models on the CPU. A U-Net over a 2048 × 2048 scan, and one classified image.

Bounds, alternating with ours in the same run: onnxruntime (its own threads) in a bare loop over the same tiles,
already cut and prepared, outputs dropped; and one bare run of the classifier on a prepared input. Each also as ours
schedules it, which is the tighter bound where other programs want the cores too. Ours goes the whole way: read the
scan, prepare, cut, run, blend, decode into a mask or label. Peer: OpenCV DNN over the same tiles. Prints ratios of
medians. The networks have seeded random weights; only the time is of interest.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from imaging.geometry import Size
from imaging.loaded import LoadedScan
from imaging.progress import silent
from imaging.scan import ScanInfo
from models.catalogue import open_folder
from models.package import load_package
from models.preprocess import as_input, finish, late_steps
from models.runtime import core_count
from models.tiling import cut, tiles
from tests.models.graphs import manifest_of, write_package

SIDE, TILE, HALO = 2048, 256, 16


class Net:
    """Builds a network of convolutions, node by node."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def conv(self, source: str, into: int, out: int, side: int = 3, stride: int = 1, *, relu: bool = True) -> str:
        """A convolution, and its activation."""
        name = f"n{len(self.nodes)}"
        scale = np.sqrt(2 / (into * side * side))
        self._weight(f"{name}_w", self._random.normal(0, scale, (out, into, side, side)))
        self._weight(f"{name}_b", np.zeros(out))
        pads = [side // 2] * 4
        inputs = [source, f"{name}_w", f"{name}_b"]
        self.nodes.append(helper.make_node("Conv", inputs, [name], pads=pads, strides=[stride] * 2))
        return self.node("Relu", [name]) if relu else name

    def node(self, kind: str, inputs: list[str], **settings: Any) -> str:
        """Any other node."""
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **settings))
        return name

    def up(self, source: str, into: int, out: int) -> str:
        """Twice the size."""
        name = f"n{len(self.nodes)}"
        self._weight(f"{name}_w", self._random.normal(0, np.sqrt(1 / into), (into, out, 2, 2)))
        return self.node("ConvTranspose", [source, f"{name}_w"], strides=[2, 2])

    def model(self, last: str, channels: int, out: list[Any], side: int) -> onnx.ModelProto:
        """The finished model from `image` to `map`."""
        self.nodes.append(helper.make_node("Identity", [last], ["map"]))
        given = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", channels, side, side])
        gives = helper.make_tensor_value_info("map", TensorProto.FLOAT, out)
        graph = helper.make_graph(self.nodes, "bench", [given], [gives], self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)

    def _weight(self, name: str, values: NDArray[np.float64]) -> None:
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))


def unet(width: int = 16) -> onnx.ModelProto:
    """A U-Net of three levels, one channel in, one out."""
    net = Net(4)
    skips: list[str] = []
    here, channels = "image", 1
    for level in range(3):
        out = width * 2**level
        here = net.conv(net.conv(here, channels, out), out, out)
        skips.append(here)
        here, channels = net.node("MaxPool", [here], kernel_shape=[2, 2], strides=[2, 2]), out
    here = net.conv(here, channels, channels * 2)
    channels *= 2
    for level in reversed(range(3)):
        out = width * 2**level
        here = net.node("Concat", [net.up(here, channels, out), skips[level]], axis=1)
        here = net.conv(net.conv(here, 2 * out, out), out, out)
        channels = out
    last = net.conv(here, channels, 1, side=1, relu=False)
    return net.model(last, 1, ["batch", 1, TILE, TILE], TILE)


def resnet() -> onnx.ModelProto:
    """A residual classifier the size of ResNet-18: 224 × 224 colour, two scores."""
    net = Net(5)
    here = net.node("MaxPool", [net.conv("image", 3, 64, 7, 2)], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    channels = 64
    for out in (64, 64, 128, 128, 256, 256, 512, 512):
        stride = 2 if out != channels else 1
        inner = net.conv(net.conv(here, channels, out, stride=stride), out, out, relu=False)
        short = here if stride == 1 else net.conv(here, channels, out, 1, 2, relu=False)
        here, channels = net.node("Relu", [net.node("Add", [inner, short])]), out
    pooled = net.node("GlobalAveragePool", [here])
    net.nodes.append(helper.make_node("Flatten", [net.conv(pooled, 512, 2, 1, relu=False)], ["flat"]))
    return net.model("flat", 3, ["batch", 2], 224)


def main() -> None:
    """Run both workloads and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=30, help="classified images per round")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-peer", action="store_true", help="leave OpenCV out, which takes longest")
    choice = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OVERREAD_CACHE"] = folder
        lines = [
            *tiled(Path(folder), choice.rounds, not choice.no_peer),
            *classified(Path(folder), choice.rounds, choice.images),
        ]
    for name, seconds, ratio in lines:
        if choice.json:
            print(json.dumps({"work": "W4", "name": name, "seconds": seconds, "ratio": ratio}))
        else:
            print(f"W4  {name:64} {seconds * 1000:9.1f} ms  {ratio:6.3f} × the bare run")


Line = tuple[str, float, float]


def tiled(folder: Path, rounds: int, with_peer: bool) -> list[Line]:
    """The U-Net over the whole scan."""
    size = {"policy": "tiles", "width": TILE, "height": TILE, "halo": HALO}
    steps = [{"step": "divide", "by": 255.0}]
    decode = {"as": "map", "activation": "sigmoid"}
    manifest = manifest_of("segment", decode, preprocessing=steps)
    manifest["input"]["size"] = size
    package = load_package(write_package(folder / "unet", manifest, unet()))
    predictor = open_folder(folder / "unet")
    pixels = picture(SIDE)
    plan = tiles((SIDE, SIDE), (TILE, TILE), (HALO, HALO), 0)
    ready = [
        as_input(finish(cut(pixels[..., None], tile, (TILE, TILE)), late_steps(package)), package.input)
        for tile in plan
    ]
    session = bare_session(folder / "unet" / "model.onnx")

    def bare() -> None:
        for one in ready:
            session.run(None, {"image": one})

    def ours() -> None:
        info = ScanInfo("bench", "test", "picture", Size(SIDE, SIDE), "uint8")
        predictor.predict(LoadedScan(info, pixels[None].copy()), "", None, silent())

    alone = bare_session(folder / "unet" / "model.onnx", threads=1)

    def side_by_side() -> None:
        with ThreadPoolExecutor(core_count()) as pool:
            for _ in pool.map(lambda one: alone.run(None, {"image": one}), ready):
                pass

    works: dict[str, Callable[[], None]] = {"bare": bare, "tight": side_by_side, "ours": ours}
    if with_peer:
        works["peer"] = opencv_loop(folder / "unet" / "model.onnx", ready)
    times = alternate(works, rounds)
    lines = [
        (f"bare onnxruntime loop over {len(plan)} tiles", times["bare"], 1.0),
        (
            "the same tiles side by side, one thread each, outputs dropped",
            times["tight"],
            times["tight"] / times["bare"],
        ),
        ("overread: read, cut, run, blend, decode", times["ours"], times["ours"] / times["bare"]),
    ]
    if with_peer:
        lines.append(("OpenCV DNN over the same tiles", times["peer"], times["peer"] / times["bare"]))
    return lines


def classified(folder: Path, rounds: int, images: int) -> list[Line]:
    """One image at a time through the classifier."""
    steps = [
        {"step": "divide", "by": 255.0},
        {"step": "normalise", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
    ]
    manifest = manifest_of("classify", {"as": "scores", "activation": "softmax"}, ("a", "b"), preprocessing=steps)
    manifest["input"].update(channels="rgb", size={"policy": "fixed", "width": 224, "height": 224})
    write_package(folder / "resnet", manifest, resnet())
    predictor = open_folder(folder / "resnet")
    session = bare_session(folder / "resnet" / "model.onnx")
    calm = bare_session(folder / "resnet" / "model.onnx", threads=core_count(), spinning=False)
    pixels = np.repeat(picture(224)[..., None], 3, axis=2)
    ready = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None].astype(np.float32) / 255)

    def bare() -> None:
        for _ in range(images):
            session.run(None, {"image": ready})

    def ours() -> None:
        info = ScanInfo("bench", "test", "picture", Size(224, 224), "uint8", 3)
        for _ in range(images):
            predictor.predict(LoadedScan(info, pixels[None].copy()), "", None, silent())

    def without_spinning() -> None:
        for _ in range(images):
            calm.run(None, {"image": ready})

    times = alternate({"bare": bare, "calm": without_spinning, "ours": ours}, rounds)
    return [
        ("bare onnxruntime run of a ResNet-18", times["bare"] / images, 1.0),
        ("the same without spinning threads", times["calm"] / images, times["calm"] / times["bare"]),
        ("overread: one image classified", times["ours"] / images, times["ours"] / times["bare"]),
    ]


def bare_session(path: Path, threads: int = 0, *, spinning: bool = True) -> Any:
    """onnxruntime as it comes, or with its threads chosen."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if spinning else "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def opencv_loop(path: Path, ready: list[NDArray[Any]]) -> Callable[[], None]:
    """OpenCV's own network runner."""
    import cv2

    net = cv2.dnn.readNetFromONNX(str(path))

    def loop() -> None:
        for one in ready:
            net.setInput(one)
            net.forward()

    return loop


def picture(side: int) -> NDArray[np.uint8]:
    """A seeded picture with structure."""
    y, x = np.mgrid[0:side, 0:side]
    waves = 127 + 90 * np.sin(x / 23) * np.cos(y / 31) + np.random.default_rng(3).normal(0, 12, (side, side))
    return np.clip(waves, 0, 255).astype(np.uint8)


def alternate(works: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Median seconds of each, in turns, after one turn to warm up."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            if turn:
                times[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in times.items()}


if __name__ == "__main__":
    main()
