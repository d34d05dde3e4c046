"""The config as mmdet's own tools read it, checkpoints as its own loaders do, and what a training refuses."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import subprocess
import sys
import threading
import warnings
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import requests
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from s2f_helpers.common.presets import has_bfloat16
from s2f_helpers.common.types import S2FError
from s2f_helpers.data import category_ids, load_coco
from s2f_helpers.data.wardrobe import make_garment
from s2f_helpers.segment import Segmenter, TelegramMessage, recipe, segmenter_config
from s2f_helpers.segment.coco import check_coco, garments_of, wardrobe_as_coco
from s2f_helpers.segment.config import NETWORKS
from s2f_helpers.segment.export import export
from s2f_helpers.segment.train import check_device, quiet, train
from s2f_helpers.segment.weights import build_model, check_classes, last_checkpoint, load_from_plain, write_weights

ROOT = Path(__file__).parents[1]
TOOLS = Path(importlib.util.find_spec("mmdet").origin).parent / ".mim" / "tools"
QUICK = replace(recipe("smoke"), iterations=2)


@pytest.fixture(scope="module")
def files():
    return wardrobe_as_coco(8), wardrobe_as_coco(2, seed=100)


@pytest.fixture(scope="module")
def run(files, tmp_path_factory):
    """A training of two steps by mmdet's own tool, in a process of its own, from nothing but the dumped config."""
    folder = tmp_path_factory.mktemp("tools")
    segmenter_config(replace(QUICK, batch=3), *files, folder).dump(folder / "segmenter.py")
    command = [sys.executable, str(TOOLS / "train.py"), str(folder / "segmenter.py"), "--work-dir", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_mmdets_own_tool_trains_from_the_file(run):
    assert last_checkpoint(run).name == "iter_2.pth"
    (log,) = run.glob("*/vis_data/scalars.json")
    scores = [json.loads(line) for line in log.read_text().splitlines() if "segm_mAP" in line]
    assert len(scores) == 1


def test_what_was_set_survives_the_file(run):
    config = Config.fromfile(run / "segmenter.py")
    assert config.optim_wrapper.optimizer.lr == pytest.approx(1.5 * recipe("smoke").learning_rate)
    assert tuple(config.train_dataloader.dataset.dataset.dataset.metainfo.classes) == category_ids()
    assert config.model.roi_head.mask_head.num_classes == len(category_ids())
    assert config.train_cfg.max_iters == 2 and config.auto_scale_lr.base_batch_size == 3
    kept = Config.fromstring(load_from_plain(str(last_checkpoint(run)))["meta"]["cfg"], ".py")
    assert kept.model.to_dict() == config.model.to_dict()


def test_mmdets_own_loaders_answer(run):
    from mmdet.apis import DetInferencer, inference_detector, init_detector

    photo = make_garment("dress", seed=5, size=128, background="floor").photo
    checkpoint = str(last_checkpoint(run))
    inferencer = DetInferencer(model=str(run / "segmenter.py"), weights=checkpoint, device="cpu", show_progress=False)
    (answer,) = inferencer(photo, return_datasamples=True)["predictions"]
    assert tuple(inferencer.model.dataset_meta["classes"]) == category_ids()
    detector = init_detector(str(run / "segmenter.py"), checkpoint, device="cpu")
    same = inference_detector(detector, photo)
    assert len(answer.pred_instances) == len(same.pred_instances) > 0
    torch.testing.assert_close(answer.pred_instances.scores, same.pred_instances.scores)
    assert same.pred_instances.masks.shape[1:] == (128, 128)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("code in a checkpoint was run",))


@pytest.mark.parametrize("content", [{"state_dict": {}, "meta": Bomb()}, b"", b"noise"], ids=["code", "empty", "noise"])
def test_hostile_or_damaged_checkpoints_are_refused_by_mmdets_loaders_too(run, tmp_path, content):
    from mmdet.apis import DetInferencer, init_detector

    path = tmp_path / "bad.pth"
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(S2FError, match="bad.pth is damaged or no checkpoint .* code in them are refused"):
        init_detector(str(run / "segmenter.py"), str(path), device="cpu")
    with pytest.raises(S2FError, match="refused"):
        DetInferencer(model=str(run / "segmenter.py"), weights=str(path), device="cpu")


