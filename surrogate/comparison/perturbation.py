"""A surrogate of a Dynare file beside the file's perturbation solutions, at the file's own calibration.

Order one is solved here; orders two and three are Dynare's, where it is installed. All are followed with the
same shocks, without pruning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..artifact.runtime import Surrogate
from ..dynare.expressions import dated, evaluate, names_in
from ..dynare.importing import Imported
from ..dynare.linear import solve_linear
from ..dynare.octave import PerturbationRule, available, rule_of_dynare
from ..errors import Changed
from ..house.listener import track
from .tables import moments

Array = NDArray[np.float64]
ORDERS = (2, 3)
EXPLODED = 1e6
"""Times a path's first standard deviation: such a solution has left the economy."""
ROUNDS = 60
SURROGATE, ORDER = "surrogate", "order {}"


@dataclass(frozen=True)
class BesideDynare:
    """A surrogate and perturbations of its file at one calibration.

    Attributes
    ----------
    parameters : of the surrogate [n_parameters], those of the file.
    rules : perturbations by name, such as ``"order 2"``.
    states : that the surrogate visits [T, n_states].
    paths : observables [T, n_y] by name of the solution.
    """

    surrogate: Surrogate
    imported: Imported
    parameters: Array
    rules: Mapping[str, PerturbationRule]
    states: Array
    paths: Mapping[str, pd.DataFrame]

    @cached_property
    def moments(self) -> pd.DataFrame:
        """Mean, standard deviation and first autocorrelation of each observable, by solution."""
        columns = {name: moments(path).stack() for name, path in self.paths.items()}
        return pd.DataFrame(columns).rename_axis(["observable", "moment"])

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Mean and largest difference of each perturbation's path from the surrogate's, as shares of its
        standard deviation.
        """
        own = self.paths[SURROGATE]
        rows = {}
        for name in self.rules:
            gap = (self.paths[name] - own).abs() / own.std()
            rows[f"{name}, mean"], rows[f"{name}, largest"] = gap.mean(), gap.max()
        return pd.DataFrame(rows).rename_axis("observable")


def beside_dynare(
    surrogate: Surrogate, imported: Imported, path: Path, periods: int, seed: int
) -> BesideDynare:
    """Follow a surrogate of the file at `path`, which is `imported`, and its perturbations.

    Raises
    ------
    Changed : the surrogate is of another file, or was imported with other options.
    OutsideBox : it does not know the calibration of the file.
    """
    parameters = _calibration(surrogate, imported)
    rules = {ORDER.format(1): own_linear_rule(imported)}
    if available() and path.suffix == ".mod":
        for order in track(list(ORDERS), "perturbations by Dynare"):
            sizes = imported.calibration.covariances
            rules[ORDER.format(order)] = rule_of_dynare(path, order, sizes, imported.defines)
    shocks = np.random.default_rng(seed).standard_normal((periods, surrogate.n_shocks))
    simulated = surrogate.simulate(parameters, shocks)
    names = [text for text in imported.reduced.observed if text in rules[ORDER.format(1)].variables]
    spelled = [imported.author.names[text] for text in names]
    columns = [surrogate.observable_names.index(text) for text in spelled]
    paths = {SURROGATE: simulated.observables[:, 0, columns].astype(float)}
    for name, rule in rules.items():
        paths[name] = follow(rule, in_the_file(imported, rule, shocks), names)
    frames = {name: pd.DataFrame(each, columns=pd.Index(spelled)) for name, each in paths.items()}
    states = simulated.states[:, 0].astype(float)
    return BesideDynare(surrogate, imported, parameters, rules, states, frames)


def own_linear_rule(imported: Imported) -> PerturbationRule:
    """The first-order solution of the whole file by this package."""
    file, calibration = imported.file, imported.calibration
    values = {**calibration.values(), **dict.fromkeys(file.shocks, 0.0)}
    rule = solve_linear(file.equations, tuple(file.endogenous), tuple(file.shocks), values)
    rest = np.array([calibration.rest[text] for text in rule.variables])
    slopes = np.hstack([rule.on_states, rule.on_shocks])
    return PerturbationRule(
        rule.variables, rule.states, rule.shocks, rest, (np.zeros((len(rest), 1)), slopes)
    )


def in_the_file(imported: Imported, rule: PerturbationRule, shocks: Array) -> Array:
    """Shocks [T, n_e] of the file, in the order of the rule, of standard normal ones [T, n_shocks]."""
    reduced = imported.reduced
    sds = np.array([imported.calibration.sds[text] for text in reduced.shocks])
    own = shocks @ imported.author.factor().T * sds
    columns = [rule.shocks.index(text) for text in reduced.shocks]
    values = np.zeros((len(shocks), len(rule.shocks)))
    values[:, columns] = own
    return values


def follow(rule: PerturbationRule, shocks: Array, names: list[str]) -> Array:
    """Paths [T, n] of variables by name, from rest; not a number from where they explode."""
    columns = [rule.variables.index(text) for text in names]
    before, path = rule.rest[rule.state_rows], np.full((len(shocks), len(names)), np.nan)
    largest = EXPLODED * (1 + np.abs(rule.rest).max())
    for period, shock in enumerate(shocks):
        now = rule(before, shock)
        if not np.abs(now[rule.state_rows]).max(initial=0.0) < largest:
            break
        before, path[period] = now[rule.state_rows], now[columns]
    return path


class PerturbationPolicy:
    """What a perturbation says of the network's variables, at states of the economy.

    A state of the economy that is a process of today, such as productivity, is for Dynare its last value and
    a shock: any that lead to it, here those nearest to rest.
    """

    def __init__(self, imported: Imported, rule: PerturbationRule) -> None:
        self.imported, self.rule = imported, rule
        reduced = imported.reduced
        self.outputs = [rule.variables.index(text) for text in reduced.outputs]
        self.own = [text for text, _ in reduced.processes if text not in reduced.auxiliary]
        read = set().union(*(names_in(formula) for _, formula in reduced.processes))
        movable = set(rule.states) - set(reduced.lags)
        self.moving = [text for text in rule.states if text in movable and dated(text, -1) in read]
        self.free = [text for text in rule.shocks if text in reduced.shocks and text not in reduced.impulses]

    def __call__(self, states: Array) -> Array:
        """Values [n, n_outputs] at states [n, n_states] of the surrogate."""
        before, shocks = self.places(states)
        return self.rule(before, shocks)[:, self.outputs]

    def places(self, states: Array) -> tuple[Array, Array]:
        """The rule's states one period before [n, n_s], and shocks [n, n_e]."""
        reduced, rule, count = self.imported.reduced, self.rule, len(states)
        names = [*reduced.lags, *self.own, *reduced.impulses]
        given = dict(zip(names, states.T, strict=True))  # a lag and a process have different names
        before = np.tile(rule.rest[rule.state_rows], (count, 1))
        shocks = np.zeros((count, len(rule.shocks)))
        for column, text in enumerate(reduced.lags):
            if text in rule.states:
                before[:, rule.states.index(text)] = states[:, column]
        for text in reduced.impulses:
            shocks[:, rule.shocks.index(text)] = given[text]
        if not self.own:
            return before, shocks
        wanted = np.stack([states[:, len(reduced.lags) + place] for place in range(len(self.own))], axis=1)
        inverse = np.linalg.pinv(self._slopes())
        lags = [rule.states.index(text) for text in self.moving]
        active = [rule.shocks.index(text) for text in self.free]
        for _ in range(ROUNDS):
            step = (wanted - self._processes(before, shocks)) @ inverse.T
            before[:, lags] += step[:, : len(lags)]
            shocks[:, active] += step[:, len(lags) :]
        return before, shocks

    def _slopes(self) -> Array:
        """Of the processes in what may move, [n_own, n_moving + n_free]: by the first-order solution."""
        rule = self.rule
        rows = [rule.variables.index(text) for text in self.own]
        columns = [rule.states.index(text) for text in self.moving]
        columns += [len(rule.states) + rule.shocks.index(text) for text in self.free]
        return rule.tensors[1][np.ix_(rows, columns)]

    def _processes(self, before: Array, shocks: Array) -> Array:
        """The processes of today [n, n_own], by their formulas."""
        values = dict(self.imported.calibration.values())
        values |= {dated(text, -1): before[:, place] for place, text in enumerate(self.rule.states)}
        values |= {text: shocks[:, place] for place, text in enumerate(self.rule.shocks)}
        for text, formula in self.imported.reduced.processes:
            values[text] = evaluate(formula, values)
        return np.stack(np.broadcast_arrays(*(values[text] for text in self.own), before[:, 0])[:-1], axis=1)


def _calibration(surrogate: Surrogate, imported: Imported) -> Array:
    """The file's own numbers, as a vector of the surrogate's parameters."""
    values = {**imported.calibration.parameters, **imported.calibration.sds}
    ours = {spelled: values[text] for text, spelled in imported.author.ranged().items()}
    outputs = [imported.author.names[text] for text in imported.reduced.outputs]
    lacking = [name for name in surrogate.parameter_names if name not in ours]
    if lacking or list(surrogate.control_names) != outputs:
        raise Changed(
            f"The surrogate {surrogate.card.model} is not of this file, or was imported with other options: "
            f"{'it has a parameter ' + lacking[0] if lacking else 'its controls are others'}. Pass the --box "
            "and other options of its import."
        )
    theta = surrogate.parameter_array({name: ours[name] for name in surrogate.parameter_names})
    surrogate.require_inside(theta)
    return theta[0]
