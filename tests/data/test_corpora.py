"""The published facts of each corpus: lists, classes, rates and units, and what of a download is used."""

import logging
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from data import make
from data.aistpp_corpus import AistppCorpus
from data.beat2_corpus import Beat2Corpus
from data.beat_corpus import BeatCorpus
from data.cmu_corpus import without_t_pose
from data.conversion import MIXAMO
from data.lafan1_corpus import Lafan1Corpus
from data.motorica_corpus import TEST, MotoricaCorpus
from data.zeroeggs_corpus import VALIDATED
from feature_extraction.align import read_raw
from feature_extraction.expmap_features import ExpmapFeatures
from feature_extraction.label_features import read_labels
from feature_extraction.motion import edit
from feature_extraction.motion.bvh import read_bvh, write_bvh
from feature_extraction.motion.skeleton import joint_positions
from feature_extraction.store import find_raw, load_json
from feature_extraction.text.formats import read_transcript
from tests.data.conftest import Make, lists
from tests.data.miniatures import (
    BODY,
    SECONDS,
    aistpp,
    lafan1,
    moving,
    packed,
    renamed,
    write_motion,
    write_text,
)
from tests.data.server import Server, serving


def test_aistpp_has_the_published_lists_without_the_ignored_and_the_silent(made: Make) -> None:
    assert lists(made("aistpp")) == {
        "train": ["gBR_sBM_cAll_d04_mBR0_ch01", "gBR_sBM_cAll_d04_mBR0_ch02"],
        "val": ["gPO_sBM_cAll_d10_mPO1_ch01"],
        "test": ["gLO_sFM_cAll_d13_mLO2_ch05"],
    }
    assert load_json(made("aistpp") / "pairing.json")["without"] == {"audio": ["gWA_sBM_cAll_d26_mWA4_ch03"]}
    assert set(read_labels(made("aistpp") / "labels.csv").values()) == {"BR", "PO", "LO"}


def test_aistpp_is_at_exactly_60_frames_and_in_metres(made: Make) -> None:
    motion = read_bvh(made("aistpp") / "gBR_sBM_cAll_d04_mBR0_ch01.bvh")
    wanted = moving(0, 60.0)
    assert motion.fps == 60.0
    order = [motion.skeleton.index(name) for name in wanted.skeleton.names]
    np.testing.assert_allclose(joint_positions(motion)[:, order] * 100, joint_positions(wanted), atol=1e-3)


def test_aistpp_music_is_shared_and_ends_with_the_dance(made: Make) -> None:
    sounds = [soundfile.info(made("aistpp") / f"gBR_sBM_cAll_d04_mBR0_ch0{take}.flac") for take in (1, 2)]
    np.testing.assert_allclose([sound.duration for sound in sounds], [SECONDS, SECONDS + 0.1], atol=1 / 60)
    one, other = (soundfile.read(made("aistpp") / f"gBR_sBM_cAll_d04_mBR0_ch0{take}.flac")[0] for take in (1, 2))
    np.testing.assert_array_equal(one, other[: len(one)])


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("video/gBR_sBM_c01_d04_mBR0_ch01.mp4", "gBR_sBM_cAll_d04_mBR0_ch01"),
        ("video/gBR_sBM_c02_d04_mBR0_ch01.mp4", None),
        ("wav/gBR_sBM_cAll_d04_mBR0_ch01.wav", "gBR_sBM_cAll_d04_mBR0_ch01"),
        ("music/mJB10.mp3", "mJB10"),
        ("motions/gBR_sBM_cAll_d04_mBR0_ch01.pkl", "gBR_sBM_cAll_d04_mBR0_ch01"),
        ("keypoints3d/gBR_sBM_cAll_d04_mBR0_ch01.pkl", None),
    ],
)
def test_aistpp_knows_films_music_and_motions_by_their_names(path: str, name: str | None) -> None:
    kind = "motion" if path.endswith(".pkl") else "audio"
    assert AistppCorpus().name_of(Path(path), kind) == name


