"""The file format of the weights we ship: tensors in safetensors, facts in JSON beside them. No pickle."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import mmdet.models  # noqa: F401  (fills the registry)
from mmdet.registry import MODELS
from mmengine.registry import DefaultScope
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.types import S2FError
from s2f_helpers.data import category_ids
from s2f_helpers.segment.config import NETWORKS, Network, model_config

__all__ = ["Facts", "build_model", "read_weights", "write_weights"]

LARGEST_SIDE = 2048


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
    tensors = _read_tensors(path, network)
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


def _read_tensors(path: Path, network: Network) -> dict[str, Tensor]:
    try:
        size = path.stat().st_size
        if size > network.largest:
            raise S2FError(f"{path}: {size:,} bytes where at most {network.largest:,} were expected; not read")
        return load_tensors(path.read_bytes())
    except OSError as error:
        raise _missing(path, error) from error
    except (SafetensorError, ValueError, KeyError) as error:
        raise S2FError(f"{path} is no readable safetensors file ({error}); get it again") from error


def _read_facts(path: Path) -> Facts:
    try:
        raw = json.loads(path.read_bytes()[:100_000])
        facts = Facts(tuple(raw["classes"]), raw["config"], int(raw["side"]), float(raw["score_threshold"]))
    except OSError as error:
        raise _missing(path, error) from error
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


def _missing(path: Path, error: OSError) -> S2FError:
    return S2FError(f"no weights at {path} ({type(error).__name__}). They come with the course: restore that file, "
                    "or train them: python -m s2f_helpers.segment.train")  # fmt: skip
