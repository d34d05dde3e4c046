"""How fast the wardrobe sews. Target: >= 50 garments/s at 256 px on two cores, on every background."""

from __future__ import annotations

import time

from machine import machine

from s2f_helpers.data.wardrobe import make_scene, make_wardrobe

COUNT = 260


def main() -> None:
    print(machine())
    for background in ("white", "floor", "figure"):
        make_wardrobe(13, background=background)
        start = time.perf_counter()
        make_wardrobe(COUNT, background=background)
        print(f"on {background:7} {COUNT / (time.perf_counter() - start):5.0f} garments/s   target 50")
    start = time.perf_counter()
    for seed in range(50):
        make_scene(("t-shirt", "pants"), seed)
    print(f"outfits    {50 / (time.perf_counter() - start):5.0f} scenes of two garments/s, one thread")


if __name__ == "__main__":
    main()
