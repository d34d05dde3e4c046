"""Azure AI Vision's ``vectorizeImage``: no search, but an embedding of a picture, for an index of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np

from s2f_helpers.common.types import S2FError
from s2f_helpers.search.providers.reply import dig
from s2f_helpers.search.providers.web import LONG_SIDE, MOST_BYTES, Limits, Secret, ask, cut_out, jpeg

__all__ = ["DIMENSIONS", "Azure", "parse"]

DIMENSIONS = 1024
VERSIONS = {"api-version": "2024-02-01", "model-version": "2023-04-15"}


@dataclass(frozen=True)
class Azure:
    """Pictures -> vectors; every picture is sent, one request each.

    Attributes:
        endpoint: of your own resource, such as ``https://NAME.cognitiveservices.azure.com``.
    """

    name: ClassVar[str] = "azure"
    endpoint: str
    key: Secret = field(default_factory=partial(Secret.find, "S2F_AZURE_KEY"))
    limits: Limits = field(default_factory=Limits)

    def __call__(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """(N, 1024) ``float32`` of unit length, one row for each (H, W, 3) ``uint8`` RGB picture; or an S2FError."""
        vectors = np.zeros((len(images), DIMENSIONS), np.float32)
        for place, image in enumerate(images):
            vectors[place] = self._vector(image)
        return vectors

    def _vector(self, image: np.ndarray) -> np.ndarray:
        url = f"{self.endpoint.rstrip('/')}/computervision/retrieval:vectorizeImage"
        headers = {"Ocp-Apim-Subscription-Key": self.key, "Content-Type": "application/octet-stream"}
        picture = jpeg(cut_out(image, None), LONG_SIDE, MOST_BYTES)
        return parse(ask(self, "POST", url, headers, VERSIONS, data=picture))


def parse(reply: object) -> np.ndarray:
    """The vector in a reply, (1024,) ``float32`` of unit length: to be compared with those of the same model only."""
    if dig(reply, "modelVersion") != VERSIONS["model-version"]:
        raise S2FError(f"azure: expected a vector of model {VERSIONS['model-version']}, got another or none")
    numbers = dig(reply, "vector")
    numbers = numbers if isinstance(numbers, list) else []
    real = all(isinstance(number, int | float) and abs(number) < 1e6 for number in numbers)
    vector = np.array(numbers if real else [], np.float32)
    length = np.linalg.norm(vector)
    if vector.shape != (DIMENSIONS,) or not length > 0:
        raise S2FError(f"azure: expected {DIMENSIONS} numbers, got {len(numbers)}. Its format may have changed.")
    return vector / length
