"""A run's folder: everything needed to go on, and the best generator so far."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.types import S2FError
from s2f_helpers.gan.generator import save_generator

__all__ = ["Checkpoint"]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """``checkpoint.pt`` and ``generator.safetensors`` in the folder ``run``.

    Attributes:
        average: the generator's moving average.
        scores: (step, score) of every judgement, lower is better.
    """

    run: Path
    average: nn.Module
    recipe: object
    optimizers: list[torch.optim.Optimizer]
    scores: list[tuple[int, float]] = field(default_factory=list)

    @property
    def _parts(self) -> dict[str, object]:
        painters = {f"painter {index}": network for index, network in enumerate(self.recipe.painters)}
        optimizers = {f"optimizer {index}": optimizer for index, optimizer in enumerate(self.optimizers)}
        return {"average": self.average, "discriminator": self.recipe.discriminator, **painters, **optimizers}

    def load(self) -> int:
        """Take everything from the folder, if there is a checkpoint; the number of steps done.

        Raises:
            S2FError: when it belongs to other networks, or is damaged.
        """
        path = self.run / "checkpoint.pt"
        if not path.is_file():
            return 0
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
            for name, part in self._parts.items():
                part.load_state_dict(saved[name])
            self.scores[:] = saved["scores"]
            return int(saved["step"])
        except (KeyError, RuntimeError, ValueError, TypeError, OSError, EOFError) as error:
            raise S2FError(
                f"{path} is not a checkpoint of these networks ({str(error)[:200]}): name another folder for the run"
            ) from error

    def save(self, step: int, config, keep_best: bool) -> None:
        """Write the checkpoint; without a judge the newest generator is the best."""
        content = io.BytesIO()
        parts = {name: part.state_dict() for name, part in self._parts.items()}
        torch.save({"step": step, "scores": self.scores, **parts}, content)
        atomic_write(self.run / "checkpoint.pt", content.getvalue())
        if not keep_best:
            self._save_generator(step, config)

    def judge(self, step: int, score: float, config) -> None:
        """Note a judgement; a new best is written at once."""
        best = min((score for _, score in self.scores), default=float("inf"))
        self.scores.append((step, score))
        if score < best:
            self._save_generator(step, config, score=score)

    def judgements_since_best(self) -> int:
        scores = [score for _, score in self.scores]
        return len(scores) - 1 - scores.index(min(scores))

    def best(self) -> nn.Module:
        """The average generator as it was when it was judged best, on the CPU."""
        self.average.cpu().load_state_dict(
            {k: v.float() for k, v in load_file(self.run / "generator.safetensors").items()}
        )
        return self.average

    def _save_generator(self, step: int, config, **facts: float) -> None:
        about = {"step": step, **facts, **asdict(config), **self.recipe.about()}
        save_generator(self.average, self.run / "generator.safetensors", about)
