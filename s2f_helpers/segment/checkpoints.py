"""Checkpoints that torch's safe loader can write and read: tensors, numbers and text, no code."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import CheckpointLoader
from safetensors import SafetensorError
from safetensors.torch import load_file

from s2f_helpers.common.types import S2FError

__all__ = ["PlainCheckpoint", "check_classes", "last_checkpoint", "load_from_plain"]


@HOOKS.register_module()
class PlainCheckpoint(Hook):
    """Keep Python objects out of mmengine's checkpoints: tensors, numbers and text are all that is left.

    mmengine 0.10.7 pickles the history of its log, methods and all. ``torch.load`` from 2.6 on refuses to
    build such objects, so a run could be saved but not resumed; and to let it would let any file run code.
    What is lost is the smoothing of the log's first lines after a resume.
    """

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        hub = checkpoint["message_hub"]
        facts = hub["runtime_info"]
        hub["runtime_info"] = {
            key: fact.item() if isinstance(fact, np.generic) else fact for key, fact in facts.items()
        }
        hub["resumed_keys"] = {key: kept for key, kept in hub["resumed_keys"].items() if key in facts}
        hub["log_scalars"] = {}


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
        if "://" in filename:
            return torch.hub.load_state_dict_from_url(
                _address(filename), map_location=map_location, check_hash=True, weights_only=True
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


def _address(filename: str) -> str:
    from torchvision.models import get_model_weights

    if not filename.startswith("torchvision://"):
        return filename
    return get_model_weights(filename.removeprefix("torchvision://")).IMAGENET1K_V1.url


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
