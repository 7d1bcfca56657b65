"""The small networks of the shipped packages."""

# pyright: basic, reportMissingImports=false

import itertools

import torch
from torch import Tensor, nn


def conv_norm(inputs: int, outputs: int, stride: int = 1, size: int = 3) -> nn.Sequential:
    """Return a convolution with batch normalisation and no activation."""
    convolution = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs))


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = conv_norm(inputs, outputs, stride)
        self.second = conv_norm(outputs, outputs)
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else conv_norm(inputs, outputs, stride, 1)
        self.activation = nn.ReLU(inplace=True)

    def forward(self, values: Tensor) -> Tensor:
        """Return the block's features."""
        features = self.second(self.activation(self.first(values)))
        return self.activation(features + self.shortcut(values))


class SmallResNet(nn.Module):
    """A residual classifier whose logits carry their calibration: a temperature and an offset per class."""

    def __init__(self, classes: int, widths: tuple[int, ...], channels: int = 1, dropout: float = 0.2) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_norm(channels, widths[0], 2), nn.ReLU(inplace=True))
        stages = list[nn.Module]()
        for inputs, outputs in itertools.pairwise(widths):
            stages += [ResidualBlock(inputs, outputs, 2), ResidualBlock(outputs, outputs)]
        self.stages = nn.Sequential(*stages)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(widths[-1], classes))
        self.register_buffer("temperature", torch.ones(1))
        self.register_buffer("offset", torch.zeros(classes))

    def forward(self, image: Tensor) -> Tensor:
        """Return calibrated logits, one row per image."""
        features = self.stages(self.stem(image)).mean(dim=(2, 3))
        return self.head(features) / self.temperature + self.offset


class SmallUNet(nn.Module):
    """A U-Net of residual blocks; height and width must be multiples of 16."""

    def __init__(self, channels: int, outputs: int, widths: tuple[int, ...] = (12, 24, 48, 64, 96)) -> None:
        super().__init__()
        self.enter = nn.Sequential(conv_norm(channels, widths[0]), nn.ReLU(inplace=True))
        self.down = nn.ModuleList(ResidualBlock(inputs, outputs_, 2) for inputs, outputs_ in itertools.pairwise(widths))
        self.up = nn.ModuleList(
            ResidualBlock(below + beside, beside) for below, beside in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.head = nn.Conv2d(widths[0], outputs, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Return one map of logits per output channel."""
        features = self.enter(image)
        kept = list[Tensor]()
        for step in self.down:
            kept.append(features)
            features = step(features)
        for step, beside in zip(self.up, reversed(kept), strict=True):
            larger = nn.functional.interpolate(features, scale_factor=2.0, mode="nearest")
            features = step(torch.cat([larger, beside], dim=1))
        return self.head(features)
