"""The corpora of the GENEA challenges 2022 and 2023 as they were given out: wav, tsv and bvh of trn, val and tst."""

import re

from data.recorded_pairs import RecordedPairs

SPLITS = {"trn": "train", "val": "val", "tst": "test"}
INTERLOCUTOR = "_interloctr"


class Genea2023Corpus(RecordedPairs):
    """trn_2022_v1_000 and the like, and of 2023 both sides of a conversation, each a recording of its own.

    Interlocutors are trained on; in the lists of val and test are those only whom the challenge generates for.
    """

    name_pattern = re.compile(r"(trn|val|tst)_20\d\d_v\d+_\d+(_main-agent|_interloctr)?")
    joint_map = (("b_root", "Hips"), ("b_head", "Head"))
    licence = "CC BY-NC 4.0 (Talking With Hands 16.2M, as the GENEA challenges gave it out)"
    home = "https://zenodo.org/record/6998231 (2022), https://svito-zar.github.io/GENEAchallenge2023 (2023)"
    layout = "trn/wav/trn_2022_v1_000.wav, trn/tsv/... and trn/bvh/..., or of 2023 trn/main-agent/wav/..."

    def split_of(self, name: str) -> str | None:
        """The published split."""
        split = SPLITS[name[:3]]
        return None if split != "train" and name.endswith(INTERLOCUTOR) else split
