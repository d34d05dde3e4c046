"""Photo files looked at once each: can they be read, how large are they, and which show the same picture."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import imagehash
import numpy as np
import pandas as pd
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from s2f_helpers.common.pictures import FORMATS, ORIENTATION, check_size
from s2f_helpers.common.progress import progress
from s2f_helpers.common.types import S2FError
from s2f_helpers.data.formats.files import read_bytes

__all__ = ["alike", "clear_ids", "first_of_each", "first_rows", "group_names", "kin", "look_at", "near_pairs"]

SAME_PHOTO_BITS = 3
"""Of 64 bits of perceptual hash. Up to 3 differ where one photo was saved twice; from 4 on, garments of one cut do."""
HASH_SIDE = 256


class Look(NamedTuple):
    """What one file shows; the defaults are those of an empty address."""

    state: str = ""
    reason: str = ""
    digest: str = ""
    width: int = 0
    height: int = 0
    orientation: int = 1
    hash: int = 0


def look_at(files: Sequence[str]) -> pd.DataFrame:
    """Read and decode each file, in threads (Pillow lets go of the lock), with a progress bar.

    Args:
        files: addresses (:mod:`s2f_helpers.data.formats.files`); one that is named twice is read once.

    Returns:
        One row for each of ``files``, in their order: ``state`` ("ok", "missing", "unreadable", or "" where the
        address is empty), ``reason`` it cannot be used, ``digest`` (SHA-256 of its bytes), ``width`` and ``height``
        in pixels before rotation, EXIF ``orientation`` (1 is upright), ``hash`` (``uint64``, imagehash's phash).
    """
    distinct = sorted({file for file in files if file})
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = list(progress(pool.map(_look, distinct), total=len(distinct), what="looking at photos", unit="photo"))
    seen = dict(zip(distinct, rows, strict=True))
    table = pd.DataFrame([seen.get(file, Look()) for file in files], columns=Look._fields)
    return table.astype({"hash": np.uint64, "width": np.int64, "height": np.int64, "orientation": np.int64})


def _look(file: str) -> Look:
    try:
        content = read_bytes(file)
    except S2FError as error:
        return Look("missing" if "no such" in str(error).lower() else "unreadable", str(error))
    digest = hashlib.sha256(content).hexdigest()
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            width, height = picture.size
            check_size(width, height)
            picture.draft("L", (HASH_SIDE, HASH_SIDE))  # every byte is still read, so a cut-off file shows
            bits = np.packbits(imagehash.phash(picture).hash).tobytes()
            orientation = picture.getexif().get(ORIENTATION, 1)
    except Exception as error:  # decoders raise anything at bytes nobody has checked
        return Look("unreadable", str(error) or type(error).__name__, digest)
    orientation = orientation if orientation in range(1, 9) else 1
    return Look("ok", "", digest, width, height, orientation, int.from_bytes(bits, "big"))


def near_pairs(hashes: np.ndarray, bits: int = SAME_PHOTO_BITS) -> np.ndarray:
    """Places (K, 2) of all pairs of different hashes at most ``bits`` bits apart, and of repeats with their first.

    ``hashes`` is (N,) ``uint64``; of a pair the smaller place comes first. Exact, without comparing everything with
    everything: of ``bits`` + 1 bands of a hash at least one is untouched when ``bits`` bits differ, so only hashes that
    share a band are compared. 100,000 hashes take seconds.

    >>> near_pairs(np.array([0, 2**63, 0b1111, 0], np.uint64)).tolist()
    [[0, 1], [0, 3]]
    """
    values, first, inverse = np.unique(np.asarray(hashes, np.uint64), return_index=True, return_inverse=True)
    repeats = np.flatnonzero(first[inverse] != np.arange(len(inverse)))
    found = [np.column_stack([first[inverse[repeats]], repeats])]
    edges = np.linspace(0, 64, bits + 2).astype(int)
    for low, high in pairwise(edges):
        band = (values >> np.uint64(low)) & np.uint64(2 ** int(high - low) - 1)
        order = np.argsort(band, kind="stable")
        band, left, step = band[order], np.arange(len(values)), 0
        while len(left):
            step += 1
            left = left[left + step < len(values)]
            left = left[band[left] == band[left + step]]
            one, other = order[left], order[left + step]
            near = np.bitwise_count(values[one] ^ values[other]) <= bits
            found.append(np.column_stack([first[one[near]], first[other[near]]]))
    return np.unique(np.sort(np.concatenate(found), axis=1), axis=0).astype(np.int64)


def first_rows(keys: Sequence, rows: np.ndarray) -> np.ndarray:
    """For each of ``rows``, the first of them with the same key."""
    return pd.Series(rows).groupby(keys).transform("min").to_numpy(np.int64)


def first_of_each(count: int, pairs: np.ndarray) -> np.ndarray:
    """The first member of each one's cluster, where pairs, and pairs of pairs, hang together.

    >>> first_of_each(5, np.array([[1, 3], [3, 4]])).tolist()
    [0, 1, 2, 1, 1]
    """
    pairs = np.reshape(pairs, (-1, 2)).astype(np.int64)
    links = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, cluster = connected_components(links, directed=False)
    return np.unique(cluster, return_index=True)[1][cluster]


def clear_ids(photos: pd.DataFrame) -> np.ndarray:
    """(N,) ``bool``: rows that are no repeat of another row and share their id with no other photo."""
    distinct = ~photos.duplicated()
    ids = photos["id"][distinct]
    return (distinct & ~photos["id"].isin(ids[ids.duplicated()])).to_numpy()


def group_names(photos: pd.DataFrame) -> np.ndarray:
    """(N,) names; a photo without a group is a group of its own."""
    return photos["group"].where(photos["group"] != "", photos["id"]).to_numpy(object)


def alike(photos: pd.DataFrame, seen: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """For each photo the row of the first that is the same file, and of the first that looks the same.

    "The same file" asks for the same stated size, so that outlines fit, and an id that is the photo's own. ``seen`` is
    what :func:`look_at` tells; where nothing is before a photo, its own row stands.
    """
    read = (seen["state"] == "ok").to_numpy()
    same, rows = np.arange(len(photos)), np.flatnonzero(read & clear_ids(photos))
    keys = [column.to_numpy()[rows] for column in (seen["digest"], photos["width"], photos["height"])]
    same[rows] = first_rows(keys, rows)
    rows = np.flatnonzero(read)
    return same, first_of_each(len(photos), rows[near_pairs(seen["hash"].to_numpy()[rows])])


def kin(photos: pd.DataFrame, near: np.ndarray) -> np.ndarray:
    """The first row of each photo's kind: those ``near`` (see :func:`alike`) or of one group, however indirectly."""
    each = np.arange(len(photos))
    group = first_rows(group_names(photos), each)
    return first_of_each(len(photos), np.column_stack([np.tile(each, 2), np.concatenate([near, group])]))
