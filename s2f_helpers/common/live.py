"""A figure that is redrawn in place in the notebook, and loss curves to draw in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["LiveFigure", "draw_losses"]

SMOOTH = 20  # steps; a loss of a single batch says little


class LiveFigure:
    """One place in the notebook's output: each figure takes that of the one before."""

    def __init__(self) -> None:
        self._place = None

    def show(self, figure: Figure) -> None:
        """Show ``figure``, and close it."""
        if self._place is None:
            self._place = display(figure, display_id=True)
        else:
            self._place.update(figure)
        plt.close(figure)


def draw_losses(axis: Axes, history: Sequence[Mapping[str, float]], step: int) -> None:
    """Draw each loss of the last of ``history``, smoothed, up to ``step``.

    Args:
        history: the losses by name, one dict a step; at least one.
        step: number of the last of them.
    """
    width = min(SMOOTH, max(1, len(history) // 4))
    for name in history[-1]:
        curve = np.array([losses.get(name, np.nan) for losses in history])
        smooth = np.convolve(curve, np.ones(width) / width, "valid")
        axis.plot(np.arange(step - len(smooth), step) + 1, smooth, label=name)
    axis.set(title=f"losses at step {step}, mean of {width}", xlabel="step")
    axis.legend(fontsize=7, ncols=2)
