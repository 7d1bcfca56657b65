"""Write the `lumbar-discs` pipeline folder."""

# pyright: basic, reportMissingImports=false

from pathlib import Path

import numpy as np
import torch
from torch import nn

from models.training.model_card import plain_table, refresh_card
from models.training.onnx_export import export_network, run_exported
from models.training.package_writer import write_json, write_package
from models.training.recipes.lumbar_networks import (
    CROP_MM,
    LEVEL_SIDE,
    MEAN,
    MULTIPLE,
    SKIP_COST,
    STD,
    level_input,
    padded_input,
)
from models.training.recipes.lumbar_planes import HIGH, LEVELS, LOW, MINIMUM_AREA, SagittalPlane

NAME, VERSION, LICENCE = "lumbar-discs", "0.1.0", "Apache-2.0"
COLOURS = ("#4fb0e0", "#4caf7a", "#d9b84a", "#e08a4f", "#c76fd1")
HERNIATED = ("#2f7ba3", "#2f7a52", "#9c8230", "#a85f30", "#8d489a")
READS = {"kinds": ["volume", "sequence", "picture"], "modalities": ["MR"]}
PREPROCESSING = [
    {"step": "percentiles", "low": LOW, "high": HIGH},
    {"step": "normalise", "mean": [MEAN], "std": [STD]},
]
HEAD = ("volume left out", "Dice", "boxes found", "boxes too many", "levels right", "of them without `order`")
Folds = dict[str, dict[str, float | int]]


def write_pipeline(
    folder: Path, segment: nn.Module, level: nn.Module, planes: list[SagittalPlane], folds: Folds
) -> None:
    """Export both networks and write the pipeline with the figures of the volumes left out in turn."""
    sample = next(plane for plane in planes if len(plane.discs) == len(LEVELS) and plane.volume.startswith("ivd"))
    whole = padded_input(sample)[None]
    crop = level_input(sample.values, sample.discs[-1].centre)[None]
    write_part(folder / "segment", segment, whole, whole[:, :, 32:192, 48:160], segment_manifest(), free_size=True)
    write_part(folder / "level", level, crop, crop, level_manifest(), free_size=False)
    write_json(folder / "pipeline.json", pipeline())
    names = [name for name in folds if name.startswith("ivd")]
    content = {
        "format": 1,
        "package": f"{NAME}@{VERSION}",
        "held_back": {
            "what": "each volume left out in turn, both networks trained without it; the weights shipped have seen all",
            "boxes_found": "a predicted box counts at an IoU of one half and more with the true one",
            "volumes": folds,
            "disc_volumes_together": together([folds[name] for name in names]),
        },
        "notes": [
            "Four volumes are far too few for an interval that means anything; none is given.",
            "vb1_10 is T1-weighted; its discs were derived from the vertebral bodies' mask.",
            "Above the topmost labelled disc nothing is labelled, so nothing is measured there.",
            *(f"{name} was never left out in this run." for name in sorted({p.volume for p in planes} - set(folds))),
        ],
    }
    write_json(folder / "metrics.json", content)
    refresh_card(folder, plain_table(HEAD, [card_row(name, fold) for name, fold in folds.items()]))


def card_row(name: str, fold: dict[str, float | int]) -> tuple[object, ...]:
    """Return a volume's line of the card's table."""
    return (
        name,
        float(fold["dice"]),
        f"{fold['boxes_found']} of {fold['boxes_true']}",
        fold["boxes_extra"],
        f"{fold['levels_right']} of {fold['levels_total']}",
        fold["levels_right_without_order"],
    )


def together(folds: list[dict[str, float | int]]) -> dict[str, float | int]:
    """Return the sums of the counts and the mean, least and greatest Dice."""
    scores = [float(fold["dice"]) for fold in folds]
    counts = {name: sum(fold[name] for fold in folds) for name in folds[0] if name != "dice"}
    return {"dice_mean": float(np.mean(scores)), "dice_least": min(scores), "dice_greatest": max(scores), **counts}


