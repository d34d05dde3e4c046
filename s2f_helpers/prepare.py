"""Put data, index and outlines in place before the studio opens: ``python -m s2f_helpers.prepare``."""

from __future__ import annotations

from s2f_helpers.common.types import S2FError
from s2f_helpers.data.clothing import fetch_photos
from s2f_helpers.search import open_default_index
from s2f_helpers.studio.shapes import Shapes


def main() -> None:
    try:
        fetch_photos()
    except S2FError as error:
        print(f"{open_default_index()[1]} Why: {error}")
    else:
        print(open_default_index()[1])
    Shapes.load()


if __name__ == "__main__":
    main()
