"""Train `chest-pneumonia`: normal or pneumonia on a frontal chest radiograph of a child."""

# pyright: basic, reportMissingImports=false

import argparse
import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.training import augment, metrics
from models.training.fitting import Schedule, fit, run_network, say, seed_everything
from models.training.model_card import figures_table, refresh_card
from models.training.networks import SmallResNet
from models.training.onnx_export import export_network, run_exported
from models.training.package_writer import write_json, write_package
from models.training.preparation import normalise, read_gray, resize, scale_percentiles
from models.training.splits import Part, Shares, join_groups, split_groups

NAME, VERSION = "chest-pneumonia", "0.1.0"
SIDE, LOW, HIGH, MEAN, STD = 192, 1.0, 99.0, 0.5, 0.25
SPLIT_KEY = "overread/chest-pneumonia/1"
SHARES = Shares(val=0.15, test=0.20)
SEED = 20
WIDTHS = (16, 32, 64, 96, 144)
BATCH = 48
FIGURES = {
    "accuracy": "accuracy",
    "f1": "F1 (pneumonia)",
    "auroc": "AUROC",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "calibration_error": "expected calibration error (10 bins)",
}
PLACEMENT = augment.Placement(rotation=0.18, scale=0.12, stretch=0.3, shift=0.06)


