"""Plugins: every module of a package that ends with `PLUGIN = …` adds one thing to a family."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def gather(package: ModuleType, family: type[T]) -> tuple[T, ...]:
    """The `PLUGIN` of each module of `package`, in name order.

    `family` is a runtime-checkable protocol or a class; a plugin that is not one of it is a
    programming error and raises `TypeError`. Modules without the name are shared pieces, not plugins.
    """
    found: list[T] = []
    for entry in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"{package.__name__}.{entry.name}")
        plugin = getattr(module, "PLUGIN", None)
        if plugin is None:
            continue
        if not isinstance(plugin, family):
            raise TypeError(f"{module.__name__}.PLUGIN is no {family.__name__}")
        found.append(plugin)
    return tuple(found)
