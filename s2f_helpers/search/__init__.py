"""Visual search: embed a garment, look it up on this machine, and ask the shops a person names (notebook 06)."""

from importlib import import_module

PARTS = {
    "catalogue": [
        "Catalogue", "Report", "index_csv", "index_dataset", "index_folder", "read_csv", "read_dataset", "read_folder",
    ],
    "display": ["cards", "frame"],
    "embed": [
        "COLOR_WEIGHT", "Crop", "Embedder", "Encoder", "color_histogram", "crop_garment", "project", "timm_encoder",
    ],
    "everywhere": ["Results", "search_all"],
    "fake_shops": ["FakeShops", "recorded_reply"],
    "index": ["Item", "LocalIndex", "Skipped"],
    "photos": ["index_cutouts", "index_wardrobe", "open_default_index"],
}  # fmt: skip
__all__ = [name for names in PARTS.values() for name in names]


def __getattr__(name: str):
    """Load a part only when it is asked for: a shop or a fake one needs no torch, and that takes seconds."""
    for part, names in PARTS.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{part}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
