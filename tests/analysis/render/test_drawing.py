"""Pictures show the figure, whole, whatever its units, axes and names."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from analysis.render.body import body_of
from analysis.render.camera import follow
from analysis.render.drawing import draw
from analysis.render.shapes import capsules
from feature_extraction.motion import rotation
from feature_extraction.motion.bvh import read_bvh
from feature_extraction.motion.skeleton import Motion, Skeleton
from tests.feature_extraction.small_corpus import swaying

SIZE = {"width": 320, "height": 180}


def scaled(motion, factor):
    ends = tuple((joint, tuple(factor * np.array(offset))) for joint, offset in motion.skeleton.end_sites)
    skeleton = replace(motion.skeleton, offsets=factor * motion.skeleton.offsets, end_sites=ends)
    return Motion(skeleton, motion.fps, motion.rotations, factor * motion.positions)


def colourful(picture):
    """Pixels (height, width) that are more saturated than floor and sky: the figure's left or right."""
    return np.ptp(picture.astype(int), axis=-1) > 40


def test_a_picture_for_each_frame():
    pictures = list(draw([swaying(0).cut(0, 3)], **SIZE))
    assert [(each.shape, each.dtype) for each in pictures] == [((180, 320, 3), np.uint8)] * 3


def test_left_and_right_differ_in_colour():
    red, _, blue = np.moveaxis(next(draw([swaying(0).cut(0, 1)], **SIZE)).astype(int), -1, 0)
    assert (blue - red > 40).any()
    assert (red - blue > 40).any()


@pytest.mark.parametrize("factor", [0.01, 0.4, 3.0])
def test_the_unit_of_length_does_not_matter(factor):
    motion = swaying(0).cut(0, 20)
    pictures = zip(draw([motion], **SIZE), draw([scaled(motion, factor)], **SIZE), strict=True)
    assert max(np.abs(one.astype(int) - two).mean() for one, two in pictures) < 0.1


def test_a_skeleton_along_z_stands_upright():
    motion = swaying(0).cut(0, 5)
    tall = replace(motion, rotations=rotation.identity(5, 6))
    tilt = rotation.from_axis_angle(np.array([1.0, 0.0, 0.0]), np.pi / 2)
    offsets = rotation.mul_vec(tilt, tall.skeleton.offsets)
    ends = tuple((j, tuple(rotation.mul_vec(tilt, np.array(o)))) for j, o in tall.skeleton.end_sites)
    lying = Motion(replace(tall.skeleton, offsets=offsets, end_sites=ends), 60.0, tall.rotations, tall.positions)
    lying = replace(lying, positions=rotation.mul_vec(tilt, tall.positions))
    np.testing.assert_allclose(body_of(lying).points, body_of(tall).points, atol=1e-9)


def test_a_joint_without_bones_is_drawn():
    lone = Skeleton(("Root",), (-1,), np.zeros((1, 3)), ("ZXY",))
    motion = Motion(lone, 30.0, rotation.identity(2, 1), np.zeros((2, 1, 3)))
    picture = next(draw([motion], **SIZE)).astype(int)
    assert np.abs(picture - np.median(picture, axis=1, keepdims=True)).max() > 60


def test_several_motions_stand_side_by_side():
    motions = [swaying(0).cut(0, 2), scaled(swaying(1), 0.01).cut(0, 5)]
    pictures = list(draw(motions, **SIZE, names=["one", "two"]))
    assert len(pictures) == 5
    assert all(colourful(half).any() for picture in pictures for half in np.split(picture, 2, axis=1))


def test_values_that_are_not_finite_are_named():
    motion = swaying(0).cut(0, 4)
    positions = motion.positions.copy()
    positions[2] = np.inf
    with pytest.raises(ValueError, match="frame 2"):
        draw([replace(motion, positions=positions)])


def test_motions_of_different_rates_are_refused():
    with pytest.raises(ValueError, match="one rate"):
        draw([swaying(0, fps=20), swaying(0, fps=30)])


@pytest.mark.parametrize("shape", [(1280, 720), (320, 720), (200, 100)])
def test_the_figure_stays_in_the_picture(shape):
    body = body_of(swaying(3, seconds=20))  # it walks far
    camera = follow(body.points, body.root, body.forward, 60.0, *shape)
    inside = []
    for frame in range(len(body.points)):
        pixels, _ = camera.project(body.points[frame], frame)
        inside.append(((pixels >= 0) & (pixels <= shape)).all())
    assert np.mean(inside) > 0.99


def test_the_camera_rests_where_the_figure_stays():
    motion = swaying(0)
    body = body_of(replace(motion, positions=motion.positions * [0.0, 1.0, 0.0]))
    assert not follow(body.points, body.root, body.forward, 60.0, 320, 180).moves
    far = body_of(swaying(0, seconds=20))
    assert follow(far.points, far.root, far.forward, 60.0, 320, 180).moves


def test_a_figure_that_faces_the_camera_has_its_right_on_the_left():
    motion = swaying(0).cut(0, 1)
    upright = replace(motion, rotations=rotation.identity(1, 6))
    body = body_of(upright)
    camera = follow(body.points, body.root, body.forward, 60.0, 320, 180)
    pixels, _ = camera.project(body.points[0], 0)
    left, right = (upright.skeleton.index(name) for name in ("LeftArm", "RightArm"))
    assert pixels[right, 0] < pixels[left, 0]


@pytest.mark.parametrize(
    ("start", "end", "first", "second"),
    [((30, 30), (160, 90), 25, 8), ((30, 90), (160, 30), 8, 25), ((60, 60), (66, 60), 30, 5)],
)
def test_a_capsule_covers_its_circles_and_what_lies_between(start, end, first, second):
    outline = capsules(*(np.array([each], dtype=float) for each in (start, end, first, second)))[0]
    picture = Image.new("1", (200, 120))
    ImageDraw.Draw(picture).polygon(outline.ravel().tolist(), fill=1)
    y, x = np.mgrid[:120, :200]
    centres = (np.array(start) + part * (np.array(end) - start) for part in np.linspace(0, 1, 200))
    radii = np.linspace(first, second, 200)
    reach = [np.hypot(x - centre[0], y - centre[1]) - radius for centre, radius in zip(centres, radii, strict=True)]
    away = np.min(reach, axis=0)
    assert np.asarray(picture)[away < -0.1 * max(first, second)].all()
    assert not np.asarray(picture)[away > 2].any()


@pytest.mark.parametrize(
    "name",
    ["ad_jesse_dance", "cmu_05_20_mb_dance", "cmu_05_20_daz_dance", "reactidle_003_genuine", "pymo_AV_8Walk", "ad_dab",
     "mh_face_poseunits", "mh_tpose", "pybvh_rotation_first_root", "transflower_mixamo_skeleton"],
)  # fmt: skip
def test_real_skeletons_are_drawn(shared_data, name):
    motion = read_bvh(shared_data / "bvh" / f"{name}.bvh")
    picture = next(draw([motion.cut(motion.frames // 2, motion.frames // 2 + 1)], **SIZE))
    empty = np.median(picture, axis=1, keepdims=True)
    figure = np.abs(picture - empty).sum(axis=-1) > 60
    assert 0.005 < figure.mean() < 0.4
    assert colourful(picture).any() or name == "pybvh_rotation_first_root"
