"""The networks, their losses, training that can be resumed, and the generator people call."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_sketch import Wardrobe

from s2f_helpers import S2FError, Sketch
from s2f_helpers.data import category_ids
from s2f_helpers.gan import (
    Discriminator,
    Generator,
    GeneratorConfig,
    GeneratorNet,
    LossWeights,
    discriminator_loss,
    generator_loss,
    hint_nearness,
    preset_config,
    save_generator,
    spread_hints,
    train,
)

SMALL = GeneratorConfig(len(category_ids()), channels=(8, 16, 16))


@pytest.fixture
def batch():
    torch.manual_seed(0)
    return torch.rand(2, 5, 32, 32), torch.rand(2, 3, 32, 32) * 2 - 1, torch.tensor([0, 13])


def test_generator_paints_in_range_and_every_parameter_learns(batch):
    sketch, photo, category = batch
    net = GeneratorNet(SMALL)
    for block in net.modules():
        if hasattr(block, "scale_shift"):
            torch.nn.init.normal_(block.scale_shift.weight, std=0.1)  # zero at the start, by design
    picture = net(sketch, category)
    assert picture.shape == photo.shape and picture.abs().max() <= 1
    (picture - photo).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_discriminator_judges_patches_and_every_parameter_learns(batch):
    sketch, photo, category = batch
    net = Discriminator(len(category_ids()))
    *features, verdict = net(sketch, photo, category)
    assert verdict.shape == (2, 1, 4, 4) and len(features) == 3
    verdict.mean().backward()
    assert all(p.grad is not None for p in net.parameters())


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
    assert discriminator_loss(torch.tensor([1.0, 3.0]), torch.tensor([-1.0, -2.0])) == 0


def test_losses_vanish_for_a_perfect_picture_and_count_a_wrong_region():
    photo = torch.zeros(1, 3, 32, 32)
    features = [torch.ones(1, 4, 8, 8), torch.zeros(1, 1, 4, 4)]
    perfect = generator_loss(photo, photo, features, features, LossWeights())
    assert all(loss == 0 for loss in perfect.values())
    wrong = generator_loss(photo + 0.5, photo, features, features, LossWeights(pixel=2, region=4))
    assert wrong["pixel"] == pytest.approx(1.0) and wrong["region"] == pytest.approx(2.0)


@pytest.fixture
def quick():
    return replace(preset_config("smoke"), side=32, steps=6, batch=2, save_every=3, channels=(8, 16, 16))


def test_a_killed_run_resumes_to_the_same_losses(tmp_path, quick):
    whole, resumed = {}, {}
    train(Wardrobe(), quick, tmp_path / "whole", whole.__setitem__)

    def killed(step, losses):
        resumed[step] = losses
        if step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(Wardrobe(), quick, tmp_path / "broken", killed)
    train(Wardrobe(), quick, tmp_path / "broken", resumed.__setitem__)
    assert sorted(resumed) == [1, 2, 3, 4, 5, 6]
    for step in (4, 5, 6):
        assert resumed[step] == pytest.approx(whole[step], rel=1e-5)


def test_training_fits_one_garment(tmp_path, quick):
    losses = {}
    train(Wardrobe(1), replace(quick, steps=60), tmp_path, losses.__setitem__)
    first, last = (np.mean([losses[step]["pixel"] for step in steps]) for steps in (range(1, 6), range(56, 61)))
    assert last < 0.6 * first


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path, quick):
    with pytest.raises(S2FError, match=r"loss is not finite.*half the learning rate"):
        train(Wardrobe(), replace(quick, learning_rate=1e30), tmp_path)


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


def test_an_empty_sketch_and_an_unknown_category_are_refused(generator, draw):
    with pytest.raises(S2FError, match="unknown category 'cape'"):
        generator(draw((9, 9, 9)), "cape")
    blank = Sketch(np.zeros((256, 256), np.uint8), np.zeros((256, 256, 3), np.uint8), np.zeros((256, 256), bool))
    with pytest.raises(S2FError, match="no lines"):
        generator(blank)
