"""The baseline, ours, and ours with a part or a loss taken away: trained at 128 px on equal data and equal computing.

    python benchmarks/compare.py                              # all of it on val, 10 minutes a budget: hours on a CPU
    python benchmarks/compare.py train MINUTES RUNS [variant-seed ...]
    python benchmarks/compare.py score RUNS [test]            # test once, when everything is chosen
    python benchmarks/compare.py cross RUNS [test]            # the types' models on each other's photos
    python benchmarks/compare.py drawings RUNS                # on the drawings of data/drawings, which no photo made

A budget is as many steps as fit into so many minutes when nothing else runs: of a GPU, or of one thread of a CPU. Ours
with something taken away takes as many steps as ours. The four models of one garment type each share one budget between
them: together they cost what the one conditional model costs. What was not trained is told as "not run".
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from budget import ON_GPU, seconds_a_step, train_steps
from machine import machine
from safetensors import safe_open
from safetensors.torch import load_file
from scores import COUNTS, make_exam, show, take
from torch import Tensor, nn

from s2f_helpers import Sketch
from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import DATA, ROOT
from s2f_helpers.data import category_ids, category_index, load_cutouts
from s2f_helpers.gan import GeneratorNet, make_recipe, save_generator
from s2f_helpers.gan.baseline import UNetConfig, make_pix2pix
from s2f_helpers.gan.judge import make_judge, paint
from s2f_helpers.gan.metrics import interval, kid, line_fidelity, lite0_features, ring_error
from s2f_helpers.gan.recipe import Recipe
from s2f_helpers.sketch import draw_edges, draw_hints, silhouette
from s2f_helpers.studio import Drawing

RESULTS = ROOT / "benchmarks" / "results"
SEEDS = (0, 1)
TYPES = ("t-shirt", "pants", "skirt", "hat")
CROSSED = ("masked SSIM", "region ΔE", "Lite0-KID × 1000")
LOSSES = ("texture", "perceptual", "hints")
BATCH = {"baseline": 32, "ours": 64} if ON_GPU else {"baseline": 4, "ours": 4}
VARIANTS = ("baseline", "ours", "no hint mask", "no roughening", *(f"no {loss} loss" for loss in LOSSES))


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
    if variant.endswith(" loss"):
        loss = variant.removeprefix("no ").removesuffix(" loss")
        return replace(recipe, weights=replace(recipe.weights, **{loss: 0}))
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
    cost = {name: seconds_a_step(pictures, recipe_of(name), batch) for name, batch in BATCH.items()}
    print(f"{machine()}; budget {minutes:g} minutes, 128 px, {len(pictures)} photos; seconds a step {cost}", flush=True)
    for name in chosen or [f"{variant}-{seed}" for seed in SEEDS for variant in (*VARIANTS, *TYPES)]:
        if not (runs / f"{name}.safetensors").exists():
            train_one(name, minutes, cost, pictures, runs)


def train_one(name: str, minutes: float, cost: dict[str, float], pictures, runs: Path) -> None:
    variant, seed = name.rsplit("-", 1)
    kind = "baseline" if variant == "baseline" else "ours"
    if variant in TYPES:
        minutes, pictures = minutes / len(TYPES), OfType(pictures, variant)
    torch.manual_seed(int(seed))
    steps = round(60 * minutes / cost[kind])
    net = train_steps(steps, pictures, recipe_of(variant), BATCH[kind], int(seed))
    about = {"variant": variant, "seed": int(seed), "step": steps, "batch": BATCH[kind], "minutes": minutes}
    save_generator(net, runs / f"{name}.safetensors", about)
    print(f"{name}: {steps} steps of {BATCH[kind]}", flush=True)


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
    """Rows: the model. Columns: whose photos. At 250 points."""
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


def drawings(runs: Path, split: str = "val") -> None:
    """What roughening is for: drawings made by hand. Their colours, their lines, and KID to the split's photos; and KID
    of what is painted of those photos' own lines, roughened."""
    names = [(category, number) for category in category_ids() for number in (1, 2, 3)]
    drawn = [Drawing.load(DATA / "drawings" / f"{name}-{number}.json") for name, number in names]
    sketches = [drawing.to_sketch(128) for drawing in drawn]
    # found at full size, where a closed gap is a small part of the drawing
    garments = [silhouette(drawing.to_sketch())[::2, ::2] for drawing in drawn]
    photos, judge = make_exam(load_cutouts(split), 128).features, make_judge(load_cutouts(split), side=128)
    rows = []
    for variant in VARIANTS:
        for seed in SEEDS:
            net = load(runs, variant, seed)
            if net is None:
                continue
            pictures = paint(net, sketches, [category_index(category) for category, _ in names])
            values = [
                (ring_error(picture, sketch, garment), *line_fidelity(picture, sketch))
                for picture, sketch, garment in zip(pictures, sketches, garments, strict=True)
            ]
            means = map(interval, np.array(values).T)
            scores = dict(zip(("ring ΔE", "line recall", "line precision"), means, strict=True))
            roughened = paint(net, judge.sketches, judge.categories)
            for title, painted, wanted in (
                ("KID", pictures, photos),
                ("KID, roughened photos", roughened, judge.photos),
            ):
                mean, deviation = (1000 * value for value in kid(lite0_features(painted), wanted))
                scores[f"Lite0-{title} × 1000"] = mean, mean - 2 * deviation, mean + 2 * deviation
            rows.append({"variant": variant, "seed": seed, "scores": scores})
            show(f"{variant}, seed {seed}", scores)
    write("compare_drawings.json", drawings=len(names), split=split, rows=rows)


def facts(runs: Path) -> dict[str, dict]:
    """What each weights file says of its training: steps, pictures a step, minutes."""
    found = {}
    for path in sorted(runs.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            about = json.loads(file.metadata()["about"])
        found[path.stem] = {name: about[name] for name in ("step", "batch", "minutes")}
    return found


def main(command: str | None = None, *rest: str) -> None:
    if command is None:
        runs = ROOT / "runs" / "compare"
        train_all(10, runs, [])
        score(runs)
        cross(runs)
        drawings(runs)
    elif command == "train":
        train_all(float(rest[0]), Path(rest[1]), list(rest[2:]))
    else:
        {"score": score, "cross": cross, "drawings": drawings}[command](Path(rest[0]), *rest[1:2])


if __name__ == "__main__":
    main(*sys.argv[1:])
