"""How `masks.jsonl.gz`, `splits.csv` and `rejected.csv` were made. Run once; again, it gives the same files.

    python data/settle.py RAW_MASKS.jsonl.gz CLOTHING_DATASET_FOLDER

Changing what it writes means training every model again.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

import cv2
import imagehash
import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask
from tqdm.auto import tqdm

from s2f_helpers.data.categories import from_label

HERE = Path(__file__).parent
SHARES = {"train": 0.75, "val": 0.10, "test": 0.15}
SMALLEST_AREA, LARGEST_UNSURE, LARGEST_BORDER = 0.12, 0.12, 0.30
SAME_PHOTO_BITS = 3  # of 64; between 4 and 8 bits the pairs are different garments of one cut
LARGE_SENDER = 150  # photos; larger senders train, so that val and test are many people


def clean(mask: np.ndarray) -> np.ndarray:
    """Close the slits between stripes and fill small holes; larger holes (a loop, a gap) stay."""
    height, width = mask.shape
    reach = max(3, round(0.015 * max(height, width))) | 1
    padded = cv2.copyMakeBorder(mask, reach, reach, reach, reach, cv2.BORDER_CONSTANT)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)[reach:-reach, reach:-reach]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(1 - np.ascontiguousarray(closed))
    small = stats[:, cv2.CC_STAT_AREA] < 0.03 * closed.sum()
    small[0] = False
    return (closed | small[labels]).astype(np.uint8)


def reason_to_reject(row: dict, by_hand: dict[str, str]) -> str | None:
    area = row["area"] / (row["width"] * row["height"])
    if from_label("clothing_dataset", row["label"]) is None:
        return "no course category"
    if area < SMALLEST_AREA:
        return "mask too small"
    if row["unsure"] > LARGEST_UNSURE:
        return "mask unsure"
    if row["border"] > LARGEST_BORDER:
        return "garment cut by the frame"
    return by_hand.get(row["image"])


def merge_groups(rows: list[dict], hashes: np.ndarray) -> dict[str, str]:
    """Sender to group: senders who share a near-identical photo are one group."""
    group = {row["sender_id"]: row["sender_id"] for row in rows}
    signs = hashes.astype(np.float32) * 2 - 1
    distance = (hashes.shape[1] - signs @ signs.T) / 2
    for first, second in zip(*np.nonzero(np.triu(distance <= SAME_PHOTO_BITS, 1)), strict=True):
        keep, drop = (group[rows[index]["sender_id"]] for index in (first, second))
        group = {sender: keep if name == drop else name for sender, name in group.items()}
    return group


def assign(groups: dict[str, Counter]) -> dict[str, str]:
    """Largest group first, each to the split whose category counts it brings closest to their shares."""
    total = sum(groups.values(), Counter())
    have = {split: Counter() for split in SHARES}
    chosen = {}
    for name, counts in sorted(groups.items(), key=lambda item: (-item[1].total(), item[0])):

        def gain(split: str, counts=counts) -> float:
            wanted = {category: SHARES[split] * total[category] for category in total}
            miss = {category: (wanted[category] - have[split][category]) / wanted[category] for category in total}
            return sum(counts[category] * miss[category] for category in counts) / counts.total()

        chosen[name] = "train" if counts.total() > LARGE_SENDER else max(SHARES, key=gain)
        have[chosen[name]] += counts
    return chosen


def write_csv(name: str, header: list[str], rows: list[list[str]]) -> None:
    with open(HERE / name, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(sorted(rows))


def main(raw_masks: str, folder: str) -> None:
    photos = Path(folder) / "images"
    with open(HERE / "rejected_by_hand.csv", newline="", encoding="utf-8") as file:
        by_hand = {row["image"]: row["reason"] for row in csv.DictReader(file)}
    kept, rejected, hashes = [], [], []
    with gzip.open(raw_masks, "rt", encoding="utf-8") as file:
        rows = sorted(map(json.loads, file), key=lambda row: row["image"])
    for row in tqdm(rows, desc="masks"):
        if reason := reason_to_reject(row, by_hand):
            rejected.append([row["image"], row["label"], reason])
            continue
        raw = {"size": [row["height"], row["width"]], "counts": row["rle"].encode()}
        mask = clean(np.ascontiguousarray(coco_mask.decode(raw)))
        row["rle"] = coco_mask.encode(np.asfortranarray(mask))["counts"].decode()
        path = photos / f"{row['image']}.jpg"
        row["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        row["category"] = from_label("clothing_dataset", row["label"])
        hashes.append(imagehash.phash(Image.open(path)).hash.ravel())
        kept.append(row)
    group = merge_groups(kept, np.array(hashes))
    members = defaultdict(Counter)
    for row in kept:
        members[group[row["sender_id"]]][row["category"]] += 1
    split = assign(members)
    lines = [json.dumps({key: row[key] for key in ("image", "width", "height", "sha256", "rle")}) for row in kept]
    packed = gzip.compress("\n".join(lines).encode() + b"\n", compresslevel=9, mtime=0)
    (HERE / "masks.jsonl.gz").write_bytes(packed)
    names = {row["image"]: group[row["sender_id"]] for row in kept}
    settled = [[row["image"], row["category"], names[row["image"]], split[names[row["image"]]]] for row in kept]
    write_csv("splits.csv", ["image", "category", "group", "split"], settled)
    write_csv("rejected.csv", ["image", "label", "reason"], rejected)


if __name__ == "__main__":
    main(*sys.argv[1:3])
