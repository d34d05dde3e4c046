"""The whole chain on the shipped weights, searched in the synthetic wardrobe (no photos needed)."""

from __future__ import annotations

import numpy as np
import pytest

from s2f_helpers import Garment, Pipeline, Product, S2FError, Sketch, prepare
from s2f_helpers.data import category_ids, clothing
from s2f_helpers.gan import Generator
from s2f_helpers.search import index_wardrobe
from s2f_helpers.segment import Segmenter


@pytest.fixture(scope="module")
def pipeline():
    return Pipeline(Generator.load(), Segmenter.load(), index_wardrobe(), "the wardrobe")


@pytest.fixture(scope="module")
def result(pipeline, request):
    from conftest import draw_t_shirt

    return pipeline(draw_t_shirt((205, 20, 30)), "t-shirt", limit=6)


def test_a_drawing_becomes_a_picture(result):
    assert result.image.shape == (256, 256, 3) and result.image.dtype == np.uint8


def test_the_garment_is_found_and_masked(result):
    garment = result.garments[0]
    assert isinstance(garment, Garment) and garment.category in category_ids()
    drawn = np.zeros((256, 256), bool)
    drawn[70:212, 78:180] = True
    assert garment.mask[drawn].mean() > 0.85 and garment.mask[:40].mean() < 0.05


def test_similar_garments_come_in_order(result):
    assert len(result.products) == 6 and all(isinstance(product, Product) for product in result.products)
    assert [product.rank for product in result.products] == list(range(6))
    similarities = [product.similarity for product in result.products]
    assert similarities == sorted(similarities, reverse=True)


def test_a_red_drawing_finds_red_garments(result):
    means = [product.thumbnail[40:90, 40:90].reshape(-1, 3).mean(0) for product in result.products[:3]]
    assert all(mean[0] > mean[1:].max() + 20 for mean in means)


def test_nothing_is_for_sale_where_no_shop_said_so(result):
    assert all(product.price is None and product.shop is None for product in result.products)


def test_parts_work_alone(pipeline, t_shirt):
    image = pipeline.generator(t_shirt)
    assert pipeline.segmenter(image)
    assert len(pipeline.search(image, 3)) == 3


def test_unknown_category_and_empty_drawing_are_refused(pipeline, t_shirt):
    with pytest.raises(S2FError, match="unknown category"):
        pipeline(t_shirt, "toga")
    with pytest.raises(S2FError, match="no lines"):
        pipeline(Sketch(np.zeros((256, 256), np.uint8), np.zeros((256, 256, 3), np.uint8), np.zeros((256, 256), bool)))


def test_without_photos_the_studio_is_prepared_on_the_wardrobe(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(clothing, "DATA", tmp_path)
    monkeypatch.setattr(clothing, "REPOSITORY", "http://127.0.0.1:9")
    monkeypatch.delenv("S2F_MIRROR", raising=False)
    prepare.main()
    (line,) = capsys.readouterr().out.splitlines()
    assert "synthetic garments" in line and "could not fetch" in line and "S2F_MIRROR" in line


def test_both_exits_can_be_searched(pipeline, t_shirt):
    flat = pipeline.colorize(t_shirt, limit=4)
    inside = flat.image[150:200, 90:166].reshape(-1, 3)
    assert (inside == inside[0]).all(), "one flat colour between the lines"
    assert flat.garments and len(flat.products) == 4
