"""Networks on devices: sessions that say what they got, can be stopped, and make do with less memory."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import os
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from imaging.progress import Cancelled, Progress
from models.device import PROVIDERS, candidates, device_of, engine
from models.package import ModelPackage
from models.problem import ModelProblem

Array: TypeAlias = NDArray[Any]
Outputs: TypeAlias = tuple[Array, ...]
GPU_BATCH = 8
KEPT_NETWORKS = 6
"""Loaded networks kept for the next prediction; the one used longest ago goes first."""
_MEMORY_WORDS = ("failed to allocate", "out of memory", "bad_alloc", "bad allocation", "alloc_failed", "outofmemory")

Make: TypeAlias = Callable[[int], Array]
Take: TypeAlias = Callable[[int, Outputs], None]
Decode: TypeAlias = Callable[[Outputs], Outputs]


_FAILURES = (
    *("EPFail", "EngineError", "Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "ModelLoadCanceled"),
    *("NoModel", "NoSuchFile", "NotFound", "NotImplemented", "RuntimeException"),
)


class OutOfMemory(Exception):
    """The device has not enough memory for this input, even alone."""


class Network(Protocol):
    """A network loaded on one device; `run` may be called from several threads."""

    device: str
    batch: int | None
    """The batch size the graph insists on, or `None` where any will do."""
    input_shape: tuple[int | str | None, ...]
    """The input's shape as the graph declares it."""

    def run(self, batch: Array, stop: object) -> Outputs:
        """The outputs for one batch, in the manifest's order."""
        ...


class LoadedNetwork:
    """A network in an onnxruntime session."""

    def __init__(self, package: ModelPackage, device: str, threads: int) -> None:
        self._package = package
        self._session = _session(package, device, threads)
        self.device = device_of(list(self._session.get_providers()))
        if self.device.partition(":")[0] != device:
            raise ModelProblem(f"could not be loaded on {device}, only on {self.device}", package.ref)
        self._input = package.input.name
        self._names = [output.name for output in package.outputs]
        self.input_shape: tuple[int | str | None, ...] = tuple(self._session.get_inputs()[0].shape)
        first = self.input_shape[0]
        self.batch: int | None = first if isinstance(first, int) else None

    def run(self, batch: Array, stop: object) -> Outputs:
        """See `Network.run`. Raises `Cancelled`, `OutOfMemory` or `ModelProblem`."""
        try:
            outputs = self._session.run(self._names, {self._input: batch}, stop)
        except MemoryError:
            raise OutOfMemory from None
        except failures() as error:
            if getattr(stop, "terminate", False):
                raise Cancelled from None
            text = " ".join(str(error).split())
            if any(word in text.lower() for word in _MEMORY_WORDS):
                raise OutOfMemory from None
            raise ModelProblem(f"failed while it ran ({text[:200]})", self._package.ref) from None
        return tuple(self._checked(np.asarray(output)) for output in outputs)

    def _checked(self, output: Array) -> Array:
        """The output as float32, refused where it is not made of numbers."""
        values = output.astype(np.float32, copy=False)
        if not np.isfinite(values).all():
            raise ModelProblem(
                "returned values that are no numbers (NaN or infinite)",
                self._package.ref,
                "Run `overread models check`",
            )
        return values


def core_count() -> int:
    """The processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


@contextmanager
def stoppable(progress: Progress) -> Generator[object]:
    """onnxruntime's run options that end every run under way as soon as the progress is cancelled."""
    options = engine().RunOptions()

    def stop() -> None:
        options.terminate = True

    forget = progress.when_cancelled(stop)
    try:
        yield options
    finally:
        forget()


class Networks:
    """Loaded networks by weights, device and threads; bounded, safe from any thread."""

    def __init__(self, kept: int = KEPT_NETWORKS) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._loaded: OrderedDict[tuple[str, str, int], LoadedNetwork] = OrderedDict()

    def open(self, package: ModelPackage, device: str, threads: int) -> Network:
        """The package's network on a device, loaded at the first call."""
        key = (package.ref.sha256, device, threads)
        with self._lock:
            network = self._loaded.get(key)
            if network is None:
                network = self._loaded[key] = LoadedNetwork(package, device, threads)
            self._loaded.move_to_end(key)
            while len(self._loaded) > self._kept:
                self._loaded.popitem(last=False)
            return network


