"""Praat's TextGrid: long and short, its tiers, and what is refused."""

from pathlib import Path

import pytest

from feature_extraction.text.formats import read_transcript
from feature_extraction.text.textgrid import parse_textgrid, parse_tiers
from feature_extraction.text.transcript import Word

HEAD = '"ooTextFile"\n"TextGrid"\n0\n2\n<exists>\n'


def tier(name: str, *labels: str, kind: str = "IntervalTier") -> str:
    """A tier in the short form, one second for each label."""
    times = [f"{place}\n" * (kind == "TextTier") or f"{place}\n{place + 1}\n" for place in range(len(labels))]
    entries = "".join(f'{time}"{label}"\n' for time, label in zip(times, labels, strict=True))
    return f'"{kind}"\n"{name}"\n0\n2\n{len(labels)}\n{entries}'


def texts(grid: str) -> list[str]:
    """The words of a TextGrid."""
    return [word.text for word in parse_textgrid(grid)]


def test_the_tier_of_words_is_found_by_its_name() -> None:
    tiers = tier("phones", "s", "əʊ") + tier("Mary - Words", "so") + tier("word marks", "x", kind="TextTier")
    assert texts(f"{HEAD}3\n{tiers}") == ["so"]


def test_the_only_tier_needs_no_name_unless_it_is_that_of_the_phones() -> None:
    assert texts(f"{HEAD}1\n{tier('Mary', 'so')}") == ["so"]
    with pytest.raises(ValueError, match="the tiers are: 'phone'"):
        texts(f"{HEAD}1\n{tier('phone', 's', 'əʊ')}")


@pytest.mark.parametrize("tiers", [[], ["a", "b"], ["A words", "B words"]])
def test_a_tier_that_is_not_told_is_an_error_with_the_tiers(tiers: list[str]) -> None:
    listed = ", ".join(map(repr, tiers)) or "none"
    with pytest.raises(ValueError, match=f'"words" is wanted; the tiers are: {listed}'):
        texts(f"{HEAD}{len(tiers)}\n{''.join(tier(name, 'so') for name in tiers)}")


def test_silence_quotes_comments_and_line_ends_within_labels() -> None:
    grid = f'{HEAD}1 ! tiers, "one"\n' + tier("words", "", " sp ", "<eps>", 'he said ""no""', "two\nlines")
    assert list(parse_textgrid(grid)) == [Word('he said "no"', 3, 4), Word("two\nlines", 4, 5)]


def test_only_what_stands_free_is_read() -> None:
    grid = HEAD.replace("0\n2", "xmin = 0 [7]: \nxmax =  2 (9) n3") + "size = 1 item [1]:\n" + tier("words", "so")
    assert texts(grid) == ["so"]


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ("", "line 1: the file ends here, where the file's kind should follow"),
        ("ooBinaryFile\x08TextGrid", "line 1: the file ends here"),
        ('"ooTextFile"\n"Pitch"', """line 1: "ooTextFile" and "TextGrid" are wanted, not 'ooTextFile' and 'Pitch'"""),
        (HEAD + "x", "line 6: the file ends here, where the number of tiers should follow"),
        (HEAD + "1.5", "line 6: the number of tiers is a whole number, not 1.5"),
        (HEAD + "1e999", "line 6: the file ends here, where the number of tiers should follow"),
        (
            HEAD + "99999999\n" + tier("words", "so"),
            "line 14: the file ends here, where the class of tier 2 should follow",
        ),
        (HEAD + '1\n"Tier" "words" 0 2 0', "line 7: the class of tier 1 is 'Tier'; IntervalTier or TextTier is wanted"),
        (HEAD + '1\n"IntervalTier" words 0', "line 7: the name of tier 1 is a text in quotes, not '0'"),
        (
            HEAD + '1\n"IntervalTier" "words" 0 2 1\n0 "so"',
            """line 8: the end of tier 1, entry 1 is a number, not '"so"'""",
        ),
        (HEAD + '1\n"IntervalTier" "words" 0 2 1\n0 1 "so', "line 8: a text begins that does not end"),
        (HEAD + '1\n"IntervalTier" "words" 0 2 1\n\n3 1 "so"', "line 9: the word 'so' ends at 1 s, before it starts"),
    ],
)
def test_what_is_no_textgrid_is_refused_with_its_line(grid: str, said: str) -> None:
    with pytest.raises(ValueError, match="^" + said.replace("(", r"\(")) as refusal:
        texts(grid)
    assert len(str(refusal.value)) < 200


def test_a_grid_without_tiers_has_none() -> None:
    assert list(parse_tiers('"ooTextFile" "TextGrid" 0 2 <absent>')) == []


def test_real_grids_long_and_short_in_utf8_and_utf16_agree(shared_data: Path) -> None:
    short, long = (read_transcript(shared_data / "speech" / f"praatio_mary{end}.TextGrid") for end in ("", "_longfile"))
    assert short == long
    assert [word.text for word in short.words] == ["mary", "rolled", "the", "barrel"]
    assert short.words[0].start_s == 0.3154201182247563
    bobby = read_transcript(shared_data / "speech" / "praatio_bobby_words.TextGrid")
    assert [word.text for word in bobby.words] == ["BOBBY", "RIPPED", "THE", "LEDGER"]
    with pytest.raises(ValueError, match=r"praatio_bobby_phones\.TextGrid: .* the tiers are: 'phone'"):
        read_transcript(shared_data / "speech" / "praatio_bobby_phones.TextGrid")
