"""Self-checks of the exercises: one sentence that says what is wrong, never the answer.

A judge is a function that looks at a learner's answer and raises :class:`NotYet` with that sentence. The decorator
:func:`check` makes of it what a notebook calls: it prints one line and returns whether the answer is right.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable

__all__ = ["RIGHT", "NotYet", "check"]

RIGHT, NOT_YET = "Right:", "not yet:"


class NotYet(Exception):
    """What is still wrong with an answer, in a sentence that does not give the answer away."""


def check(praise: str) -> Callable[[Callable[..., None]], Callable[..., bool]]:
    """Make a self-check of a judge.

    Whatever the answer does (an error in it included) ends in one printed line: a check never stops a notebook.

    Args:
        praise: the sentence after "Right:", which says what the answer shows.

    Returns:
        A decorator. The judge takes the answer, and what it needs besides; what it returns does not count. The
        check takes the same arguments, prints "Right: …" or "not yet: …", and returns True or False.

    >>> @check("even numbers divide by two.")
    ... def check_even(number):
    ...     if number % 2:
    ...         raise NotYet("the number leaves a remainder when it is halved")
    >>> check_even(4), check_even(3), check_even(...)
    Right: even numbers divide by two.
    not yet: the number leaves a remainder when it is halved
    not yet: the three dots are still to be replaced by your answer
    (True, False, False)
    """

    def make(judge: Callable[..., None]) -> Callable[..., bool]:
        @functools.wraps(judge)
        def judged(*answers: object) -> bool:
            fault = _fault(judge, answers)
            print(f"{NOT_YET} {fault}" if fault else f"{RIGHT} {praise}")
            return not fault

        return judged

    return make


def _fault(judge: Callable[..., None], answers: tuple) -> str:
    """What is wrong, or an empty string."""
    if any(answer is ... for answer in answers):
        return "the three dots are still to be replaced by your answer"
    try:
        judge(*answers)
    except NotYet as fault:
        return str(fault)
    except NotImplementedError:
        return "it still raises NotImplementedError: replace that line by your answer"
    except Exception as error:  # the learner's code may fail in any way
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"it stopped with {type(error).__name__}: {error} (line {last.lineno}: {last.line})"
    return ""
