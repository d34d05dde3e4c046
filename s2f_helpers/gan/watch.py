"""Watch a network learn: loss curves and a sheet of samples, redrawn in place in the notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from torch import nn

from s2f_helpers.common.live import LiveFigure, draw_losses
from s2f_helpers.common.types import Sketch
from s2f_helpers.gan.judge import paint

__all__ = ["LivePlot"]


class LivePlot:
    """Give it to ``train`` as ``on_step``.

    Args:
        sketches: at most eight of one size, painted anew at every redraw.
        categories: their class indices.
        every: steps between two redraws; each paints all samples.

    Attributes:
        history: the losses by name, one dict a step.
    """

    def __init__(self, sketches: Sequence[Sketch], categories: Sequence[int], every: int = 50) -> None:
        if not 1 <= len(sketches) <= 8 or len(sketches) != len(categories):
            raise ValueError(
                f"LivePlot: expected 1 to 8 sketches and as many categories, got {len(sketches)} and {len(categories)}"
            )
        self.sketches, self.categories, self.every = sketches, categories, every
        self.history: list[dict[str, float]] = []
        self._figure = LiveFigure()

    def __call__(self, step: int, losses: Mapping[str, float], average: nn.Module) -> None:
        self.history.append(dict(losses))
        if step % self.every:
            return
        pictures = paint(average, self.sketches, self.categories)
        figure, axes = plt.subplot_mosaic([["curves"] * len(pictures), [*map(str, range(len(pictures)))]],
                                          figsize=(9, 4), dpi=72, layout="compressed")  # fmt: skip
        draw_losses(axes["curves"], self.history, step)
        for place, picture in enumerate(pictures):
            axes[str(place)].imshow(picture)
            axes[str(place)].axis("off")
        self._figure.show(figure)
