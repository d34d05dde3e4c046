"""Turn a training's checkpoint into the weights that ship.

python -m s2f_helpers.segment.export --work-dir runs/segment
"""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path

import torch

from s2f_helpers.common.paths import WEIGHTS
from s2f_helpers.common.types import S2FError
from s2f_helpers.segment.config import recipe
from s2f_helpers.segment.weights import build_model, write_weights

__all__ = ["export"]


def export(work_dir: Path, target: Path, side: int, score_threshold: float = 0.5) -> None:
    """Write ``target`` and the .json beside it from the last checkpoint in ``work_dir``.

    Args:
        side: longest side, in pixels, that the training used.
        score_threshold: garments below it are not reported; choose it on val with
            ``python -m s2f_helpers.segment.evaluate``.

    Raises:
        S2FError: when there is no checkpoint, or it cannot be read without running code from it.
    """
    try:
        checkpoint = Path((work_dir / "last_checkpoint").read_text().strip())
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    except OSError as error:
        raise S2FError(f"no checkpoint in {work_dir} ({error.strerror}): train first") from error
    except (pickle.UnpicklingError, RuntimeError, KeyError) as error:
        raise S2FError(f"{checkpoint} is damaged or no checkpoint of this training; train again") from error
    model = build_model()
    model.load_state_dict(state)
    write_weights(model, target, side, score_threshold)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work-dir", type=Path, default=Path("runs/segment"))
    parser.add_argument("--target", type=Path, default=WEIGHTS / "segmenter.safetensors")
    parser.add_argument("--side", type=int, default=recipe("cpu").side, help="as in the training")
    parser.add_argument("--score-threshold", type=float, default=0.5)
    arguments = parser.parse_args()
    export(arguments.work_dir, arguments.target, arguments.side, arguments.score_threshold)


if __name__ == "__main__":
    _main()
