"""Train `nuclei`: every nucleus of an H&E picture as a piece of its own."""

# pyright: basic, reportMissingImports=false

import argparse
import csv
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.kinds.watershed import grow_instances
from models.training import augment
from models.training.fitting import Schedule, fit, run_network, say, seed_everything
from models.training.instance_metrics import Match, instance_figures, match_pieces
from models.training.metrics import bootstrap
from models.training.model_card import figures_table, refresh_card
from models.training.networks import SmallUNet
from models.training.onnx_export import export_network, run_exported
from models.training.package_writer import write_json, write_package
from models.training.preparation import read_label_map, read_rgb
from models.training.splits import Part, Shares, join_groups, split_groups

NAME, VERSION = "nuclei", "0.1.1"
SPLIT_KEY = "overread/nuclei/1"
SHARES = Shares(val=0.15, test=0.25)
SEED, BATCH, CROP, BATCHES = 11, 8, 192, 24
WIDTHS = (16, 32, 48, 64, 96)
MEAN, STD = (0.7, 0.55, 0.7), (0.2, 0.25, 0.2)
SEED_DEPTH = 0.45
MINIMUM_AREA = 20
SEAM = 1.5
FIGURES = {
    "pq": "panoptic quality (PQ)",
    "ap50": "AP50",
    "f1_at_50": "F1 at IoU 0.5",
    "dice": "Dice (all pixels)",
    "mean_overlap_of_hits": "mean IoU of the nuclei found",
}
PLACEMENT = augment.Placement(rotation=3.15, scale=0.4, stretch=0.2, shift=0.1, flip_y=True)


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture with its true nuclei."""

    name: str
    pixels: np.ndarray
    truth: np.ndarray


def main() -> None:
    """Train, measure and write the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with index.csv, images and masks")
    parser.add_argument("--to", type=Path, required=True, help="package folder to write")
    parser.add_argument("--weights", type=Path, help="file to keep the fitted weights in; used if it is there")
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop fitting after this long")
    choice = parser.parse_args()
    seed_everything(SEED)
    pictures = read_pictures(choice.data)
    groups = field_groups(pictures)
    parts = split_groups(groups, SPLIT_KEY, SHARES)
    say(str({part: (len(at), len({groups[index] for index in at})) for part, at in parts.items()}))
    network = SmallUNet(3, 2, WIDTHS)
    if choice.weights and choice.weights.exists():
        network.load_state_dict(torch.load(choice.weights, weights_only=True))
    else:
        network = train(network, pictures, parts, Schedule(choice.epochs, 3e-3, 0.02, 40, 0.995, choice.minutes))
        if choice.weights:
            torch.save(network.state_dict(), choice.weights)
    write(choice.to, network, pictures, groups, parts)


