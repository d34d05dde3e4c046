"""Turn a training's checkpoint into the weights that ship.

python -m s2f_helpers.segment.export --work-dir runs/segment
"""

from __future__ import annotations

import argparse
from pathlib import Path

from s2f_helpers.common.paths import WEIGHTS
from s2f_helpers.common.types import S2FError
from s2f_helpers.data import category_ids
from s2f_helpers.segment.config import NETWORKS, recipe
from s2f_helpers.segment.weights import build_model, check_classes, last_checkpoint, load_from_plain, write_weights

__all__ = ["export"]


def export(work_dir: Path, target: Path, side: int, score_threshold: float = 0.5, backbone: str = "lite0") -> None:
    """Write ``target`` and the .json beside it from the last checkpoint in ``work_dir``.

    Args:
        side: longest side, in pixels, that the training used.
        score_threshold: garments below it are not reported; choose it on val with
            ``python -m s2f_helpers.segment.evaluate``.
        backbone: that the training used.

    Raises:
        S2FError: when there is no checkpoint, it cannot be read without running code from it, or it is another
            network's or of other categories.
    """
    path = last_checkpoint(work_dir)
    if path is None:
        raise S2FError(f"no checkpoint in {work_dir}: train first")
    checkpoint = load_from_plain(str(path), map_location="cpu")
    check_classes(checkpoint, path, category_ids())
    model = build_model(backbone)
    try:
        model.load_state_dict(checkpoint["state_dict"])
    except (RuntimeError, KeyError, TypeError) as error:
        raise S2FError(f"{path} is no checkpoint of this training for {backbone}: {str(error)[:200]}") from error
    write_weights(model, target, side, score_threshold, backbone)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work-dir", type=Path, default=Path("runs/segment"))
    parser.add_argument("--target", type=Path, default=WEIGHTS / "segmenter.safetensors")
    parser.add_argument("--side", type=int, default=recipe("cpu").side, help="as in the training")
    parser.add_argument("--score-threshold", type=float, default=0.5)
    parser.add_argument("--backbone", choices=NETWORKS, default="lite0", help="as in the training")
    arguments = parser.parse_args()
    export(arguments.work_dir, arguments.target, arguments.side, arguments.score_threshold, arguments.backbone)


if __name__ == "__main__":
    _main()
