"""Look at an ONNX file before onnxruntime loads it: nothing outside the file, no unknown operators, sane sizes."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from models.manifest import LARGEST_WEIGHTS
from models.package import ModelPackage
from models.problem import ModelProblem

Side: TypeAlias = int | str | None
"""A size along one axis: a number, a name, or nothing where the graph leaves it open."""
KNOWN_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Operator sets that onnxruntime itself brings."""
LARGEST_SIDE = 2**20
DEEPEST = 32
_TYPES = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64"}


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of a graph."""

    name: str
    type: str
    shape: tuple[Side, ...] | None
    """`None` where the graph does not even say how many axes."""


@dataclass(frozen=True, slots=True)
class Graph:
    """What an ONNX file says of itself."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    metadata: tuple[tuple[str, str], ...]
    producer: str
    opset: int

    @property
    def facts(self) -> dict[str, str]:
        """The metadata by key."""
        return dict(self.metadata)


def axis_of(port: Port, axis: int) -> Side:
    """The size along one axis of a port, `None` where the graph does not say."""
    return port.shape[axis] if port.shape is not None and axis < len(port.shape) else None


def inspect(path: Path) -> Graph:
    """The graph of a file; refused with one line when it is corrupt, reaches outside, or needs what nobody has."""
    model = _parsed(path)
    own = {(function.domain, function.name) for function in model.functions}
    for graph in (model.graph, *model.functions):
        for node in _nodes(graph, path, 0):
            if node.domain not in KNOWN_DOMAINS and (node.domain, node.op_type) not in own:
                raise ModelProblem(
                    f"needs the custom operator {node.domain}.{node.op_type}", path, "Export it with standard operators"
                )
    weights = {tensor.name for tensor in model.graph.initializer}
    graph = Graph(
        tuple(_port(value, path) for value in model.graph.input if value.name not in weights),
        tuple(_port(value, path) for value in model.graph.output),
        tuple((entry.key, entry.value) for entry in model.metadata_props),
        model.producer_name,
        max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0),
    )
    if not graph.inputs or not graph.outputs:
        raise ModelProblem("is no model: it has no input or no output", path)
    return graph


def check_graph(package: ModelPackage, graph: Graph) -> None:
    """Refuse a graph whose input or outputs are not as the manifest says."""
    described, where = package.input, package.weights
    named = {port.name: port for port in graph.inputs}
    port = named.get(described.name)
    if port is None or len(named) != 1:
        raise ModelProblem(f"has the inputs {sorted(named)}, its manifest names {described.name!r} alone", where)
    if port.type != described.type:
        raise ModelProblem(f"takes {port.type}, its manifest says {described.type}", where)
    if port.shape is not None:
        _check_axes(package, port.shape, where)
    outputs = {port.name for port in graph.outputs}
    for output in package.outputs:
        if output.name not in outputs:
            raise ModelProblem(f"has no output {output.name!r}, only {sorted(outputs)}", where)


def _check_axes(package: ModelPackage, shape: tuple[Side, ...], where: Path) -> None:
    """Compare the sides that the graph fixes with the manifest's."""
    described, size = package.input, package.input.size
    if len(shape) != len(described.axes):
        raise ModelProblem(f"takes {len(shape)} axes, its manifest says {described.axes}", where)
    fixed = size.policy != "any"
    wanted = {"C": described.channel_count, "H": size.height, "W": size.width, "D": size.depth}
    for axis, side in zip(described.axes, shape, strict=True):
        if not isinstance(side, int) or axis == "N":
            continue
        if (axis == "C" or fixed) and side != wanted[axis]:
            raise ModelProblem(
                f"takes {side} along {axis} of {described.axes}, its manifest says {wanted[axis]}", where
            )
        if axis != "C" and not fixed:
            raise ModelProblem(f"takes {side} along {axis} only, its manifest says any size", where)


def _parsed(path: Path) -> Any:
    """The file as a protobuf message, without anything it refers to."""
    import onnx

    try:
        size = path.stat().st_size
        if size > LARGEST_WEIGHTS:
            raise ModelProblem("is larger than 2 GiB, which no single ONNX file can be", path)
        if size == 0:
            raise ModelProblem("is empty", path)
        model = onnx.ModelProto()
        model.ParseFromString(path.read_bytes())
    except OSError as error:
        raise ModelProblem(f"cannot be read ({error.strerror})", path) from None
    except (ModelProblem, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - protobuf's decode errors have no common base across its builds
        raise ModelProblem("is no ONNX file, or cut short", path) from None
    if not model.ir_version or not model.graph.node:
        raise ModelProblem("is no ONNX file, or cut short", path)
    return model


def _nodes(graph: Any, path: Path, depth: int) -> Iterator[Any]:
    """Every node of a graph and of those inside its nodes; tensors kept outside the file are refused."""
    if depth > DEEPEST:
        raise ModelProblem(f"nests graphs deeper than {DEEPEST} levels", path)
    sparse = [part for tensor in getattr(graph, "sparse_initializer", ()) for part in (tensor.values, tensor.indices)]
    _refuse_outside((*getattr(graph, "initializer", ()), *sparse), path)
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            _refuse_outside((attribute.t, *attribute.tensors), path)
            for inner in (attribute.g, *attribute.graphs):
                if inner.node or inner.initializer:
                    yield from _nodes(inner, path, depth + 1)


def _refuse_outside(tensors: tuple[Any, ...], path: Path) -> None:
    for tensor in tensors:
        if tensor.data_location == 1 or tensor.external_data:
            place = next((entry.value for entry in tensor.external_data if entry.key == "location"), "another file")
            raise ModelProblem(
                f"keeps weights outside itself ({place[:80]})", path, "Save it as one file without external data"
            )


def _port(value: Any, path: Path) -> Port:
    kind = value.type.tensor_type
    shape: tuple[Side, ...] | None = None
    if kind.HasField("shape"):
        shape = tuple(_side(entry) for entry in kind.shape.dim)
        if any(isinstance(side, int) and not 0 < side <= LARGEST_SIDE for side in shape):
            raise ModelProblem(f"declares the absurd shape {list(shape)} for {value.name!r}", path)
    return Port(value.name, _TYPES.get(kind.elem_type, f"type {kind.elem_type}"), shape)


def _side(entry: Any) -> Side:
    if entry.HasField("dim_value"):
        return int(entry.dim_value)
    return entry.dim_param or None
