"""Scales and places of labels in drawings."""

import math

import pytest

from scripts.report.svg import Scale, decades, place_labels, spread, tag, words


def test_a_scale_is_even_in_what_its_warp_makes_of_numbers():
    assert [Scale(0, 10, 100, 200)(x) for x in (0, 5, 10)] == [100, 150, 200]
    assert Scale(1, 100, 400, 0, warp=math.log10)(10) == pytest.approx(200)
    assert Scale(3, 3, 0, 10)(3) == 5
    assert decades(0.05, 100) == [0.1, 1, 10, 100]


def test_labels_are_spread_apart_within_their_ends_and_keep_their_order():
    assert spread([5, 50, 52, 51], 10, 0, 100) == [5, 50, 70, 60]
    assert spread([95, 99, 98], 10, 0, 100) == [80, 100, 90]


def test_labels_beside_marks_do_not_cover_one_another():
    points = [(100.0, 100.0), (104.0, 101.0), (108.0, 100.0), (300.0, 100.0)]
    places = place_labels(points, ["first", "second", "third", "far"], right=320)
    boxes = [
        (x, y - 9, x + 6 * len(t), y + 2) for (x, y), t in zip(places, ["first", "second", "third", "far"], strict=True)
    ]
    for i, a in enumerate(boxes):
        assert a[2] <= 320
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_text_and_attributes_are_escaped():
    assert words(1.0, 2.0, "<b>&") == '<text x="1" y="2">&lt;b&gt;&amp;</text>'
    assert tag("g", class_='a"b', data_p="x") == '<g class="a&quot;b" data-p="x"/>'