def test_aistpp_without_its_lists_is_refused(tmp_path: Path) -> None:
    write_motion(tmp_path / "motions" / "a.bvh", moving(0, 60.0, 0.1))
    corpus = AistppCorpus()
    with pytest.raises(FileNotFoundError, match=r"crossmodal_train\.txt.*google\.github\.io/aistplusplus"):
        corpus.splits([], tmp_path)


def test_aistpp_lists_that_differ_are_refused(tmp_path: Path) -> None:
    aistpp(tmp_path)
    shutil.copytree(tmp_path / "splits", tmp_path / "copy")
    assert AistppCorpus().splits(["gBR_sBM_cAll_d04_mBR0_ch01"], tmp_path) == {"gBR_sBM_cAll_d04_mBR0_ch01": "train"}
    (tmp_path / "copy" / "crossmodal_val.txt").write_text("gBR_sBM_cAll_d04_mBR0_ch01")
    with pytest.raises(
        ValueError, match=r"copy/crossmodal_val\.txt and .*splits/crossmodal_val\.txt differ; which is it"
    ):
        AistppCorpus().splits([], tmp_path)


@pytest.fixture
def annotations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """What may be downloaded of AIST++, from a server on this machine; the music lies in the folder `music`."""
    aistpp(tmp_path / "all")
    (tmp_path / "all" / "music").rename(tmp_path / "music")
    with serving(packed(tmp_path / "all")) as server:
        monkeypatch.setattr(AistppCorpus, "downloads", (replace(AistppCorpus.downloads[0], url=server.url),))
        yield server


@pytest.mark.parametrize("apart", [False, True], ids=["in_the_corpus", "in_a_source"])
def test_aistpp_is_had_by_its_music_and_then_the_licence(
    apart: bool, annotations: Server, made: Make, tmp_path: Path
) -> None:
    source = tmp_path / "source" if apart else tmp_path / "made"
    source.mkdir()
    (tmp_path / "music").rename(source / "music")
    where = [str(tmp_path / "made"), *(["--source", str(source)] if apart else [])]
    assert make.main(["aistpp", *where, "--jobs", "1", "--accept_licence"]) == 0
    assert annotations.asked == [None]
    assert lists(tmp_path / "made") == lists(made("aistpp"))
    assert sorted(find_raw(tmp_path / "made")) == sorted(find_raw(made("aistpp")))


def test_aistpp_without_its_music_downloads_nothing_and_says_where_it_goes(annotations: Server, tmp_path: Path) -> None:
    wanted = rf"{tmp_path / 'made' / 'music'} is not there or empty: .* into it first, then --accept_licence"
    with pytest.raises(FileNotFoundError, match=wanted):
        make.main(["aistpp", str(tmp_path / "made"), "--accept_licence"])
    assert annotations.asked == []
    (tmp_path / "music").rename(tmp_path / "made" / "music")
    assert make.main(["aistpp", str(tmp_path / "made"), "--jobs", "1", "--accept_licence"]) == 0


def test_aistpp_music_in_the_folder_itself_is_no_recording(annotations: Server, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"mBR0\.wav would be a recording of its own, .* into .*music/music$"):
        make.main(["aistpp", str(tmp_path / "music"), "--accept_licence"])
    assert annotations.asked == []
    assert sorted(path.name for path in (tmp_path / "music").iterdir()) == ["mBR0.wav", "mLO2.wav", "mPO1.wav"]


def test_motorica_tests_on_what_was_published_and_validates_on_a_part_of_the_rest(made: Make) -> None:
    found = lists(made("motorica"))
    assert found["test"] == ["kthstreet_gLH_sFM_cAll_d01_mLH_ch01_thisisit_001"]
    assert len(found["val"]) == 1
    assert len(found["train"]) == 2
    assert load_json(made("motorica") / "pairing.json")["without"]["audio"] == ["kthmisc_gCA_sFM_cAll_d01_mCA_ch0"]
    assert all(MotoricaCorpus.name_pattern.fullmatch(name) for name in TEST)
    assert not MotoricaCorpus.name_pattern.fullmatch("kthjazz_gCH_sFM_sngl_d01_007_00_mirrored")


