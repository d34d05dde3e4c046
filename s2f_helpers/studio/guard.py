"""Callbacks that cannot break the panel: whatever goes wrong becomes one sentence."""

from __future__ import annotations

import functools
from collections.abc import Callable

from s2f_helpers.common.types import S2FError

__all__ = ["guarded", "sentence"]


def sentence(error: Exception) -> str:
    """What to tell a person: the message alone if they can mend it, else the error's type as well.

    >>> sentence(S2FError("the page is empty")), sentence(KeyError("lines"))
    ('the page is empty', "KeyError: 'lines'")
    """
    text = " ".join(str(error).split())
    return text if isinstance(error, S2FError) and text else f"{type(error).__name__}: {text}"


def guarded(callback: Callable, report: Callable[[str], None]) -> Callable:
    """``callback``, except that an exception goes to ``report`` as a sentence."""

    @functools.wraps(callback)
    def safe(*args):
        try:
            return callback(*args)
        except Exception as error:
            report(sentence(error))

    return safe
