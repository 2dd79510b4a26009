"""The New Keynesian model with the bound by time iteration where the filters expect a surrogate."""

from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from surrogate import Surrogate, Transition
from surrogate.artifact.runtime import SteadyState
from surrogate.reference.new_keynesian import (
    LOG_TARGET,
    NkZlbSolution,
    Regime,
    solve_nk_zlb,
    today,
)
from surrogate.reference.new_keynesian import (
    NK_ZLB_PARAMETERS as PARAMETER_NAMES,
)
from surrogate.reference.new_keynesian import (
    PreferenceGrid as Grid,
)

Array = NDArray[np.floating]
GRID = Grid(points=535, width=8.0)
"""As fine as the standard one, and wide enough for every particle."""


class TimeIteration:
    """The classical solution at any parameters, solved when it is first asked for; float64 throughout.

    Names, the box and the certified region are the surrogate's.
    """

    def __init__(self, surrogate: Surrogate) -> None:
        self.surrogate = surrogate
        self.card = SimpleNamespace(dtype="float64")
        self._splines: dict[bytes, tuple[CubicSpline, CubicSpline]] = {}

    def __getattr__(self, name: str) -> object:
        return getattr(self.surrogate, name)

    def forget(self) -> None:
        """Drop all solutions."""
        self._splines.clear()

    def policy(self, states: Array, parameters: Array, check: bool = False) -> Array:
        """Labor and gross inflation [n, 2] at values of the preference state [n, 1]."""
        return _controls(self._today(states[:, 0], parameters))

    def steady_state(self, parameters: Array, check: bool = False) -> SteadyState:
        """States [w, 1] and controls [w, 2] without shocks."""
        states = np.zeros((len(parameters), 1))
        return SteadyState(states, self.policy(states, parameters))

    def step(
        self, states: Array, controls: Array, shocks: Array, parameters: Array, check: bool = False
    ) -> Transition:
        """One quarter: states [n, 1], controls [n, 2], shocks [n, 1]."""
        p = self._columns(parameters, len(states))
        tomorrow = p["rho_zeta"] * states[:, 0] + p["sigma_zeta"] * shocks[:, 0]
        regime = self._today(tomorrow, parameters)
        observed = [
            400 * (np.exp(regime.output) / controls[:, 0] - 1),
            400 * (np.exp(regime.inflation + LOG_TARGET) - 1),
            400 * (np.exp(regime.rate) - 1),
        ]
        return Transition(tomorrow[:, None], _controls(regime), np.stack(observed, axis=1))

    def _today(self, preference: Array, parameters: Array) -> Regime:
        parts = np.asarray(preference, dtype=float).reshape(len(parameters), -1)
        splines = [self._solved(theta) for theta in np.asarray(parameters, dtype=float)]
        log_bond, price = (
            np.concatenate([pair[kind](part) for pair, part in zip(splines, parts, strict=True)])
            for kind in (0, 1)
        )
        p = self._columns(parameters, parts.size)
        return today(log_bond, price, p, np.zeros(parts.size))

    def _columns(self, parameters: Array, rows: int) -> Mapping[str, Array]:
        columns = np.repeat(np.asarray(parameters, dtype=float), rows // len(parameters), axis=0).T
        return dict(zip(self.surrogate.parameter_names, columns, strict=True))

    def _solved(self, theta: Array) -> tuple[CubicSpline, CubicSpline]:
        """Expectations at one parameter vector [5]; a state beyond the grid has no answer."""
        key = theta.tobytes()
        if key not in self._splines:
            found = self.solution(theta)
            self._splines[key] = (
                CubicSpline(found.preference, found.log_bond, extrapolate=False),
                CubicSpline(found.preference, found.price, extrapolate=False),
            )
        return self._splines[key]

    def solution(self, theta: Array) -> NkZlbSolution:
        """Time iteration at one parameter vector [5]."""
        values = dict(zip(self.surrogate.parameter_names, theta.tolist(), strict=True))
        return solve_nk_zlb({name: values[name] for name in PARAMETER_NAMES}, GRID)


class DoublePrecision:
    """A surrogate that claims to compute in float64, so that it meets the same random numbers."""

    def __init__(self, surrogate: Surrogate) -> None:
        self.surrogate = surrogate
        self.card = SimpleNamespace(dtype="float64")

    def __getattr__(self, name: str) -> object:
        return getattr(self.surrogate, name)

    def policy(self, states: Array, parameters: Array, check: bool = False) -> Array:
        """Controls [n, n_controls] as float64."""
        return self.surrogate.policy(states, parameters, check=False).astype(float)

    def step(
        self, states: Array, controls: Array, shocks: Array, parameters: Array, check: bool = False
    ) -> Transition:
        """One period as float64."""
        outcome = self.surrogate.step(states, controls, shocks, parameters, check=False)
        return Transition(*(values.astype(float) for values in outcome))


def _controls(regime: Regime) -> Array:
    return np.exp(np.stack([regime.output, regime.inflation + LOG_TARGET], axis=1))