def test_zeroeggs_takes_the_aligned_originals_and_their_styles(made: Make) -> None:
    assert lists(made("zeroeggs")) == {
        "train": ["001_Neutral_0", "006_Sad_0"],
        "val": ["005_Neutral_4"],
        "test": ["067_Speech_2"],
    }
    assert read_labels(made("zeroeggs") / "labels.csv")["006_Sad_0"] == "Sad"
    assert sorted(find_raw(made("zeroeggs"))) == ["001_Neutral_0", "005_Neutral_4", "006_Sad_0", "067_Speech_2"]
    assert len(VALIDATED) == 21  # of 67


def test_beat_has_the_published_lists_emotions_and_words(made: Make) -> None:
    folder = made("beat")
    assert lists(folder) == {
        "train": ["1_wayne_0_9_9", "2_scott_0_66_66", "5_stewart_1_2_2"],
        "val": ["1_wayne_0_57_57"],
        "test": ["2_scott_0_65_65"],
    }
    labels = read_labels(folder / "labels.csv")
    assert (labels["2_scott_0_65_65"], labels["5_stewart_1_2_2"]) == ("happiness", "neutral")
    text = find_raw(folder)["1_wayne_0_9_9"]["text"]
    assert text.suffix.lower() == ".textgrid"  # the .json is the face
    assert [word.text for word in read_transcript(text).words] == ["and", "this", "far"]
    assert read_bvh(folder / "1_wayne_0_9_9.bvh").fps == 120.0


@pytest.mark.parametrize(
    ("name", "split", "emotion"),
    [
        ("3_solomon_0_8_8", "test", "neutral"),
        ("3_solomon_0_64_64", "val", "neutral"),
        ("3_solomon_0_86_86", "val", "sadness"),
        ("3_solomon_0_87_87", "test", "contempt"),
        ("3_solomon_0_118_118", "val", "disgust"),
        ("3_solomon_1_1_1", "test", "neutral"),
        ("3_solomon_1_12_12", "val", "neutral"),
        ("5_stewart_0_118_118", "train", "disgust"),
        ("5_stewart_0_5_5", "val", "neutral"),
        ("5_stewart_0_73_73", "test", "anger"),
        ("29_w_1_0_0", "train", "neutral"),
        ("10_kieks_2_5_5", "train", "neutral"),
    ],
)
def test_beat_knows_split_and_emotion_by_the_number(name: str, split: str, emotion: str) -> None:
    assert (BeatCorpus().split_of(name), BeatCorpus().label_of(name)) == (split, emotion)


def test_beat2_stands_upright_at_its_own_rate(made: Make) -> None:
    assert lists(made("beat2"))["test"] == ["2_scott_0_65_65"]
    motion = read_bvh(made("beat2") / "1_wayne_0_9_9.bvh")
    assert motion.fps == 30.0
    places = joint_positions(motion)
    above = places[:, motion.skeleton.index("Head")] - places[:, motion.skeleton.index("LeftFoot")]
    assert above.mean(axis=0).argmax() == 1
    assert above[:, 1].min() > 1.0  # metres


def test_beat2_has_the_lists_of_all_languages(tmp_path: Path) -> None:
    for language, rows in {
        "chinese": "12_zhao_2_1_1,val",
        "english": "2_scott_0_1_1,test\n2_scott_0_2_2,additional",
    }.items():
        write_text(tmp_path / f"beat_{language}_v2.0.0" / "train_test_split.csv", f"id,type\n{rows}\n")
    names = ["12_zhao_2_1_1", "2_scott_0_1_1", "2_scott_0_2_2", "3_solomon_0_1_1"]
    assert list(Beat2Corpus().splits(names, tmp_path).values()) == ["val", "test", None, None]
    write_text(tmp_path / "old" / "train_test_split.csv", "id,type\n2_scott_0_1_1,train\n")
    with pytest.raises(ValueError, match=r"2_scott_0_1_1 is test in .*english.* and train in .*old.*; move one"):
        Beat2Corpus().splits(names, tmp_path)


