"""The networks, their losses, training that can be resumed, and the generator people call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from test_sketch import Wardrobe

from s2f_helpers import S2FError, Sketch
from s2f_helpers.data import category_ids
from s2f_helpers.gan import (
    Discriminator,
    Generator,
    GeneratorConfig,
    GeneratorNet,
    LossWeights,
    Recipe,
    StyleEncoder,
    adversarial_loss,
    discriminator_loss,
    hint_loss,
    hint_nearness,
    kl_loss,
    make_recipe,
    perceptual_loss,
    preset_config,
    save_generator,
    spread_hints,
    texture_loss,
    train,
)
from s2f_helpers.gan.memory import step_bytes
from s2f_helpers.gan.recipe import Batch

SMALL = GeneratorConfig(len(category_ids()), channels=(8, 16, 16))


@pytest.fixture
def batch():
    torch.manual_seed(0)
    return torch.rand(2, 5, 32, 32), torch.rand(2, 3, 32, 32) * 2 - 1, torch.tensor([0, 13])


def awake(net: torch.nn.Module) -> torch.nn.Module:
    """Some parts start at zero, by design; here they take part."""
    for name, parameter in net.named_parameters():
        if "scale_shift.weight" in name or name.startswith("grain"):
            torch.nn.init.normal_(parameter, std=0.1)
    return net


def test_generator_paints_in_range_and_every_parameter_learns(batch):
    sketch, photo, category = batch
    net = awake(GeneratorNet(SMALL))
    picture = net(sketch, category, torch.randn(2, 16))
    assert picture.shape == photo.shape and picture.abs().max() <= 1
    (picture - photo).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_no_style_is_the_style_of_zeros_and_others_paint_otherwise(batch):
    sketch, _, category = batch
    net = awake(GeneratorNet(SMALL)).eval()
    usual = net(sketch, category)
    assert torch.equal(usual, net(sketch, category, torch.zeros(2, 16)))
    assert (usual - net(sketch, category, torch.ones(2, 16))).abs().max() > 1e-3


def test_style_encoder_reads_a_mean_and_a_variance_from_any_size():
    net = StyleEncoder(16)
    for side in (32, 64, 200):
        mean, log_variance = net(torch.rand(2, 3, side, side))
        assert mean.shape == log_variance.shape == (2, 16)
    (mean.sum() + log_variance.sum()).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_generator_leaves_the_paper_white_where_nothing_covers_it(batch):
    sketch, _, category = batch
    net = GeneratorNet(SMALL)
    torch.nn.init.zeros_(net.paint.weight)
    net.paint.bias.data = torch.tensor([-9.0, -9.0, -9.0, -20.0])
    assert torch.allclose(net(sketch, category), torch.ones(()))
    net.paint.bias.data[3] = 20
    assert torch.allclose(net(sketch, category), -torch.ones(()))


def test_discriminator_judges_patches_of_54_pixels_one_picture_at_a_time_and_every_parameter_learns(batch):
    sketch, photo, category = batch
    net = Discriminator(len(category_ids()))
    verdicts = net(photo, sketch, category)
    assert verdicts.shape == (2, 1, 4, 4)
    torch.testing.assert_close(net(photo[:1], sketch[:1], category[:1]), verdicts[:1])
    verdicts.square().mean().backward()
    assert all(p.grad is not None for p in net.parameters())
    large = torch.rand(1, 3, 128, 128, requires_grad=True)
    norms = [layer for layer in net.layers if isinstance(layer, torch.nn.InstanceNorm2d)]
    for norm in norms:  # they see the whole picture, so without them: what the convolutions see
        net.layers[list(net.layers).index(norm)] = torch.nn.Identity()
    net(large, torch.zeros(1, 5, 128, 128), category[:1])[0, 0, 8, 8].backward()
    rows = large.grad[0].abs().sum((0, 2)).nonzero()
    assert rows.max() - rows.min() + 1 == 54


@pytest.mark.parametrize("shape", [(1, 3, 32, 32), (1, 5, 30, 32), (5, 32, 32)])
def test_wrong_sketch_shape_names_what_came(shape):
    with pytest.raises(ValueError, match=r"expected a sketch of shape \(B, 5, H, W\)"):
        GeneratorNet(SMALL)(torch.zeros(shape), torch.tensor([0]))


def test_spread_hints_fills_all_from_one_and_nothing_from_none():
    mask = torch.zeros(1, 1, 64, 64)
    assert not spread_hints(torch.zeros(1, 3, 64, 64), mask).any()
    mask[..., 5, 60] = 1
    color = torch.tensor([0.8, -0.2, 0.1]).view(1, 3, 1, 1)
    spread = spread_hints(mask * color, mask)
    torch.testing.assert_close(spread, color.expand_as(spread))


def test_spread_hints_gives_each_side_its_own_colour():
    mask, colors = torch.zeros(1, 1, 64, 64), torch.zeros(1, 3, 64, 64)
    mask[..., 32, (4, 60)] = 1
    colors[0, 0, 32, 4], colors[0, 2, 32, 60] = 1, 1
    left, right = spread_hints(colors, mask)[0, :, 32, (4, 60)].T
    assert left[0] > 0.9 and right[2] > 0.9


def test_nearness_falls_with_distance_and_is_zero_without_hints():
    mask = torch.zeros(1, 1, 64, 64)
    assert not hint_nearness(mask).any()
    mask[..., 10, 10] = 1
    near, middle, far = hint_nearness(mask)[0, 0, (10, 26, 60), (10, 26, 60)]
    assert 1 >= near > middle > far > 0


def test_hinge_loss_is_zero_when_every_verdict_is_sure():
    sure, unsure = torch.tensor([1.0, 3.0]), torch.tensor([0.0])
    assert discriminator_loss(sure, -sure) == 0
    assert discriminator_loss(unsure, unsure) == 2
    assert adversarial_loss(sure) == -2


def test_hint_loss_looks_at_hinted_cells_only_and_at_each_picture_alike():
    sketch = torch.zeros(2, 5, 32, 32)
    sketch[0, 1, :8, :8] = 0.5
    sketch[0, 4, :8, :8] = 1
    picture = torch.zeros(2, 3, 32, 32)
    assert hint_loss(picture, sketch).item() == pytest.approx(0.5 / 3 / 2)  # one channel of three, one picture of two
    picture[0, 0, :8, :8] = 0.5
    picture[:, :, 16:] = 1
    assert hint_loss(picture, sketch) == 0


def test_hint_loss_lets_a_colour_vary_within_a_cell():
    sketch = torch.zeros(1, 5, 8, 8)
    sketch[:, 4] = 1
    woven = torch.ones(1, 3, 8, 8)
    woven[..., ::2] = -1
    assert hint_loss(woven, sketch) == 0


def test_kl_loss_is_zero_for_the_normal_distribution_and_known_beside_it():
    zero = torch.zeros(3, 16)
    assert kl_loss(zero, zero) == 0
    assert kl_loss(zero + 2, zero).item() == pytest.approx(16 * 2.0)
    assert kl_loss(zero, zero + 1).item() == pytest.approx(16 * 0.5 * (np.e - 2), rel=1e-5)


def test_perceptual_loss_is_zero_two_or_four_for_equal_orthogonal_or_opposite_features():
    right, up = torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 4, 4)
    right[:, 0], up[:, 1] = 3, 7
    assert perceptual_loss([right], [2 * right]) == 0
    assert perceptual_loss([right], [up]).item() == pytest.approx(2)
    assert perceptual_loss([right], [-right]).item() == pytest.approx(4)


def test_texture_loss_sees_which_features_there_are_and_not_where():
    striped = torch.zeros(1, 2, 4, 4)
    striped[:, 0, :, ::2], striped[:, 1, :, 1::2] = 3, 7
    plain = torch.zeros(1, 2, 4, 4)
    plain[:, 0] = 5
    assert texture_loss([striped], [striped.roll(1, 3)]) == 0
    assert texture_loss([plain], [plain.flip(1)]).item() == pytest.approx(2)
    assert texture_loss([striped], [plain]).item() == pytest.approx(0.5)


def test_every_wish_reaches_the_painters_and_none_the_discriminator(batch):
    sketch, photo, category = batch
    recipe = small_recipe()
    awake(recipe.generator)
    lots = torch.randn(4, 16)
    four = Batch(sketch.repeat(2, 1, 1, 1), photo.repeat(2, 1, 1, 1), category.repeat(2), lots)
    wishes = recipe.wish(four, recipe.paint(four))
    assert set(wishes) == {"adversarial", *vars(LossWeights())}
    sum(wishes.values()).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for net in recipe.painters for p in net.parameters())
    assert all(p.grad is None for p in recipe.discriminator.parameters())


@pytest.fixture
def quick():
    return replace(preset_config("smoke"), side=32, steps=6, batch=2, save_every=3)


def small_recipe() -> Recipe:
    torch.manual_seed(0)
    return make_recipe(SMALL)


def test_a_killed_run_resumes_to_the_same_losses(tmp_path, quick):
    whole, resumed = {}, {}
    quick = replace(quick, batch=4)
    train(
        Wardrobe(),
        quick,
        tmp_path / "whole",
        small_recipe(),
        on_step=lambda step, losses, _: whole.update({step: losses}),
    )

    def killed(step, losses, _):
        resumed[step] = losses
        if step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(Wardrobe(), quick, tmp_path / "broken", small_recipe(), on_step=killed)
    train(
        Wardrobe(),
        quick,
        tmp_path / "broken",
        small_recipe(),
        on_step=lambda step, losses, _: resumed.update({step: losses}),
    )
    assert sorted(resumed) == [1, 2, 3, 4, 5, 6]
    for step in (4, 5, 6):
        assert resumed[step] == pytest.approx(whole[step], rel=1e-5)


def test_training_fits_one_garment(tmp_path, quick):
    losses, recipe = [], replace(small_recipe(), learning_rate=2e-3)
    train(Wardrobe(1), replace(quick, steps=120), tmp_path, recipe, on_step=lambda step, found, _: losses.append(found))
    for name in ("pixel", "perceptual"):
        first, last = (np.mean([found[name] for found in part]) for part in (losses[:5], losses[-5:]))
        assert last < 0.4 * first, name


def test_a_seed_gives_the_same_network(tmp_path, quick):
    first, second = (train(Wardrobe(), quick, tmp_path / name, small_recipe()).state_dict() for name in "ab")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path, quick):
    with pytest.raises(S2FError, match=r"loss is not finite.*half the learning rate"):
        train(Wardrobe(), quick, tmp_path, replace(small_recipe(), learning_rate=1e30))


def test_three_photos_are_enough_to_train_on_and_none_are_not(tmp_path, quick):
    train(Wardrobe(3), quick, tmp_path / "three", small_recipe())
    with pytest.raises(S2FError, match="at least one picture, got none"):
        train(Wardrobe(0), quick, tmp_path / "none", small_recipe())


def test_the_best_by_the_judge_is_kept_and_a_run_that_gets_no_better_ends(tmp_path, quick):
    scores = iter([5.0, 3.0, 4.0, 4.5, 1.0])
    steps, seen = [], []

    def judge(net):
        seen.append({name: tensor.clone() for name, tensor in net.state_dict().items()})
        return next(scores)

    best = train(
        Wardrobe(), replace(quick, steps=20, judge_every=2, patience=2), tmp_path, small_recipe(), judge,
        lambda step, losses, average: steps.append(step),
    )  # fmt: skip
    assert steps[-1] == 8  # 3.0 was the best; 4.0 and 4.5 were one disappointment too many
    for name, tensor in best.state_dict().items():
        torch.testing.assert_close(tensor, seen[1][name], rtol=1e-3, atol=1e-3)
    with safe_open(tmp_path / "generator.safetensors", "pt") as file:
        facts = json.loads(file.metadata()["about"])
    assert facts["step"] == 4 and facts["score"] == 3.0


def test_losses_and_scores_are_logged_for_tensorboard(tmp_path, quick):
    train(Wardrobe(), replace(quick, judge_every=3), tmp_path, small_recipe(), judge=lambda net: 7.0)
    events = EventAccumulator(str(tmp_path / "log")).Reload()
    assert [event.step for event in events.Scalars("loss/pixel")] == [1, 2, 3, 4, 5, 6]
    assert [event.value for event in events.Scalars("judge")] == [7.0, 7.0]


def test_a_checkpoint_of_other_networks_is_refused(tmp_path, quick):
    train(Wardrobe(), quick, tmp_path, small_recipe())
    other = make_recipe(GeneratorConfig(len(category_ids()), (8, 8, 8)))
    with pytest.raises(S2FError, match=r"(?s)not a checkpoint of these networks.*another folder"):
        train(Wardrobe(), replace(quick, steps=9), tmp_path, other)


def test_out_of_memory_names_a_batch_that_fits(tmp_path, quick, monkeypatch):
    class Greedy(Recipe):
        def doubt(self, batch, painted):
            raise torch.OutOfMemoryError("CUDA out of memory")

    per_picture = step_bytes(small_recipe(), 32)
    weights = 16 * sum(
        p.numel() for net in (*small_recipe().painters, small_recipe().discriminator) for p in net.parameters()
    )
    gpu = SimpleNamespace(total_memory=(9.5 * per_picture + weights) / 0.85)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: gpu)
    with pytest.raises(S2FError, match=r"no room for 2 pictures of 32 px at once: try batch=8"):
        train(Wardrobe(), quick, tmp_path, Greedy(**vars(small_recipe())))


def test_memory_of_a_step_is_counted_by_the_picture_and_grows_with_its_area():
    small, large, larger = (step_bytes(small_recipe(), side) for side in (96, 192, 288))
    window = (9 * small - larger) / 8  # the encoder's picture and the eyes' window are of one size
    assert large == pytest.approx(window + 4 * (small - window), rel=0.05)
    assert small - window > 8 * 48 * 48 * 4  # more than the generator's first map


TWO_PROCESSES = """
import sys, json
from dataclasses import replace
sys.path[:0] = sys.argv[1:3]
from test_gan import Wardrobe, small_recipe, preset_config, train
config = replace(preset_config("smoke"), side=32, steps=4, batch=int(sys.argv[4]), save_every=4)
train(Wardrobe(), config, sys.argv[3], small_recipe())
"""


def test_two_processes_train_what_one_does(tmp_path):
    """Eight pictures a step: eight for one process, or four each for two."""
    script = tmp_path / "both.py"
    script.write_text(TWO_PROCESSES)
    paths = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]
    launch = ["-m", "accelerate.commands.launch", "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend",
              "no"]  # fmt: skip
    on_cpu = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "ACCELERATE_USE_CPU": "true"}
    for kind, processes, batch in (("--cpu", 1, 8), ("--multi_gpu", 2, 4)):  # its CPU launcher would want MPI
        subprocess.run(
            [sys.executable, *launch, kind, "--num_processes", str(processes), str(script), *paths,
             str(tmp_path / str(processes)), str(batch)],
            check=True, timeout=240, env=on_cpu,
        )  # fmt: skip
    start = save_and_load(small_recipe().generator, tmp_path / "start.safetensors")
    one, two = (load_file(tmp_path / str(processes) / "generator.safetensors") for processes in (1, 2))
    moved = [
        torch.cat([(weights[name].float() - start[name].float()).ravel() for name in start]) for weights in (one, two)
    ]
    assert moved[0].norm() > 0.1 * sum(tensor.numel() for tensor in start.values()) ** 0.5 * 4e-4
    assert torch.cosine_similarity(*moved, dim=0) > 0.99  # Adam turns rounding into steps where a gradient is nearly 0


def save_and_load(net: torch.nn.Module, path: Path) -> dict[str, torch.Tensor]:
    save_generator(net, path, {})
    return load_file(path)


def test_saved_weights_load_and_paint_alike(tmp_path, draw):
    torch.manual_seed(1)
    net = GeneratorNet(GeneratorConfig(len(category_ids()), (8, 16, 16))).half().float()
    save_generator(net, tmp_path / "g.safetensors", {"step": 0})
    sketch = draw((200, 0, 0))
    expected = Generator(net, category_ids())(sketch, "t-shirt")
    np.testing.assert_array_equal(Generator.load(tmp_path / "g.safetensors")(sketch, "t-shirt"), expected)


def test_missing_weights_say_where_they_come_from(tmp_path):
    with pytest.raises(S2FError, match=r"no generator weights at .*notebook 03"):
        Generator.load(tmp_path / "none.safetensors")


def test_a_damaged_weights_file_is_refused(tmp_path):
    path = tmp_path / "g.safetensors"
    path.write_bytes(b"not weights at all")
    with pytest.raises(S2FError, match="not a generator of this course"):
        Generator.load(path)


@pytest.fixture(scope="module")
def generator():
    return Generator.load()


def chest(picture: np.ndarray) -> np.ndarray:
    """Mean colour over the middle of the garment, away from the dot itself."""
    return np.concatenate([picture[150:200, 90:166].reshape(-1, 3), picture[90:110, 90:166].reshape(-1, 3)]).mean(0)


@pytest.mark.parametrize(("channel", "color"), [(0, (205, 20, 30)), (1, (20, 150, 50)), (2, (30, 50, 200))])
def test_one_dot_colours_the_drawn_t_shirt(generator, draw, channel, color):
    mean = chest(generator(draw(color), "t-shirt"))
    assert mean.argmax() == channel and mean[channel] - np.delete(mean, channel).max() > 30


def test_the_picture_is_a_garment_on_white(generator, draw):
    picture = generator(draw((205, 20, 30)), "t-shirt")
    assert picture.shape == (256, 256, 3) and picture.dtype == np.uint8
    assert picture[:20].mean() > 235 and picture[150:200, 90:166].mean() < 200


def test_no_hint_is_pasted_into_the_picture(generator, draw):
    """Where the dot lies, the network's own colour shows, folds and all, not the dot's exact one."""
    color = (205, 20, 30)
    sketch = draw(color)
    picture = generator(sketch, "t-shirt")
    assert (picture[sketch.hint_mask] != color).any(1).mean() > 0.5


def test_moving_the_dot_changes_the_picture_elsewhere(generator, draw):
    here, there = (generator(draw((205, 20, 30), at), "t-shirt").astype(int) for at in ((100, 90), (150, 190)))
    assert np.abs(here - there)[140:160, 80:176].max() > 2


def test_sketches_of_any_size_are_painted(generator):
    lines = np.zeros((400, 400), np.uint8)
    lines[100:300, (100, 300)] = lines[(100, 300), 100:300] = 255
    sketch = Sketch(lines, np.zeros((400, 400, 3), np.uint8), np.zeros((400, 400), bool))
    assert generator(sketch).shape == (256, 256, 3)


def test_styles_give_different_candidates_of_one_drawing_again_and_again(generator, draw):
    sketch = draw((205, 20, 30))
    styles = generator.styles(3)
    assert styles.shape == (3, generator.net.config.style) and np.array_equal(styles, generator.styles(3))
    with pytest.raises(S2FError, match=r"a style of 16 numbers, got shape \(3,\)"):
        generator(sketch, "t-shirt", style=[0, 0, 0])


def test_an_empty_sketch_and_an_unknown_category_are_refused(generator, draw):
    with pytest.raises(S2FError, match="unknown category 'cape'"):
        generator(draw((9, 9, 9)), "cape")
    blank = Sketch(np.zeros((256, 256), np.uint8), np.zeros((256, 256, 3), np.uint8), np.zeros((256, 256), bool))
    with pytest.raises(S2FError, match="no lines"):
        generator(blank)
