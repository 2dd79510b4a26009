"""The same objects as the command, in a script: two parameters of the small New Keynesian model."""

from estimation import Estimation, load_data

if __name__ == "__main__":
    columns = {"output_growth": "YGR", "inflation": "INFL", "interest_rate": "INT"}
    data = load_data("herbst_schorfheide_us", columns, start="1983Q1", end="2002Q4")
    priors = {
        "psi1": {"density": "gamma_pdf", "mean": 1.5, "sd": 0.25},
        "sigma_r": {"density": "inv_gamma_pdf", "s": 0.4, "nu": 4.0},
    }
    settings = {"ensembles": 2, "walkers": 16, "steps": 100}
    estimation = Estimation(
        "an_schorfheide", data, priors, measurement_error={"share_of_sd": 0.2}, sampler=settings
    )
    print(estimation.sample().summary())
