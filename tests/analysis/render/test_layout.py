"""Boxes cover the picture without overlapping, and many motions stand in rows."""

import numpy as np
import pytest

from analysis.render.drawing import draw
from analysis.render.layout import boxes
from tests.feature_extraction.small_corpus import swaying


@pytest.mark.parametrize("count", range(1, 13))
@pytest.mark.parametrize("size", [(1280, 720), (333, 500), (720, 1280)])
def test_boxes_do_not_overlap(count, size):
    covered = np.zeros(size, int)
    found = boxes(count, *size)
    for left, top, right, bottom in found:
        covered[left:right, top:bottom] += 1
    assert len(found) == count
    assert covered.max() == 1
    assert covered.mean() > 0.5


@pytest.mark.parametrize(("count", "size", "rows"), [(4, (1280, 720), 1), (8, (1280, 720), 2), (3, (400, 900), 3)])
def test_rows_are_made_where_figures_are_larger_so(count, size, rows):
    assert len({top for _, top, _, _ in boxes(count, *size)}) == rows


def test_each_motion_is_drawn_in_its_box():
    motions = [swaying(seed).cut(0, 1) for seed in range(6)]
    [picture] = draw(motions, width=480, height=270, names=list("abcdef"))
    for left, top, right, bottom in boxes(6, 480, 270):
        assert (np.ptp(picture[top:bottom, left:right].astype(int), axis=-1) > 40).sum() > 50
