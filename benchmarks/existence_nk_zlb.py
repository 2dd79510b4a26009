"""Where the economy at the zero lower bound has an equilibrium, by two witnesses.

    python -m benchmarks.existence_nk_zlb

asks time iteration and the shipped `nk_zlb` about the published box, and writes docs/existence-nk-zlb.md and
the figure in it.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from surrogate import Surrogate, load
from surrogate.house.figures import BLUE, RED, markdown_table, panels, save
from surrogate.house.files import atomic_path
from surrogate.reference.new_keynesian import NK_ZLB_PARAMETERS, equilibrium_exists

Flags = NDArray[np.bool_]
DOCS = Path(__file__).parents[1] / "docs"
VECTORS, SEED = 2_000, 4
EDGES = {"rho_zeta": (0.5, 0.6, 0.7, 0.8, 0.9), "sigma_zeta": (0.01, 0.015, 0.02, 0.025)}
HEADER = """# Where `nk_zlb` has an equilibrium

The published box claims more than there is. Where shocks are large and persistent, the expected shortfall at
the zero lower bound lowers inflation, which brings the bound nearer, and beyond a fold nothing stops the
spiral (Richter and Throckmorton 2015). Two witnesses say where that is.

- *Time iteration* (`surrogate.reference.new_keynesian.equilibrium_exists`) converges or runs away.
- The *region in the card* of the shipped surrogate: the largest level set of a quadratic surface, fitted by
  logistic regression, in which at most two percent of the parameter vectors have no equilibrium by time
  iteration or an Euler error of the network above 10^-3, and at most half a percent no equilibrium.
  Training draws only where a surface fitted in the same way to time iteration alone sees an equilibrium.
  Outside the region the surrogate raises, and estimation assigns zero likelihood.

Written by `python -m benchmarks.existence_nk_zlb` from {vectors} vectors drawn uniformly from the box.

![Parameter vectors with and without an equilibrium](existence-nk-zlb.png)

"""


def draw(surrogate: Surrogate) -> NDArray[np.float64]:
    """Vectors [VECTORS, 5], uniform on the box."""
    generator = np.random.default_rng(SEED)
    return generator.uniform(surrogate.lower, surrogate.upper, (VECTORS, surrogate.n_parameters))


def agreement(exists: Flags, inside: Flags) -> str:
    """How often the two witnesses say the same."""
    rows = [
        (name, *(f"{np.mean(found & side):.1%}" for side in (inside, ~inside)))
        for name, found in (("time iteration converges", exists), ("time iteration runs away", ~exists))
    ]
    return markdown_table(("share of the box", "inside the region", "outside"), rows)


def by_shocks(theta: NDArray[np.float64], exists: Flags) -> str:
    """Share with an equilibrium by persistence and standard deviation of the preference shock."""
    rho, sigma = (theta[:, NK_ZLB_PARAMETERS.index(name)] for name in EDGES)
    columns = list(zip(EDGES["sigma_zeta"], EDGES["sigma_zeta"][1:], strict=False))
    rows = []
    for low, high in zip(EDGES["rho_zeta"], EDGES["rho_zeta"][1:], strict=False):
        here = (rho >= low) & (rho < high)
        shares = (exists[here & (sigma >= a) & (sigma < b)].mean() for a, b in columns)
        rows.append((f"{low} to {high}", *(f"{share:.0%}" for share in shares)))
    return markdown_table(("rho_zeta, sigma_zeta", *(f"{a} to {b}" for a, b in columns)), rows)


def draw_map(theta: NDArray[np.float64], exists: Flags, path: Path) -> None:
    """All vectors in the plane of the shock's persistence and standard deviation."""
    figure, axes = panels(1, 2, 4.2, 3.4)
    for axis, (x, y) in zip(axes[0], (("rho_zeta", "sigma_zeta"), ("theta_y", "sigma_zeta")), strict=True):
        horizontal, vertical = (theta[:, NK_ZLB_PARAMETERS.index(name)] for name in (x, y))
        for found, color, label in ((exists, BLUE, "equilibrium"), (~exists, RED, "none")):
            axis.plot(horizontal[found], vertical[found], ".", color=color, markersize=4, label=label)
        axis.set(xlabel=x, ylabel=y)
    axes[0, 0].legend(loc="upper center", bbox_to_anchor=(0.5, 1.12), ncols=2, frameon=False)
    save(figure, path)


def main() -> None:
    """Write the report and its figure."""
    surrogate = load("nk_zlb")
    theta = draw(surrogate)
    exists = equilibrium_exists(dict(zip(NK_ZLB_PARAMETERS, theta.T, strict=True)))
    draw_map(theta, exists, DOCS / "existence-nk-zlb.png")
    tables = (agreement(exists, surrogate.inside(theta)), by_shocks(theta, exists))
    text = HEADER.format(vectors=VECTORS) + "\n\nShare with an equilibrium:\n\n".join(tables) + "\n"
    with atomic_path(DOCS / "existence-nk-zlb.md") as path:
        path.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
