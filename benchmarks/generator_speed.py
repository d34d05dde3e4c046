"""Does the data keep up with training, what does a step cost beside the baseline's, how soon is an answer there?

python benchmarks/generator_speed.py
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from machine import machine, seconds

from s2f_helpers.data.wardrobe import make_wardrobe
from s2f_helpers.gan import GeneratorConfig, GeneratorNet, make_recipe
from s2f_helpers.gan.baseline import UNet, UNetConfig, make_pix2pix
from s2f_helpers.gan.memory import fitting_batch, step_bytes
from s2f_helpers.gan.recipe import Batch
from s2f_helpers.sketch import PairedDataset

BATCH, T4 = 8, 15_800_000_000


class Wardrobe:
    """Two dozen made-up garments."""

    def __init__(self) -> None:
        self.garments = make_wardrobe(24)
        self.categories = [garment.category for garment in self.garments]

    def __len__(self) -> int:
        return len(self.garments)

    def image(self, index: int) -> np.ndarray:
        return self.garments[index].photo

    def mask(self, index: int) -> np.ndarray:
        return self.garments[index].mask


def step_of(recipe, side: int) -> Callable[[], None]:
    for network in (*recipe.painters, recipe.discriminator):
        network.to(memory_format=torch.channels_last)
    sketch, photo = (torch.rand(BATCH, n, side, side).to(memory_format=torch.channels_last) for n in (5, 3))
    batch = Batch(sketch, photo, torch.zeros(BATCH, dtype=torch.long), torch.randn(BATCH, recipe.style))

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16):
            painted = recipe.paint(batch)
            doubt = recipe.doubt(batch, painted)
        doubt.backward()
        with torch.autocast("cpu", torch.bfloat16):
            wishes = recipe.wish(batch, painted)
        sum(wishes.values()).backward()

    return step


def training() -> None:
    torch.set_num_threads(1)
    print(f"one thread, bf16, batches of {BATCH}; pictures a second")
    print(f"{'side':>6}{'pairs made':>12}{'ours':>8}{'baseline':>10}{'ours : baseline':>17}{'pairs : ours':>14}")
    for side, levels in ((128, 7), (256, 8)):
        pairs = PairedDataset(Wardrobe(), 10_000, side)
        made = 1 / seconds(lambda pairs=pairs: [pairs[sample] for sample in range(24)], 5) * 24
        ours = BATCH / seconds(step_of(make_recipe(), side), 5)
        baseline = BATCH / seconds(step_of(make_pix2pix(UNetConfig(levels)), side), 5)
        print(f"{side:6}{made:12.0f}{ours:8.1f}{baseline:10.1f}{ours / baseline:17.2f}{made / ours:14.1f}")


@torch.inference_mode()
def answering() -> None:
    print("answers, milliseconds a picture, single precision")
    nets = {
        "ours": GeneratorNet(GeneratorConfig(13)).eval(),
        **{f"pix2pix {width}": UNet(UNetConfig(8, width)).eval() for width in (64, 32)},
    }
    for name, net in nets.items():
        net.to(memory_format=torch.channels_last)
        count = sum(p.numel() for p in net.parameters()) / 1e6
        for threads in (1, 2):
            torch.set_num_threads(threads)
            times = []
            for side in (128, 256, 512):
                sketch = torch.rand(1, 5, side, side).to(memory_format=torch.channels_last)
                work = lambda sketch=sketch, net=net: net(sketch, torch.tensor([0]))  # noqa: E731
                times.append(1000 * seconds(work, 15) if side >= 256 or name == "ours" else float("nan"))
            cells = "".join(f"{ms:8.1f}" for ms in times)
            print(f"  {name:12}{count:6.1f} M parameters, {threads} threads; 128, 256, 512 px:{cells}")


def memory() -> None:
    recipe = make_recipe()
    print(f"a step keeps {step_bytes(recipe, 256) / 1e6:.0f} MB a picture at 256 px in single precision (counted);")
    print(
        f"by that count a T4 (16 GB) has room for a batch of {fitting_batch(recipe, 256, 'fp16', T4)} in half precision"
    )


if __name__ == "__main__":
    print(machine())
    training()
    answering()
    memory()
