import warnings

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from estimation.priors import PriorSet, canonical_density, cut_to_box, make_prior
from surrogate.errors import BadConfiguration, UnknownName

BY_MOMENTS = [
    ("gamma_pdf", 2.0, 0.5, {}),
    ("gamma_pdf", 2.0, 0.5, {"lower": 1.0}),
    ("beta_pdf", 0.5, 0.2, {}),
    ("beta_pdf", 0.0, 0.3, {"lower": -1.0, "upper": 1.0}),
    ("normal_pdf", 0.4, 0.2, {}),
    ("inv_gamma_pdf", 0.1, 2.0, {}),
    ("inv_gamma_pdf", 0.5, 0.1, {}),
    ("inv_gamma2_pdf", 0.3, 0.2, {}),
    ("uniform_pdf", 0.5, 0.28867513459481287, {}),
]


@pytest.mark.parametrize(("density", "mean", "sd", "more"), BY_MOMENTS)
def test_density_has_the_mean_and_sd_it_was_given(density, mean, sd, more):
    prior = make_prior(density, mean, sd, **more)
    assert prior.mean == pytest.approx(mean, rel=1e-6, abs=1e-9)
    assert prior.sd == pytest.approx(sd, rel=1e-5)


def test_gamma_2_half_is_shape_16_scale_eighth():
    value = np.linspace(0.5, 4, 20)
    expected = stats.gamma.logpdf(value, 16, scale=0.125)
    np.testing.assert_allclose(make_prior("gamma_pdf", 2, 0.5).log_density(value), expected)


def test_beta_by_moments_is_the_textbook_beta():
    value = np.linspace(0.05, 0.95, 19)
    np.testing.assert_allclose(
        make_prior("beta_pdf", 0.7, 0.1).log_density(value), stats.beta.logpdf(value, 14, 6)
    )


def test_uniform_by_moments_ends_at_sqrt_three_sd():
    prior = make_prior("uniform_pdf", 0.5, 1 / np.sqrt(12))
    np.testing.assert_allclose(prior.ppf(np.array([0.0, 1.0])), [0, 1], atol=1e-12)
    np.testing.assert_allclose(make_prior("uniform", lower=0, upper=1).log_density(np.array([0.3])), 0.0)


def test_inverse_gamma_by_s_and_nu_is_herbst_and_schorfheides_density():
    s, nu = 0.4, 4.0
    prior = make_prior("inv_gamma_pdf", s=s, nu=nu)

    def kernel(sigma):
        return sigma ** -(nu + 1) * np.exp(-nu * s**2 / (2 * sigma**2))

    constant = quad(kernel, 0, np.inf)[0]
    for sigma in (0.1, 0.3, 0.4, 1.5):
        assert np.exp(prior.log_density(np.array(sigma))) == pytest.approx(kernel(sigma) / constant, rel=1e-8)


def test_inverse_gamma_with_infinite_sd_is_dynares_nu_two():
    prior = make_prior("inv_gamma_pdf", 0.1, np.inf)
    # Dynare: s = 2 mean^2 / pi with density proportional to x^-3 exp(-s / (2 x^2))
    s = 2 * 0.1**2 / np.pi
    ratio = prior.log_density(np.array(0.2)) - prior.log_density(np.array(0.05))
    assert ratio == pytest.approx(-3 * np.log(4) - s / 2 * (1 / 0.04 - 1 / 0.0025))
    assert prior.mean == pytest.approx(0.1)


@pytest.mark.parametrize("density", ["inv_gamma_pdf", "inv_gamma2_pdf"])
@pytest.mark.parametrize("nu", [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 4.5, 8.0])
def test_moments_that_do_not_exist_are_infinite_and_the_others_those_of_quadrature(density, nu):
    prior = make_prior(density, s=0.4, nu=nu, lower=0.1)
    order = nu if density == "inv_gamma_pdf" else nu / 2
    scale = 0.4 if density == "inv_gamma_pdf" else 0.16

    def moment(power):
        """Over u = log x, along which the integrand falls off exponentially."""
        value = quad(
            lambda u: (
                scale**power
                * np.exp((power + 1) * u)
                * scale
                * np.exp(prior.distribution.logpdf(0.1 + scale * np.exp(u)))
            ),
            -8,
            200,
            limit=2000,
        )
        return value[0]

    assert prior.mean == (pytest.approx(0.1 + moment(1), rel=1e-5) if order > 1 else np.inf)
    sd = np.sqrt(moment(2) - moment(1) ** 2) if order > 2 else np.inf
    assert prior.sd == (pytest.approx(sd, rel=1e-4) if order > 2 else np.inf)


def test_inverse_gamma_types_are_square_root_and_square():
    first, second = make_prior("inv_gamma_pdf", s=0.5, nu=6), make_prior("inv_gamma2_pdf", s=0.5, nu=6)
    sigma = np.array([0.2, 0.5, 0.9])
    np.testing.assert_allclose(
        first.log_density(sigma), second.log_density(sigma**2) + np.log(2 * sigma), rtol=1e-10
    )


