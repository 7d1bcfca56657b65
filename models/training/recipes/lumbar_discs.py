"""Train `lumbar-discs`: discs of sagittal MR planes, boxed, each with its level."""

# pyright: basic, reportMissingImports=false

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from models.training.fitting import say
from models.training.networks import SmallResNet, SmallUNet
from models.training.recipes.lumbar_networks import (
    LEVEL_WIDTHS,
    SEGMENT_WIDTHS,
    fit_level,
    fit_segment,
    measure_fold,
)
from models.training.recipes.lumbar_package import write_pipeline
from models.training.recipes.lumbar_planes import OTHER, SagittalPlane, read_planes


def main() -> None:
    """Measure with each volume left out in turn, then train on all and write the pipeline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the lumbar volumes and their masks")
    parser.add_argument("--to", type=Path, required=True, help="pipeline folder to write")
    parser.add_argument("--weights", type=Path, required=True, help="folder to keep fitted weights in; used if there")
    parser.add_argument("--steps", type=int, default=300, help="steps of each segmentation fit")
    parser.add_argument("--level-steps", type=int, default=240, help="steps of each level fit")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop each segmentation fit after this long")
    choice = parser.parse_args()
    choice.weights.mkdir(parents=True, exist_ok=True)
    planes = read_planes(choice.data)
    folds: dict[str, dict[str, float | int]] = {}
    shipped = fit_both(planes, "all", choice)
    for volume in sorted({plane.volume for plane in planes}):
        segment, level = fit_both([plane for plane in planes if plane.volume != volume], volume, choice)
        left_out = [plane for plane in planes if plane.volume == volume]
        folds[volume] = measure_fold(segment, level, left_out)
        say(f"left out {volume}: {folds[volume]}")
    write_pipeline(choice.to, *shipped, planes, folds)


def fit_both(planes: list[SagittalPlane], name: str, choice: argparse.Namespace) -> tuple[nn.Module, nn.Module]:
    """Return the two networks fitted on the planes, or as kept from an earlier run."""
    segment = kept_or_fitted(
        choice.weights / f"segment-{name}.pt",
        SmallUNet(1, 1, SEGMENT_WIDTHS),
        lambda: fit_segment(planes, choice.steps, choice.minutes),
    )
    level = kept_or_fitted(
        choice.weights / f"level-{name}.pt",
        SmallResNet(OTHER + 1, LEVEL_WIDTHS),
        lambda: fit_level(planes, segment, choice.level_steps),
    )
    return segment, level


def kept_or_fitted(path: Path, network: nn.Module, fitted: Callable[[], nn.Module]) -> nn.Module:
    """Return the network with the weights in `path`, fitting and keeping them where the file is missing."""
    if not path.exists():
        say(f"fitting {path.stem}")
        torch.save(fitted().state_dict(), path)
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


if __name__ == "__main__":
    main()
