"""Networks as files: the weights we ship (tensors in safetensors, facts in JSON beside them), mmengine's checkpoints.

Neither holds code: torch's safe loader writes and reads the checkpoints.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import mmdet.models  # noqa: F401  (fills the registry)
import numpy as np
import torch
from mmdet.registry import HOOKS, MODELS
from mmengine.hooks import Hook
from mmengine.registry import DefaultScope
from mmengine.runner import CheckpointLoader
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import load_file
from safetensors.torch import save as save_tensors
from torch import nn
from torchvision.models import get_model_weights

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.types import S2FError
from s2f_helpers.data import category_ids
from s2f_helpers.segment.config import NETWORKS, model_config

__all__ = ["Facts", "PlainCheckpoint", "build_model", "check_classes", "last_checkpoint", "load_from_plain",
           "read_weights", "write_weights"]  # fmt: skip

LARGEST_SIDE = 2048
LARGEST_FACTS = 100_000  # bytes


@dataclass(frozen=True)
class Facts:
    """What a reader must know to use the tensors.

    Attributes:
        classes: category ids in class-index order.
        config: name of the network, one of :data:`s2f_helpers.segment.config.NETWORKS`.
        side: longest side, in pixels, at which pictures are shown to the network.
        score_threshold: garments below this score are not reported; chosen on the val split.
    """

    classes: tuple[str, ...]
    config: str
    side: int
    score_threshold: float


def build_model(backbone: str = "lite0") -> nn.Module:
    """The network with random heads; Lite0 has its ImageNet weights, a ResNet random ones."""
    with DefaultScope.overwrite_default_scope("mmdet"):
        return MODELS.build(model_config(backbone))


def write_weights(model: nn.Module, target: Path, side: int, score_threshold: float, backbone: str = "lite0") -> None:
    """Write ``target`` (.safetensors) and the .json beside it.

    Kernels are stored as float16; norms and biases, few and of very different sizes, as float32.
    """
    state = model.state_dict()
    tensors = {name: (value.half() if value.ndim > 1 else value).cpu().contiguous() for name, value in state.items()}
    facts = Facts(category_ids(), NETWORKS[backbone].name, side, score_threshold)
    atomic_write(target, save_tensors(tensors))
    atomic_write(target.with_suffix(".json"), (json.dumps(asdict(facts), indent=1) + "\n").encode())


def read_weights(path: Path) -> tuple[nn.Module, Facts]:
    """The network with the weights at ``path``, in evaluation mode, and their facts.

    Raises:
        S2FError: when a file is missing, damaged, or made for another network or other categories.
    """
    facts = _read_facts(path.with_suffix(".json"))
    backbone, network = next(item for item in NETWORKS.items() if item[1].name == facts.config)
    model = build_model(backbone)
    expected = model.state_dict()
    try:
        tensors = load_tensors(_content(path, network.largest))
    except (SafetensorError, ValueError, KeyError) as error:
        raise S2FError(f"{path} is no readable safetensors file ({error}); get it again") from error
    wrong = sorted(expected.keys() ^ tensors.keys()) or [
        name for name, value in expected.items() if value.shape != tensors[name].shape
    ]
    if wrong:
        raise S2FError(f"{path} is not for {network.name}: {len(wrong)} tensors differ, first {wrong[0]}. "
                       "Get the file again, or train: python -m s2f_helpers.segment.train")  # fmt: skip
    broken = [name for name, value in tensors.items() if value.is_floating_point() and not value.isfinite().all()]
    if broken:
        raise S2FError(f"{path}: {broken[0]} holds numbers that are not finite; get the file again")
    model.load_state_dict(tensors)
    return model.eval(), facts


def _read_facts(path: Path) -> Facts:
    try:
        raw = json.loads(_content(path, LARGEST_FACTS))
        facts = Facts(tuple(raw["classes"]), raw["config"], int(raw["side"]), float(raw["score_threshold"]))
    except (ValueError, KeyError, TypeError) as error:
        raise S2FError(f"{path} is damaged ({type(error).__name__}: {error}); get it again") from error
    if facts.classes != category_ids():
        raise S2FError(f"{path} is for other categories ({', '.join(map(str, facts.classes))}) than "
                       f"data/categories.csv has ({', '.join(category_ids())}): train again")  # fmt: skip
    known = [network.name for network in NETWORKS.values()]
    if facts.config not in known:
        raise S2FError(f"{path} is for another network ({facts.config}) than {', '.join(known)}: train again")
    if not (32 <= facts.side <= LARGEST_SIDE and 0.0 <= facts.score_threshold <= 1.0):
        raise S2FError(f"{path}: side must be 32 to {LARGEST_SIDE} and score_threshold 0 to 1; get the file again")
    return facts


def _content(path: Path, most: int) -> bytes:
    try:
        if path.stat().st_size > most:
            raise S2FError(f"{path}: {path.stat().st_size:,} bytes where at most {most:,} were expected; not read")
        return path.read_bytes()
    except OSError as error:
        raise S2FError(f"no weights at {path} ({type(error).__name__}). They come with the course: restore that file, "
                       "or train them: python -m s2f_helpers.segment.train") from error  # fmt: skip


@HOOKS.register_module()
class PlainCheckpoint(Hook):
    """Keep Python objects out of mmengine's checkpoints: tensors, numbers and text are all that is left.

    mmengine 0.10.7 pickles the history of its log, methods and all. ``torch.load`` from 2.6 on refuses to
    build such objects, so a run could be saved but not resumed; and to let it would let any file run code.
    What is lost is the smoothing of the log's first lines after a resume.
    """

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        hub = checkpoint["message_hub"]
        facts = {k: fact.item() if isinstance(fact, np.generic) else fact for k, fact in hub["runtime_info"].items()}
        resumed = {key: kept for key, kept in hub["resumed_keys"].items() if key in facts}
        hub.update(runtime_info=facts, resumed_keys=resumed, log_scalars={})


@CheckpointLoader.register_scheme(prefixes=("", "http://", "https://", "torchvision://"), force=True)
def load_from_plain(filename: str, map_location=None) -> dict:
    """What mmengine, ``init_detector`` and ``DetInferencer`` load checkpoints with once this package is imported.

    Downloads are kept in torch's own cache and checked against the digits of their SHA-256 in their names.

    Args:
        filename: a path (``.safetensors``, or what torch saves), an http(s) address, or ``torchvision://resnet50`` and
            the like.

    Raises:
        S2FError: when the file is missing, damaged, or holds anything but tensors, numbers and text.
    """
    try:
        if filename.startswith("torchvision://"):
            filename = get_model_weights(filename.removeprefix("torchvision://")).IMAGENET1K_V1.url
        if "://" in filename:
            return torch.hub.load_state_dict_from_url(
                filename, map_location=map_location, check_hash=True, weights_only=True
            )
        if filename.endswith(".safetensors"):
            return load_file(filename)
        return torch.load(Path(filename).expanduser(), map_location=map_location, weights_only=True)
    except OSError as error:
        raise S2FError(
            f"no checkpoint at {filename} ({error.strerror or error}): train first, or name another"
        ) from error
    except (pickle.UnpicklingError, SafetensorError, RuntimeError, EOFError, KeyError, ValueError) as error:
        raise S2FError(
            f"{filename} is damaged or no checkpoint of this training: it holds more than tensors, numbers and text, "
            "or less. Files with code in them are refused, as loading would run it. Train again, or fetch it again."
        ) from error


def last_checkpoint(work_dir: Path) -> Path | None:
    """The checkpoint a training in ``work_dir`` goes on from; None before the first."""
    note = work_dir / "last_checkpoint"
    return Path(note.read_text().strip()) if note.is_file() else None


def check_classes(checkpoint: dict, source: Path, classes: Sequence[str]) -> None:
    """Refuse a checkpoint of other categories, or of the same in another order: all names would be wrong.

    Raises:
        S2FError: with both lists.
    """
    kept = checkpoint.get("meta", {}).get("dataset_meta", {}).get("classes", classes)
    if tuple(kept) != tuple(classes):
        raise S2FError(
            f"{source} knows {len(kept)} categories ({', '.join(kept)}), data/categories.csv has {len(classes)} "
            f"({', '.join(classes)}): train in another folder, or bring back the table it was trained with"
        )
