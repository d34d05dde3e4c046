"""Does the data keep up with training, what does a step cost beside the baseline's, how soon is an answer there?

    python benchmarks/generator_speed.py

Training is timed on one thread, as ``compare.py`` trains. The table of answers is for notebook 03.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import torch
from budget import PRECISION
from machine import machine, seconds

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import ROOT
from s2f_helpers.data.wardrobe import make_wardrobe
from s2f_helpers.gan import GeneratorConfig, GeneratorNet, make_recipe
from s2f_helpers.gan.baseline import UNet, UNetConfig, make_pix2pix
from s2f_helpers.gan.memory import fitting_batch, step_bytes
from s2f_helpers.gan.recipe import Batch
from s2f_helpers.sketch import PairedDataset

BATCH, T4 = 8, 15_800_000_000
SIDES = (128, 256, 512)


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
        with torch.autocast("cpu", torch.bfloat16, enabled=PRECISION == "bf16"):
            painted = recipe.paint(batch)
            doubt = recipe.doubt(batch, painted)
        doubt.backward()
        with torch.autocast("cpu", torch.bfloat16, enabled=PRECISION == "bf16"):
            wishes = recipe.wish(batch, painted)
        sum(wishes.values()).backward()

    return step


def training() -> list[dict[str, object]]:
    torch.set_num_threads(1)
    rows = []
    for side, levels in ((128, 7), (256, 8)):
        pairs = PairedDataset(Wardrobe(), 10_000, side)
        made = 1 / seconds(lambda pairs=pairs: [pairs[sample] for sample in range(24)], 5) * 24
        ours = BATCH / seconds(step_of(make_recipe(), side), 5)
        baseline = BATCH / seconds(step_of(make_pix2pix(UNetConfig(levels)), side), 5)
        row = {"side": side, "pairs made": made, "ours": ours, "baseline": baseline}
        rows.append({name: round(value, 1) for name, value in row.items()})
        print(f"{row}; {PRECISION}, batches of {BATCH}; pairs made : ours {made / ours:.1f}", flush=True)
    return rows


@torch.inference_mode()
def answering() -> list[dict[str, object]]:
    nets = {
        "ours": GeneratorNet(GeneratorConfig(13)).eval(),
        **{f"pix2pix, {width} channels": UNet(UNetConfig(8, width)).eval() for width in (64, 32)},
    }
    rows = []
    for name, net in nets.items():
        net.to(memory_format=torch.channels_last)
        millions = sum(p.numel() for p in net.parameters()) / 1e6
        for threads in (1, 2):
            torch.set_num_threads(threads)
            row = {"network": name, "million parameters": round(millions, 1), "threads": threads}
            for side in SIDES[0 if name == "ours" else 1 :]:  # eight levels of halving need 256 px
                sketch = torch.rand(1, 5, side, side).to(memory_format=torch.channels_last)
                work = lambda sketch=sketch, net=net: net(sketch, torch.tensor([0]))  # noqa: E731
                row[f"{side} px, ms"] = round(1000 * seconds(work, 15), 1)
            rows.append(row)
            print(row, flush=True)
    return rows


def memory() -> dict[str, object]:
    """What the ``gpu`` preset keeps, counted; not run on a T4."""
    recipe = make_recipe()
    return {
        "megabytes a picture at 256 px, single precision": round(step_bytes(recipe, 256) / 1e6),
        "batch that fits a T4 (16 GB) in half precision": fitting_batch(recipe, 256, "fp16", T4),
    }


def main() -> None:
    print(machine())
    content = {
        "machine": machine(),
        "precision of training": PRECISION,
        "answers": answering(),
        "training": training(),
        "memory": memory(),
    }
    print(content["memory"])
    target = ROOT / "benchmarks" / "results" / "generator_speed.json"
    atomic_write(target, json.dumps(content, indent=1).encode())


if __name__ == "__main__":
    main()
