"""Train the generator: one plain loop, ``accelerate`` for devices, precision and processes.

    python -m s2f_helpers.gan --run runs/gan --side 128 --steps 6000
    python -m s2f_helpers.gan --run runs/gan --side 256 --steps 9000 --decay-steps 2000

The second line goes on where the first stopped, at twice the resolution (the network is fully
convolutional). ``accelerate launch -m s2f_helpers.gan ...`` runs it on several processes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader, Subset
from tqdm.auto import tqdm

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.presets import preset
from s2f_helpers.common.types import S2FError
from s2f_helpers.data import category_ids
from s2f_helpers.gan.generator import save_generator
from s2f_helpers.gan.losses import LossWeights, discriminator_loss, generator_loss
from s2f_helpers.gan.networks import Discriminator, GeneratorConfig, GeneratorNet
from s2f_helpers.sketch import PairedDataset

__all__ = ["TrainConfig", "preset_config", "train"]


@dataclass(frozen=True)
class TrainConfig:
    """One run. ``steps`` counts from the very first step, so a resumed run names the new total.

    Attributes:
        discriminator_rate: the discriminator's learning rate as a multiple of the generator's (TTUR,
            Heusel et al. 2017).
        decay_steps: over the last so many steps the learning rate falls linearly to zero.
        any_category: share of samples whose category is hidden, so that "any" is learnt too.
        precision: ``"no"``, ``"bf16"`` (CPUs with AVX512-BF16, Ampere and later) or ``"fp16"``.
    """

    side: int = 256
    steps: int = 9000
    batch: int = 8
    learning_rate: float = 4e-4
    discriminator_rate: float = 1.0
    decay_steps: int = 0
    any_category: float = 0.15
    ema: float = 0.999
    seed: int = 0
    save_every: int = 200
    workers: int = 1
    precision: str = "no"
    channels: tuple[int, ...] = (32, 64, 128, 192, 256, 256)


def preset_config(name: str | None = None) -> TrainConfig:
    """``smoke``: seconds at 64 px; ``cpu``: a coffee break at 128 px; ``gpu``: in earnest at 256 px."""
    return {
        "smoke": TrainConfig(side=64, steps=8, batch=4, workers=0, channels=(8, 16, 16, 16)),
        "cpu": TrainConfig(side=128, steps=800, decay_steps=200),
        "gpu": TrainConfig(side=256, steps=40_000, batch=32, decay_steps=10_000, workers=8, precision="fp16"),
    }[name or preset()]


def train(
    pictures, config: TrainConfig, run: Path, on_step: Callable[[int, Mapping[str, float]], None] | None = None
) -> GeneratorNet:
    """Train, or go on with the run in ``run``, up to ``config.steps``.

    Args:
        pictures: :class:`s2f_helpers.data.Cutouts` or anything with ``image``, ``mask`` and ``categories``.
        run: folder for ``checkpoint.pt`` (everything, to resume) and ``generator.safetensors`` (to use).
        on_step: called with the step and its losses by name.

    Returns:
        The moving average (EMA) of the generator's weights, on the CPU.

    Raises:
        S2FError: when a loss is no longer a finite number.
    """
    torch.manual_seed(config.seed)
    accelerator = Accelerator(mixed_precision=config.precision, cpu=not torch.cuda.is_available())
    generator = GeneratorNet(GeneratorConfig(len(category_ids()), config.channels))
    average = GeneratorNet(generator.config)
    average.load_state_dict(generator.state_dict())
    discriminator = Discriminator(len(category_ids()))
    players = [network.to(memory_format=torch.channels_last) for network in (generator, discriminator)]
    optimizers = [torch.optim.Adam(player.parameters(), config.learning_rate, (0.5, 0.99)) for player in players]
    state = {"average": average, "generator": generator, "discriminator": discriminator,
             "generator_optimizer": optimizers[0], "discriminator_optimizer": optimizers[1]}  # fmt: skip
    start = _resume(run, state)
    average.to(accelerator.device)
    (generator, discriminator), optimizers = accelerator.prepare(*players), accelerator.prepare(*optimizers)

    global_batch = config.batch * accelerator.num_processes
    dataset = PairedDataset(pictures, config.steps * global_batch, config.side, config.seed)
    rest = Subset(dataset, range(start * global_batch, len(dataset)))
    loader = accelerator.prepare(DataLoader(rest, config.batch, num_workers=config.workers))
    if accelerator.is_main_process:
        loader = tqdm(loader, initial=start, total=config.steps, desc="training", unit="step")
    for step, (sketch, photo, category) in enumerate(loader, start + 1):
        _set_learning_rate(optimizers, config, step)
        sketch, photo = (batch.to(memory_format=torch.channels_last) for batch in (sketch, photo))
        category = _hide_some(category, config, step)

        with accelerator.autocast():
            picture = generator(sketch, category)
            real = discriminator(sketch, photo, category)
            fake = discriminator(sketch, picture.detach(), category)
        doubt = discriminator_loss(real[-1].float(), fake[-1].float())
        _step(accelerator, optimizers[1], doubt)

        with accelerator.autocast():
            fake = discriminator(sketch, picture, category)
        losses = generator_loss(picture.float(), photo, fake, real, LossWeights())
        _step(accelerator, optimizers[0], sum(losses.values()))

        _move_average(average, accelerator.unwrap_model(generator), config.ema, step)
        report = {"discriminator": doubt.item(), **{name: loss.item() for name, loss in losses.items()}}
        if not all(map(math.isfinite, report.values())):
            raise S2FError(f"step {step}: a loss is not finite ({report}). Go on in {run} with half the learning rate")
        if on_step:
            on_step(step, report)
        if accelerator.is_main_process and (step % config.save_every == 0 or step == config.steps):
            _save(run, state, step, config)
    return average.cpu().eval()


def _step(accelerator: Accelerator, optimizer, loss: torch.Tensor) -> None:
    optimizer.zero_grad()
    accelerator.backward(loss)
    optimizer.step()


def _set_learning_rate(optimizers, config: TrainConfig, step: int) -> None:
    left = min(1.0, (config.steps - step + 1) / config.decay_steps) if config.decay_steps else 1.0
    for optimizer, multiple in zip(optimizers, (1.0, config.discriminator_rate), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * left * multiple


def _hide_some(category: torch.Tensor, config: TrainConfig, step: int) -> torch.Tensor:
    chance = torch.rand(len(category), generator=torch.Generator().manual_seed(config.seed * 1_000_003 + step))
    hidden = chance.to(category.device) < config.any_category
    return torch.where(hidden, len(category_ids()), category)


@torch.no_grad()
def _move_average(average: GeneratorNet, generator: GeneratorNet, decay: float, step: int) -> None:
    decay = min(decay, (1 + step) / (10 + step))
    for mean, current in zip(average.parameters(), generator.parameters(), strict=True):
        mean.lerp_(current, 1 - decay)


def _resume(run: Path, state: Mapping[str, object]) -> int:
    """Load ``run``'s checkpoint if there is one; the number of steps done."""
    path = Path(run) / "checkpoint.pt"
    if not path.is_file():
        return 0
    saved = torch.load(path, map_location="cpu", weights_only=True)
    for name, part in state.items():
        part.load_state_dict(saved[name])
    return saved["step"]


def _save(run: Path, state: Mapping[str, object], step: int, config: TrainConfig) -> None:
    content = io.BytesIO()
    torch.save({"step": step, **{name: part.state_dict() for name, part in state.items()}}, content)
    atomic_write(Path(run) / "checkpoint.pt", content.getvalue())
    save_generator(state["average"], Path(run) / "generator.safetensors", {"step": step, **asdict(config)})