def write_part(
    folder: Path,
    network: nn.Module,
    example: np.ndarray,
    test: np.ndarray,
    manifest: dict[str, object],
    free_size: bool,
) -> None:
    """Write one package of the pipeline."""
    folder.mkdir(parents=True, exist_ok=True)
    output = manifest["outputs"][0]["name"]  # type: ignore[index]
    export_network(network, torch.from_numpy(example), folder / "model.onnx", output, free_size)
    write_package(folder, manifest, test, run_exported(folder / "model.onnx", test))


def segment_manifest() -> dict[str, object]:
    """Return the disc mask's manifest without hash and test vectors."""
    return {
        "format": 1,
        "name": "lumbar-disc-mask",
        "version": VERSION,
        "title": "Lumbar discs, mask",
        "description": "Marks the intervertebral discs of one sagittal MR plane of the lumbar spine.",
        "licence": LICENCE,
        "task": "segment",
        "weights": {},
        "reads": {**READS, "planes": "sagittal"},
        "input": {
            "name": "image",
            "axes": "NCHW",
            "channels": "gray",
            "type": "float32",
            "size": {"policy": "any", "multiple_of": MULTIPLE},
            "spacing": {"x": 1.0, "y": 1.0, "z": None, "unit": "mm"},
        },
        "preprocessing": PREPROCESSING,
        "outputs": [{"name": "disc", "decode": {"as": "map", "activation": "sigmoid"}}],
        "labels": [{"index": 0, "id": "disc", "name": "Intervertebral disc", "colour": "#4fb0e0", "code": None}],
        "thresholds": {"score": 0.5, "minimum_area": MINIMUM_AREA},
    }


def level_manifest() -> dict[str, object]:
    """Return the level classifier's manifest without hash and test vectors."""
    names = [(level, level) for level in LEVELS] + [("other", "Another place")]
    return {
        "format": 1,
        "name": "lumbar-disc-level",
        "version": VERSION,
        "title": "Level of a lumbar disc",
        "description": f"Names the level of the disc in the middle of {CROP_MM:.0f} mm of a sagittal MR plane.",
        "licence": LICENCE,
        "task": "classify",
        "weights": {},
        "reads": {**READS, "planes": "sagittal"},
        "input": {
            "name": "image",
            "axes": "NCHW",
            "channels": "gray",
            "type": "float32",
            "size": {"policy": "fixed", "width": LEVEL_SIDE, "height": LEVEL_SIDE, "fit": "stretch"},
            "spacing": None,
        },
        "preprocessing": PREPROCESSING,
        "outputs": [{"name": "logits", "decode": {"as": "scores", "activation": "softmax"}}],
        "labels": [
            {"index": index, "id": key, "name": name, "colour": (*COLOURS, "#8a8f98")[index], "code": None}
            for index, (key, name) in enumerate(names)
        ],
        "thresholds": {"score": 0.5},
    }


def pipeline() -> dict[str, object]:
    """Return the pipeline: mask, pieces, boxes, a level each, levels in order."""
    sequence = ["other", *LEVELS, "other"]
    found = [
        {"id": level, "name": level, "colour": colour, "code": None}
        for level, colour in zip(LEVELS, COLOURS, strict=True)
    ]
    herniated = [
        {
            "id": f"{level}_LDH",
            "name": f"{level} herniation",
            "colour": colour,
            "code": None,
            "assigned_by": "reader",
        }
        for level, colour in zip(LEVELS, HERNIATED, strict=True)
    ]
    return {
        "format": 1,
        "task": "pipeline",
        "name": NAME,
        "version": VERSION,
        "title": "Lumbar discs and their levels",
        "description": "Marks the discs of sagittal lumbar MR, boxes them and names their levels L1-L2 to L5-S1.",
        "licence": LICENCE,
        "reads": {**READS, "planes": "sagittal"},
        "steps": [
            {"do": "segment", "package": "segment"},
            {"do": "pieces", "minimum_area_mm2": float(MINIMUM_AREA)},
            {"do": "boxes"},
            {"do": "classify", "package": "level", "crop": {"side_mm": CROP_MM}},
            {
                "do": "order",
                "along": "down",
                "sequence": sequence,
                "repeats": ["other"],
                "skip_cost": SKIP_COST,
            },
        ],
        "labels": [*found, *herniated],
    }
