"""Train a recipe: one plain loop, ``accelerate`` for devices, precision and processes.

    python -m s2f_helpers.gan --run runs/gan --side 128 --steps 6000
    python -m s2f_helpers.gan --run runs/gan --side 256 --steps 9000 --decay-steps 2000

The second line goes on where the first stopped, at twice the resolution (the network is fully convolutional,
though it needs some hundred steps to settle). ``accelerate launch -m s2f_helpers.gan ...`` runs it on several
processes.
"""

from __future__ import annotations

import copy
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import DataLoaderConfiguration
from safetensors.torch import load_file
from torch import nn
from torch.utils.data import DataLoader, Subset
from torch.utils.tensorboard import SummaryWriter

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.presets import preset
from s2f_helpers.common.progress import progress
from s2f_helpers.common.types import S2FError
from s2f_helpers.gan.generator import save_generator
from s2f_helpers.gan.memory import fitting_batch
from s2f_helpers.gan.recipe import Batch, Recipe, make_recipe
from s2f_helpers.sketch import PairedDataset

__all__ = ["TrainConfig", "preset_config", "train"]


@dataclass(frozen=True)
class TrainConfig:
    """One run. ``steps`` counts from the very first step, so a resumed run names the new total.

    Attributes:
        batch: pictures a step and process.
        decay_steps: over the last so many steps the learning rate falls linearly to zero.
        judge_every: after so many steps the average weights are judged; the best are kept.
        patience: the run ends early when so many judgements in a row brought no new best.
        precision: ``"no"``, ``"bf16"`` (CPUs with AVX512-BF16, Ampere and later; ten times slower on other CPUs) or
            ``"fp16"``.
    """

    side: int = 256
    steps: int = 9000
    batch: int = 8
    decay_steps: int = 0
    ema: float = 0.999
    seed: int = 0
    save_every: int = 200
    judge_every: int = 500
    patience: int = 20
    workers: int = 1
    precision: str = "no"


def preset_config(name: str | None = None) -> TrainConfig:
    """``smoke``: seconds at 64 px; ``cpu``: a coffee break at 128 px; ``gpu``: in earnest at 256 px."""
    return {
        "smoke": TrainConfig(side=64, steps=8, batch=4, workers=0),
        "cpu": TrainConfig(side=128, steps=800, decay_steps=200),
        "gpu": TrainConfig(side=256, steps=40_000, batch=32, decay_steps=10_000, workers=8, precision="fp16"),
    }[name or preset()]


def train(
    pictures,
    config: TrainConfig,
    run: Path,
    recipe: Recipe | None = None,
    judge: Callable[[nn.Module], float] | None = None,
    on_step: Callable[[int, Mapping[str, float], nn.Module], None] | None = None,
) -> nn.Module:
    """Train, or go on with the run in ``run``, up to ``config.steps``.

    Args:
        pictures: :class:`s2f_helpers.data.Cutouts` or anything with ``image``, ``mask`` and ``categories``.
        run: folder for ``checkpoint.pt`` (everything, to resume), ``generator.safetensors`` (the best so far,
            to use) and TensorBoard's log.
        recipe: who plays, and how; :func:`make_recipe` if not given.
        judge: gives a generator a score, lower is better. Without one the last weights count as the best.
        on_step: called with the step, its losses by name, and the average generator.

    Returns:
        The best moving average (EMA) of the generator's weights, on the CPU.

    Raises:
        S2FError: when a loss is no longer a finite number, the GPU's memory does not suffice, or the run's checkpoint
            is damaged or other networks'.
    """
    torch.manual_seed(config.seed)
    recipe = recipe or make_recipe()
    try:
        return _train(pictures, config, Path(run), recipe, judge, on_step)
    except torch.OutOfMemoryError as error:
        memory = torch.cuda.get_device_properties(0).total_memory
        raise S2FError(
            f"the GPU has no room for {config.batch} pictures of {config.side} px at once: "
            f"try batch={fitting_batch(recipe, config.side, config.precision, memory)}. Nothing is lost: "
            f"the run in {run} goes on from its last checkpoint"
        ) from error


def _train(pictures, config: TrainConfig, run: Path, recipe: Recipe, judge, on_step) -> nn.Module:
    loading, on_cpu = DataLoaderConfiguration(non_blocking=True), not torch.cuda.is_available()
    accelerator = Accelerator(mixed_precision=config.precision, cpu=on_cpu, dataloader_config=loading)
    for network in (*recipe.painters, recipe.discriminator):
        network.to(accelerator.device, memory_format=torch.channels_last)
    players = [[p for network in recipe.painters for p in network.parameters()], [*recipe.discriminator.parameters()]]
    optimizers = [torch.optim.Adam(player, recipe.learning_rate, recipe.betas) for player in players]
    average = copy.deepcopy(recipe.generator).eval().requires_grad_(False)
    checkpoint = _Checkpoint(run, average, recipe, config, optimizers)
    start = checkpoint.load()
    optimizers = accelerator.prepare(*optimizers)
    log = SummaryWriter(run / "log", purge_step=start + 1) if accelerator.is_main_process else None

    for step, batch in enumerate(_batches(pictures, config, recipe, accelerator, start), start + 1):
        _set_learning_rate(optimizers, recipe.learning_rate, config, step)
        with accelerator.autocast():
            painted = recipe.paint(batch)
            doubt = recipe.doubt(batch, painted)
        _step(accelerator, optimizers[1], players[1], doubt)
        with accelerator.autocast():
            wishes = recipe.wish(batch, painted)
        _step(accelerator, optimizers[0], players[0], sum(wishes.values()))
        _move_average(average, recipe.generator, config.ema, step)

        names = "discriminator", *wishes
        losses = dict(zip(names, torch.stack([doubt, *wishes.values()]).tolist(), strict=True))  # one wait for the GPU
        if not all(map(math.isfinite, losses.values())):
            raise S2FError(f"step {step}: a loss is not finite ({losses}). Go on in {run} with half the learning rate")
        if on_step:
            on_step(step, losses, average)
        if accelerator.is_main_process:
            for name, loss in losses.items():
                log.add_scalar(f"loss/{name}", loss, step)
            if judge and (step % config.judge_every == 0 or step == config.steps):
                checkpoint.judge(step, judge(average))
                log.add_scalar("judge", checkpoint.scores[-1][1], step)
                if checkpoint.judgements_since_best() >= config.patience:
                    accelerator.set_trigger()
            if step % config.save_every == 0 or step == config.steps:
                checkpoint.save(step)
                if not judge:
                    checkpoint.save_generator(step)
        if step % config.judge_every == 0 and accelerator.check_trigger():
            break
    accelerator.wait_for_everyone()  # only one of them writes what all of them return
    return checkpoint.best()


