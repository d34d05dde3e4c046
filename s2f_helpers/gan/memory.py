"""How much memory a training step takes, counted instead of guessed."""

from __future__ import annotations

import copy

import torch
from torch import nn

from s2f_helpers.gan.recipe import Batch

__all__ = ["fitting_batch", "step_bytes"]

COUNTED = 4  # pictures
USABLE = 0.85  # of the memory; the rest is CUDA's own, and what falls between allocations
OF_A_WEIGHT = 16  # bytes: itself, its gradient, and Adam's two means, four each


def step_bytes(recipe, side: int) -> float:
    """Bytes that autograd keeps for one picture of a training step, in single precision.

    One step is taken on the CPU and every distinct tensor saved for the backward pass is counted.
    """
    recipe = copy.deepcopy(recipe)
    for network in vars(recipe).values():
        if isinstance(network, nn.Module):
            network.cpu()
    seen: dict[int, int] = {}

    def count(tensor: torch.Tensor) -> torch.Tensor:
        seen[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    sketch, photo = torch.rand(COUNTED, 5, side, side), torch.rand(COUNTED, 3, side, side)
    batch = Batch(sketch, photo, torch.zeros(COUNTED, dtype=torch.long), torch.randn(COUNTED, recipe.style))
    weights = sum(p.numel() * p.element_size() for p in _parameters(recipe))
    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        painted = recipe.paint(batch)
        wishes = recipe.wish(batch, painted)
        total = sum(seen.values())  # while the graph still holds them, so that no address is used twice
        del painted, wishes
    return max(0.0, total - weights) / COUNTED


def fitting_batch(recipe, side: int, precision: str, memory: int) -> int:
    """How many pictures a step may have on a GPU with so many bytes of memory: a multiple of 4, or 1 to 3.

    Half precision is counted as 0.6 of single: some layers stay in single precision.
    """
    per_picture = step_bytes(recipe, side) * (1.0 if precision == "no" else 0.6)
    room = USABLE * memory - OF_A_WEIGHT * sum(p.numel() for p in _parameters(recipe))
    fits = max(1, int(room / per_picture))
    return fits if fits < 4 else fits // 4 * 4


def _parameters(recipe):
    return [p for network in (*recipe.painters, recipe.discriminator) for p in network.parameters()]
