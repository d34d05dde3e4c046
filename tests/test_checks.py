"""Each self-check against its solution and against three wrong answers that learners plausibly give."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageDraw

from s2f_helpers.common.checks import NotYet, check
from s2f_helpers.common.types import Garment, Sketch
from s2f_helpers.data import load_coco, wardrobe_dataset
from s2f_helpers.data.checks import check_merge, check_spoil
from s2f_helpers.pipeline_checks import check_renamed, check_two_colors
from s2f_helpers.sketch.checks import check_asked_for, check_leak
from s2f_helpers.studio import Drawing, Stroke
from s2f_helpers.studio.checks import check_buttons, check_twins


def test_a_check_prints_one_line_and_never_raises(capsys):
    @check("it is so.")
    def check_it(answer):
        if answer == 1:
            raise NotYet("it is one")
        return answer / 0 if answer == 2 else None

    assert [check_it(answer) for answer in (3, 1, 2, ...)] == [True, False, False, False]
    right, wrong, failed, missing = capsys.readouterr().out.splitlines()
    assert right == "Right: it is so."
    assert wrong == "not yet: it is one"
    assert failed.startswith("not yet: it stopped with ZeroDivisionError") and "answer / 0" in failed
    assert missing.startswith("not yet: the three dots")


def unwritten(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check_it, rest", [(check_two_colors, ()), (check_merge, ()), (check_spoil, ("clean",)),
                                            (check_asked_for, ()), (check_buttons, ()), (check_twins, ())])  # fmt: skip
def test_a_stub_is_not_yet_right(check_it, rest, clean, capsys):
    assert check_it(unwritten, *[clean for _ in rest]) is False
    assert capsys.readouterr().out.startswith("not yet: it still raises NotImplementedError")


# notebook 00

DOTS = [(200, 170), (310, 180), (256, 250), (205, 350), (310, 360)]


def page(color_at) -> Image.Image:
    sheet = Image.new("RGB", (512, 512), "white")
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((130, 100, 380, 430), outline="black", width=6)
    for x, y in DOTS:
        pen.ellipse((x - 12, y - 12, x + 12, y + 12), fill=color_at(x))
    return sheet


TWO_COLORS = {
    "right": (lambda left, right: np.asarray(page(lambda x: right if x >= 256 else left)), "Right:"),
    "sides swapped": (lambda left, right: np.asarray(page(lambda x: left if x >= 256 else right)), "lies on the left"),
    "middle dot on the left": (lambda left, right: np.asarray(page(lambda x: right if x > 256 else left)), "middle"),
    "one colour for all": (lambda left, right: np.asarray(page(lambda x: left)), "lies on the right"),
    "a page, not an array": (lambda left, right: page(lambda x: right if x >= 256 else left), "got Image"),
}


@pytest.mark.parametrize("name", TWO_COLORS)
def test_two_colors(name, capsys):
    answer, said = TWO_COLORS[name]
    assert check_two_colors(answer) is (name == "right")
    assert said in capsys.readouterr().out


DRESS = [(256, 60), (290, 40), (330, 50), (345, 110), (320, 200), (440, 490), (256, 495)]


def detector(*names):
    """A stand-in that sees what it is told to."""
    blank = np.zeros((4, 4, 3), np.uint8)
    return lambda half: [Garment(blank, blank[..., 0] == 0, name, 0.9) for name in names]


@pytest.mark.parametrize(
    "half, seen, said",
    [
        (DRESS, detector("dress"), "Right:"),
        (DRESS, detector("t-shirt"), "still says t-shirt"),  # the outline hardly changed
        (DRESS, detector(), "no garment at all"),  # broken too much
        ([(512 - x, y) for x, y in DRESS], detector("dress"), "left of the middle"),  # the left half
        (DRESS[:3], detector("dress"), "six to twelve"),
    ],
)
def test_renamed(half, seen, said, capsys):
    assert check_renamed(half, seen) is (said == "Right:")
    assert said in capsys.readouterr().out


# notebook 01


def merging(image_step, note_step):
    """A merge that moves an annotation's photo on by what it is told: the photos or the annotations before it."""

    def merge(records):
        images, notes = [], []
        for record in records:
            before = {"photos": len(images), "notes": len(notes), "none": 0, "last": len(record["images"])}
            images += [image | {"id": image["id"] + before[image_step]} for image in record["images"]]
            notes += [
                note | {"id": note["id"] + before["notes"], "image_id": note["image_id"] + before[note_step]}
                for note in record["annotations"]
            ]
        return {"images": images, "annotations": notes}

    return merge