def test_a_checkpoint_that_is_not_there_is_named(tmp_path):
    with pytest.raises(S2FError, match=r"no checkpoint at .*iter_9\.pth \(No such file"):
        load_from_plain(str(tmp_path / "iter_9.pth"))
    assert last_checkpoint(tmp_path) is None


@pytest.mark.parametrize("name", ["https://weights.example/net-0123abcd.pth", "torchvision://resnet50"])
def test_downloads_are_checked_and_hold_no_code(monkeypatch, name):
    asked = {}
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", lambda url, **options: asked.update(options, url=url))
    load_from_plain(name, map_location="cpu")
    assert asked["check_hash"] and asked["weights_only"]
    assert asked["url"].startswith("https://") and asked["url"].endswith(".pth")


def test_other_categories_in_a_checkpoint_are_listed_beside_ours(run, files, tmp_path):
    checkpoint = torch.load(last_checkpoint(run), weights_only=True)
    checkpoint["meta"]["dataset_meta"]["classes"] = ("sock", "shoe")
    torch.save(checkpoint, tmp_path / "iter_2.pth")
    (tmp_path / "last_checkpoint").write_text(str(tmp_path / "iter_2.pth"))
    both = r"knows 2 categories \(sock, shoe\), .* has 13 \(t-shirt, .*, hat\)"
    with pytest.raises(S2FError, match=both):
        train(QUICK, *files, tmp_path)
    with pytest.raises(S2FError, match=both):
        export(tmp_path, tmp_path / "out.safetensors", side=96)
    check_classes({"meta": {}}, tmp_path, category_ids())  # mmdet's own files name none


def test_a_checkpoint_of_another_network_is_not_exported(run, tmp_path):
    with pytest.raises(S2FError, match=r"no checkpoint of this training for r50"):
        export(run, tmp_path / "out.safetensors", side=96, backbone="r50")


# --- recipes


@pytest.mark.parametrize("backbone", NETWORKS)
@pytest.mark.parametrize("name", ["smoke", "cpu", "gpu"])
def test_every_recipe_gives_a_config(tmp_path, backbone, name, monkeypatch):
    monkeypatch.setattr(requests, "head", lambda *_, **__: type("Up", (), {"raise_for_status": lambda self: None})())
    config = segmenter_config(recipe(name, backbone), tmp_path / "t.json", tmp_path / "v.json", tmp_path)
    config.dump(tmp_path / "config.py")
    config = Config.fromfile(tmp_path / "config.py")
    on_cpu = "BFloat16OnCPU" if has_bfloat16() and not torch.cuda.is_available() else "OptimWrapper"
    assert config.optim_wrapper.type == ("AmpOptimWrapper" if name == "gpu" else on_cpu)
    assert config.model.neck.out_channels == (64 if backbone == "lite0" else 256)
    assert config.model.roi_head.bbox_head.num_classes == len(category_ids())
    assert bool(config.load_from) == (backbone != "lite0" and name != "smoke")


def test_learning_rate_follows_the_pictures_of_a_step():
    chosen = recipe("cpu")
    assert chosen.scaled_rate() == chosen.learning_rate
    assert replace(chosen, batch=8).scaled_rate(processes=2) == pytest.approx(4 * chosen.learning_rate)
    assert recipe("gpu", "r50").scaled_rate() == 0.02 and replace(recipe("gpu", "r50"), batch=2).scaled_rate() == 0.0025


