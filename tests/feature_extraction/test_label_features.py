"""Labels: classes from names or a table, numbered by the train split."""

import json
from pathlib import Path

import numpy as np
import pytest

from feature_extraction.label_features import LabelFeatures, read_labels

NAMES = ["waltz_01", "tango_01", "waltz_02"]
AIST = ["gBR_sBM_cAll_d04_mBR0_ch01", "gWA_sBM_cAll_d25_mWA0_ch02"]


def taught(folder: Path, names: list[str] = NAMES, **parameters: str) -> LabelFeatures:
    """The extractor with what it learns from names, sent through JSON."""
    return LabelFeatures(
        20, **parameters, state=json.loads(json.dumps(LabelFeatures(20, **parameters).fit(names, folder)))
    )


def table(folder: Path, content: str) -> Path:
    """A table of labels."""
    path = folder / "labels.csv"
    path.write_bytes(content.encode("utf-8"))
    return path


def test_a_class_is_the_first_part_of_the_name(tmp_path: Path) -> None:
    extractor = taught(tmp_path)
    assert extractor.state == {"classes": ["tango", "waltz"]}
    for name, label in zip(NAMES, [1, 0, 1], strict=True):
        array = extractor.encode(name, 412)
        assert (array.values.dtype, array.values.tolist(), array.columns) == (np.int64, [[label]], ("label",))


@pytest.mark.parametrize("pattern", [r"^g([A-Z]{2})_", "(?<=g)[A-Z]+(?=_s)", r"_m([A-Z]+)\d_(ch)"])
def test_a_pattern_finds_the_class_in_its_first_group_or_as_a_whole(tmp_path: Path, pattern: str) -> None:
    assert taught(tmp_path, AIST, pattern=pattern).state == {"classes": ["BR", "WA"]}


def test_a_table_names_the_classes(tmp_path: Path) -> None:
    path = table(tmp_path, "\ufeffsequence_id,label\r\nwaltz_01,slow\r\n\r\n tango_01 , fast\r\nwaltz_02,slow\r\n")
    extractor = taught(tmp_path, csv="labels.csv")
    path.unlink()
    assert extractor.state["classes"] == ["fast", "slow"]
    assert [extractor.encode(name).values.item() for name in NAMES] == [1, 0, 1]
    with pytest.raises(LookupError, match=r"labels\.csv has no line for polka_01; add one: polka_01,<class>"):
        extractor.encode("polka_01")


def test_names_with_commas_are_quoted_in_a_table(tmp_path: Path) -> None:
    assert read_labels(table(tmp_path, '"one, two",waltz\n3,"a ""b"""')) == {"one, two": "waltz", "3": 'a "b"'}


def test_a_class_that_was_not_learned_is_an_error_with_those_that_were(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"polka_01 is of the class 'polka', .* there are: tango, waltz"):
        taught(tmp_path).encode("polka_01")


def test_a_name_without_a_class_is_an_error(tmp_path: Path) -> None:
    for pattern in (r"^g(\w\w)_", "x*", "(z)?"):
        with pytest.raises(LookupError, match="finds no class in the name waltz_01"):
            LabelFeatures(20, pattern=pattern).fit(NAMES, tmp_path)


def test_contradictory_and_broken_parameters_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not from both"):
        LabelFeatures(20, pattern="a", csv="labels.csv")
    with pytest.raises(ValueError, match=r"the pattern '\(' is no regular expression"):
        LabelFeatures(20, pattern="(")
    with pytest.raises(FileNotFoundError, match=r"labels\.csv"):
        LabelFeatures(20, csv="labels.csv").fit(NAMES, tmp_path)
    with pytest.raises(ValueError, match="knows no classes yet"):
        LabelFeatures(20).encode("waltz_01")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\nc\n", "line 2: a sequence id and a class are wanted, not 'c'"),
        ("a,b,c\n", "line 1: a sequence id and a class are wanted"),
        ("a,\n", "line 1: a sequence id and a class are wanted"),
        ("a;b\n", "line 1: a sequence id and a class are wanted"),
        ("a,b\n\na,c\n", "line 3: a has the class b already"),
        ("a," + "b" * 200_000, "field larger than field limit"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refusal:
        read_labels(table(tmp_path, content))
    assert "labels.csv" in str(refusal.value)
