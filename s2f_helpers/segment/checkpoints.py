"""Checkpoints that torch's safe loader can read."""

from __future__ import annotations

import numpy as np
from mmdet.registry import HOOKS
from mmengine.hooks import Hook

__all__ = ["PlainCheckpoint"]


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
