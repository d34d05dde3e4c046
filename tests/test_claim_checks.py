"""The checks of the exercises to explain (a choice among claims) and to leave open (a report's form)."""

from __future__ import annotations

import pytest

from s2f_helpers.common.checks import check_report
from s2f_helpers.data.checks import check_dangling
from s2f_helpers.gan.checks import check_hedge, check_paired
from s2f_helpers.pipeline_checks import check_independence
from s2f_helpers.search.checks import check_name_tag
from s2f_helpers.segment.checks import check_blamed
from s2f_helpers.sketch.checks import check_many_hints
from s2f_helpers.studio.checks import check_newest

CLAIMS = {
    check_independence: "b", check_dangling: "b", check_many_hints: "c", check_hedge: "b", check_paired: "c",
    check_blamed: "c", check_name_tag: "d", check_newest: "b",
}  # fmt: skip
REPORT = {
    "I expected": "the dots on the paper to do nothing",
    "I saw": "the whole shirt in the colour of one dot",
    "So": "a dot speaks for all cloth that no other claims",
}


@pytest.mark.parametrize("check, right", CLAIMS.items(), ids=range(len(CLAIMS)))
def test_one_claim_holds_and_each_other_meets_an_objection_of_its_own(check, right, capsys):
    others = [letter for letter in "abcd" if letter != right]
    assert check(right) and not any(check(letter) for letter in others)
    praise, *objections = capsys.readouterr().out.splitlines()
    assert praise.startswith("Right: ") and len(set(objections)) == 3
    assert all(said.startswith("not yet: ") for said in objections)


@pytest.mark.parametrize("answer", ["", "e", "B", None, "the second"])
def test_what_is_no_letter_is_asked_for_one(answer, capsys):
    assert not check_newest(answer)
    assert "one of a, b, c, d" in capsys.readouterr().out


@pytest.mark.parametrize(
    "answer, fault",
    [
        ({}, "got none"),
        ({**REPORT, "So": ...}, "'So' is still to be written"),
        ({**REPORT, "I saw": "It worked."}, "'I saw' is still to be written"),
        ({**REPORT, "So": REPORT["I saw"].upper()}, "the same sentence"),
        ({"I expected": REPORT["I expected"], "I saw": REPORT["I saw"]}, "expected the parts"),
    ],
    ids=["nothing", "not concluded", "a word or two", "said twice", "a part left out"],
)
def test_a_report_says_what_was_expected_seen_and_concluded(answer, fault, capsys):
    assert check_report(REPORT) and not check_report(answer)
    assert fault in capsys.readouterr().out.splitlines()[1]