def test_lafan1_tests_on_subject_5(made: Make) -> None:
    found = lists(made("lafan1"))
    assert found["test"] == ["dance1_subject5"]
    assert sorted([*found["train"], *found["val"]]) == ["dance1_subject1", "dance2_subject3", "walk1_subject2"]
    assert read_labels(made("lafan1") / "labels.csv")["walk1_subject2"] == "walk"
    assert read_bvh(made("lafan1") / "dance1_subject1.bvh").fps == 30.0


def test_genea2023s_hips_are_the_root_of_its_features_not_the_world_above_them(made: Make) -> None:
    motion = read_raw(made("genea2023") / "trn_2023_v0_000_main-agent.bvh", "motion", 20.0)
    columns = ExpmapFeatures(20.0, "gesture", root="hip_centric").encode(motion).columns
    assert not [name for name in columns if name.startswith(("b_root_", "body_world_"))]
    steps = ExpmapFeatures(20.0, "gesture").encode(motion)
    assert steps.columns[0] == "b_root_dXposition"
    assert steps.values[:, :3].std(axis=0).all()


def test_cmu_has_nobody_in_two_lists(made: Make) -> None:
    assert lists(made("cmu")) == {"train": ["01_01", "05_20"], "val": ["14_02"], "test": ["09_03", "49_01"]}


def test_cmu_recordings_are_without_the_t_pose_put_before_them(made: Make) -> None:
    for name in ("01_01", "05_20", "14_02", "09_03", "49_01"):
        assert read_bvh(made("cmu") / f"{name}.bvh").frames == round(SECONDS * 120)
        assert (made("cmu") / f"{name}.bvh").is_symlink() == (name == "49_01")


@pytest.mark.parametrize("name", ["cmu_01_01_assimp", "cmu_05_20_mb_dance", "cmu_05_20_daz_dance"])
def test_the_t_pose_of_each_conversion_of_cmu_is_known(name: str, shared_data: Path) -> None:
    motion = read_bvh(shared_data / "bvh" / f"{name}.bvh")
    recorded = without_t_pose(motion)
    np.testing.assert_array_equal(recorded.rotations, motion.rotations[1:])
    assert without_t_pose(recorded) is recorded


def test_a_skeleton_of_ones_own_is_canonical_too(tmp_path: Path) -> None:
    lafan1(tmp_path / "source")
    write_bvh(tmp_path / "rig.bvh", renamed(edit.rescale(BODY, 2), {"Hips": "pelvis", "Head": "head"}))
    options = ["--source", str(tmp_path / "source"), "--jobs", "1"]
    own = ["--canonical_skeleton", str(tmp_path / "rig.bvh")]
    assert make.main(["lafan1", str(tmp_path / "big"), *options, *own]) == 0
    put = read_bvh(tmp_path / "big" / "dance1_subject1.bvh")
    assert put.skeleton.names[0] == "pelvis"
    assert put.skeleton.height == pytest.approx(BODY.skeleton.height * 2, rel=1e-6)
    with pytest.raises(ValueError, match=r"seed 0 on the skeleton rig\.bvh, not .* seed 0 on the skeleton mixamo"):
        make.main(["lafan1", str(tmp_path / "big"), *options, "--canonical_skeleton"])
    with pytest.raises(FileNotFoundError, match=r"no file none\.bvh; --canonical_skeleton takes"):
        make.main(["lafan1", str(tmp_path / "new"), *options, "--canonical_skeleton", "none.bvh"])