def main() -> None:
    """Train, measure and write the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with labels.csv and its pictures")
    parser.add_argument("--to", type=Path, required=True, help="package folder to write")
    parser.add_argument("--weights", type=Path, help="file to keep the fitted weights in; used if it is there")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop fitting after this long")
    choice = parser.parse_args()
    seed_everything(SEED)
    rows = read_rows(choice.data)
    images, truth = load_images(choice.data, rows)
    groups = patient_groups(choice.data, rows)
    parts = split_groups(groups, SPLIT_KEY, SHARES)
    say(str({part: (len(at), int(truth[at].sum())) for part, at in parts.items()}))
    network = SmallResNet(2, WIDTHS)
    if choice.weights and choice.weights.exists():
        network.load_state_dict(torch.load(choice.weights, weights_only=True), strict=False)
    else:
        network = train(network, images, truth, parts, Schedule(choice.epochs, 2e-3, 0.05, 15, 0.995, choice.minutes))
        if choice.weights:
            torch.save(network.state_dict(), choice.weights)
    calibrate(network, images[parts["val"]], truth[parts["val"]])
    write(choice.to, choice.data, network, images, truth, groups, parts)


def read_rows(data: Path) -> list[dict[str, str]]:
    """Return the rows of labels.csv that belong to the training part of the source."""
    with (data / "labels.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["file"].startswith("train/")]


def prepare(path: Path) -> np.ndarray:
    """Return the array the network sees for one picture: 1 × SIDE × SIDE."""
    plane = scale_percentiles(read_gray(str(path)), LOW, HIGH)
    return normalise(resize(plane, SIDE, SIDE), MEAN, STD)[None]


def load_images(data: Path, rows: list[dict[str, str]]) -> tuple[Tensor, np.ndarray]:
    """Return the prepared pictures and 1.0 where pneumonia."""
    images = np.stack([prepare(data / row["file"]) for row in rows])
    truth = np.array([float(row["label"] == "PNEUMONIA") for row in rows])
    return torch.from_numpy(images), truth


def patient_groups(data: Path, rows: list[dict[str, str]]) -> list[str]:
    """Return one group per picture: the patient, joined with those who share a byte-identical picture."""
    traits = {
        row["file"]: ["patient " + row["patient_id"], hashlib.sha256((data / row["file"]).read_bytes()).hexdigest()]
        for row in rows
    }
    named = join_groups(traits)
    return [named[row["file"]] for row in rows]


def train(
    network: SmallResNet, images: Tensor, truth: np.ndarray, parts: dict[Part, list[int]], schedule: Schedule
) -> SmallResNet:
    """Fit on the training part, choosing the epoch by the log loss on validation once calibrated there."""
    at = torch.tensor(parts["train"])
    labels = torch.from_numpy(truth).long()
    weight = len(at) / (2 * torch.bincount(labels[at]).float())
    weight = weight.sqrt()
    val = images[parts["val"]], truth[parts["val"]]

    generator = torch.Generator().manual_seed(SEED)

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        order = at[torch.randperm(len(at), generator=generator)]
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            yield vary(images[chosen]), labels[chosen]

    def loss_of(logits: Tensor, targets: Tensor) -> Tensor:
        return nn.functional.cross_entropy(logits, targets, weight, label_smoothing=0.03)

    def score_of(averaged: nn.Module) -> float:
        return -calibrated(margins(averaged, val[0]), val[1])[2]

    return fit(network, batches, len(at) // BATCH, loss_of, score_of, schedule)


def vary(images: Tensor) -> Tensor:
    """Return the pictures as another exposure and position would have shown them.

    The percentiles are taken again, as they would be for a picture exposed so: contrast must not tell the label.
    """
    placed, _ = augment.place(images * STD + MEAN, PLACEMENT)
    varied = augment.vary_intensity(augment.blur_some(placed, 0.5, 1.8), gamma=0.6, contrast=0.1, noise=0.04)
    exposed = augment.spread_values(varied, LOW, HIGH)
    return (augment.erase_some(exposed, 0.5, 0.3) - MEAN) / STD


def probability(logits: np.ndarray) -> np.ndarray:
    """Return the softmax probability of pneumonia."""
    return 1 / (1 + np.exp(-(logits[:, 1] - logits[:, 0]).astype(np.float64)))


def calibrated(margin: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """Return the temperature and offset of the margin with the least log loss, and that loss, at this prevalence.

    The offset undoes what the class weights of training did to the chances.
    """
    from scipy.optimize import minimize

    def loss(point: np.ndarray) -> float:
        chance = np.clip(1 / (1 + np.exp(-(margin * np.exp(-point[0]) + point[1]))), 1e-6, 1 - 1e-6)
        return float(-(truth * np.log(chance) + (1 - truth) * np.log(1 - chance)).mean())

    best = minimize(loss, np.zeros(2), method="Nelder-Mead")
    return float(np.exp(best.x[0])), float(best.x[1]), float(best.fun)


def margins(network: nn.Module, images: Tensor) -> np.ndarray:
    """Return by how much the pneumonia logit exceeds the other."""
    logits = run_network(network, images).astype(np.float64)
    return logits[:, 1] - logits[:, 0]


def calibrate(network: SmallResNet, images: Tensor, truth: np.ndarray) -> None:
    """Set the network's temperature and offset from the validation part."""
    network.temperature.fill_(1.0)
    network.offset.zero_()
    temperature, offset, loss = calibrated(margins(network, images), truth)
    network.temperature.fill_(temperature)
    network.offset.copy_(torch.tensor([-offset / 2, offset / 2]))
    say(f"temperature {temperature:.3f}, offset {offset:.3f}, log loss {loss:.4f}")


