"""K-Fashion labels from a zip into COCO, beside the limit: the same files inflated and parsed, nothing kept.

    python benchmarks/kfashion_speed.py [FILES]

The files are the wardrobe's: 1,000 photos' labels, each written many times under a number of its own.
Targets: at most 2 times the limit's time on two cores; at most 1 GB of memory, all processes together.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import orjson
import psutil
from joblib import Parallel, delayed

from s2f_helpers.data.formats.exports import FIRST_NUMBER, write_kfashion
from s2f_helpers.data.formats.kfashion import load_kfashion
from s2f_helpers.data.wardrobe.outfits import wardrobe_dataset

PHOTOS, CORES, ROUNDS = 1_000, 2, 3


def write_labels(folder: Path, count: int) -> Path:
    few, many = folder / "few.zip", folder / "라벨링데이터.zip"
    write_kfashion(wardrobe_dataset(folder / "photos", PHOTOS, size=400), few)
    with zipfile.ZipFile(few) as source, zipfile.ZipFile(many, "w", zipfile.ZIP_DEFLATED) as target:
        labels = [(name.split("/")[0], source.read(name)) for name in source.namelist()]
        for index in range(count):
            style, label = labels[index % len(labels)]
            old, new = str(FIRST_NUMBER + index % len(labels)), str(FIRST_NUMBER + index)
            target.writestr(f"{style}/{new}.json", label.replace(old.encode(), new.encode()))
    return many


def inflate_and_parse(archive: Path, part: int) -> int:
    with zipfile.ZipFile(archive) as bundle:
        return sum(bool(orjson.loads(bundle.read(name))) for name in bundle.namelist()[part::CORES])


def read_alone(archive: Path) -> float:
    """Seconds to inflate and parse all of it on two cores; the processes start before the clock."""
    with Parallel(CORES) as pool:
        pool(delayed(time.sleep)(0.1) for _ in range(CORES))
        start = time.perf_counter()
        pool(delayed(inflate_and_parse)(archive, part) for part in range(CORES))
        return time.perf_counter() - start


def convert(archive: Path, target: Path) -> None:
    """What is measured, in a process of its own that has loaded nothing else."""
    start = time.perf_counter()
    dataset = load_kfashion(archive)
    loaded = time.perf_counter() - start
    dataset.to_coco(target)
    print(f"{loaded} {time.perf_counter() - start}")
    print(dataset)


def memory(process: psutil.Process) -> int:
    """Bytes held by a process and those it started, pages they share counted once."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_full_info().pss
        except psutil.Error:
            pass  # it ended between being listed and being asked
    return total


def timed(archive: Path, target: Path) -> tuple[float, float, str]:
    """Seconds in all and until loaded, and the data set's summary, of one conversion."""
    told = subprocess.run([sys.executable, __file__, archive, target], capture_output=True, text=True, check=True)
    times, _, summary = told.stdout.partition("\n")
    loaded, ours = map(float, times.split())
    return ours, loaded, summary


def peak_memory(archive: Path, target: Path) -> int:
    """Bytes at the peak of one conversion. Not timed: to add up who shares which page takes its own time."""
    running = subprocess.Popen([sys.executable, __file__, archive, target], stdout=subprocess.DEVNULL)
    peak = 0
    while running.poll() is None:
        peak = max(peak, memory(psutil.Process(running.pid)))
        time.sleep(0.2)
    return peak


def main(count: int) -> None:
    from machine import machine  # brings torch, whose memory is not to be measured

    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        archive = write_labels(Path(folder), count)
        print(f"{count:,} label files, {archive.stat().st_size / 1e6:.0f} MB zipped")
        limits, runs = [], []
        for _ in range(ROUNDS):
            limits.append(read_alone(archive))
            runs.append(timed(archive, Path(folder) / "coco"))
        limit, (ours, loaded, summary) = min(limits), min(runs)
        peak = peak_memory(archive, Path(folder) / "coco")
        print(f"limit: {limit:.1f} s, {count / limit:,.0f} files/s (best of {ROUNDS}, in turn with ours)")
        print(f"ours:  {ours:.1f} s, {count / ours:,.0f} files/s: loaded in {loaded:.1f} s, then written as COCO")
        print(f"{ours / limit:.2f} times the limit   target 2")
        print(f"peak memory of all its processes {peak / 1e6:.0f} MB   target 1,000 MB")
        print(summary)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        convert(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