NETWORKS = Networks()
Opener: TypeAlias = Callable[[ModelPackage, str, int], Network]


class Runner:
    """One package's network for the length of one prediction."""

    def __init__(
        self,
        package: ModelPackage,
        wanted: str,
        progress: Progress,
        stop: object,
        notes: list[str],
        opener: Opener = NETWORKS.open,
    ) -> None:
        self._package, self._progress, self._stop, self._notes, self._opener = package, progress, stop, notes, opener
        self._devices = list(candidates(wanted))
        self._batch = GPU_BATCH
        self._wanted = wanted
        self._open: Network | None = None

    @property
    def device(self) -> str:
        """The device it runs on now."""
        return self._open.device if self._open is not None else self._network(core_count()).device

    @property
    def input_shape(self) -> tuple[int | str | None, ...]:
        """The input's shape as the graph declares it; open sizes are no numbers."""
        return (self._open if self._open is not None else self._network(core_count())).input_shape

    def run(self, batch: Array) -> Outputs:
        """The outputs of one batch (the first axis), all cores at work on it; smaller parts where memory ends."""
        collected: list[Outputs] = []

        def take(_index: int, outputs: Outputs) -> None:
            collected.append(outputs)

        if len(batch) == 1 and self._network(core_count()).batch in (None, 1):
            while True:
                try:
                    return self._network(core_count()).run(batch, self._stop)
                except OutOfMemory:
                    self.fall_back()
        while True:
            try:
                self.each(len(batch), lambda index: batch[index : index + 1], take)
                return tuple(np.concatenate(parts) for parts in zip(*collected, strict=True))
            except OutOfMemory:
                collected.clear()
                self.fall_back()

    def each(
        self, count: int, make: Make, take: Take, decode: Decode | None = None, progress: Progress | None = None
    ) -> None:
        """Run `count` inputs.

        `make` gives one (batch axis of 1) in any thread, `take` gets its outputs in order in this thread, `decode`
        is applied to them before, in any thread.
        Raises `OutOfMemory` when even one input does not fit; the caller makes it smaller or calls `fall_back`.
        """
        on_cpu = self._devices[0] == "cpu"
        workers = min(core_count(), count) if on_cpu else 1
        network = self._network(max(1, core_count() // workers))
        one_by_one = network.batch == 1 or (network.batch is None and (on_cpu or self._batch == 1))
        if one_by_one:
            self._side_by_side(network, workers, range(count), make, take, decode, progress)
            return
        done = 0
        while done < count:
            self._tell(progress, done, count)
            size = min(network.batch or self._batch, max(count - done, network.batch or 1))
            done += self._batch_of(network, range(done, min(done + size, count)), size, make, take, decode)

    def stream(self) -> tuple[Network, int, int]:
        """For inputs that come one after the other: the network, how many threads run it, and its batch size."""
        if self._devices[0] == "cpu":
            network = self._network(1)
            return network, core_count(), network.batch or 1
        network = self._network(1)
        if self._devices[0] == "cpu":  # the device did not take the model
            return self.stream()
        return network, 1, network.batch or self._batch

    @property
    def stop(self) -> object:
        """onnxruntime's run options that end its runs."""
        return self._stop

    def fall_back(self) -> None:
        """Go to the processor after the device's memory was not enough; refused when that was the processor."""
        if self._devices[0] == "cpu":
            raise ModelProblem("needs more memory than there is", self._package.ref, "Choose a smaller region")
        if self._wanted not in ("auto", self._devices[0]) and "cpu" not in self._devices:
            self._devices.append("cpu")
        self.note(f"memory of {self._devices[0]} was not enough; continued on the cpu")
        self._devices, self._open = ["cpu"], None

    def note(self, text: str) -> None:
        """Tell something about this prediction, once."""
        if text not in self._notes:
            self._notes.append(text)

    def _network(self, threads: int) -> Network:
        """The network on the first device that takes it."""
        while True:
            device = self._devices[0]
            try:
                self._open = self._opener(self._package, device, threads if device == "cpu" else 1)
                return self._open
            except ModelProblem as problem:
                if len(self._devices) == 1:
                    raise
                self.note(f"{device} did not take the model ({problem.what})")
                self._devices.pop(0)

    def _batch_of(
        self,
        network: Network,
        indices: range,
        size: int,
        make: Make,
        take: Take,
        decode: Decode | None,
    ) -> int:
        """Run some inputs as one batch; returns how many were done (0 when it must be tried smaller)."""
        parts = [make(index) for index in indices]
        parts += [np.zeros_like(parts[0])] * (size - len(parts) if network.batch else 0)
        try:
            outputs = network.run(np.concatenate(parts), self._stop)
        except OutOfMemory:
            if network.batch or self._batch == 1:
                raise
            self._batch //= 2
            self.note(f"memory of {network.device} was not enough; continued with batches of {self._batch}")
            return 0
        outputs = decode(outputs) if decode else outputs
        for place, index in enumerate(indices):
            take(index, tuple(output[place : place + 1] for output in outputs))
        return len(indices)

    def _side_by_side(
        self,
        network: Network,
        workers: int,
        indices: Sequence[int],
        make: Make,
        take: Take,
        decode: Decode | None,
        progress: Progress | None,
    ) -> None:
        """Run inputs one by one in as many threads as there are workers; each run keeps to its own thread."""

        def work(index: int) -> Outputs:
            self._progress.check()
            outputs = network.run(make(index), self._stop)
            return decode(outputs) if decode else outputs

        if workers == 1:
            for index in indices:
                take(index, work(index))
                self._tell(progress, index + 1, len(indices))
            return
        waiting: deque[tuple[int, Future[Outputs]]] = deque()
        with ThreadPoolExecutor(workers, "overread-model") as pool:
            try:
                for index in indices:
                    waiting.append((index, pool.submit(work, index)))
                    if len(waiting) > 2 * workers:
                        self._tell(progress, _take_first(waiting, take), len(indices))
                while waiting:
                    self._tell(progress, _take_first(waiting, take), len(indices))
            except BaseException:
                for _, future in waiting:
                    future.cancel()
                raise

    def _tell(self, progress: Progress | None, done: int, total: int) -> None:
        """Say how far the inputs are, to whoever asked; stop where that was asked for."""
        self._progress.check()
        if progress is not None:
            progress.report(done, total)


def _take_first(waiting: deque[tuple[int, Future[Outputs]]], take: Take) -> int:
    """Wait for the first of the runs under way and hand its outputs on; how many are done then."""
    index, future = waiting.popleft()
    take(index, future.result())
    return index + 1


def _session(package: ModelPackage, device: str, threads: int) -> Any:
    """A session of the package's weights on one device (and the CPU for what that cannot do)."""
    ort = engine()
    if PROVIDERS[device] not in ort.get_available_providers():
        raise ModelProblem(f"could not be loaded on {device}: this onnxruntime was built without it", package.ref)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads sleep: spinning would take the cores from the window and from other jobs. A classifier's run is
    # over in milliseconds and gains a tenth from it; it stops spinning when the run ends.
    is_brief = package.task == "classify" and package.input.size.policy == "fixed"
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if is_brief else "0")
    options.add_session_config_entry("session.force_spinning_stop", "1")
    # TF32 halves the digits of convolutions; test vectors are to hold on every device.
    chosen: Any = (PROVIDERS[device], {"use_tf32": "0"}) if device == "cuda" else PROVIDERS[device]
    providers = [chosen] if device == "cpu" else [chosen, PROVIDERS["cpu"]]
    try:
        return ort.InferenceSession(str(package.weights), options, providers=providers, enable_fallback=0)
    except failures() as error:
        text = " ".join(str(error).split())
        raise ModelProblem(f"cannot be loaded by onnxruntime ({text[:240]})", package.weights) from None


@cache
def failures() -> tuple[type[Exception], ...]:
    """Every exception onnxruntime raises of its own."""
    state = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    found: list[object] = [getattr(state, name, None) for name in _FAILURES]
    return (*(kind for kind in found if isinstance(kind, type)), RuntimeError, ValueError)
