"""Read a package's manifest: bounded, checked against its schema, every path kept inside the folder."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from models.problem import ModelProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

Json: TypeAlias = dict[str, Any]
LARGEST_MANIFEST = 8 * 2**20
LARGEST_WEIGHTS = 2**31 - 1
"""Protobuf's own bound; larger graphs need external data, which packages may not have."""
PIPELINE_FILE, MODEL_FILE = "pipeline.json", "model.json"


def read_manifest(folder: Path, file: str) -> tuple[Json, str]:
    """The manifest of a folder, valid by its schema, and the sha256 of its bytes."""
    path = inside(folder, file)
    raw = _read_bounded(path, LARGEST_MANIFEST)
    try:
        content: object = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ModelProblem(f"is no valid JSON ({_short(error)})", path) from None
    if not isinstance(content, dict):
        raise ModelProblem("holds no JSON object", path)
    manifest = cast(Json, content)
    if isinstance(manifest.get("format"), int) and manifest["format"] > 1:
        raise ModelProblem(
            f"is of package format {manifest['format']}, this program reads format 1", path, "Update Overread"
        )
    complaint = _worst_complaint(manifest, file)
    if complaint:
        raise ModelProblem(complaint, path)
    return manifest, hashlib.sha256(raw).hexdigest()


def inside(folder: Path, name: str) -> Path:
    """The path of a file of the package; a name or a link that leads out of the folder is refused."""
    root = folder.resolve()
    path = root / name
    if Path(name).is_absolute() or ".." in Path(name).parts or not path.resolve().is_relative_to(root):
        raise ModelProblem(f"names {name!r}, which lies outside its folder", folder)
    return path


def sha256_of(path: Path) -> str:
    """The sha256 of a file, read in pieces."""
    try:
        if path.stat().st_size > LARGEST_WEIGHTS:
            raise ModelProblem("is larger than 2 GiB, which no single ONNX file can be", path)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelProblem(f"cannot be read ({error.strerror})", path) from None


def _read_bounded(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        raise ModelProblem(f"cannot be read ({error.strerror})", path) from None
    if len(raw) > limit:
        raise ModelProblem(f"is larger than {limit // 2**20} MiB, too large for a manifest", path)
    return raw


@cache
def _validator(file: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    schema = Path(__file__).parent / "schema" / file.replace(".json", ".schema.json")
    return Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))


def _worst_complaint(manifest: Json, file: str) -> str:
    """One line about the most telling violation of the schema, or nothing."""
    from jsonschema.exceptions import best_match  # pyright: ignore[reportUnknownVariableType]

    errors = _validator(file).iter_errors(manifest)  # pyright: ignore[reportUnknownMemberType]
    choose = cast("Callable[[Iterable[ValidationError]], ValidationError | None]", best_match)
    error = choose(errors)
    return "" if error is None else _said(error)


def _said(error: ValidationError) -> str:
    """The violation in words: where, and what is wrong."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path]
    where = "".join(parts).lstrip(".") or "the manifest"
    last = error.absolute_path[-1] if error.absolute_path else ""
    value: object = error.instance  # pyright: ignore[reportUnknownMemberType]
    if error.validator == "enum" and last in ("step", "do"):
        return f"has the unknown step {_short(value)!r} at {where}"
    if last == "labels" and error.validator == "minItems":
        return "has no labels"
    if where == "the manifest" and error.message.startswith("'labels' is a required"):
        return "has no labels"
    return f"is not valid at {where}: {_short(error.message)}"


def _short(text: object) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= 160 else line[:157] + "…"
