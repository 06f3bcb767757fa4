"""The benchmark of renderers tells how long each takes and how much it writes."""

import re

from analysis.benchmark import main
from feature_extraction.motion.bvh import write_bvh
from tests.feature_extraction.small_corpus import swaying


def test_every_form_that_is_asked_for_is_measured(capsys, tmp_path):
    write_bvh(tmp_path / "sway.bvh", swaying(0))
    assert main(["render", str(tmp_path / "sway.bvh"), "--seconds", "3", "--render", "bvh,glb,html"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.search(r"motion +3\.0 s, 20 frames/s, 6 joints", lines[0])
    for name, line in zip(("bvh", "glb", "html"), lines[1:], strict=False):
        speed, size = re.fullmatch(rf"{name} +([\d,.]+) times real time, .* s, ([\d,]+) kB a second", line).groups()
        assert float(speed.replace(",", "")) > 1
        assert int(size.replace(",", "")) > 0
