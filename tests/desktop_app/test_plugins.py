"""Every family of plugins, gathered: members are what their protocol says, have names of their own, load lightly."""

import inspect
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules

import pytest

from desktop_app.command import Command
from desktop_app.panel import Panel
from desktop_app.tool import Tool
from export.destination import DestinationKind
from export.exporter import Exporter
from imaging.plugins import gather
from imaging.scan import ScanFormat
from models.draft import ModelImporter
from models.reading import ModelKind

FAMILIES: dict[str, tuple[type, str]] = {
    "imaging.formats": (ScanFormat, "name"),
    "models.kinds": (ModelKind, "task"),
    "models.importing": (ModelImporter, "name"),
    "export.formats": (Exporter, "name"),
    "export.destinations": (DestinationKind, "name"),
    "desktop_app.tools": (Tool, "name"),
    "desktop_app.panels": (Panel, "title"),
    "desktop_app.commands": (Command, "name"),
}
PLUGINS = [
    pytest.param(plugin, family, id=f"{package}-{getattr(plugin, name)}")
    for package, (family, name) in FAMILIES.items()
    for plugin in gather(import_module(package), family)
]
FLOORS = ("imaging", "dataset", "models", "export", "desktop_app")
HEAVY = {"SimpleITK", "pydicom", "onnxruntime", "onnx", "cv2", "scipy", "imagecodecs", "tifffile", "openslide"} | {
    "obstore", "pycocotools", "skimage", "torch", "jsonschema",
}  # fmt: skip


def test_every_folder_of_plugins_is_a_family_tested_here() -> None:
    assert {package for floor in FLOORS for package in packages_of_plugins(floor)} == set(FAMILIES)


def packages_of_plugins(floor: str) -> list[str]:
    spec = find_spec(floor)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folders = [Path(place) for place in spec.submodule_search_locations]
    names = [entry.name for entry in iter_modules(map(str, folders)) if entry.ispkg]
    return [f"{floor}.{name}" for name in names if any(has_plugins(folder / name) for folder in folders)]


def has_plugins(folder: Path) -> bool:
    return any("\nPLUGIN" in path.read_text(encoding="utf-8") for path in folder.glob("*.py"))


@pytest.mark.parametrize("package", FAMILIES)
def test_a_family_has_members_with_names_of_their_own(package: str) -> None:
    family, name = FAMILIES[package]
    names = [getattr(plugin, name) for plugin in gather(import_module(package), family)]
    assert names
    assert all(isinstance(one, str) and one.strip() for one in names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("plugin", "family"), PLUGINS)
def test_a_plugin_takes_what_its_family_is_given(plugin: object, family: type) -> None:
    for method, asked in inspect.getmembers(family, inspect.isfunction):
        if method.startswith("_"):
            continue
        wanted = [one.name.lstrip("_") for one in inspect.signature(asked).parameters.values()][1:]
        given = [one.name.lstrip("_") for one in inspect.signature(getattr(plugin, method)).parameters.values()]
        assert given == wanted, f"{method}{tuple(given)} where the family has {method}{tuple(wanted)}"


@pytest.mark.parametrize(("plugin", "family"), PLUGINS)
def test_a_plugin_has_every_fact_its_family_has(plugin: object, family: type) -> None:
    for fact in inspect.get_annotations(family):
        value = getattr(plugin, fact)
        assert value is not None, fact
        if fact in {"title", "help", "description", "example"}:
            assert value.strip(), fact


def test_gathering_all_of_them_loads_no_heavy_library() -> None:
    words = f"""
import sys
from importlib import import_module
from imaging.plugins import gather
for package in {list(FAMILIES)!r}:
    gather(import_module(package), object)
print(*sorted({HEAVY!r} & set(sys.modules)))
"""
    ended = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == []
