"""Bayes factors and posterior probabilities of models that were estimated on the same data."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import softmax

from estimation.analysis.marginal_likelihood import Evidence
from estimation.finding import Finding
from estimation.fingerprint import of_data
from estimation.results import Results
from surrogate.errors import BadConfiguration


def require_same_data(results: Mapping[str, Results]) -> None:
    """Raise ``BadConfiguration`` unless all results, by model, rest on the same series, dates and values, of
    which the same count.
    """
    samples = {
        name: (of_data(found.data.sort_index(axis=1)), found.posterior.likelihood.presample)
        for name, found in results.items()
    }
    first, *others = samples
    for other in others:
        if samples[other] != samples[first]:
            raise BadConfiguration(
                f"{first} and {other} were estimated on different data; marginal likelihoods compare models "
                "of the same series over the same quarters only, and after the same presample."
            )


def compare_models(found: Mapping[str, Evidence]) -> Finding:
    """Log Bayes factors against the likeliest model, and probabilities when all are equally likely a priori.

    Parameters
    ----------
    found : model -> its marginal likelihood, all of the same data (:func:`require_same_data`).
    """
    values = np.array([item.best.value for item in found.values()])
    errors = np.array([item.best.standard_error for item in found.values()])
    best = values.argmax()
    differences = np.where(np.arange(len(values)) == best, 0.0, np.hypot(errors, errors[best]))
    table = pd.DataFrame(
        {
            "log marginal likelihood": values,
            "log Bayes factor": values - values[best],
            "numerical standard error": differences,
            "posterior probability": softmax(values),
        },
        pd.Index(found, name="model"),
    ).sort_values("log Bayes factor", ascending=False, kind="stable")
    return Finding(
        "model_comparison",
        "Model comparison",
        table,
        "Marginal likelihoods by bridge sampling. Bayes factors are against the first model; probabilities "
        "give every model the same probability a priori.",
    )
