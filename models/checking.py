"""Try a package before it is trusted: its file is inspected, its test vectors are played."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from imaging.progress import Progress
from models.inspect import check_graph, inspect
from models.package import ModelPackage, Vector
from models.problem import ModelProblem
from models.runtime import NETWORKS, Opener, Runner, stoppable

Array: TypeAlias = NDArray[Any]
LARGEST_VECTOR = 512 * 2**20


@dataclass(frozen=True, slots=True)
class Played:
    """How one test vector came out: the largest difference, and what was allowed."""

    vector: Vector
    device: str
    error: float

    @property
    def passed(self) -> bool:
        """Whether the difference is allowed."""
        return self.error <= self.vector.tolerance


def check_package(
    package: ModelPackage, wanted: str, progress: Progress, opener: Opener = NETWORKS.open
) -> list[Played]:
    """Inspect the weights and play every test vector; refuses a graph that is not as the manifest says."""
    check_graph(package, inspect(package.weights))
    played: list[Played] = []
    with stoppable(progress) as stop:
        runner = Runner(package, wanted, progress, stop, [], opener)
        for vector in package.vectors:
            given = read_array(vector.input)
            expected = read_array(vector.output)
            outputs = runner.run(given.astype(np.dtype(package.input.type), copy=False))
            names = [output.name for output in package.outputs]
            if vector.of not in names:
                raise ModelProblem(f"has a test vector of the output {vector.of!r}, which it has not", package.ref)
            got = outputs[names.index(vector.of)]
            if got.shape != expected.shape:
                raise ModelProblem(f"gave {got.shape} for a test vector of {expected.shape}", vector.output)
            error = float(np.abs(got.astype(np.float64) - expected).max()) if got.size else 0.0
            played.append(Played(vector, runner.device, error))
    return played


def refuse_failing(package: ModelPackage, played: list[Played]) -> None:
    """Refuse a package one of whose test vectors failed."""
    for one in played:
        if not one.passed:
            raise ModelProblem(
                f"fails its test vector {one.vector.input.name} on {one.device}: "
                f"off by {one.error:.3g}, {one.vector.tolerance:g} is allowed",
                package.ref,
                "Do not use it; get the package again",
            )


def read_array(path: Path) -> Array:
    """A `.npy` array of numbers; nothing else in the file is believed."""
    try:
        if path.stat().st_size > LARGEST_VECTOR:
            raise ModelProblem("is too large for a test vector", path)
        # Mapped first: a header that claims more than the file holds is refused before anything is allocated.
        loaded: object = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise ModelProblem(f"cannot be read ({error.strerror or error})", path) from None
    except (ValueError, EOFError):
        raise ModelProblem("is no .npy array of numbers", path) from None
    array = cast(Array, loaded)
    if not isinstance(loaded, np.ndarray) or array.dtype.kind not in "fiub":
        raise ModelProblem("is no .npy array of numbers", path)
    return np.array(array)
