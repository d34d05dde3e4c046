"""axe-core, which looks for faults that shut out people with other eyes and hands."""

from __future__ import annotations

import os
import subprocess
import tarfile

import pytest

from s2f_helpers.common.paths import cache_dir

AXE = "axe-core@4.14.1"


def serious_faults(page, where=".s2f-studio") -> list[tuple]:
    """Faults inside the CSS selector that axe-core calls serious or critical."""
    page.evaluate(_source())
    run = f"async () => (await axe.run({where!r}, {{resultTypes: ['violations']}})).violations"
    return [
        (fault["id"], [node["html"][:200] for node in fault["nodes"]][:4])
        for fault in page.evaluate(run)
        if fault["impact"] in ("serious", "critical")
    ]


def _source() -> str:
    """axe-core (MPL-2.0), fetched by npm once and kept in the cache; never part of this repository."""
    path = cache_dir("axe") / f"{AXE}.js"
    if not path.exists():
        try:
            packed = subprocess.run(
                ["npm", "pack", AXE, "--silent"], cwd=path.parent, capture_output=True, text=True, timeout=120
            )
            with tarfile.open(path.parent / packed.stdout.strip().splitlines()[-1]) as archive:
                path.write_bytes(archive.extractfile("package/axe.min.js").read())
        except (OSError, IndexError, subprocess.TimeoutExpired, tarfile.TarError, KeyError) as error:
            stop = pytest.fail if os.environ.get("CI") else pytest.skip  # a skip in CI would hide a fault
            stop(f"{AXE} cannot be fetched by npm ({type(error).__name__})")
    return path.read_text(encoding="utf-8")
