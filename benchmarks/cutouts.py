"""How fast the cut-out cache is built. Target: >= 100 photos/s on two cores."""

from __future__ import annotations

import os
import tempfile
import time

from machine import machine

from s2f_helpers.data import load_cutouts, load_photos


def main() -> None:
    load_photos()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["S2F_CACHE"] = cache
        start = time.perf_counter()
        count = len(load_cutouts())
        seconds = time.perf_counter() - start
    print(machine())
    print(f"{count} cut-outs in {seconds:.1f} s: {count / seconds:.0f} photos/s   target 100")


if __name__ == "__main__":
    main()
