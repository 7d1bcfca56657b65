"""Fit a network: seeded, one-cycle learning rate, averaged weights, early stopping on validation."""

# pyright: basic, reportMissingImports=false

import copy
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

Batches = Callable[[], Iterator[tuple[Tensor, Tensor]]]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to fit; `patience` counts epochs without a better validation score."""

    epochs: int
    rate: float
    decay: float = 0.02
    patience: int = 1000
    average: float = 0.99
    minutes: float = 1e9


def seed_everything(seed: int) -> None:
    """Seed every source of randomness; how many threads are used is left to OMP_NUM_THREADS."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def say(text: str) -> None:
    """Tell progress on stderr at once."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _average(averaged: nn.Module, network: nn.Module, keep: float) -> None:
    for mine, theirs in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
        if mine.dtype.is_floating_point:
            mine.mul_(keep).add_(theirs, alpha=1 - keep)
        else:
            mine.copy_(theirs)


def fit(
    network: nn.Module,
    batches: Batches,
    batch_count: int,
    loss_of: Callable[[Tensor, Tensor], Tensor],
    score_of: Callable[[nn.Module], float],
    schedule: Schedule,
) -> nn.Module:
    """Return the averaged weights of the epoch with the highest validation score.

    `batches()` yields inputs and targets of one epoch; the learning rate ends at zero when the epochs or minutes do.
    """
    network = network.to(memory_format=torch.channels_last)
    averaged = copy.deepcopy(network).eval()
    best, best_score, best_epoch = copy.deepcopy(averaged), -float("inf"), 0
    optimiser = torch.optim.AdamW(network.parameters(), lr=schedule.rate, weight_decay=schedule.decay)
    start, step = time.monotonic(), 0
    for epoch in range(schedule.epochs):
        network.train()
        total = 0.0
        for images, targets in batches():
            spent = (time.monotonic() - start) / 60 / schedule.minutes
            done = min(1.0, max(step / (schedule.epochs * batch_count), spent))
            for group in optimiser.param_groups:
                group["lr"] = schedule.rate * one_cycle(done)
            optimiser.zero_grad(set_to_none=True)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = network(images.contiguous(memory_format=torch.channels_last))
            loss = loss_of(logits.float(), targets)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            step += 1
            with torch.no_grad():
                _average(averaged, network, min(schedule.average, step / (step + 10)))
            total += float(loss.detach())
        score = score_of(averaged)
        if score > best_score:
            best, best_score, best_epoch = copy.deepcopy(averaged), score, epoch
        seconds = time.monotonic() - start
        say(f"epoch {epoch + 1}/{schedule.epochs} loss {total / batch_count:.4f} val {score:.4f} at {seconds:.0f} s")
        if epoch - best_epoch >= schedule.patience or seconds / 60 >= schedule.minutes:
            break
    say(f"best epoch {best_epoch + 1}, val {best_score:.4f}")
    return best.eval()


def one_cycle(done: float) -> float:
    """Return the share of the top learning rate at a share of the way: up for a tenth, then a cosine to zero."""
    warm = 0.1
    if done < warm:
        return 0.05 + 0.95 * done / warm
    return 0.5 * (1 + float(np.cos(np.pi * (done - warm) / (1 - warm)))) + 1e-4


@torch.no_grad()
def run_network(network: nn.Module, inputs: Tensor, batch: int = 64) -> np.ndarray:
    """Return the network's raw outputs for all inputs, in float32."""
    network.eval()
    outputs = [network(part.contiguous(memory_format=torch.channels_last)) for part in inputs.split(batch)]
    return torch.cat(outputs).float().numpy()
