"""`overread doctor`: what this installation really can do."""

from __future__ import annotations

import platform
import sys
from argparse import ArgumentParser, Namespace
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pkgutil import iter_modules
from types import ModuleType

from desktop_app.command import DONE, FAILED, Console
from imaging.errors import Problem

_LIBRARIES = (
    *("numpy", "onnxruntime", "onnxruntime-gpu", "onnx", "PySide6-Essentials", "pydicom", "SimpleITK", "tifffile"),
    *("imagecodecs", "opencv-python-headless", "pillow", "scipy", "scikit-image", "openslide-python", "obstore"),
)
_CODECS = (
    ("jpeg 8-bit", "JPEG8"),
    ("jpeg lossless", "LJPEG"),
    ("jpeg-ls", "JPEGLS"),
    ("jpeg 2000", "JPEG2K"),
    ("jpeg xl", "JPEGXL"),
    ("rle", "DICOMRLE"),
    ("deflate", "ZLIB"),
    ("zstd", "ZSTD"),
)


class DoctorCommand:
    """Tells versions, readers, devices, models and folders, each really tried."""

    name = "doctor"
    help = "what this installation can do: devices, readers, models, versions, folders"

    def configure(self, parser: ArgumentParser) -> None:
        """No arguments of its own."""

    def run(self, arguments: Namespace, console: Console) -> int:  # noqa: ARG002
        """Print all of it; the exit code is 1 when a reader or a shipped model does not work."""
        broken = 0
        for topic in (_versions, _readers, _devices, _models, _folders):
            for name, state, is_sound in topic():
                broken += not is_sound
                mark = "" if is_sound else "  (!)"
                facts: dict[str, object] = {
                    "topic": topic.__name__[1:],
                    "name": name,
                    "state": state,
                    "sound": is_sound,
                }
                console.say(f"{topic.__name__[1:]:9} {name}: {state}{mark}", facts)
        return FAILED if broken else DONE


Line = tuple[str, str, bool]
"""What, how it is, and whether that is as it should be."""


def _versions() -> list[Line]:
    lines: list[Line] = [
        ("overread", _version("overread") or "from source", True),
        ("python", f"{platform.python_version()} ({sys.platform}, {platform.machine()})", True),
    ]
    return lines + [(name, found, True) for name in _LIBRARIES if (found := _version(name))]


def _readers() -> list[Line]:
    """Every format plugin, imported on its own, and every codec."""
    from imaging import formats

    lines = _plugins(formats, "format")
    try:
        codecs = import_module("imagecodecs")
    except ImportError as error:
        return [*lines, ("imagecodecs", f"does not load ({error})", False)]
    for title, name in _CODECS:
        available = bool(getattr(getattr(codecs, name, None), "available", False))
        lines.append((f"codec {title}", "loads" if available else "is not built in", available))
    return lines


def _plugins(package: ModuleType, family: str) -> list[Line]:
    lines: list[Line] = []
    for entry in sorted(iter_modules(package.__path__), key=lambda module: module.name):
        try:
            plugin = getattr(import_module(f"{package.__name__}.{entry.name}"), "PLUGIN", None)
        except ImportError as error:
            lines.append((f"{family} {entry.name}", f"does not load ({error})", False))
            continue
        if plugin is not None:
            lines.append((f"{family} {plugin.name}", f"loads ({plugin.title})", True))
    return lines


def _devices() -> list[Line]:
    """Every provider, tried with a session; one that this machine lacks is no fault."""
    from models.device import provider_states
    from models.runtime import core_count

    lines = [
        (state.device, "usable" if state.usable else f"not usable: {state.why}", state.usable or state.device != "cpu")
        for state in provider_states()
    ]
    return [*lines, ("cores", str(core_count()), True), ("memory", _memory(), True)]


def _memory() -> str:
    """What is free, and what reading slides may take of it; a broken settings file is the window's to tell."""
    from imaging.memory import free_bytes

    free = f"{free_bytes() / 2**30:.1f} GiB free"
    try:
        from desktop_app.settings import FILE_NAME, Settings, config_folder, parse
    except ImportError:  # Qt does not load here, so there is no window either
        return free
    try:
        settings = parse((config_folder() / FILE_NAME).read_text("utf-8"))
    except (OSError, ValueError, TypeError):
        settings = Settings()
    return f"{free}, slide tiles take up to {settings.slide_memory:,} MiB"


def _models() -> list[Line]:
    """Every model at hand, with the device its session really got and how its test vectors came out."""
    from imaging.progress import silent
    from models.catalogue import entries, open_folder
    from models.checking import check_package

    lines: list[Line] = []
    for entry in entries():
        name = f"{entry.name}@{entry.version}"
        try:
            packages = open_folder(entry.folder).packages
            played = [one for package in packages for one in check_package(package, "auto", silent())]
        except Problem as problem:
            lines.append((name, str(problem), not entry.shipped))
            continue
        devices = ", ".join(dict.fromkeys(one.device for one in played)) or "unknown"
        failed = [one for one in played if not one.passed]
        worst = max((one.error for one in played), default=0.0)
        state = f"runs on {devices}, {len(played) - len(failed)} of {len(played)} test vectors pass (error {worst:.2g})"
        lines.append((name, state, not failed))
    return lines


def _folders() -> list[Line]:
    from models.catalogue import LIBRARY, user_folder
    from models.trust import cache_folder

    return [
        ("shipped models", str(LIBRARY), LIBRARY.is_dir()),
        ("your models", str(user_folder()), True),
        ("cache", str(cache_folder()), True),
    ]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


PLUGIN = DoctorCommand()