@dataclass(frozen=True, eq=False)
class _Checkpoint:
    """``checkpoint.pt``, all it takes to go on, and ``generator.safetensors``, the best so far, in the folder ``run``.

    ``scores`` are (step, score) of every judgement, lower is better.
    """

    run: Path
    average: nn.Module
    recipe: Recipe
    config: TrainConfig
    optimizers: list[torch.optim.Optimizer]
    scores: list[tuple[int, float]] = field(default_factory=list)

    @property
    def parts(self) -> dict[str, object]:
        painters = {f"painter {index}": network for index, network in enumerate(self.recipe.painters)}
        optimizers = {f"optimizer {index}": optimizer for index, optimizer in enumerate(self.optimizers)}
        return {"average": self.average, "discriminator": self.recipe.discriminator, **painters, **optimizers}

    def load(self) -> int:
        """Take everything from the folder, if there is a checkpoint; the number of steps done."""
        path = self.run / "checkpoint.pt"
        if not path.is_file():
            return 0
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
            for name, part in self.parts.items():
                part.load_state_dict(saved[name])
            self.scores[:] = saved["scores"]
            return int(saved["step"])
        except (KeyError, RuntimeError, ValueError, TypeError, OSError, EOFError) as error:
            raise S2FError(
                f"{path} is not a checkpoint of these networks ({str(error)[:200]}): name another folder for the run"
            ) from error

    def save(self, step: int) -> None:
        content = io.BytesIO()
        parts = {name: part.state_dict() for name, part in self.parts.items()}
        torch.save({"step": step, "scores": self.scores, **parts}, content)
        atomic_write(self.run / "checkpoint.pt", content.getvalue())

    def save_generator(self, step: int, **facts: float) -> None:
        about = {"step": step, **facts, **asdict(self.config), **self.recipe.about()}
        save_generator(self.average, self.run / "generator.safetensors", about)

    def judge(self, step: int, score: float) -> None:
        """Note a judgement; a new best is written at once."""
        self.scores.append((step, score))
        if self.judgements_since_best() == 0:
            self.save_generator(step, score=score)

    def judgements_since_best(self) -> int:
        scores = [score for _, score in self.scores]
        return len(scores) - 1 - scores.index(min(scores))

    def best(self) -> nn.Module:
        """The average generator as it was when it was judged best, on the CPU."""
        tensors = load_file(self.run / "generator.safetensors")
        self.average.cpu().load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
        return self.average


def _batches(pictures, config: TrainConfig, recipe: Recipe, accelerator: Accelerator, start: int) -> Iterator[Batch]:
    """This process's share of each step's pictures, and of what is drawn by lot."""
    together = config.batch * accelerator.num_processes
    dataset = PairedDataset(pictures, config.steps * together, config.side, config.seed, recipe.draw, recipe.hidden)
    rest = Subset(dataset, range(start * together, len(dataset)))
    loader = DataLoader(rest, config.batch, num_workers=config.workers, pin_memory=accelerator.device.type == "cuda")
    loader = accelerator.prepare(loader)
    mine = slice(accelerator.process_index * config.batch, (accelerator.process_index + 1) * config.batch)
    bar = progress(what="training", unit="step", total=config.steps, start=start)
    for step, (sketch, photo, category) in enumerate(loader, start + 1):
        torch.manual_seed(config.seed * 1_000_003 + step)
        lots = torch.randn(together, recipe.style)[mine].to(photo)
        sketch, photo = (part.to(memory_format=torch.channels_last) for part in (sketch, photo))
        yield Batch(sketch, photo, category, lots)
        bar.update()
    bar.close()


def _step(accelerator: Accelerator, optimizer, parameters: Sequence[nn.Parameter], loss: torch.Tensor) -> None:
    optimizer.zero_grad()
    accelerator.backward(loss)
    if accelerator.num_processes > 1:  # by hand, as a player that is called twice a step is more than DDP expects
        gradients = [p.grad for p in parameters if p.grad is not None]
        mean = accelerator.reduce(torch.cat([gradient.ravel() for gradient in gradients]), "mean")
        for gradient, part in zip(gradients, mean.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))
    optimizer.step()


def _set_learning_rate(optimizers, rate: float, config: TrainConfig, step: int) -> None:
    left = min(1.0, (config.steps - step + 1) / config.decay_steps) if config.decay_steps else 1.0
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate * left


@torch.no_grad()
def _move_average(average: nn.Module, generator: nn.Module, decay: float, step: int) -> None:
    decay = min(decay, (1 + step) / (10 + step))
    for mean, current in zip(average.parameters(), generator.parameters(), strict=True):
        mean.lerp_(current, 1 - decay)
    for mean, current in zip(average.buffers(), generator.buffers(), strict=True):
        mean.copy_(current)
