"""The stroke model: what is drawn, undone, rasterised and saved. No widget is involved."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2f_helpers.common.types import S2FError, Sketch
from s2f_helpers.studio import Drawing, Page, Stroke
from s2f_helpers.studio.strokes import Group

RED = "#ff0000"
coordinates = st.floats(-300, 556, allow_nan=False).map(lambda value: round(value, 1))
strokes = st.builds(
    Stroke,
    tool=st.sampled_from(["pen", "color", "fill", "eraser"]),
    color=st.from_regex("#[0-9a-f]{6}", fullmatch=True),
    width=st.floats(0.5, 64),
    points=st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=5).map(tuple),
)
groups = st.builds(Group, st.lists(strokes, min_size=1, max_size=3).map(tuple))
histories = st.lists(st.one_of(strokes, groups, st.just(Page())), max_size=6)


def pen(*points, width=2):
    return Stroke("pen", "#000000", width, points)


def dot(x, y, color=RED, width=10):
    return Stroke("color", color, width, ((x, y),))


SQUARE = ((60, 60), (200, 60), (200, 200), (60, 200), (60, 60))


def sketch_of_a_frame() -> Sketch:
    """Lines around a square, and a blue hint in its middle."""
    lines = np.zeros((256, 256), np.uint8)
    lines[60:200, [60, 199]] = lines[[60, 199], 60:200] = 255
    mask = np.zeros((256, 256), bool)
    mask[120:136, 120:136] = True
    return Sketch(lines, mask[..., None] * np.array([10, 20, 200], np.uint8), mask)


def same(one: Sketch, other: Sketch) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("lines", "hints", "hint_mask"))


def test_pen_makes_lines_and_no_hints():
    sketch = Drawing([pen((20, 100), (220, 100))]).to_sketch()
    assert (sketch.lines[99:101, 20:220] == 255).all()
    assert sketch.lines[:90].max() == sketch.lines[110:].max() == 0
    assert not sketch.hint_mask.any()


def test_color_makes_hints_of_exactly_that_color_and_area():
    sketch = Drawing([dot(100, 60, "#ff8000", width=20)]).to_sketch()
    assert sketch.hint_mask.sum() == pytest.approx(np.pi * 10**2, rel=0.05)
    assert (sketch.hints[sketch.hint_mask] == [255, 128, 0]).all()
    assert not sketch.lines.any()


def test_a_white_hint_is_a_hint():
    sketch = Drawing([dot(100, 60, "#ffffff")]).to_sketch()
    assert sketch.hint_mask[60, 100] and sketch.hints[60, 100].tolist() == [255, 255, 255]


def test_eraser_removes_lines_and_hints_under_it_only():
    drawing = Drawing([pen((20, 100), (220, 100)), dot(50, 100), dot(200, 100)])
    drawing.add(Stroke("eraser", "#000000", 30, ((50, 100),)))
    sketch = drawing.to_sketch()
    assert not sketch.lines[90:110, 40:60].any() and not sketch.hint_mask[90:110, 40:60].any()
    assert sketch.lines[100, 120] and sketch.hint_mask[100, 200]


def test_later_strokes_lie_above_earlier_ones():
    sketch = Drawing([dot(100, 100, "#ff0000"), dot(100, 100, "#0000ff")]).to_sketch()
    assert sketch.hints[100, 100].tolist() == [0, 0, 255]


def test_a_fill_ends_at_the_lines_of_its_time():
    drawing = Drawing([pen(*SQUARE), pen((60, 130), (200, 130))])
    drawing.add(Stroke("fill", "#2040c0", 2, ((100, 100),)))
    drawing.add(Stroke("eraser", "#000000", 8, ((70, 130), (190, 130))))
    sketch = drawing.to_sketch()
    assert sketch.hint_mask[66:124, 66:194].all() and not sketch.hint_mask[136:].any()
    assert sketch.hints[100, 100].tolist() == [0x20, 0x40, 0xC0]


@pytest.mark.parametrize("gap, closed", [(4, True), (20, False)])
def test_a_fill_closes_small_gaps_and_refuses_to_run_out(gap, closed):
    drawing = Drawing([pen((130 + gap / 2, 60), (200, 60), (200, 200), (60, 200), (60, 60), (130 - gap / 2, 60))])
    fill = Stroke("fill", RED, 2, ((100, 100),))
    if closed:
        drawing.add(fill)
        assert drawing.to_sketch().hint_mask[66:194, 66:194].all() and not drawing.to_sketch().hint_mask[:54].any()
    else:
        with pytest.raises(S2FError, match="close it where it is open"):
            drawing.add(fill)


def test_several_strokes_at_once_are_one_step():
    drawing = Drawing()
    drawing.add(pen((20, 100), (90, 100)), dot(50, 60))
    assert drawing.to_sketch().lines.any() and drawing.to_sketch().hint_mask.any()
    drawing.undo()
    assert drawing.is_empty


def test_an_unfinished_stroke_is_seen_and_not_kept():
    drawing = Drawing([dot(30, 30)])
    assert drawing.to_sketch(unfinished=(pen((20, 100), (90, 100)),)).lines.any()
    assert not drawing.to_sketch().lines.any()


def test_a_thin_diagonal_stays_in_one_piece():
    from scipy.ndimage import label

    lines = Drawing([pen((10, 10), (200, 137.3), width=1)]).to_sketch().lines
    assert label(lines, np.ones((3, 3)))[1] == 1


def test_size_only_changes_the_resolution():
    drawing = Drawing([pen((40, 40), (200, 40), (200, 200), width=8), dot(90, 150, width=40)])
    small, large = drawing.to_sketch(128), drawing.to_sketch(256)
    assert small.lines.shape == (128, 128)
    assert large.hint_mask.mean() == pytest.approx(small.hint_mask.mean(), rel=0.05)
    assert large.lines.mean() == pytest.approx(small.lines.mean(), rel=0.05)


def test_preview_is_black_on_white_with_hints():
    preview = Drawing([pen((20, 100), (220, 100)), dot(100, 60)]).preview()
    assert preview.dtype == np.uint8 and preview.shape == (256, 256, 3)
    assert [preview[at].tolist() for at in ((10, 10), (100, 120), (60, 100))] == [[255] * 3, [0] * 3, [255, 0, 0]]


@settings(max_examples=25, deadline=None)
@given(histories, strokes.filter(lambda stroke: stroke.tool != "fill"))
def test_undo_then_redo_gives_back_every_state(history, last):
    drawing = Drawing(history)
    before = drawing.to_sketch(64)
    drawing.add(last)
    after = drawing.to_sketch(64)
    assert drawing.undo() and same(drawing.to_sketch(64), before)
    assert drawing.redo() and same(drawing.to_sketch(64), after)


def test_a_new_stroke_forgets_what_was_undone():
    drawing = Drawing([pen((1, 1))])
    drawing.undo()
    drawing.add(dot(5, 5))
    assert not drawing.can_redo and not drawing.redo()


def test_undo_on_an_empty_drawing_does_nothing():
    assert Drawing().undo() is False


def test_clear_empties_the_page_and_can_be_undone():
    drawing = Drawing([pen((20, 100), (220, 100))])
    drawing.clear()
    assert drawing.is_empty and not drawing.to_sketch().lines.any()
    drawing.undo()
    assert drawing.to_sketch().lines.any()


def test_clearing_twice_is_one_step():
    drawing = Drawing([pen((20, 100))])
    drawing.clear()
    drawing.clear()
    drawing.undo()
    assert drawing.to_sketch().lines.any()


def test_a_placed_sketch_comes_back_unchanged():
    drawing = Drawing([pen((20, 100), (220, 100))])
    drawing.place(sketch_of_a_frame())
    assert same(drawing.to_sketch(), sketch_of_a_frame())


def test_strokes_lie_above_a_placed_sketch_and_the_eraser_removes_it():
    drawing = Drawing()
    drawing.place(sketch_of_a_frame())
    drawing.add(dot(128, 128))
    drawing.add(Stroke("eraser", "#000000", 20, ((60, 60), (60, 199))))
    sketch = drawing.to_sketch()
    assert sketch.hints[128, 128].tolist() == [255, 0, 0]
    assert not sketch.lines[60:199, 60].any() and sketch.lines[60:199, 199].all()


def test_undo_takes_a_placed_sketch_away_and_shows_the_former_page():
    drawing = Drawing([dot(30, 30)])
    before = drawing.to_sketch()
    drawing.place(sketch_of_a_frame())
    drawing.undo()
    assert same(drawing.to_sketch(), before)


def test_a_placed_sketch_must_fit_the_page():
    with pytest.raises(S2FError, match="256 x 256"):
        Drawing().place(Sketch(np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), bool)))


@settings(max_examples=25, deadline=None)
@given(history=histories)
def test_a_saved_drawing_looks_the_same_when_loaded(tmp_path_factory, history):
    path = tmp_path_factory.mktemp("drawings") / "drawing.json"
    Drawing(history).save(path)
    assert same(Drawing.load(path).to_sketch(64), Drawing(history).to_sketch(64))


def test_a_placed_sketch_and_the_history_are_saved_too(tmp_path):
    drawing = Drawing([dot(30, 30)])
    drawing.place(sketch_of_a_frame())
    drawing.save(tmp_path / "drawing.json")
    loaded = Drawing.load(tmp_path / "drawing.json")
    assert same(loaded.to_sketch(), sketch_of_a_frame())
    loaded.undo()
    assert loaded.to_sketch().hint_mask[30, 30]


@settings(max_examples=25, deadline=None)
@given(history=histories)
def test_an_svg_file_opens_again_as_the_same_drawing(history):
    drawing, other = Drawing(history), Drawing()
    other.open(drawing.to_svg().encode(), "drawing.svg")
    assert same(other.to_sketch(64), drawing.to_sketch(64))


def test_an_svg_file_draws_what_the_page_shows():
    drawing = Drawing([pen(*SQUARE), Stroke("fill", "#2040c0", 2, ((100, 100),)), dot(100, 60, "#ff0000")])
    drawing.add(Stroke("eraser", "#000000", 10, ((60, 100), (60, 120))))
    svg = drawing.to_svg()
    assert svg.count("<path") == 5 and svg.count("<mask") == 2
    assert 'fill="#2040c0"' in svg and 'stroke="#ff0000"' in svg and "M60 60L200 60" in svg


def test_opening_a_drawing_keeps_the_former_page_below():
    drawing = Drawing([dot(30, 30)])
    before = drawing.to_sketch()
    drawing.open(Drawing([pen((20, 100), (220, 100))]).to_json().encode(), "drawing.json")
    assert drawing.to_sketch().lines.any() and not drawing.to_sketch().hint_mask.any()
    drawing.undo()
    drawing.undo()
    assert same(drawing.to_sketch(), before)


def test_a_failed_save_leaves_the_former_file_and_no_rubbish(tmp_path, monkeypatch):
    path = tmp_path / "drawing.json"
    Drawing([dot(30, 30)]).save(path)
    former = path.read_bytes()

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(S2FError, match="No space left"):
        Drawing([dot(99, 99)]).save(path)
    assert path.read_bytes() == former and list(tmp_path.iterdir()) == [path]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(S2FError, match=r"nothing\.json"):
        Drawing.load(tmp_path / "nothing.json")


def saved(**changes) -> dict:
    mark = {"tool": "pen", "color": "#000000", "width": 2, "points": [[1, 2]]} | changes
    return {"format": "sketch2fashion drawing 1", "size": 256, "marks": [mark]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff\xfe not text",
        b"[" * 100_000,
        json.dumps(saved() | {"format": "something else"}).encode(),
        json.dumps(saved(tool="laser")).encode(),
        json.dumps(saved(color="red; background: url(x)")).encode(),
        json.dumps(saved(width=1e9)).encode(),
        json.dumps(saved(width=float("nan"))).encode(),
        json.dumps(saved(points=[])).encode(),
        json.dumps(saved(points=[[1, 2, 3]])).encode(),
        json.dumps(saved(points=[[1, "2"]])).encode(),
        json.dumps(saved(points=[[1, 10**400]])).encode(),
        json.dumps(saved(page={"lines": "AAAA", "hints": "AAAA"})).encode(),
        json.dumps({**saved(), "marks": [{"page": None}] * 5001}).encode(),
    ],
)
def test_a_damaged_or_hostile_file_is_refused(tmp_path, content):
    path = tmp_path / "drawing.json"
    path.write_bytes(content)
    with pytest.raises(S2FError):
        Drawing.load(path)


@pytest.mark.parametrize(
    "values",
    [
        ("brush", RED, 2, ((1, 1),)),
        ("pen", "red", 2, ((1, 1),)),
        ("pen", RED, 0, ((1, 1),)),
        ("pen", RED, True, ((1, 1),)),
        ("pen", RED, 2, ()),
        ("pen", RED, 2, ((float("inf"), 1),)),
        ("pen", RED, 2, ((1e6, 1),)),
    ],
)
def test_a_stroke_outside_its_limits_is_refused(values):
    with pytest.raises(S2FError, match="stroke"):
        Stroke(*values)


def test_a_full_page_says_so():
    drawing = Drawing([pen((1, 1))] * 5000)
    with pytest.raises(S2FError, match="Clear"):
        drawing.add(pen((1, 1)))
