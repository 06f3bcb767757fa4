"""Second moments about zero, which the published FPD and FMD take for covariances."""

from dataclasses import replace

import numpy as np

from feature_extraction.covariance import SecondMoments


def uncentred(centred: SecondMoments) -> SecondMoments:
    """Give moments whose population covariance is E[x x'] of the samples that `centred` tells of.

    ValueError for a single sample.
    """
    n = centred.count
    if n < 2:
        raise ValueError("second moments about zero need two samples; there is one")
    products = centred.covariance * (n - 1) / n + np.outer(centred.mean, centred.mean)
    return replace(centred, covariance=products * n / (n - 1))
