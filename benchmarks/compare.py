"""The baseline, ours, and ours with a part taken away: trained at 128 px from nothing on equal data and CPU time.

    python benchmarks/compare.py                              # all three on val, 15 minutes a budget: hours
    python benchmarks/compare.py train MINUTES RUNS [variant-seed ...]
    python benchmarks/compare.py score RUNS [test]            # test once, when everything is chosen
    python benchmarks/compare.py cross RUNS [test]            # the types' models on each other's photos

A budget is CPU time of one thread. The four models of one garment type each share one budget between them: together
they cost what the one conditional model costs. What was not trained is told as "not run".
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from budget import train_for
from machine import machine
from safetensors import safe_open
from safetensors.torch import load_file
from scores import COUNTS, make_exam, show, take
from torch import Tensor, nn

from s2f_helpers import Sketch
from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import ROOT
from s2f_helpers.data import load_cutouts
from s2f_helpers.gan import GeneratorNet, make_recipe, save_generator
from s2f_helpers.gan.baseline import UNetConfig, make_pix2pix
from s2f_helpers.gan.recipe import Recipe
from s2f_helpers.sketch import draw_edges, draw_hints

RESULTS = ROOT / "benchmarks" / "results"
SEEDS = (0, 1)
TYPES = ("t-shirt", "pants", "skirt", "hat")
CROSSED = ("masked SSIM", "region ΔE", "perceptual")
VARIANTS = ("baseline", "ours", "no hint mask", "no roughening")


class NoMaskNet(GeneratorNet):
    """Hint colours as they are, 0 where there is none, and nothing that says which 0 is a hint."""

    @staticmethod
    def _fold(sketch: Tensor) -> Tensor:
        folded = GeneratorNet._fold(sketch)
        colors = nn.functional.avg_pool2d(sketch[:, 1:4], 2)
        return torch.cat([folded[:, :4], colors, torch.zeros_like(folded[:, 7:])], 1)


class SmoothRecipe(Recipe):
    """Clean edges only: no hand in it."""

    @staticmethod
    def draw(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Sketch:
        lines = draw_edges(image, mask)
        return Sketch(lines, *draw_hints(image, mask, lines, rng))


def recipe_of(variant: str):
    if variant == "baseline":
        return make_pix2pix(UNetConfig(levels=7))
    recipe = make_recipe()
    if variant == "no hint mask":
        return replace(recipe, generator=NoMaskNet(recipe.generator.config))
    if variant == "no roughening":
        return SmoothRecipe(**vars(recipe))
    return recipe


@dataclass(frozen=True)
class OfType:
    """The garments of one category."""

    all: object
    category: str

    @property
    def chosen(self) -> list[int]:
        return [index for index, category in enumerate(self.all.categories) if category == self.category]

    @property
    def categories(self) -> list[str]:
        return [self.category] * len(self)

    def __len__(self) -> int:
        return len(self.chosen)

    def image(self, index: int) -> np.ndarray:
        return self.all.image(self.chosen[index])

    def mask(self, index: int) -> np.ndarray:
        return self.all.mask(self.chosen[index])


def train_all(minutes: float, runs: Path, chosen: list[str]) -> None:
    pictures = load_cutouts("train")
    print(
        f"{machine()}; budget {minutes:g} CPU minutes of one thread, bf16, 128 px, {len(pictures)} photos", flush=True
    )
    for name in chosen or [f"{variant}-{seed}" for seed in SEEDS for variant in (*VARIANTS, *TYPES)]:
        path = runs / f"{name}.safetensors"
        if path.exists():
            continue
        variant, seed = name.rsplit("-", 1)
        torch.manual_seed(int(seed))
        of_type = variant in TYPES
        net, steps = train_for(
            minutes / (len(TYPES) if of_type else 1),
            OfType(pictures, variant) if of_type else pictures,
            recipe_of(variant),
            batch=4 if variant == "baseline" else 8,
            seed=int(seed),
        )
        save_generator(net, path, {"variant": variant, "seed": seed, "step": steps, "cpu_minutes": minutes})
        print(f"{name}: {steps} steps", flush=True)


def load(runs: Path, variant: str, seed: int) -> nn.Module | None:
    path = runs / f"{variant}-{seed}.safetensors"
    if not path.exists():
        return None
    net = recipe_of(variant).generator
    net.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()})
    return net


def write(name: str, **content: object) -> None:
    """Notebook 04 and the generator's card read these."""
    RESULTS.mkdir(exist_ok=True)
    atomic_write(RESULTS / name, json.dumps({"machine": machine(), **content}, indent=1).encode())


def score(runs: Path, split: str = "val") -> None:
    exam = make_exam(load_cutouts(split), 128)
    print(f"{machine()}; {len(exam.photos)} photos of {split}, 128 px")
    rows = []
    for variant in VARIANTS:
        for seed in SEEDS:
            net = load(runs, variant, seed)
            for count in COUNTS:
                scores = None if net is None else take(exam, net, count)
                rows.append({"variant": variant, "seed": seed, "points": count, "scores": scores})
                title = f"{variant}, seed {seed}, {count} points"
                print(f"{title}: not run", flush=True) if scores is None else show(title, scores)
    write("compare.json", split=split, photos=len(exam.photos), trained=facts(runs), rows=rows)


def cross(runs: Path, split: str = "val") -> None:
    """Rows: the model. Columns: whose photos. Masked SSIM and region ΔE at 250 points."""
    cutouts = load_cutouts(split)
    exams = {name: make_exam(OfType(cutouts, name), 128, 60) for name in TYPES}
    counts = {name: len(exam.photos) for name, exam in exams.items()}
    print(f"{machine()}; {counts} photos of {split}")
    rows = []
    for seed in SEEDS:
        for model in (*TYPES, "ours", "baseline"):
            net = load(runs, model, seed)
            for photos, exam in exams.items():
                scores = None if net is None else {n: v for n, v in take(exam, net, 250).items() if n in CROSSED}
                rows.append({"model": model, "seed": seed, "photos": photos, "scores": scores})
                print(model, seed, photos, scores or "not run", flush=True)
    write("cross.json", split=split, photos=counts, trained=facts(runs), rows=rows)


def facts(runs: Path) -> dict[str, dict]:
    """What each weights file says of its training: steps, CPU minutes."""
    found = {}
    for path in sorted(runs.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            about = json.loads(file.metadata()["about"])
        found[path.stem] = {name: about[name] for name in ("step", "cpu_minutes")}
    return found


def main(command: str | None = None, *rest: str) -> None:
    if command is None:
        runs = ROOT / "runs" / "compare"
        train_all(15, runs, [])
        score(runs)
        cross(runs)
    elif command == "train":
        train_all(float(rest[0]), Path(rest[1]), list(rest[2:]))
    else:
        {"score": score, "cross": cross}[command](Path(rest[0]), *rest[1:2])


if __name__ == "__main__":
    main(*sys.argv[1:])
