"""pix2pix as it was, the judge that picks the best step, and the plot that shows training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_sketch import Wardrobe

from s2f_helpers import Sketch
from s2f_helpers.data.wardrobe import make_garment
from s2f_helpers.gan import preset_config, train
from s2f_helpers.gan.baseline import PatchGAN, UNet, UNetConfig, edge_picture, make_pix2pix, scatter_points
from s2f_helpers.gan.judge import make_judge, paint
from s2f_helpers.gan.watch import LivePlot


@pytest.fixture(scope="module")
def garment():
    return make_garment("dress", 1, 128)


@pytest.mark.parametrize("count", [0, 1, 300])
def test_points_are_squares_of_the_garments_own_colour(garment, count):
    hints, mask = scatter_points(garment.photo, garment.mask, count, np.random.default_rng(0))
    assert mask.sum() <= 9 * count and mask.any() == (count > 0) and not mask[~garment.mask].any()
    assert not hints[~mask].any()
    if count == 300:
        assert np.abs(hints[mask].astype(int) - garment.photo[mask]).mean() < 25


def test_the_edge_picture_is_black_on_white_with_hints_pasted_over():
    sketch = torch.zeros(1, 5, 4, 4)
    sketch[0, 0, 0] = 1
    sketch[0, 1:, 0, 0] = torch.tensor([0.5, -0.5, 0.0, 1.0])
    picture = edge_picture(sketch)[0]
    assert picture[:, 0, 0].tolist() == [0.5, -0.5, 0.0]
    assert (picture[:, 0, 1:] == -1).all() and (picture[:, 1:] == 1).all()


@pytest.mark.parametrize(("levels", "side"), [(5, 32), (6, 128)])
def test_u_net_paints_in_range_and_every_parameter_learns(levels, side):
    net = UNet(UNetConfig(levels, 8))
    picture = net(torch.rand(2, 5, side, side))
    assert picture.shape == (2, 3, side, side) and picture.abs().max() <= 1
    picture.square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_the_full_baseline_has_the_papers_size():
    assert sum(p.numel() for p in UNet(UNetConfig()).parameters()) == pytest.approx(54.4e6, rel=0.002)
    assert sum(p.numel() for p in PatchGAN().parameters()) == pytest.approx(2.77e6, rel=0.01)


def test_a_verdict_of_the_patch_gan_sees_70_pixels():
    net = PatchGAN(4).eval()
    photo = torch.rand(1, 3, 256, 256, requires_grad=True)
    verdict = net(torch.zeros(1, 5, 256, 256), photo)
    verdict[0, 0, verdict.shape[2] // 2, verdict.shape[3] // 2].backward()
    seen = photo.grad[0].abs().sum(0).nonzero()
    assert (seen.max(0).values - seen.min(0).values + 1).tolist() == [70, 70]


def test_the_baseline_trains_in_the_same_loop_and_goes_on(tmp_path):
    config = replace(preset_config("smoke"), side=32, steps=40, batch=4, save_every=20)
    losses = []
    for steps in (40, 42):
        torch.manual_seed(0)
        recipe = replace(make_pix2pix(UNetConfig(5, 8)), learning_rate=2e-3)
        train(Wardrobe(1), replace(config, steps=steps), tmp_path, recipe,
              on_step=lambda step, found, _: losses.append(found))  # fmt: skip
    assert len(losses) == 42 and set(losses[0]) == {"discriminator", "adversarial", "pixel"}
    assert np.mean([found["pixel"] for found in losses[-5:]]) < 0.7 * losses[0]["pixel"]


class Copier(torch.nn.Module):
    """Answers with given pictures, whatever is asked."""

    def __init__(self, pictures):
        super().__init__()
        self.pictures = torch.nn.Parameter(pictures)
        self.at = 0

    def forward(self, sketch, category):
        self.at += len(sketch)
        return self.pictures[(self.at - len(sketch)) % len(self.pictures) :][: len(sketch)]


def test_the_judge_prefers_the_photos_themselves_to_flat_grey():
    wardrobe = Wardrobe(12)
    judge = make_judge(wardrobe, count=12, side=128)
    order = np.random.default_rng(0).permutation(12)
    photos = torch.stack([torch.tensor(wardrobe.image(i)).permute(2, 0, 1).float() / 127.5 - 1 for i in order])
    photos = torch.nn.functional.interpolate(photos, size=128, mode="area")
    assert judge(Copier(photos)) < judge(Copier(torch.zeros_like(photos))) - 0.05


def test_paint_keeps_order_and_turns_numbers_into_pixels():
    lines = np.zeros((32, 32), np.uint8)
    sketches = [Sketch(lines, np.zeros((32, 32, 3), np.uint8), lines > 0)] * 20
    levels = torch.linspace(-1, 1, 20).view(20, 1, 1, 1).expand(20, 3, 32, 32).contiguous()
    pictures = paint(Copier(levels), sketches, [0] * 20)
    assert len(pictures) == 20 and pictures[0].dtype == np.uint8
    assert [picture[0, 0, 0] for picture in pictures] == [round(float(level)) for level in np.linspace(0, 255, 20)]


def test_the_live_plot_keeps_every_loss_and_redraws_in_one_place(garment, monkeypatch):
    shown = []

    class Place:
        def update(self, figure):
            shown.append("again")

    monkeypatch.setattr("s2f_helpers.common.live.display", lambda figure, display_id: shown.append("new") or Place())
    sketch = Sketch(np.zeros((32, 32), np.uint8), np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32), bool))
    plot = LivePlot([sketch] * 2, [0, 1], every=2)
    net = UNet(UNetConfig(5, 8))
    for step in range(1, 7):
        plot(step, {"pixel": 1 / step}, net)
    assert [losses["pixel"] for losses in plot.history] == [1 / step for step in range(1, 7)]
    assert shown == ["new", "again", "again"]
    with pytest.raises(ValueError, match="1 to 8 sketches"):
        LivePlot([], [])