def read_pictures(data: Path) -> list[Picture]:
    """Return the H&E pictures, nuclei numbered 1…n."""
    pictures = list[Picture]()
    with (data / "index.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["type"] == "he":
                truth = read_label_map(str(data / row["mask"]))
                pictures.append(Picture(Path(row["image"]).stem, read_rgb(str(data / row["image"])), truth))
    return sorted(pictures, key=lambda picture: picture.name)


def field_groups(pictures: list[Picture]) -> list[str]:
    """Return one group per picture; pictures that continue each other across an edge were one field.

    Two pictures are neighbours where the step across the seam is no larger than the steps beside it: the ratio
    is at most 1.1 for the seams in this data and at least 2.3 for all other pairs.
    """
    traits: dict[str, list[str]] = {picture.name: [] for picture in pictures}
    for first, second in itertools.permutations(pictures, 2):
        for turn in (False, True):
            one, two = (np.swapaxes(p.pixels, 0, 1) if turn else p.pixels for p in (first, second))
            last, before, begin, after = (line.astype(np.float32) for line in (one[-1], one[-2], two[0], two[1]))
            step = np.abs(last - begin).mean()
            usual = (np.abs(last - before).mean() + np.abs(begin - after).mean()) / 2
            if step < SEAM * (usual + 0.5):
                seam = f"{first.name} {second.name}"
                traits[first.name].append(seam)
                traits[second.name].append(seam)
    named = join_groups(traits)
    return [named[picture.name] for picture in pictures]


def targets_of(truth: np.ndarray) -> np.ndarray:
    """Return interior and seeds (the depth of each nucleus above a share of its greatest), 2 × H × W."""
    from scipy import ndimage

    seeds = np.zeros(truth.shape, np.float32)
    for index, box in enumerate(ndimage.find_objects(truth), start=1):
        piece = np.pad(truth[box] == index, 1)
        depth = ndimage.distance_transform_edt(piece)[1:-1, 1:-1]
        seeds[box] = np.where(depth > SEED_DEPTH * depth.max(), 1.0, seeds[box])
    return np.stack([(truth > 0).astype(np.float32), seeds])


def as_tensor(pixels: np.ndarray) -> Tensor:
    """Return RGB pixels as 3 × H × W in 0…1."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))).float() / 255


def normalised(images: Tensor) -> Tensor:
    """Return images in 0…1 as the network sees them."""
    return (images - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def train(network: SmallUNet, pictures: list[Picture], parts: dict[Part, list[int]], schedule: Schedule) -> nn.Module:
    """Fit on crops of the training fields, choosing the epoch by panoptic quality on validation."""
    images = [as_tensor(pictures[index].pixels) for index in parts["train"]]
    maps = [torch.from_numpy(targets_of(pictures[index].truth)) for index in parts["train"]]
    val = [pictures[index] for index in parts["val"]]
    weights = stain_weights([pictures[index] for index in parts["train"]])
    generator = torch.Generator().manual_seed(SEED)

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        for _ in range(BATCHES):
            chosen = torch.multinomial(weights, BATCH, replacement=True, generator=generator).tolist()
            crops = [crop_at_random(images[index], maps[index], generator) for index in chosen]
            seen, wanted = torch.stack([c[0] for c in crops]), torch.stack([c[1] for c in crops])
            yield vary(seen, wanted)

    def score_of(averaged: nn.Module) -> float:
        return instance_figures([measure(picture, predict(averaged, picture), Limits()) for picture in val])["pq"]

    return fit(network, batches, BATCHES, overlap_loss, score_of, schedule)


def stain_weights(pictures: list[Picture]) -> Tensor:
    """Return how often to draw each picture: by the square root of how rare its ground colour is."""
    medians = [np.median(picture.pixels.reshape(-1, 3), axis=0) for picture in pictures]
    grounds = ["white" if rgb[1] > 180 else "pink" if rgb[0] > rgb[2] else "lavender" for rgb in medians]
    say(str({ground: grounds.count(ground) for ground in set(grounds)}))
    return torch.tensor([grounds.count(ground) ** -0.5 for ground in grounds])


def crop_at_random(image: Tensor, maps: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return one square crop of one picture and its targets."""
    height, width = image.shape[-2:]
    top = int(torch.randint(height - CROP + 1, (1,), generator=generator))
    left = int(torch.randint(width - CROP + 1, (1,), generator=generator))
    window = (slice(None), slice(top, top + CROP), slice(left, left + CROP))
    return image[window], maps[window]


def vary(images: Tensor, maps: Tensor) -> tuple[Tensor, Tensor]:
    """Return crops as another slide, stain and scanner would have shown them."""
    placed, moved = augment.place(images, PLACEMENT, maps)
    assert moved is not None
    dyed = augment.vary_background(placed, moved[:, :1], 0.4)
    stained = augment.blur_some(augment.vary_stain(dyed, 0.45), 0.3, 1.5)
    varied = augment.vary_intensity(stained, gamma=0.25, contrast=0.2, noise=0.03).clamp(0, 1)
    return normalised(varied), moved


def overlap_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return cross-entropy plus one minus the soft Dice of each channel."""
    chance = torch.sigmoid(logits)
    shared, total = (chance * targets).sum((0, 2, 3)), (chance + targets).sum((0, 2, 3))
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, targets)
    return entropy + (1 - (2 * shared + 1) / (total + 1)).mean()


def predict(network: nn.Module, picture: Picture) -> np.ndarray:
    """Return the network's raw maps for a whole picture, whose sides are multiples of 16."""
    return run_network(network, normalised(as_tensor(picture.pixels))[None])[0]


@dataclass(frozen=True, slots=True)
class Limits:
    """From which probability on a pixel is inside a nucleus, and from which it is a seed."""

    score: float = 0.5
    seed: float = 0.5


def find_limits(network: nn.Module, pictures: list[Picture]) -> Limits:
    """Return the limits with the greatest panoptic quality on some pictures."""
    maps = [predict(network, picture) for picture in pictures]

    def quality(limits: Limits) -> float:
        matches = [measure(picture, logits, limits) for picture, logits in zip(pictures, maps, strict=True)]
        return instance_figures(matches)["pq"]

    choices = [Limits(score, seed) for score in (0.4, 0.5, 0.6) for seed in (0.4, 0.5, 0.6, 0.7, 0.8)]
    best = max(choices, key=quality)
    say(f"{best}: PQ {quality(best):.4f} on validation, {quality(Limits()):.4f} at one half")
    return best


def measure(picture: Picture, logits: np.ndarray, limits: Limits) -> Match:
    """Return how the pieces decoded from the maps meet the true nuclei."""
    interior, seeds = 1 / (1 + np.exp(-logits.astype(np.float32)))
    found = grow_instances(
        interior, seeds, threshold=limits.score, seed_threshold=limits.seed, minimum_area=MINIMUM_AREA
    )
    sums = np.bincount(found.ravel(), interior.ravel())[1:] / np.maximum(np.bincount(found.ravel())[1:], 1)
    return match_pieces(picture.truth, found, sums.tolist())


def write(
    folder: Path, network: nn.Module, pictures: list[Picture], groups: list[str], parts: dict[Part, list[int]]
) -> None:
    """Export the network, measure the exported file on the held-back fields and write the package."""
    folder.mkdir(parents=True, exist_ok=True)
    example = normalised(as_tensor(pictures[0].pixels))[None]
    export_network(network, example, folder / "model.onnx", "maps", free_size=True)
    limits = find_limits(network, [pictures[index] for index in parts["val"]])
    test = [pictures[index] for index in parts["test"]]
    inputs = [normalised(as_tensor(picture.pixels))[None].numpy() for picture in test]
    outputs = [run_exported(folder / "model.onnx", image)[0] for image in inputs]
    matches = [measure(picture, maps, limits) for picture, maps in zip(test, outputs, strict=True)]
    names = [groups[index] for index in parts["test"]]
    figures = bootstrap(names, lambda at: instance_figures([matches[index] for index in at]))
    say(json.dumps({name: figure["value"] for name, figure in figures.items()}))
    content = {
        "format": 1,
        "package": f"{NAME}@{VERSION}",
        "held_back": {
            "what": "fields drawn by a keyed hash; pictures that continue each other across an edge are one field",
            "pictures": len(test),
            "fields": len(set(names)),
            "nuclei": sum(match.true for match in matches),
            "thresholds": {"score": limits.score, "seed": limits.seed, "minimum_area": MINIMUM_AREA},
            "figures": figures,
            "per_picture": [
                {"picture": picture.name, "nuclei": match.true, "found": match.found, **instance_figures([match])}
                for picture, match in zip(test, matches, strict=True)
            ],
        },
        "trained_on": {
            "pictures": len(parts["train"]),
            "fields": len({groups[index] for index in parts["train"]}),
            "tuned_on": len(parts["val"]),
        },
        "other": {
            "largest_gap_onnx_to_torch": max(
                float(np.abs(predict(network, picture) - maps).max())
                for picture, maps in zip(test, outputs, strict=True)
            )
        },
    }
    write_json(folder / "metrics.json", content)
    refresh_card(folder, figures_table(figures, FIGURES))
    small = inputs[0][:, :, :128, :96]
    write_package(folder, manifest(limits), small, run_exported(folder / "model.onnx", small))


def manifest(limits: Limits) -> dict[str, object]:
    """Return the manifest without the weights' hash and test vectors."""
    return {
        "format": 1,
        "name": NAME,
        "version": VERSION,
        "title": "Nuclei in H&E",
        "description": "Outlines every nucleus of a haematoxylin and eosin picture as a piece of its own.",
        "licence": "Apache-2.0",
        "task": "instances",
        "weights": {},
        "reads": {"kinds": ["picture", "slide"], "modalities": []},
        "input": {
            "name": "image",
            "axes": "NCHW",
            "channels": "rgb",
            "type": "float32",
            "size": {"policy": "tiles", "width": 256, "height": 256, "halo": 32},
            "spacing": None,
            "slide_spacing_um": 0.5,
        },
        "preprocessing": [
            {"step": "divide", "by": 255.0},
            {"step": "normalise", "mean": list(MEAN), "std": list(STD)},
        ],
        "outputs": [
            {
                "name": "maps",
                "decode": {"as": "distance-map", "activation": "sigmoid", "channels": ["interior", "seeds"]},
            }
        ],
        "labels": [
            {
                "index": 0,
                "id": "nucleus",
                "name": "Nucleus",
                "colour": "#3df07d",
                "code": {"scheme": "SCT", "value": "84640000", "meaning": "Nucleus"},
            }
        ],
        "thresholds": {"score": limits.score, "seed": limits.seed, "minimum_area": MINIMUM_AREA},
    }


if __name__ == "__main__":
    main()