def write(
    folder: Path,
    data: Path,
    network: SmallResNet,
    images: Tensor,
    truth: np.ndarray,
    groups: list[str],
    parts: dict[Part, list[int]],
) -> None:
    """Export the network, measure the exported file and write the package."""
    folder.mkdir(parents=True, exist_ok=True)
    export_network(network, images[:2], folder / "model.onnx", "logits", free_size=False)
    test = parts["test"]
    chance = probability(run_exported(folder / "model.onnx", images[test].numpy()))
    gap = float(np.abs(chance - probability(run_network(network, images[test]))).max())
    known, names = truth[test], [groups[index] for index in test]
    held_back = metrics.bootstrap(names, lambda at: metrics.binary_figures(known[at], chance[at]))
    say(str({name: figure["value"] for name, figure in held_back.items()}))
    content = {
        "format": 1,
        "package": f"{NAME}@{VERSION}",
        "held_back": {
            "what": "images of patients drawn by a keyed hash; no network trained on them, no threshold fitted to them",
            "images": len(test),
            "patients": len(set(names)),
            "pneumonia": int(known.sum()),
            "threshold": 0.5,
            "figures": held_back,
        },
        "trained_on": {"images": len(parts["train"]), "tuned_on": len(parts["val"])},
        "other": {
            "source_val_16": source_validation(folder, data),
            "same_answer_at_full_resolution": full_resolution(folder, data),
            "largest_gap_onnx_to_torch": gap,
        },
    }
    write_json(folder / "metrics.json", content)
    refresh_card(folder, figures_table(held_back, FIGURES))
    chosen = np.array([test[int(np.argmin(known))], test[int(np.argmax(known))]])[:1]
    inputs = images[chosen].numpy()
    write_package(folder, manifest(), inputs, run_exported(folder / "model.onnx", inputs))


def source_validation(folder: Path, data: Path) -> dict[str, object]:
    """Return how the source's own 16 validation pictures come out."""
    paths = sorted((data / "val").rglob("*.jpeg"))
    chance = probability(run_exported(folder / "model.onnx", np.stack([prepare(path) for path in paths])))
    truth = np.array([path.parent.name == "PNEUMONIA" for path in paths])
    called = chance >= 0.5
    return {
        "images": len(paths),
        "right": int((called == truth).sum()),
        "false_alarms": int((called & ~truth).sum()),
        "misses": int((~called & truth).sum()),
        "auroc": metrics.area_under_curve(truth.astype(np.float64), chance),
    }


def full_resolution(folder: Path, data: Path) -> dict[str, object]:
    """Return how far the answer on a full-size picture is from the one on its 224-pixel version."""
    small = {path.name: path for path in (data / "train").rglob("*.jpeg")}
    small |= {path.name: path for path in (data / "val").rglob("*.jpeg")}
    pairs = [(path, small[path.name]) for path in sorted((data / "fullres").rglob("*.jpeg")) if path.name in small]
    if not pairs:
        return {"pairs": 0}
    both = [np.stack([prepare(pair[side]) for pair in pairs]) for side in (0, 1)]
    first, second = (probability(run_exported(folder / "model.onnx", images)) for images in both)
    same = int(((first >= 0.5) == (second >= 0.5)).sum())
    return {"pairs": len(pairs), "same_call": same, "largest_difference": float(np.abs(first - second).max())}


def manifest() -> dict[str, object]:
    """Return the manifest without the weights' hash and test vectors."""
    return {
        "format": 1,
        "name": NAME,
        "version": VERSION,
        "title": "Pneumonia on chest radiographs",
        "description": "Tells a normal frontal chest radiograph of a child from one with pneumonia.",
        "licence": "Apache-2.0",
        "task": "classify",
        "weights": {},
        "reads": {"kinds": ["radiograph", "picture"], "modalities": ["CR", "DX"]},
        "input": {
            "name": "image",
            "axes": "NCHW",
            "channels": "gray",
            "type": "float32",
            "size": {"policy": "fixed", "width": SIDE, "height": SIDE, "fit": "stretch"},
            "spacing": None,
        },
        "preprocessing": [
            {"step": "percentiles", "low": LOW, "high": HIGH},
            {"step": "normalise", "mean": [MEAN], "std": [STD]},
        ],
        "outputs": [{"name": "logits", "decode": {"as": "scores", "activation": "softmax"}}],
        "labels": [
            {"index": 0, "id": "normal", "name": "Normal", "colour": "#4caf7a", "code": None},
            {
                "index": 1,
                "id": "pneumonia",
                "name": "Pneumonia",
                "colour": "#e0584f",
                "code": {"scheme": "SCT", "value": "233604007", "meaning": "Pneumonia"},
            },
        ],
        "thresholds": {"score": 0.5},
    }


if __name__ == "__main__":
    main()
