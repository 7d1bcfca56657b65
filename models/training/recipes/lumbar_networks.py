"""Fit the two networks of `lumbar-discs`: the disc mask, and the level of a boxed disc."""

# pyright: basic, reportMissingImports=false

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from models.kinds.ordering import Place, assign_in_order
from models.training import augment
from models.training.fitting import Schedule, fit, run_network, seed_everything
from models.training.networks import SmallResNet, SmallUNet
from models.training.preparation import normalise, resize
from models.training.recipes.lumbar_planes import OTHER, Disc, SagittalPlane, boxes_of, overlap

SEED = 31
MEAN, STD = 0.3, 0.25
MULTIPLE = 16
SEGMENT_WIDTHS, SEGMENT_CROP, SEGMENT_BATCH = (16, 32, 48, 64, 96), 208, 8
LEVEL_WIDTHS, LEVEL_SIDE, LEVEL_BATCH = (16, 32, 64, 96, 128), 128, 32
CROP_MM, ROUND = 320.0, 40
SKIP_COST = 3.0
# `other` stands at the ends alone: between levels it would let a real disc be passed over.
SEQUENCE = (Place(OTHER, repeats=True), *(Place(level) for level in range(OTHER)), Place(OTHER, repeats=True))
PLACEMENT = augment.Placement(rotation=0.25, scale=0.3, stretch=0.2, shift=0.1)


