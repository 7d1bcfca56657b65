"""Train `lung-tissue`: benign lung, adenocarcinoma or squamous cell carcinoma on a field of H&E."""

# pyright: basic, reportMissingImports=false

import argparse
import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.training import augment, metrics
from models.training.fitting import Schedule, fit, run_network, say, seed_everything
from models.training.model_card import figures_table, refresh_card
from models.training.near_duplicates import near_duplicates
from models.training.networks import SmallResNet
from models.training.onnx_export import export_network, run_exported
from models.training.package_writer import write_json, write_package
from models.training.preparation import read_rgb, resize
from models.training.splits import Part, Shares, join_groups, split_groups

NAME, VERSION = "lung-tissue", "0.1.0"
SIDE = 144
MEAN, STD = (0.7, 0.55, 0.75), (0.2, 0.25, 0.2)
SPLIT_KEY = "overread/lung-tissue/1"
SHARES = Shares(val=0.15, test=0.25)
SEED, BATCH, BATCHES = 5, 32, 16
WIDTHS = (16, 32, 64, 96, 144)
SLIDE_SPACING_UM = 0.78
LABELS = ("lung_aca", "lung_n", "lung_scc")
FIGURES = {
    "accuracy": "accuracy (three labels)",
    "auroc": "AUROC, mean of one against the rest",
    "sensitivity_lung_aca": "adenocarcinoma: sensitivity",
    "specificity_lung_aca": "adenocarcinoma: specificity",
    "sensitivity_lung_n": "benign lung: sensitivity",
    "specificity_lung_n": "benign lung: specificity",
    "sensitivity_lung_scc": "squamous cell carcinoma: sensitivity",
    "specificity_lung_scc": "squamous cell carcinoma: specificity",
    "calibration_error": "expected calibration error of the label chosen (10 bins)",
}
PLACEMENT = augment.Placement(rotation=3.15, scale=0.3, stretch=0.15, shift=0.1, flip_y=True)


def main() -> None:
    """Train, measure and write the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with labels.csv and its pictures")
    parser.add_argument("--to", type=Path, required=True, help="package folder to write")
    parser.add_argument("--weights", type=Path, help="file to keep the fitted weights in; used if it is there")
    parser.add_argument("--epochs", type=int, default=80)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop fitting after this long")
    parser.add_argument("--measure", action="store_true", help="measure the held-back part and write the package")
    choice = parser.parse_args()
    seed_everything(SEED)
    rows = read_rows(choice.data)
    pictures = [read_rgb(str(choice.data / file)) for file, _ in rows]
    truth = np.array([LABELS.index(label) for _, label in rows])
    groups = tissue_groups([file for file, _ in rows], pictures, truth)
    parts = split_groups(groups, SPLIT_KEY, SHARES)
    say(str({part: np.bincount(truth[at], minlength=3).tolist() for part, at in parts.items()}))
    images = torch.from_numpy(np.stack([prepare(pixels) for pixels in pictures]))
    network = SmallResNet(len(LABELS), WIDTHS, channels=3, dropout=0.3)
    if choice.weights and choice.weights.exists():
        network.load_state_dict(torch.load(choice.weights, weights_only=True))
    else:
        network = train(network, images, truth, parts, Schedule(choice.epochs, 2e-3, 0.05, 40, 0.99, choice.minutes))
        if choice.weights:
            torch.save(network.state_dict(), choice.weights)
    calibrate(network, images[parts["val"]], truth[parts["val"]])
    if choice.measure:
        write(choice.to, network, images, truth, groups, parts)


def read_rows(data: Path) -> list[tuple[str, str]]:
    """Return file and label of each picture, in the order of their names."""
    with (data / "labels.csv").open(newline="") as file:
        return sorted((row["file"], row["label"]) for row in csv.DictReader(file))


def prepare(pixels: np.ndarray) -> np.ndarray:
    """Return the array the network sees for one picture, before normalising: 3 × SIDE × SIDE in 0…1."""
    return resize(pixels, SIDE, SIDE).transpose(2, 0, 1) / np.float32(255)


def normalised(images: Tensor) -> Tensor:
    """Return images in 0…1 as the network sees them."""
    return (images - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def tissue_groups(names: Sequence[str], pictures: Sequence[np.ndarray], truth: np.ndarray) -> list[str]:
    """Return one group per picture; pictures of one label that show the same tissue are one group.

    The source made 5,000 pictures of each label from 250 by turning and flipping, and does not say which from which.
    """
    traits: dict[str, list[str]] = {name: [name] for name in names}
    for index in range(len(LABELS)):
        own = np.flatnonzero(truth == index).tolist()
        for first, second in near_duplicates([pictures[at] for at in own]):
            traits[names[own[second]]].append(names[own[first]])
    named = join_groups(traits)
    return [named[name] for name in names]


def train(
    network: SmallResNet, images: Tensor, truth: np.ndarray, parts: dict[Part, list[int]], schedule: Schedule
) -> nn.Module:
    """Fit on the training part, choosing the epoch by the log loss on validation once calibrated there."""
    labels = torch.from_numpy(truth).long()
    at, val = torch.tensor(parts["train"]), normalised(images[parts["val"]])
    weights = 1 / torch.bincount(labels[at]).float()[labels[at]]
    generator = torch.Generator().manual_seed(SEED)

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        for _ in range(BATCHES):
            chosen = at[torch.multinomial(weights, BATCH, replacement=True, generator=generator)]
            yield vary(images[chosen]), labels[chosen]

    def loss_of(logits: Tensor, targets: Tensor) -> Tensor:
        return nn.functional.cross_entropy(logits, targets, label_smoothing=0.05)

    def score_of(averaged: nn.Module) -> float:
        logits, known = run_network(averaged, val), truth[parts["val"]]
        say(f"  validation accuracy {float((logits.argmax(axis=1) == known).mean()):.3f}")
        return -temperature_of(logits, known)[1]

    return fit(network, batches, BATCHES, loss_of, score_of, schedule)


def vary(images: Tensor) -> Tensor:
    """Return fields as another slide, stain, scanner and magnification would have shown them.

    The stain varies much: in the source each label has its own colour of light and dye, which must not tell it.
    """
    placed, _ = augment.place(images, PLACEMENT)
    stained = augment.blur_some(augment.vary_stain(placed, 0.5), 0.4, 1.5)
    varied = augment.vary_intensity(stained, gamma=0.3, contrast=0.2, noise=0.03).clamp(0, 1)
    return normalised(augment.erase_some(varied, 0.3, 0.3))


def chances(logits: np.ndarray) -> np.ndarray:
    """Return the softmax of each row."""
    raised = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def temperature_of(logits: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Return the temperature of the logits with the least log loss, and that loss."""
    choices = np.exp(np.linspace(np.log(0.25), np.log(8), 141))
    rows = np.arange(len(truth))
    losses = [-np.log(np.clip(chances(logits / t)[rows, truth], 1e-9, 1)).mean() for t in choices]
    best = int(np.argmin(losses))
    return float(choices[best]), float(losses[best])