def test_a_resnet_starts_as_asked(tmp_path, monkeypatch):
    asked = []
    answer = type("Up", (), {"raise_for_status": lambda self: None})()
    monkeypatch.setattr(requests, "head", lambda address, **_: asked.append(address) or answer)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    where = tmp_path / "t.json", tmp_path / "v.json", tmp_path

    def config(start, backbone="r101"):
        return segmenter_config(replace(recipe("smoke", backbone), start=start), *where)

    coco, imagenet, none = (config(start) for start in ("coco", "imagenet", "none"))
    assert "mask_rcnn_r101" in coco.load_from and coco.model.backbone.init_cfg is None
    assert imagenet.load_from is None and imagenet.model.backbone.init_cfg.checkpoint == "torchvision://resnet101"
    assert none.load_from is None and none.model.backbone.init_cfg is None and none.model.backbone.frozen_stages == -1
    assert len(asked) == 2
    with pytest.raises(S2FError, match="lite0 cannot start from 'coco': expected one of imagenet"):
        config("coco", "lite0")


def test_offline_a_resnet_starts_from_nothing_and_says_so_unless_its_weights_are_here(tmp_path, monkeypatch):
    def offline(*_, **__):
        raise requests.ConnectionError("no route")

    monkeypatch.setattr(requests, "head", offline)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    where = tmp_path / "t.json", tmp_path / "v.json", tmp_path
    with pytest.warns(UserWarning, match=r"does not answer \(ConnectionError\): it starts from random numbers"):
        config = segmenter_config(recipe("cpu", "r50"), *where)
    assert config.load_from is None and config.model.backbone.init_cfg is None
    kept = tmp_path / "checkpoints" / NETWORKS["r50"].starts["coco"].rsplit("/", 1)[1]
    kept.parent.mkdir()
    kept.touch()
    assert segmenter_config(recipe("cpu", "r50"), *where).load_from


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """A server with COCO's Mask R-CNN R50 as the model zoo has it: 80 categories, its digits in its name."""
    folder, kept = tmp_path / "zoo", tmp_path / "hub"
    folder.mkdir()
    tensors = {name: torch.full_like(value, 0.01) if value.is_floating_point() else value
               for name, value in build_model("r50").state_dict().items()}  # fmt: skip
    for name, size in (("bbox_head.fc_cls", 81), ("bbox_head.fc_reg", 4 * 80), ("mask_head.conv_logits", 80)):
        for part in (f"roi_head.{name}.weight", f"roi_head.{name}.bias"):
            tensors[part] = torch.full((size, *tensors[part].shape[1:]), 0.01)
    meta = {"mmdet_version": "2.11.0", "CLASSES": ("person", "bicycle"), "epoch": 36}
    torch.save({"meta": meta, "state_dict": tensors}, folder / "net.pth")
    digits = hashlib.sha256((folder / "net.pth").read_bytes()).hexdigest()[:8]
    (folder / "net.pth").rename(folder / f"net-{digits}.pth")
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(kept))
    address = f"http://127.0.0.1:{server.server_port}/net-{digits}.pth"
    monkeypatch.setitem(NETWORKS, "r50", replace(NETWORKS["r50"], starts={"coco": address}))
    yield folder / f"net-{digits}.pth"
    server.shutdown()
    server.server_close()


def coco_start(files, folder) -> Runner:
    config = segmenter_config(replace(recipe("smoke", "r50"), start="coco", side=64), *files, folder)
    config.log_level = "ERROR"
    runner = Runner.from_cfg(config)
    runner.load_or_resume()
    return runner


def test_a_coco_start_is_downloaded_and_built_in_but_for_its_categories(zoo, files, tmp_path):
    state = coco_start(files, tmp_path).model.state_dict()
    theirs = {name for name, value in state.items() if value.is_floating_point() and (value == 0.01).all()}
    own = {name.rsplit(".", 1)[0] for name, value in state.items() if value.is_floating_point()} - {
        name.rsplit(".", 1)[0] for name in theirs
    }
    assert own == {"roi_head.bbox_head.fc_cls", "roi_head.bbox_head.fc_reg", "roi_head.mask_head.conv_logits"}
    assert state["roi_head.bbox_head.fc_cls.weight"].shape[0] == len(category_ids()) + 1
    zoo.unlink()  # the second time it is here
    coco_start(files, tmp_path)


def test_a_coco_start_that_arrives_damaged_is_refused(zoo, files, tmp_path):
    zoo.write_bytes(zoo.read_bytes()[:-100])
    with pytest.raises(S2FError, match=r"net-\w{8}\.pth is damaged"):
        coco_start(files, tmp_path)