def fit_segment(planes: Sequence[SagittalPlane], steps: int, minutes: float) -> nn.Module:
    """Fit the disc U-Net; planes with discs are drawn twice as often as those without."""
    seed_everything(SEED)
    stacked = [pad_plane(plane) for plane in planes]
    weights = torch.tensor([2.0 if plane.mask.any() else 1.0 for plane in planes])
    generator = torch.Generator().manual_seed(SEED)

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        for _ in range(ROUND):
            chosen = torch.multinomial(weights, SEGMENT_BATCH, generator=generator).tolist()
            crops = torch.stack([crop_at_random(stacked[index], generator) for index in chosen])
            values, maps = augment.place(crops[:, :1], PLACEMENT, crops[:, 1:])
            assert maps is not None
            yield (vary_contrast(values) - MEAN) / STD, maps

    epochs = itertools.count()
    network = SmallUNet(1, 1, SEGMENT_WIDTHS)
    schedule = Schedule(max(1, steps // ROUND), 3e-3, 0.02, average=0.98, minutes=minutes)
    return fit(network, batches, ROUND, masked_loss, lambda _: float(next(epochs)), schedule)


def pad_plane(plane: SagittalPlane) -> Tensor:
    """Return values, mask and where it is known as 3 × H × W, at least as large as a crop."""
    layers = np.stack([plane.values, plane.mask, plane.known]).astype(np.float32)
    missing = [max(0, SEGMENT_CROP - side) for side in layers.shape[1:]]
    return torch.from_numpy(np.pad(layers, [(0, 0), (0, missing[0]), (0, missing[1])]))


def crop_at_random(layers: Tensor, generator: torch.Generator) -> Tensor:
    """Return one square crop, the spine's middle being no likelier than the field's edges."""
    height, width = layers.shape[-2:]
    top = int(torch.randint(height - SEGMENT_CROP + 1, (1,), generator=generator))
    left = int(torch.randint(width - SEGMENT_CROP + 1, (1,), generator=generator))
    return layers[:, top : top + SEGMENT_CROP, left : left + SEGMENT_CROP]


def vary_contrast(values: Tensor) -> Tensor:
    """Return planes as another coil, sequence and exposure would have shown them, still 0…1."""
    field = torch.randn(len(values), 1, 3, 3) * 0.35
    bias = nn.functional.interpolate(field, values.shape[-2:], mode="bicubic", align_corners=True)
    varied = augment.blur_some(values * torch.exp(bias), 0.3, 1.4)
    return augment.vary_intensity(varied, gamma=0.6, contrast=0.35, noise=0.06).clamp(0, 1)


def masked_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return cross-entropy plus one minus the soft Dice, both where the mask is known."""
    wanted, known = targets[:, :1], targets[:, 1:]
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, wanted, known)
    chance = torch.sigmoid(logits) * known
    shared, total = (chance * wanted).sum(), (chance + wanted * known).sum()
    return entropy + 1 - (2 * shared + 1) / (total + 1)


def padded_input(plane: SagittalPlane) -> np.ndarray:
    """Return a plane as the segment network sees it: 1 × H × W, padded to a multiple of 16 with its edge."""
    missing = [-side % MULTIPLE for side in plane.values.shape]
    values = np.pad(plane.values, [(0, missing[0]), (0, missing[1])], mode="edge")
    return ((values - MEAN) / STD).astype(np.float32)[None]


def disc_maps(network: nn.Module, planes: Sequence[SagittalPlane]) -> list[np.ndarray]:
    """Return the predicted disc mask of each plane."""
    masks = list[np.ndarray]()
    for plane in planes:
        logits = run_network(network, torch.from_numpy(padded_input(plane))[None])[0, 0]
        masks.append(logits[: plane.values.shape[0], : plane.values.shape[1]] >= 0)
    return masks


def level_input(values: np.ndarray, centre: tuple[float, float]) -> np.ndarray:
    """Return the square of CROP_MM around a point of a plane (1 mm pixels) as the level network sees it."""
    side = round(CROP_MM)
    left, top = round(centre[0] - side / 2), round(centre[1] - side / 2)
    height, width = values.shape
    square = np.zeros((side, side), np.float32)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    square[y0 - top : y1 - top, x0 - left : x1 - left] = values[y0:y1, x0:x1]
    return normalise(resize(square, LEVEL_SIDE, LEVEL_SIDE), MEAN, STD)[None]


def turned_crop(values: Tensor, centre: tuple[float, float], matrix: Tensor) -> Tensor:
    """Return the square of `level_input`, turned and scaled by a 2 × 2 matrix, in 0…1 and zero outside.

    `values` is sampled as coarsely as the network's input, `centre` in its pixels.
    """
    height, width = values.shape
    scale = torch.tensor([LEVEL_SIDE / width, LEVEL_SIDE / height])
    shift = torch.tensor([2 * centre[0] / width - 1, 2 * centre[1] / height - 1], dtype=torch.float32)
    affine = torch.cat([torch.diag(scale) @ matrix, shift[:, None]], 1)[None]
    grid = nn.functional.affine_grid(affine, [1, 1, LEVEL_SIDE, LEVEL_SIDE], align_corners=False)
    return nn.functional.grid_sample(values[None, None], grid, padding_mode="zeros", align_corners=False)[0]


def fit_level(planes: Sequence[SagittalPlane], segment: nn.Module, steps: int) -> nn.Module:
    """Fit the level classifier on the true discs, on those found above them, and on boxes that hold no disc."""
    seed_everything(SEED)
    found = disc_maps(segment, planes)
    examples = [
        (index, disc)
        for index, plane in enumerate(planes)
        for disc in (*plane.discs, *discs_above(plane, found[index]), *sacral_places(plane), *empty_boxes(plane))
    ]
    values = [torch.from_numpy(coarse(plane.values)) for plane in planes]
    labels = torch.tensor([disc.level for _, disc in examples])
    weights = (1.0 / torch.bincount(labels, minlength=OTHER + 1).float())[labels]
    weights = torch.where(labels == OTHER, weights * 2, weights)
    generator = torch.Generator().manual_seed(SEED)

    def batches() -> Iterator[tuple[Tensor, Tensor]]:
        for _ in range(ROUND):
            chosen = torch.multinomial(weights, LEVEL_BATCH, generator=generator).tolist()
            crops = torch.stack([vary_crop(values[examples[index][0]], examples[index][1]) for index in chosen])
            yield (vary_contrast(crops) - MEAN) / STD, labels[chosen]

    def loss_of(logits: Tensor, targets: Tensor) -> Tensor:
        return nn.functional.cross_entropy(logits, targets, label_smoothing=0.05)

    numbers = itertools.count()
    network = SmallResNet(OTHER + 1, LEVEL_WIDTHS, dropout=0.3)
    schedule = Schedule(max(1, steps // ROUND), 2e-3, 0.05, average=0.98)
    return fit(network, batches, ROUND, loss_of, lambda _: float(next(numbers)), schedule)


def coarse(values: np.ndarray) -> np.ndarray:
    """Return a plane (1 mm pixels) sampled as the level network's input is."""
    factor = LEVEL_SIDE / CROP_MM
    return resize(values, round(values.shape[1] * factor), round(values.shape[0] * factor))


def discs_above(plane: SagittalPlane, predicted: np.ndarray) -> list[Disc]:
    """Return the discs found where none are labelled, in line with the topmost labelled one: they are `other`."""
    if not plane.discs or plane.known.all():
        return []
    first = plane.discs[0].centre
    boxes = boxes_of(predicted & ~plane.known)
    return [Disc(box, OTHER) for box in boxes if abs(box[0] + box[2] / 2 - first[0]) < 25]


def sacral_places(plane: SagittalPlane) -> list[Disc]:
    """Return where the remnant of a disc between S1 and S2 may be found below L5-S1: it is `other`.

    The sacrum goes on from L5-S1 by about as much as a lumbar body, bent back (to greater x) by 20 to 50 degrees.
    """
    by_level = {disc.level: disc.centre for disc in plane.discs}
    if OTHER - 1 not in by_level or OTHER - 2 not in by_level:
        return []
    (x0, y0), (x1, y1) = by_level[OTHER - 2], by_level[OTHER - 1]
    generator = np.random.default_rng(plane.index)
    places = list[Disc]()
    for _ in range(2):
        bend, reach = -np.deg2rad(generator.uniform(20, 50)), generator.uniform(0.6, 1.1)
        across, down = (x1 - x0) * reach, (y1 - y0) * reach
        x = x1 + float(np.cos(bend) * across - np.sin(bend) * down)
        y = y1 + float(np.sin(bend) * across + np.cos(bend) * down)
        if x < plane.values.shape[1] and y < plane.values.shape[0]:
            places.append(Disc((x - 10, y - 6, 20.0, 12.0), OTHER))
    return places


def empty_boxes(plane: SagittalPlane) -> list[Disc]:
    """Return up to two boxes per plane that are 15 mm and more from every disc."""
    generator = np.random.default_rng(plane.index)
    height, width = plane.values.shape
    found = list[Disc]()
    for _ in range(2 if plane.discs else 0):
        anchor = plane.discs[int(generator.integers(len(plane.discs)))].centre
        x, y = (float(place) for place in anchor + generator.normal(0, 45, 2))
        far = all(np.hypot(x - disc.centre[0], y - disc.centre[1]) > 15 for disc in plane.discs)
        if far and 0 < x < width and 0 < y < height and plane.known[int(y), int(x)]:
            found.append(Disc((x - 15, y - 6, 30.0, 12.0), OTHER))
    return found


def vary_crop(values: Tensor, disc: Disc) -> Tensor:
    """Return a crop of a coarse plane as another patient, field of view and box would have shown it."""
    factor = LEVEL_SIDE / CROP_MM
    height = values.shape[0]
    x, y = (place * factor for place in disc.centre)
    cut = values.clone()
    if float(torch.rand(1)) < 0.6:
        cut[: int(torch.rand(1) * max(1.0, y - 4))] = 0
    if float(torch.rand(1)) < 0.3:
        cut[height - int(torch.rand(1) * max(1.0, min(24.0, height - y - 28))) :] = 0
    if float(torch.rand(1)) < 0.5:
        cut[:, : int(torch.rand(1) * max(1.0, x - 8))] = 0
    angle, scale = float(augment.uniform(1, 0.25)), float(torch.exp(augment.uniform(1, 0.22)))
    stretch = float(torch.exp(augment.uniform(1, 0.09)))
    mirror = -1.0 if float(torch.rand(1)) < 0.3 else 1.0
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    matrix = torch.tensor([[cosine * mirror * stretch, -sine], [sine * mirror, cosine / stretch]]) * scale
    moved = x + float(augment.uniform(1, 2)), y + float(augment.uniform(1, 1.6))
    return turned_crop(cut, moved, matrix)


def level_chances(
    network: nn.Module, plane: SagittalPlane, boxes: Sequence[tuple[float, float, float, float]]
) -> np.ndarray:
    """Return the level probabilities of each box, boxes × (levels and other)."""
    crops = np.stack([level_input(plane.values, Disc(box, OTHER).centre) for box in boxes])
    logits = run_network(network, torch.from_numpy(crops))
    shifted = np.exp(logits - logits.max(1, keepdims=True))
    return shifted / shifted.sum(1, keepdims=True)


def measure_fold(segment: nn.Module, level: nn.Module, planes: Sequence[SagittalPlane]) -> dict[str, float | int]:
    """Return what the two networks do on the planes of a volume neither has seen, through the whole chain."""
    shared = total = true = found = extra = right = right_alone = 0
    for plane, predicted in zip(planes, disc_maps(segment, planes), strict=True):
        shared += int((predicted & plane.mask & plane.known).sum())
        total += int((predicted & plane.known).sum()) + int(plane.mask.sum())
        boxes = boxes_of(predicted)
        true += len(plane.discs)
        if not boxes:
            continue
        chances = level_chances(level, plane, boxes)
        ordered = assign_in_order(chances, SEQUENCE, skip_cost=SKIP_COST)
        met = set[int]()
        for box, chance, assigned in zip(boxes, chances, ordered, strict=True):
            overlaps = [overlap(box, disc.box) for disc in plane.discs]
            best = int(np.argmax(overlaps)) if overlaps else -1
            if best >= 0 and overlaps[best] >= 0.5 and best not in met:
                met.add(best)
                found += 1
                right += assigned == plane.discs[best].level
                right_alone += int(chance.argmax()) == plane.discs[best].level
            elif plane.known[int(box[1] + box[3] / 2), int(box[0] + box[2] / 2)] and assigned not in (OTHER, -1):
                extra += 1
    return {
        "planes": len(planes),
        "dice": 2 * shared / max(total, 1),
        "boxes_true": true,
        "boxes_found": found,
        "boxes_extra": extra,
        "levels_right": right,
        "levels_right_without_order": right_alone,
        "levels_total": found,
    }
