"""Devices, truthfully: which execution providers can be used here, and why the others cannot."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import contextlib
import ctypes
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from models.problem import ModelProblem

PROVIDERS = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""Device names and onnxruntime's, best first; TensorRT is used only where it is asked for."""
NUMBERED = frozenset({"tensorrt", "cuda"})

# An ONNX graph y = Identity(x) of one float: the smallest thing a provider can be tried with.
_TINY = bytes.fromhex(
    "080812003a3a0a100a017812017922084964656e74697479120474696e795a0f0a0178120a0a08"
    "080112040a020801620f0a0179120a0a08080112040a02080142040a00100d"
)


@dataclass(frozen=True, slots=True)
class ProviderState:
    """Whether a device can be used, and if not, why."""

    device: str
    provider: str
    usable: bool
    why: str = ""


@cache
def engine() -> ModuleType:
    """onnxruntime, imported once, quiet, with its CUDA libraries loaded where there are any."""
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    with contextlib.suppress(AttributeError):
        onnxruntime.disable_telemetry_events()
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        with contextlib.redirect_stdout(io.StringIO()):
            onnxruntime.preload_dlls()
    return onnxruntime


@cache
def provider_states() -> tuple[ProviderState, ...]:
    """Every provider Overread knows, each really tried with a tiny session."""
    return tuple(_tried(device, provider) for device, provider in PROVIDERS.items())


def candidates(wanted: str) -> tuple[str, ...]:
    """The devices to try for a wish (`auto` or a device name), best first; refused if the wish cannot be met."""
    name = wanted.partition(":")[0]
    if name == "auto":
        return tuple(state.device for state in provider_states() if state.usable and state.device != "tensorrt")
    if name not in PROVIDERS:
        raise ModelProblem(f"is no device; there are auto, {', '.join(PROVIDERS)}", wanted)
    if name == "cpu":
        return ("cpu",)
    state = next(state for state in provider_states() if state.device == name)
    if not state.usable:
        raise ModelProblem(f"cannot be used: {state.why}", f"device {name}", "Use --device auto or cpu")
    return (name,)


def device_of(providers: list[str]) -> str:
    """The device a session really got, from its own list of providers."""
    first = providers[0] if providers else "CPUExecutionProvider"
    for device, provider in PROVIDERS.items():
        if provider == first:
            return f"{device}:0" if device in NUMBERED else device
    return first.removesuffix("ExecutionProvider").lower()


def _tried(device: str, provider: str) -> ProviderState:
    ort = engine()
    if provider not in ort.get_available_providers():
        return ProviderState(device, provider, False, _absent(device))
    options = ort.SessionOptions()
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(_TINY, options, providers=[provider], enable_fallback=0)
        got = list(session.get_providers())
    except Exception as error:  # noqa: BLE001 - a provider may fail in any way; what it says is the answer
        return ProviderState(device, provider, False, " ".join(str(error).split())[:300])
    if not got or got[0] != provider:
        return ProviderState(device, provider, False, _missing_library(device, ort))
    return ProviderState(device, provider, True)


def _absent(device: str) -> str:
    if device in NUMBERED:
        return "this onnxruntime was built without it; install overread[cuda] in place of onnxruntime"
    return "this onnxruntime was built without it"


def _missing_library(device: str, ort: ModuleType) -> str:
    """Why the provider's library did not load, in the loader's own words."""
    folder = Path(str(ort.__file__)).parent / "capi"
    for library in sorted(folder.glob(f"*onnxruntime_providers_{device}.*")):
        try:
            ctypes.CDLL(str(library))
        except OSError as error:
            return " ".join(str(error).split())[:300]
    return "its library loaded, but found no device it can use"