def calibrate(network: nn.Module, images: Tensor, truth: np.ndarray) -> None:
    """Set the network's temperature from the validation part."""
    network.temperature.fill_(1.0)
    logits = run_network(network, normalised(images))
    temperature, loss = temperature_of(logits, truth)
    network.temperature.fill_(temperature)
    right = float((logits.argmax(axis=1) == truth).mean())
    say(f"validation: temperature {temperature:.3f}, log loss {loss:.4f}, accuracy {right:.4f}")


def figures_of(truth: np.ndarray, chance: np.ndarray) -> dict[str, float]:
    """Return accuracy, AUROC, calibration error, and sensitivity and specificity of each label."""
    called = chance.argmax(axis=1)
    figures = {"accuracy": float((called == truth).mean())}
    areas = [metrics.area_under_curve((truth == n).astype(np.float64), chance[:, n]) for n in range(len(LABELS))]
    figures["auroc"] = float(np.mean(areas))
    figures["calibration_error"] = metrics.calibration_error((called == truth).astype(np.float64), chance.max(axis=1))
    for index, label in enumerate(LABELS):
        own = truth == index
        figures[f"sensitivity_{label}"] = metrics.ratio(float((called[own] == index).sum()), float(own.sum()))
        figures[f"specificity_{label}"] = metrics.ratio(float((called[~own] != index).sum()), float((~own).sum()))
    return figures


def colour_alone(images: Tensor, truth: np.ndarray, parts: dict[Part, list[int]]) -> float:
    """Return the share right on the held-back part when only the mean and spread of each colour are known.

    The nearest mean of a label decides: what a reader blind to all tissue would reach.
    """
    seen = torch.cat([images.mean(dim=(2, 3)), images.std(dim=(2, 3))], dim=1).numpy()
    at, test = np.array(parts["train"]), np.array(parts["test"])
    seen = (seen - seen[at].mean(axis=0)) / seen[at].std(axis=0)
    middles = np.stack([seen[at][truth[at] == index].mean(axis=0) for index in range(len(LABELS))])
    called = np.linalg.norm(seen[test][:, None] - middles[None], axis=2).argmin(axis=1)
    return float((called == truth[test]).mean())