def test_a_training_can_go_on_from_the_weights_that_ship(files, tmp_path):
    config = segmenter_config(replace(QUICK, start="shipped"), *files, tmp_path)
    config.log_level = "ERROR"
    runner = Runner.from_cfg(config)
    runner.load_or_resume()
    shipped = Segmenter.load().model.state_dict()
    assert all(torch.equal(value.cpu(), shipped[name].cpu()) for name, value in runner.model.state_dict().items())


def test_unknown_backbone_is_named():
    with pytest.raises(S2FError, match="unknown backbone 'vit': expected one of lite0, r50, r101"):
        recipe("cpu", "vit")


@pytest.mark.parametrize("backbone", ["r50", "r101"])
def test_resnets_step(files, tmp_path, backbone):
    """Built by the Runner and stepped once; mmdet's own tests say the rest."""
    config = segmenter_config(replace(recipe("smoke", backbone), batch=1, side=64), *files, tmp_path)
    config.log_level = "ERROR"
    runner = Runner.from_cfg(config)
    batch = next(iter(runner.build_dataloader(config.train_dataloader, seed=0)))
    before = runner.model.roi_head.bbox_head.fc_cls.weight.clone()
    losses = runner.model.train_step(batch, runner.build_optim_wrapper(config.optim_wrapper))
    assert torch.isfinite(losses["loss"])
    assert not torch.equal(before, runner.model.roi_head.bbox_head.fc_cls.weight)


def test_resnets_weights_are_written_and_read(tmp_path):
    model = build_model("r50").eval()
    write_weights(model, tmp_path / "r50.safetensors", 96, 0.0, "r50")
    segmenter = Segmenter.load(tmp_path / "r50.safetensors")
    assert segmenter.model.backbone.depth == 50
    torch.testing.assert_close(segmenter.model.neck.fpn_convs[0].conv.weight, model.neck.fpn_convs[0].conv.weight,
                               atol=1e-3, rtol=1e-3)  # fmt: skip


def test_quiet_hides_reports_and_lets_errors_through(capsys, caplog):
    with pytest.raises(ValueError, match="seen"), quiet():
        print("a report")
        logging.getLogger("mmengine").warning("another")
        warnings.warn("a third", stacklevel=1)
        raise ValueError("seen")
    logging.getLogger("mmengine").warning("after it")
    assert capsys.readouterr().out == "" and caplog.messages == ["after it"]


def test_without_a_gpu_the_gpu_recipe_says_how_long_and_stops(files, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        S2FError, match=r"6,000 steps of 16 pictures of 448 px take lite0 about 28 hours of one CPU core"
    ):
        train(recipe("gpu"), *files, tmp_path)
    check_device(replace(recipe("gpu"), amp=False))


def test_the_network_learns_in_half_precision(files, tmp_path):
    """Our operators under autocast, as AMP runs them; bfloat16, which CPUs have too."""
    config = segmenter_config(replace(QUICK, side=64), *files, tmp_path)
    config.log_level = "ERROR"
    runner = Runner.from_cfg(config)
    batch = runner.model.data_preprocessor(next(iter(runner.build_dataloader(config.train_dataloader, seed=0))), True)
    with torch.autocast("cpu", torch.bfloat16):
        total, _ = runner.model.parse_losses(runner.model(**batch, mode="loss"))
    total.backward()
    gradients = [p.grad for p in runner.model.parameters() if p.grad is not None]
    assert total.isfinite() and len(gradients) > 50 and all(gradient.isfinite().all() for gradient in gradients)


# --- annotations that are not fit to train on


@pytest.fixture
def changed(files, tmp_path):
    """A copy of the training file with something done to it."""

    def change(how) -> Path:
        record = json.loads(files[0].read_text())
        how(record)
        path = tmp_path / "annotations" / "changed.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(record))
        return path

    return change