@pytest.mark.parametrize(("density", "mean", "sd", "more"), BY_MOMENTS)
def test_truncated_density_integrates_to_one_and_draws_follow_it(density, mean, sd, more):
    full = make_prior(density, mean, sd, **more)
    lower, upper = full.ppf(np.array([0.1, 0.8]))
    prior = full.truncated(lower, upper)
    assert quad(lambda value: np.exp(prior.log_density(value)), lower, upper)[0] == pytest.approx(1, rel=1e-6)
    draws = prior.draw(2000, np.random.default_rng(0))
    assert lower <= draws.min()
    assert draws.max() <= upper
    assert stats.kstest(full.distribution.cdf(draws), stats.uniform(0.1, 0.7).cdf).pvalue > 1e-3


def test_outside_the_truncation_the_density_is_zero():
    prior = make_prior("normal_pdf", 0, 1, truncate=(-1, 1))
    assert np.array_equal(prior.log_density(np.array([-1.1, 1.1])), [-np.inf, -np.inf])


@pytest.mark.parametrize("spelling", ["gamma", "gamma_pdf", "Gamma"])
def test_short_spellings(spelling):
    assert canonical_density(spelling) == "gamma_pdf"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"density": "gamma_pdf", "mean": -1, "sd": 1}, "mean above"),
        ({"density": "gamma_pdf", "mean": 1, "sd": 0}, "positive sd"),
        ({"density": "gamma_pdf", "mean": 1}, "needs mean and sd"),
        ({"density": "beta_pdf", "mean": 0.5, "sd": 0.6}, "cannot have an sd of 0.6"),
        ({"density": "beta_pdf", "mean": 1.5, "sd": 0.1}, "between 0 and 1"),
        ({"density": "uniform_pdf", "lower": 1, "upper": 0}, "lower < upper"),
        ({"density": "normal_pdf", "mean": 0, "sd": 1, "lower": 0}, "Use truncate"),
        ({"density": "inv_gamma_pdf", "s": 0.4}, "mean and sd, or s and nu"),
        ({"density": "normal_pdf", "mean": 0, "sd": 1, "nu": 4}, "does not take nu"),
        ({"density": "normal_pdf", "mean": float("nan"), "sd": 1}, "finite number, not nan"),
    ],
)
def test_impossible_priors_are_one_clear_error(arguments, message):
    with pytest.raises(BadConfiguration, match=message):
        make_prior(**arguments)


def test_unknown_density_suggests_the_close_one():
    with pytest.raises(UnknownName, match="gamma_pdf"):
        make_prior("gama_pdf", 1, 1)


def test_prior_that_leaves_the_box_warns_once_with_the_mass_cut_off():
    priors = PriorSet({"pi_a": make_prior("gamma_pdf", 7, 2), "tau": make_prior("gamma_pdf", 2, 0.5)})
    with pytest.warns(UserWarning, match="cuts priors off") as caught:
        cut = cut_to_box(priors, {"pi_a": (1, 6), "tau": (1.3, 5)})
    assert len(caught) == 1
    message = str(caught[0].message)
    assert "pi_a (gamma_pdf, mean 7, sd 2): 66.6% lost outside [1, 6], 0.0% below and 66.6% above" in message
    assert "tau (gamma_pdf, mean 2, sd 0.5): 6.4% lost" in message
    assert cut["pi_a"].ppf(np.array(1.0)) == 6


def test_prior_inside_the_box_is_quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cut_to_box(PriorSet({"tau": make_prior("gamma_pdf", 2, 0.1)}), {"tau": (1, 5)})


def test_prior_outside_the_box_is_an_error():
    with pytest.raises(BadConfiguration, match=r"prior of tau .* only 0\.0% .*\[1, 5\]"):
        cut_to_box(PriorSet({"tau": make_prior("gamma_pdf", 50, 1)}), {"tau": (1, 5)})


def test_joint_density_is_the_sum_in_the_given_order():
    priors = PriorSet({"b": make_prior("normal_pdf", 0, 1), "a": make_prior("gamma_pdf", 2, 0.5)})
    theta = np.array([[0.5, 2.0], [1.0, -1.0]])
    expected = stats.norm.logpdf(0.5) + stats.gamma.logpdf(2, 16, scale=0.125)
    density = priors.log_density(theta)
    assert density[0] == pytest.approx(expected)
    assert density[1] == -np.inf
    assert priors.draw(7, np.random.default_rng(1)).shape == (7, 2)


def test_joint_density_is_the_sum_of_scipys():
    chosen = {
        f"p{i}": make_prior(density, mean, sd, **more)
        for i, (density, mean, sd, more) in enumerate(BY_MOMENTS)
    }
    chosen["cut"] = make_prior("normal", 0, 1, truncate=(-0.5, 2))
    chosen["by_s_and_nu"] = make_prior("inv_gamma_pdf", s=0.4, nu=4.0, lower=0.1)
    chosen["variance_from_origin"] = make_prior("inv_gamma2_pdf", 0.7, 0.3, lower=0.1)
    priors = PriorSet(chosen)
    theta = priors.draw(200, np.random.default_rng(0))
    alone = [prior.log_density(column) for prior, column in zip(chosen.values(), theta.T, strict=True)]
    np.testing.assert_allclose(priors.log_density(theta), np.sum(alone, axis=0), rtol=1e-10)


def test_joint_density_is_minus_infinity_at_what_no_prior_allows():
    priors = PriorSet({"x": make_prior("gamma", 2, 0.5), "y": make_prior("normal", 0, 1)})
    theta = np.array([[-1.0, 0.0], [0.0, 0.0], [np.nan, 0.0], [1.0, np.inf], [1.0, 0.0]])
    assert np.isfinite(priors.log_density(theta)).tolist() == [False] * 4 + [True]
