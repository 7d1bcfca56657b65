"""Vary training images at random: place, brightness, sharpness, stain."""

# pyright: basic, reportMissingImports=false

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Placement:
    """How far an image may be moved: radians, relative scale, relative shift, flips."""

    rotation: float = 0.2
    scale: float = 0.15
    stretch: float = 0.15
    shift: float = 0.06
    flip_x: bool = True
    flip_y: bool = False


def uniform(count: int, reach: float) -> Tensor:
    """Return `count` numbers drawn evenly from -reach…reach."""
    return (torch.rand(count) * 2 - 1) * reach


def place(images: Tensor, how: Placement, maps: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
    """Rotate, scale, stretch, shift and flip each image; label maps follow by nearest neighbour."""
    count = len(images)
    angle, scale = uniform(count, how.rotation), torch.exp(uniform(count, how.scale))
    stretch = torch.exp(uniform(count, how.stretch) / 2)
    flip_x = torch.where(torch.rand(count) < 0.5 * how.flip_x, -1.0, 1.0)
    flip_y = torch.where(torch.rand(count) < 0.5 * how.flip_y, -1.0, 1.0)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    rows = [
        torch.stack([cosine * scale * stretch * flip_x, -sine * scale * flip_y, uniform(count, how.shift * 2)], 1),
        torch.stack([sine * scale * flip_x, cosine * scale / stretch * flip_y, uniform(count, how.shift * 2)], 1),
    ]
    grid = torch.nn.functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    sample = torch.nn.functional.grid_sample
    moved = sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    if maps is None:
        return moved, None
    kept = sample(maps.float(), grid, mode="nearest", padding_mode="reflection", align_corners=False)
    return moved, kept


def vary_intensity(images: Tensor, gamma: float, contrast: float, noise: float) -> Tensor:
    """Change gamma, contrast, brightness and noise of images in 0…1."""
    count = len(images)
    column = (count, 1, 1, 1)
    values = images.clamp(0, 1) ** torch.exp(uniform(count, gamma)).view(column)
    values = (values - 0.5) * torch.exp(uniform(count, contrast)).view(column) + 0.5
    values = values + uniform(count, contrast / 2).view(column)
    level = torch.rand(count).view(column) * noise
    return values + torch.randn_like(values) * level


def spread_values(images: Tensor, low: float, high: float) -> Tensor:
    """Bring each image's percentiles `low` and `high` to 0 and 1, clipped."""
    flat = images.flatten(1)
    bounds = torch.quantile(flat, torch.tensor([low / 100, high / 100]), dim=1)
    spread = (flat - bounds[0][:, None]) / (bounds[1] - bounds[0]).clamp(min=1e-3)[:, None]
    return spread.clamp(0, 1).view_as(images)


def blur_some(images: Tensor, share: float, reach: float) -> Tensor:
    """Blur a share of the images with a Gaussian of up to `reach` pixels."""
    chosen = torch.rand(len(images)) < share
    if not bool(chosen.any()):
        return images
    sigma = 0.3 + float(torch.rand(1)) * (reach - 0.3)
    radius = max(1, math.ceil(2 * sigma))
    line = torch.exp(-(torch.arange(-radius, radius + 1).float() ** 2) / (2 * sigma**2))
    kernel = line[:, None] * line[None, :]
    channels = images.shape[1]
    weight = (kernel / kernel.sum()).expand(channels, 1, -1, -1).contiguous()
    padded = torch.nn.functional.pad(images[chosen], [radius] * 4, mode="reflect")
    blurred = images.clone()
    blurred[chosen] = torch.nn.functional.conv2d(padded, weight, groups=channels)
    return blurred


def erase_some(images: Tensor, share: float, size: float) -> Tensor:
    """Cover one rectangle in a share of the images with its mean value."""
    height, width = images.shape[-2:]
    erased = images.clone()
    for index in torch.nonzero(torch.rand(len(images)) < share).flatten().tolist():
        tall, wide = (int((0.05 + float(torch.rand(1)) * size) * side) + 1 for side in (height, width))
        top, left = int(torch.randint(height - tall + 1, (1,))), int(torch.randint(width - wide + 1, (1,)))
        erased[index, :, top : top + tall, left : left + wide] = images[index].mean()
    return erased


def vary_background(images: Tensor, inside: Tensor, share: float) -> Tensor:
    """Dye what lies outside the structures anew in a share of the images, mostly pink (RGB in 0…1).

    `inside` is 1 on the structures. Their own colour stays, so that they are told by it and not by their
    surroundings'.
    """
    count = len(images)
    density = -torch.log(images.clamp(1 / 255, 1))
    low, high = torch.tensor([-1.2, -0.2, -0.7]), torch.tensor([0.4, 0.9, 0.5])
    dye = torch.exp(low + (high - low) * torch.rand(count, 3)).view(count, 3, 1, 1)
    dye = torch.where(torch.rand(count, 1, 1, 1) < share, dye, torch.ones_like(dye))
    soft = torch.nn.functional.avg_pool2d(inside, 5, 1, 2)
    return torch.exp(-density * (soft + (1 - soft) * dye)).clamp(0, 1)


def vary_stain(images: Tensor, reach: float) -> Tensor:
    """Scale and shift each colour's optical density, as other stains and scanners would (RGB in 0…1)."""
    count = len(images)
    density = -torch.log(images.clamp(1 / 255, 1))
    mix = torch.eye(3).expand(count, 3, 3) + (torch.rand(count, 3, 3) * 2 - 1) * reach * 0.5
    strength = torch.exp(uniform(count, reach)).view(count, 1, 1, 1)
    density = torch.einsum("nij,njhw->nihw", mix, density) * strength
    density = density + uniform(count * 3, reach * 0.2).view(count, 3, 1, 1)
    return torch.exp(-density).clamp(0, 1)