FAULTS = {
    "dangling garments: 1 of .*repair": lambda r: r["annotations"][0].update(image_id=999),
    "duplicate garment ids: 1": lambda r: r["annotations"][1].update(
        id=r["annotations"][0]["id"], garment=r["annotations"][0]["garment"]
    ),
    "duplicate photo ids: 1": lambda r: r["images"].append(dict(r["images"][0])),
    "size mismatch: 1 of .*stated 64 × 64": lambda r: (
        r["images"][0].update(width=64, height=64),
        r.update(annotations=[a for a in r["annotations"] if a["image_id"] != r["images"][0]["id"]]),
    ),
    "polygon under 3 points: 1": lambda r: r["annotations"][0].update(segmentation=[[5, 5, 9, 9]]),
    "empty mask: 1": lambda r: r["annotations"][0].update(segmentation=[[5, 5, 5, 5, 5, 5]]),
    "photos that are not here: 1 of 8": lambda r: r["images"][0].update(file_name="/nowhere/at-all.jpg"),
    "annotation entry left out: 1": lambda r: r["annotations"][0].update(segmentation=[[1, 2, "x"]]),
    "no garment in 8 photos": lambda r: r.update(annotations=[]),
    "lists 2 categories .*, the course has 13 .*translate": lambda r: r.update(
        categories=[{"id": 1, "name": "t-shirt"}, {"id": 2, "name": "coat"}],
        annotations=[a | {"category_id": 1} for a in r["annotations"]],
    ),
    "lists 13 categories": lambda r: r.update(categories=r["categories"][::-1]),
}


@pytest.mark.parametrize("words", FAULTS)
def test_a_training_stops_in_the_audits_words(changed, files, tmp_path, words):
    path = changed(FAULTS[words])
    with pytest.raises(S2FError, match=rf"(?s)changed\.json.*{words}"):
        train(QUICK, path, files[1], tmp_path)
    with pytest.raises(S2FError, match=rf"(?s)changed\.json.*{words}"):
        train(QUICK, files[0], path, tmp_path)
    assert not (tmp_path / "config.py").exists()


def test_what_is_no_coco_file_is_said(tmp_path):
    (tmp_path / "t.json").write_text("[1, 2")
    with pytest.raises(S2FError, match="not a COCO file"):
        check_coco(tmp_path / "t.json")


def test_the_way_out_that_it_names_works(changed, tmp_path):
    path = changed(
        lambda r: (FAULTS["dangling garments: 1 of .*repair"](r), r.update(categories=r["categories"][::-1]))
    )
    folder = load_coco(path).repair()[0].to_coco(tmp_path / "mended")
    check_coco(folder / "annotations" / "instances_default.json")


def test_photos_without_a_garment_are_passed_over(changed, files, tmp_path):
    """mmdet's base config does so; two photos put side by side must not both be empty either."""
    path = changed(lambda r: r.update(annotations=[a for a in r["annotations"] if a["image_id"] <= 2]))
    config = segmenter_config(QUICK, path, files[1], tmp_path)
    config.log_level = "ERROR"
    assert len(Runner.from_cfg(config).build_dataloader(config.train_dataloader).dataset) == 2


def test_garments_of_a_file_are_those_that_were_drawn(files):
    from pycocotools.coco import COCO

    coco = COCO(str(files[0]))
    pictures = list(garments_of(files[0]))
    assert [len(garments) for garments in pictures] == [len(coco.getAnnIds([image])) for image in coco.imgs]
    first = coco.loadAnns(coco.getAnnIds([1]))[0]
    assert np.array_equal(pictures[0][0].mask, coco.annToMask(first).astype(bool))
    assert pictures[0][0].category == coco.cats[first["category_id"]]["name"]
    assert pictures[0][0].photo.shape[:2] == pictures[0][0].mask.shape


def test_an_error_in_a_training_is_told_before_it_is_raised(files, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(TelegramMessage, "stopped", lambda self, runner, error: told.append(error))
    reckless = replace(QUICK, learning_rate=1e25, iterations=4)
    with pytest.raises(S2FError, match="not finite"):
        train(reckless, *files, tmp_path, hooks=[TelegramMessage()])
    assert len(told) == 1 and not list(tmp_path.glob("iter_[34].pth"))