def write(
    folder: Path,
    network: nn.Module,
    images: Tensor,
    truth: np.ndarray,
    groups: list[str],
    parts: dict[Part, list[int]],
) -> None:
    """Export the network, measure the exported file on the held-back part and write the package."""
    folder.mkdir(parents=True, exist_ok=True)
    export_network(network, normalised(images[:2]), folder / "model.onnx", "logits", free_size=False)
    test = parts["test"]
    given = normalised(images[test]).numpy()
    logits = run_exported(folder / "model.onnx", given)
    known, names = truth[test], [groups[index] for index in test]
    chance = chances(logits)
    held_back = metrics.bootstrap(names, lambda at: figures_of(known[at], chance[at]))
    say(str({name: figure["value"] for name, figure in held_back.items()}))
    sizes = Counter(groups)
    called = chance.argmax(axis=1)
    content = {
        "format": 1,
        "package": f"{NAME}@{VERSION}",
        "held_back": {
            "what": "pictures drawn by a keyed hash of the tissue they show; no network trained on them, nothing "
            "chosen by them; patients are not known, and one may lie on both sides",
            "images": len(test),
            "groups": len(set(names)),
            "per_label": {label: int((known == index).sum()) for index, label in enumerate(LABELS)},
            "figures": held_back,
            "confusion": {
                label: {other: int(((known == row) & (called == column)).sum()) for column, other in enumerate(LABELS)}
                for row, label in enumerate(LABELS)
            },
        },
        "trained_on": {
            "images": len(parts["train"]),
            "groups": len({groups[index] for index in parts["train"]}),
            "tuned_on": len(parts["val"]),
        },
        "other": {
            "pictures": len(groups),
            "pictures_with_a_near_duplicate": sum(sizes[group] > 1 for group in groups),
            "groups_found": {
                label: len({groups[index] for index in np.flatnonzero(truth == number)})
                for number, label in enumerate(LABELS)
            },
            "accuracy_of_colour_alone": colour_alone(images, truth, parts),
            "largest_gap_onnx_to_torch": float(np.abs(logits - run_network(network, normalised(images[test]))).max()),
        },
    }
    write_json(folder / "metrics.json", content)
    refresh_card(folder, figures_table(held_back, FIGURES))
    inputs = normalised(torch.from_numpy(example()))[None].numpy()
    write_package(folder, manifest(), inputs, run_exported(folder / "model.onnx", inputs))


def example() -> np.ndarray:
    """Return a made field, 3 × SIDE × SIDE in 0…1, for the test vector: the source's pictures are not passed on."""
    import cv2

    rng = np.random.default_rng(SEED)
    cells = cv2.resize(rng.random((24, 24), dtype=np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    ground = cv2.resize(rng.random((6, 6), dtype=np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    blue, pink = np.clip(cells * 3 - 1.6, 0, 1), np.clip(ground, 0, 1) * 0.6 + 0.2
    density = blue * np.array([0.9, 1.0, 0.35])[:, None, None] + pink * np.array([0.12, 0.6, 0.25])[:, None, None]
    return np.exp(-density).astype(np.float32)


def manifest() -> dict[str, object]:
    """Return the manifest without the weights' hash and test vectors."""
    names = {
        "lung_aca": ("Adenocarcinoma of lung", "#d55e00", "254626006", "Adenocarcinoma of lung"),
        "lung_n": ("Benign lung tissue", "#0072b2", None, ""),
        "lung_scc": ("Squamous cell carcinoma of lung", "#f0e442", "254634000", "Squamous cell carcinoma of lung"),
    }
    return {
        "format": 1,
        "name": NAME,
        "version": VERSION,
        "title": "Lung tissue in H&E",
        "description": "Tells benign lung, adenocarcinoma and squamous cell carcinoma apart, field by field.",
        "licence": "Apache-2.0",
        "task": "classify",
        "weights": {},
        "reads": {"kinds": ["picture", "slide"], "modalities": []},
        "input": {
            "name": "image",
            "axes": "NCHW",
            "channels": "rgb",
            "type": "float32",
            "size": {"policy": "fixed", "width": SIDE, "height": SIDE, "fit": "stretch"},
            "spacing": None,
            "slide_spacing_um": SLIDE_SPACING_UM,
        },
        "preprocessing": [
            {"step": "divide", "by": 255.0},
            {"step": "normalise", "mean": list(MEAN), "std": list(STD)},
        ],
        "outputs": [{"name": "logits", "decode": {"as": "scores", "activation": "softmax"}}],
        "labels": [
            {
                "index": index,
                "id": label,
                "name": names[label][0],
                "colour": names[label][1],
                "code": names[label][2] and {"scheme": "SCT", "value": names[label][2], "meaning": names[label][3]},
                **({"finding": False} if label == "lung_n" else {}),
            }
            for index, label in enumerate(LABELS)
        ],
        "thresholds": {"score": 0.5},
    }


if __name__ == "__main__":
    main()
