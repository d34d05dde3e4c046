"""The trained generator: a sketch in, a picture out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import WEIGHTS
from s2f_helpers.common.presets import device
from s2f_helpers.common.types import S2FError, Sketch
from s2f_helpers.data import category_ids, category_index
from s2f_helpers.gan.networks import GeneratorConfig, GeneratorNet
from s2f_helpers.sketch import sketch_to_tensor

__all__ = ["Generator", "save_generator"]

SIDE = 256


class Generator:
    """Callable around :class:`GeneratorNet`.

    Args:
        net: a trained network.
        categories: its category ids in class-index order.
    """

    def __init__(self, net: GeneratorNet, categories: tuple[str, ...]) -> None:
        self.device = device()
        self.net = net.eval().to(self.device, memory_format=torch.channels_last)
        self.categories = categories

    @classmethod
    def load(cls, path: str | Path | None = None) -> Generator:
        """The shipped weights, or those of ``path`` (safetensors: no code can hide in them).

        Raises:
            S2FError: when the file is missing, damaged, or made for another category table.
        """
        path = Path(path or WEIGHTS / "generator.safetensors")
        if not path.is_file():
            raise S2FError(f"no generator weights at {path}: take them from the repository, or train (notebook 03)")
        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads(file.metadata()["about"])
                tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118  (no dict)
            if about["network"] != GeneratorNet.__name__:
                raise ValueError(f"its network is {about['network']}")
            sizes = about["config"]
            net = GeneratorNet(GeneratorConfig(**{**sizes, "channels": tuple(sizes["channels"])}))
            net.load_state_dict(tensors)
        except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise S2FError(f"{path} is not a generator of this course ({error}): fetch it again") from error
        if tuple(about["categories"]) != category_ids():
            raise S2FError(
                f"{path} was trained for the categories {about['categories']}, but data/categories.csv lists "
                f"{list(category_ids())}: restore the table or train again"
            )
        return cls(net, tuple(about["categories"]))

    @torch.inference_mode()
    def __call__(self, sketch: Sketch, category: str | None = None, style: np.ndarray | None = None) -> np.ndarray:
        """(256, 256, 3) ``uint8`` RGB picture of the drawn garment.

        Args:
            sketch: of any size; it is resized to 256 px.
            category: a category id, or None to let the drawing speak.
            style: one of :meth:`styles`, or a mixture of them; None for the usual one.

        Raises:
            S2FError: for an unknown category, an empty sketch, or a style of another length.
        """
        if not sketch.lines.any():
            raise S2FError("the drawing has no lines: expected the outline of a garment. Draw one first")
        index = len(self.categories) if category is None else category_index(category)
        length = self.net.config.style
        style = np.zeros(length) if style is None else np.asarray(style)
        if style.shape != (length,):
            raise S2FError(f"expected a style of {length} numbers, got shape {style.shape}: take one of styles()")
        batch = sketch_to_tensor(_resize(sketch, SIDE))[None].to(self.device, memory_format=torch.channels_last)
        chosen = torch.tensor(style, dtype=torch.float32, device=self.device)[None]
        picture = self.net(batch, torch.tensor([index], device=self.device), chosen)[0]
        return ((picture + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()

    def styles(self, count: int, seed: int = 0) -> np.ndarray:
        """(count, S) ``float32``: what several candidates for one drawing may differ in, drawn by lot.

        A mixture of two, such as their mean, is a style too.
        """
        return np.random.default_rng(seed).normal(size=(count, self.net.config.style)).astype(np.float32)


def save_generator(net: nn.Module, path: Path, about: Mapping[str, object]) -> None:
    """Write half-precision weights with what is needed to load them, atomically."""
    tensors = {name: tensor.half().cpu().contiguous() for name, tensor in net.state_dict().items()}
    network = {"network": type(net).__name__, "config": asdict(net.config)}
    facts = {**about, **network, "categories": category_ids()}
    atomic_write(Path(path), save(tensors, {"about": json.dumps(facts)}))


def _resize(sketch: Sketch, side: int) -> Sketch:
    if sketch.lines.shape == (side, side):
        return sketch
    lines = cv2.resize(sketch.lines, (side, side), interpolation=cv2.INTER_AREA)
    hints = cv2.resize(sketch.hints, (side, side), interpolation=cv2.INTER_NEAREST)
    mask = cv2.resize(sketch.hint_mask.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST)
    return Sketch(lines, hints, mask.astype(bool))
