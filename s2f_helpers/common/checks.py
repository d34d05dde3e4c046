"""Self-checks of the exercises: one sentence that says what is wrong, never the answer.

A judge is a function that looks at a learner's answer and raises :class:`NotYet` with that sentence. The decorator
:func:`check` makes of it what a notebook calls: it prints one line and returns whether the answer is right.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Mapping

__all__ = ["RIGHT", "NotYet", "check", "check_report", "choice"]

RIGHT, NOT_YET = "Right:", "not yet:"
PARTS, FEWEST_WORDS = ("I expected", "I saw", "So"), 5


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


def choice(right: str, praise: str, against: Mapping[str, str]) -> Callable[[str], bool]:
    """A self-check of a reason: which of several claims does the learner's answer come to?

    Args:
        right: letter of the claim that holds.
        praise: as in :func:`check`.
        against: by the letter of each other claim, what to think of again.

    >>> check_sky = choice("b", "blue light is scattered most.", {"a": "is the sea blue at night?"})
    >>> check_sky("a"), check_sky("B"), check_sky("b")
    not yet: is the sea blue at night?
    not yet: expected the letter of a claim, one of a, b; got 'B'
    Right: blue light is scattered most.
    (False, False, True)
    """

    @check(praise)
    def check_claim(letter: str) -> None:
        """``letter``: of one of the claims above."""
        if letter in against:
            raise NotYet(against[letter])
        if letter != right:
            raise NotYet(
                f"expected the letter of a claim, one of {', '.join(sorted([right, *against]))}; got {letter!r}"
            )

    return check_claim


@check("expected, seen, concluded. Whether it holds, ask a neighbour: no program can judge that.")
def check_report(report: Mapping[str, str]) -> None:
    """``report``: what was expected, what was seen and what follows, a sentence each; only the form is checked."""
    if set(report) != set(PARTS):
        raise NotYet(f"expected the parts {', '.join(map(repr, PARTS))}, got {', '.join(map(repr, report)) or 'none'}")
    for name in PARTS:
        if not isinstance(report[name], str) or len(report[name].split()) < FEWEST_WORDS:
            raise NotYet(f"{name!r} is still to be written: a sentence, {FEWEST_WORDS} words at least")
    if len({" ".join(text.lower().split()) for text in report.values()}) < len(PARTS):
        raise NotYet("two of the parts are the same sentence")
