"""Build an index from the command line, with Ray on many processes or machines if asked.

    python -m s2f_helpers.search.build shop.csv shop
    python -m s2f_helpers.search.build shop.csv s3://bucket/shop --ray

Each Ray worker reads, embeds and stores chunks by itself, each a fragment of the same Lance table; the readers see
them together when all are done. On a cluster (``RAY_ADDRESS``) the workers need the course and the pictures where
this machine has them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from s2f_helpers.common.types import S2FError
from s2f_helpers.search.catalogue import read_csv, read_folder
from s2f_helpers.search.index import Item, Skipped, Work, in_turn

__all__ = ["main", "on_ray"]


def on_ray(work: Work, chunks: list[Sequence[Item]]) -> Iterator[tuple[int, list[Skipped]]]:
    """Do the work on Ray's workers, those of a cluster or new ones on this machine; an S2FError without Ray."""
    try:
        import ray
    except ImportError as error:
        raise S2FError("--ray: Ray is not installed. Try: pip install 'ray>=2.50'") from error
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False)
    task = ray.remote(lambda chunk: work(chunk))
    waiting = [task.remote(chunk) for chunk in chunks]
    while waiting:
        (done, *_), waiting = ray.wait(waiting)
        yield ray.get(done)


def main() -> None:
    parser = argparse.ArgumentParser(description="Index a folder of pictures, or a CSV or JSONL catalogue.")
    parser.add_argument("source", type=Path)
    parser.add_argument("name", help="letters, digits, '-', '_', or an address such as s3://bucket/shop")
    parser.add_argument("--ray", action="store_true", help="share the work among Ray's workers")
    options = parser.parse_args()
    try:
        catalogue = read_folder(options.source) if options.source.is_dir() else read_csv(options.source)
        print(catalogue.index(options.name, run=on_ray if options.ray else in_turn))
    except S2FError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