def test_a_corpus_with_a_skeleton_of_its_own_is_not_put_on_another(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="demo has a skeleton of its own"):
        make.main(["demo", str(tmp_path), "--canonical_skeleton"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["demo", "--source", "recordings"], r"the corpus demo is made of no recordings: leave --source out"),
        (["demo", "--accept_licence"], r"nothing of the corpus demo is downloaded: leave --accept_licence out"),
        (["beat", "--accept_licence"], r"nothing of the corpus beat is downloaded: leave .*pantomatrix\.github\.io"),
    ],
)
def test_options_that_a_corpus_would_not_look_at_are_refused(options: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        make.main([options[0], str(tmp_path / "made"), *options[1:]])
    assert not (tmp_path / "made").exists()


def test_what_cannot_be_read_is_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lafan1(tmp_path / "source")
    (tmp_path / "source" / "lafan1" / "walk1_subject2.bvh").write_text("HIERARCHY")
    (tmp_path / "source" / "lafan1" / "aiming1_subject1.bvh").write_text("the first one")
    names = {name: f"bone{j}" for j, name in enumerate(BODY.skeleton.names)}
    write_motion(tmp_path / "source" / "lafan1" / "sprint1_subject4.bvh", renamed(moving(0, 30.0, 0.1), names))
    corpus = Lafan1Corpus()
    corpus.source, corpus.canonical_skeleton = tmp_path / "source", MIXAMO
    with caplog.at_level(logging.WARNING):
        corpus.make(tmp_path / "made", jobs=1, progress=False)
    unreadable = load_json(tmp_path / "made" / "pairing.json")["unreadable"]
    assert sorted(unreadable) == ["aiming1_subject1", "sprint1_subject4", "walk1_subject2"]
    assert "of the canonical skeleton's 22 joints only" in unreadable["sprint1_subject4"]
    assert "walk1_subject2 is left out: " in caplog.text
    listed = {name for names in lists(tmp_path / "made").values() for name in names}
    assert listed == {"dance1_subject1", "dance2_subject3", "dance1_subject5"}


def test_the_download_is_not_written_over(tmp_path: Path) -> None:
    lafan1(tmp_path)
    for path in (tmp_path / "lafan1").iterdir():
        path.rename(tmp_path / path.name)
    before = (tmp_path / "dance1_subject1.bvh").read_bytes()
    with pytest.raises(ValueError, match="would be written over; make the corpus in another folder, with --source"):
        make.main(["lafan1", str(tmp_path), "--jobs", "1", "--canonical_skeleton"])
    assert (tmp_path / "dance1_subject1.bvh").read_bytes() == before
    assert not (tmp_path / "pairing.json").exists()


def test_what_may_be_downloaded_is_once_the_licence_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lafan1(tmp_path / "source")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in (tmp_path / "source").rglob("*.bvh"):
            archive.write(path, f"lafan1/{path.name}")
        archive.writestr("lafan1/unused.fbx", b"fbx")
    shutil.rmtree(tmp_path / "source")
    with serving((tmp_path / "all.zip").read_bytes()) as server:
        server.faults = [1000, 5000]
        download = replace(Lafan1Corpus.downloads[0], url=server.url, sha256=None)
        monkeypatch.setattr(Lafan1Corpus, "downloads", (download,))
        with pytest.raises(FileNotFoundError, match=r"CC BY-NC-ND 4\.0; .*--accept_licence downloads it \(0\.1 GB\)"):
            make.main(["lafan1", str(tmp_path / "made")])
        assert server.asked == []
        for _ in range(2):
            assert make.main(["lafan1", str(tmp_path / "made"), "--accept_licence"]) == 0
        assert server.asked == [None, "bytes=1000-", "bytes=6000-"]
    assert lists(tmp_path / "made")["test"] == ["dance1_subject5"]
    assert not list((tmp_path / "made").rglob("*.fbx"))


def test_what_may_not_be_downloaded_says_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"has no pair of sound and motion .*MotoricaDanceDataset"):
        make.main(["motorica", str(tmp_path / "made")])


def test_the_list_of_corpora_tells_licences(capsys: pytest.CaptureFixture[str]) -> None:
    make.main([])
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["lafan1"].endswith("CC BY-NC-ND 4.0; https://github.com/ubisoft/ubisoft-laforge-animation-dataset")
    assert lines["demo"].strip() == "demo"
