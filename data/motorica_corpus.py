"""The Motorica Dance Dataset: street, jazz and casual dance, six hours at 120 frames a second."""

import re
from typing import ClassVar

from data.recorded_pairs import RecordedPairs

TEST = frozenset(
    [
        "kthjazz_gCH_sFM_cAll_d02_mCH_ch01_whitemanpaulandhisorchestraloisiana_006",
        "kthjazz_gJZ_sFM_cAll_d02_mJZ_ch01_bennygoodmansugarfootstomp_003",
        "kthjazz_gTP_sFM_sngl_d02_015",
        "kthmisc_gCA_sFM_cAll_d01_mCA_ch24",
        "kthstreet_gKR_sFM_cAll_d01_mKR_ch01_chargedcableupyour_001",
        "kthstreet_gLH_sFM_cAll_d01_mLH_ch01_thisisit_001",
        "kthstreet_gLH_sFM_cAll_d02_mLH_ch01_lala_001",
        "kthstreet_gLO_sFM_cAll_d02_mLO_ch01_arethafranklinrocksteady_002",
        "kthstreet_gPO_sFM_cAll_d01_mPO_ch01_bombom_002",
        "kthstreet_gPO_sFM_cAll_d02_mPO_ch01_bombom_001",
    ]
)
"""What "Listen, denoise, action!" was tested on (arXiv 2211.09707; its dance_test_files.txt, which cuts them up)."""


class MotoricaCorpus(RecordedPairs):
    """kthstreet_gLH_sFM_cAll_d01_mLH_ch01_thisisit_001 and the like, motion and music under one name.

    Music without cleared rights is not part of the download: what one does not have of it, one has no pair of. The
    publication lists what is tested on; a tenth of the rest is drawn to validate on. The skeleton has Mixamo's names.
    """

    name_pattern = re.compile(r"kth[a-z]+_g[A-Z]{2}_s[A-Z]{2}_(?!.*_mirrored$).+")
    layout = "kthstreet_gLH_sFM_cAll_d01_mLH_ch01_thisisit_001.bvh and .wav, ..."
    licence = "for research, not for commerce and not to be passed on; the music has licences of its own"
    home = "https://github.com/simonalexanderson/MotoricaDanceDataset has the terms and the link"
    endings: ClassVar = {"motion": (".bvh",), "audio": (".wav", ".flac", ".ogg", ".mp3")}
    draws_val = True

    def split_of(self, name: str) -> str:
        """The published split."""
        return "test" if name in TEST else "train"

    def label_of(self, name: str) -> str:
        """The style, as LH for hiphop."""
        return name.split("_")[1][1:]
