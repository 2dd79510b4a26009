"""What a learnt likelihood stands for, as hashes: it serves no other model, data or filter."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from estimation import fingerprint
from estimation.learnt.card import LikelihoodCard
from estimation.posterior import Posterior
from surrogate.errors import BadConfiguration, Changed


def fingerprints(posterior: Posterior, data: pd.DataFrame, ingredients: Any) -> dict[str, str]:
    """Hashes of model, data, fixed parameters, and the filter with its measurement error.

    Parameters
    ----------
    posterior : of the filter itself.
    ingredients : see :meth:`estimation.likelihoods.method.Method.ingredients`.
    """
    return {
        "model": fingerprint.of_surrogate(posterior.surrogate),
        "data": fingerprint.of_data(data),
        "fixed parameters": fingerprint.hash_of(posterior.fixed),
        "filter or measurement error": fingerprint.hash_of(ingredients),
    }


def require_same(card: LikelihoodCard, now: Mapping[str, str], posterior: Posterior, folder: str) -> None:
    """Refuse a learnt likelihood of something else.

    Raises
    ------
    Changed : naming every ingredient that differs.
    BadConfiguration : other parameters are free.
    """
    changed = [name for name in now if card.fingerprints.get(name) != now[name]]
    if changed:
        raise Changed(
            f"{folder} holds the likelihood of something else: the {' and the '.join(changed)} differ. Learn "
            "it again with `dsge-surrogate learn`, in another folder, or put back what was there."
        )
    if set(card.names) != set(posterior.names):
        raise BadConfiguration(
            f"The likelihood in {folder} was learnt as a function of {', '.join(card.names)}: these need "
            "priors, and no other parameter. Learn it again for other free parameters."
        )