@pytest.mark.parametrize(
    "merge, said",
    [
        (merging("photos", "photos"), "Right:"),
        (merging("photos", "notes"), "photo that is not theirs"),  # the team's own fault
        (merging("none", "none"), "same id"),  # lists joined, nothing moved
        (merging("last", "last"), "same id"),  # moved by one record's photos, not by all before
        (lambda records: merging("photos", "photos")(records[:2]), "hold 9 images"),  # two records only
    ],
)
def test_merge(merge, said, capsys):
    assert check_merge(merge) is (said == "Right:")
    assert said in capsys.readouterr().out


def test_merge_must_not_change_what_came_in(capsys):
    def in_place(records):
        merged = merging("photos", "photos")(records)
        records[0]["images"][0]["id"] = 99
        return merged

    assert check_merge(in_place) is False
    assert "were changed" in capsys.readouterr().out


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checks")
    made = wardrobe_dataset(folder / "photos", count=14, seed=1)
    return load_coco(made.to_coco(folder)).repair()[0]


def on(dataset, photos):
    return replace(dataset, garments=dataset.garments.assign(photo=photos))


def turned(dataset, by):
    return np.roll(dataset.garments["photo"].to_numpy(), by)


SPOILS = {
    "half turned round": (lambda data: on(data, turned(data, len(data.garments) // 2)), "Right:"),
    "unchanged": (lambda data: data, "only 0%"),
    "all on one photo": (lambda data: on(data, data.photos["id"].iloc[0]), "photos without a garment"),
    "on a photo that is not there": (lambda data: on(data, "nowhere"), "dangling garments"),
    "photos thrown away": (lambda data: data.where(np.arange(len(data)) < 5), "have gone"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_spoil(name, clean, capsys):
    spoil, said = SPOILS[name]
    assert check_spoil(spoil, clean) is (said == "Right:")
    assert said in capsys.readouterr().out


# notebook 02


def asked_for(channels, x, y):
    _, *color, asked = channels[:, y, x].tolist()
    return tuple(round((value + 1) * 127.5) for value in color) if asked else None


@pytest.mark.parametrize(
    "function, said",
    [
        (asked_for, "Right:"),
        (lambda channels, x, y: asked_for(channels, y, x), "the answer there is None"),  # x and y swapped
        (
            lambda channels, x, y: tuple(channels[1:4, y, x].tolist()),
            "expected (255, 255, 255)",
        ),  # -1 to 1, not 0 to 255
        (lambda channels, x, y: tuple(((channels[1:4, y, x] + 1) * 127.5).tolist()), "nobody asked"),  # no mask
        (lambda channels, x, y: (asked_for(channels, x, y) or (0, 0, 0))[::-1], "expected (200, 30, 60)"),  # BGR
    ],
)
def test_asked_for(function, said, capsys):
    assert check_asked_for(function) is (said == "Right:")
    assert said in capsys.readouterr().out


@pytest.fixture
def two_rooms():
    """A frame with a wall through its middle, red on one side and blue on the other."""
    lines = np.zeros((256, 256), np.uint8)
    lines[[40, 41, 214, 215], 40:216] = lines[40:216, [40, 41, 214, 215]] = 255
    lines[40:216, 127:129] = 255
    hints, asked = np.zeros((256, 256, 3), np.uint8), np.zeros((256, 256), bool)
    for x, color in ((60, (200, 0, 0)), (170, (0, 0, 200))):
        hints[125:131, x : x + 6], asked[125:131, x : x + 6] = color, True
    return Sketch(lines, hints, asked)


@pytest.mark.parametrize(
    "box, said",
    [
        ((120, 45, 136, 212), "Right:"),  # most of the wall
        ((120, 120, 136, 130), "make a leak"),  # as narrow as the text says does not leak
        ((0, 0, 256, 256), "400 must do"),  # everything
        ((60, 60, 80, 80), "nothing was rubbed out"),  # beside every line
        ((136, 45, 120, 212), "expected x0 < x1"),
    ],
)
def test_leak(box, said, two_rooms, capsys):
    assert check_leak(box, two_rooms) is (said == "Right:")
    assert said in capsys.readouterr().out


# notebook 07


def buttons(stroke, far=lambda point, places, before: math.dist(point, places[-1]), width=6):
    """A row of dots, one wherever it is ``far`` enough from the last; ``before`` are the points since then."""
    places, before = [stroke.points[0]], []
    for point in stroke.points:
        before.append(point)
        if far(point, places, before) >= 16:
            places.append(point)
            before = [point]
    return [Stroke("pen", stroke.color, width, (place,)) for place in places]


def walked(point, places, before):
    return sum(math.dist(*pair) for pair in pairwise(before))


@pytest.mark.parametrize(
    "tool, said",
    [
        (buttons, "Right:"),
        (lambda stroke: buttons(stroke, walked), "there and back"),  # along the line, not the straight way
        (lambda stroke: [replace(stroke, width=6, points=(at,)) for at in stroke.points[::16]], "there and back"),
        (lambda stroke: buttons(stroke)[1:], "straight down"),  # none at the beginning
        (lambda stroke: [replace(stroke, width=6, points=stroke.points[::16])], "a single point"),
        (lambda stroke: buttons(stroke, width=stroke.width), "6 wide"),
        (lambda stroke: [button.points[0] for button in buttons(stroke)], "a list of Stroke"),
        (lambda stroke: buttons(stroke) if stroke.points[1] else [], "IndexError"),  # a click has one point
    ],
)
def test_buttons(tool, said, capsys):
    assert check_buttons(tool) is (said == "Right:")
    assert said in capsys.readouterr().out


def drawn(*times):
    """A drawing; each time, so many strokes are added as one."""
    page = Drawing()
    line = Stroke("pen", "#000000", 3, ((60, 60), (200, 60)))
    cross = Stroke("pen", "#000000", 3, ((130, 20), (130, 200)))
    for strokes in times:
        page.add(*[line, cross][:strokes])
    return page


TWINS = {
    "the same line twice": (lambda: (drawn(1), drawn(1, 1)), "Right:"),
    "two as one, and one by one": (lambda: (drawn(1, 2), drawn(2)), "Right:"),
    "one drawing under two names": (lambda: (drawn(1),) * 2, "they still do"),
    "one line more": (lambda: (drawn(1), drawn(2)), "pixels differ"),
    "nothing on either": (lambda: (drawn(), drawn()), "shows nothing"),
    "pictures": (lambda: (drawn(1).preview(), drawn(1, 1).preview()), "got ndarray, ndarray"),
    "one only": (lambda: [drawn(1)], "got Drawing"),
}


@pytest.mark.parametrize("name", TWINS)
def test_twins(name, capsys):
    answer, said = TWINS[name]
    assert check_twins(answer) is (said == "Right:")
    assert said in capsys.readouterr().out


def test_a_check_leaves_the_drawings_as_they_are():
    one, other = drawn(1), drawn(1, 1)
    assert check_twins(lambda: (one, other)) and (len(one.history), len(other.history)) == (1, 2)
