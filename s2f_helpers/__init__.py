"""Sketch2Fashion: from a hand drawing to a garment, its mask, and things that look like it."""

import os

# Threads of OpenMP that wait for each other sleep instead of spinning. Where another program wants a core (a browser
# does, while somebody draws), spinning makes a picture take seconds in place of a tenth of one. Read when torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__all__ = ["Garment", "Pipeline", "Product", "Result", "S2FError", "Sketch"]


def __getattr__(name: str):
    """Load what is asked for, and no more: drawing needs no network, and the doctor not even numpy."""
    if name in ("Pipeline", "Result"):
        from s2f_helpers import pipeline as home
    elif name in __all__:
        from s2f_helpers.common import types as home
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(home, name)
