"""The self-checks of notebook 01; see :mod:`s2f_helpers.common.checks`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from s2f_helpers.common.checks import NotYet, check, choice
from s2f_helpers.data.dataset import Dataset

__all__ = ["check_dangling", "check_merge", "check_spoil"]


def _export(prefix: str, shown: tuple[int, ...]) -> dict:
    """A small COCO record as CVAT writes it: numbered from 1; ``shown`` is the photo of each annotation."""
    images = [{"id": i, "file_name": f"{prefix}{i}.jpg"} for i in range(1, max(shown) + 1)]
    notes = [{"id": n, "image_id": i, "on": f"{prefix}{i}.jpg"} for n, i in enumerate(shown, start=1)]
    return {"images": images, "annotations": notes}


@check("every annotation is on its own photo, and a photo's number moves on by photos, not by annotations.")
def check_merge(function: Callable[[list[dict]], dict]) -> None:
    """``function(records)``: COCO records that number from 1 each, merged into one."""
    records = [_export("a", (1, 2, 2, 3)), _export("b", (1, 1, 2)), _export("c", (1, 2, 3, 3, 4))]
    merged = function(records)
    if not isinstance(merged, dict) or not {"images", "annotations"} <= set(merged):
        raise NotYet("expected a dictionary with 'images' and 'annotations'")
    for name, count in (("images", 9), ("annotations", 12)):
        ids = [row["id"] for row in merged[name]]
        if len(ids) != count:
            raise NotYet(f"three records hold {count} {name} together, the merged one {len(ids)}")
        if len(set(ids)) != count:
            raise NotYet(f"two {name} have got the same id")
    photos = {image["id"]: image["file_name"] for image in merged["images"]}
    strays = [note for note in merged["annotations"] if photos.get(note["image_id"]) != note["on"]]
    if strays:
        raise NotYet(f"{len(strays)} of 12 annotations are on a photo that is not theirs")
    if records != [_export("a", (1, 2, 2, 3)), _export("b", (1, 1, 2)), _export("c", (1, 2, 3, 3, 4))]:
        raise NotYet("the records that came in were changed: make new dictionaries instead")


@check("no finding, and most outlines on the wrong photo. What an audit does not count, only your eyes see.")
def check_spoil(function: Callable[[Dataset], Dataset], clean: Dataset) -> None:
    """``function(clean)``: the same photos and garments, most of them mismatched, and an audit that finds nothing."""
    before = clean.garments["photo"].to_numpy().copy()
    spoilt = function(clean)
    if not isinstance(spoilt, Dataset):
        raise NotYet(f"expected a Dataset, got {type(spoilt).__name__}; dataclasses.replace makes a changed copy")
    if not np.array_equal(before, clean.garments["photo"].to_numpy()):
        raise NotYet("the clean data set itself was changed: work on a copy of its table")
    if len(spoilt) != len(clean) or len(spoilt.garments) != len(clean.garments):
        raise NotYet("photos or garments have gone: keep them all, and only mix up who is on which")
    moved = float((spoilt.garments["photo"].to_numpy() != before).mean())
    if moved < 0.5:
        raise NotYet(f"only {moved:.0%} of the garments changed their photo: more than half should")
    found = [finding.name for finding in spoilt.audit().findings if finding.count]
    known = {finding.name for finding in clean.audit().findings if finding.count}
    if set(found) - known:
        raise NotYet(f"the audit noticed: {', '.join(sorted(set(found) - known))}")


check_dangling = choice(
    "b",
    "an id that exists is not yet an id that is right, and two lists cut alike are not cut at the same photo.",
    {
        "a": "the audit looked at all 140: what exactly does it ask of an id?",
        "c": "84 % lay on the wrong photo, so two cannot be all that is wrong",
        "d": "take three photos of which the first has two garments, and cut both lists after two rows",
    },
)
