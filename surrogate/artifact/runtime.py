"""Run a surrogate with ONNX Runtime: policies, transitions, steady states and simulations.

Rows are independent evaluations: n of them for states, controls and shocks, and w parameter vectors where w
divides n; vector j serves rows ``j * n / w`` to ``(j + 1) * n / w - 1``. Results have the card's dtype.
"""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import BadData, BrokenArtifact, OutsideBox
from ..house.records import Values, by_name, columns, rows, same_length, share
from .card import Card, expanded_names
from .feasible import require_feasible
from .graph import (
    CONTRACTS,
    LARGEST_FILE,
    POLICY,
    STEADY_STATE,
    STEP,
    Contract,
    Files,
    Graph,
    ModelFile,
    files_of,
    read_graph,
    rebuilt,
)
from .region import Region


class Transition(NamedTuple):
    """One period later: states, controls and observables, each [n, k]."""

    next_states: NDArray[np.floating]
    next_controls: NDArray[np.floating]
    next_observables: NDArray[np.floating]


class SteadyState(NamedTuple):
    """Where the economy rests without shocks: states and controls, each [w, k]."""

    states: NDArray[np.floating]
    controls: NDArray[np.floating]


class Simulation(NamedTuple):
    """Paths of states, controls and observables, each [T, n, k], dated like the shocks that moved them."""

    states: NDArray[np.floating]
    controls: NDArray[np.floating]
    observables: NDArray[np.floating]


class Surrogate:
    """An economy solved over a box of parameters, read from a folder of ONNX files.

    Parameters
    ----------
    folder : holds policy.onnx, step.onnx and perhaps steady_state.onnx.
    threads : how many threads one evaluation may use; one is fastest where processes share the cores.

    Raises
    ------
    BrokenArtifact : a file is missing, damaged, foreign, or the files do not belong together.
    NewerFormat : only a later version of the package can read the files.
    """

    def __init__(self, folder: str | os.PathLike, threads: int = 1) -> None:
        self.folder = Path(folder).resolve()
        self.threads = threads
        self.files: Files = files_of(self.folder, [each.file for each in CONTRACTS], LARGEST_FILE)
        models = {name: ModelFile.parsed(self.folder / name, content) for name, content in self.files}
        self._policy, self._step = self._opened(models, POLICY), self._opened(models, STEP)
        there = STEADY_STATE.file in models
        self._steady_state = self._opened(models, STEADY_STATE) if there else None
        self.card = self._common_card()
        self._dtype = np.dtype(self.card.dtype)

    def __reduce__(self) -> tuple:
        return rebuilt, (Surrogate, str(self.folder), self.files, self.threads)

    def __repr__(self) -> str:
        return f"Surrogate({self.card.model!r}, {self.n_parameters} parameters, folder={str(self.folder)!r})"

    @cached_property
    def state_names(self) -> tuple[str, ...]:
        """Columns of states; vector groups are written out as ``name[i]``."""
        return expanded_names(self.card.states)

    @cached_property
    def control_names(self) -> tuple[str, ...]:
        """Columns of controls."""
        return expanded_names(self.card.controls)

    @cached_property
    def shock_names(self) -> tuple[str, ...]:
        """Columns of shocks."""
        return expanded_names(self.card.shocks)

    @cached_property
    def observable_names(self) -> tuple[str, ...]:
        """Columns of observables."""
        return expanded_names(self.card.observables)

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        """Columns of parameters."""
        return tuple(parameter.name for parameter in self.card.parameters)

    @property
    def n_states(self) -> int:
        """Number of state columns."""
        return len(self.state_names)

    @property
    def n_controls(self) -> int:
        """Number of control columns."""
        return len(self.control_names)

    @property
    def n_shocks(self) -> int:
        """Number of shock columns."""
        return len(self.shock_names)

    @property
    def n_observables(self) -> int:
        """Number of observable columns."""
        return len(self.observable_names)

    @property
    def n_parameters(self) -> int:
        """Number of parameters."""
        return len(self.parameter_names)

    @cached_property
    def lower(self) -> NDArray[np.float64]:
        """Lower ends of the box, float64 [n_parameters]."""
        return np.array([parameter.lower for parameter in self.card.parameters], dtype=float)

    @cached_property
    def upper(self) -> NDArray[np.float64]:
        """Upper ends of the box, float64 [n_parameters]."""
        return np.array([parameter.upper for parameter in self.card.parameters], dtype=float)

    @cached_property
    def default(self) -> NDArray[np.float64]:
        """A calibration inside the box, float64 [n_parameters]."""
        return np.array([parameter.default for parameter in self.card.parameters], dtype=float)

    @cached_property
    def region(self) -> Region | None:
        """Where in the box the certificate holds; None for all of it."""
        return None if self.card.region is None else Region.from_dict(self.card.region)

    def parameter_array(self, parameters: Values) -> NDArray[np.float64]:
        """Parameter vectors as float64 [w, n_parameters].

        What has labels goes by name (numbers or arrays [w]), missing names take the default; an array is
        [n_parameters] or [w, n_parameters] in the order of `parameter_names`.

        Raises
        ------
        UnknownName : a name the surrogate does not have, with close matches.
        BadData : wrong shape, not a number, infinite.
        """
        parameters = by_name(parameters)
        if isinstance(parameters, Mapping):
            defaults = dict(zip(self.parameter_names, self.default, strict=True))
            parameters = columns({**defaults, **parameters}, self.parameter_names, "parameter")
        return rows(parameters, self.parameter_names, "parameters", np.float64)

    def inside(self, parameters: Values) -> NDArray[np.bool_]:
        """Whether each parameter vector lies in the box and in the certified region: bool [w]."""
        theta = self.parameter_array(parameters)
        within = np.all((theta >= self.lower) & (theta <= self.upper), axis=1)
        return within if self.region is None else within & self.region.contains(theta)

    def require_inside(self, parameters: Values) -> None:
        """Raise OutsideBox, naming parameter, value and range, unless every vector is `inside`."""
        theta = self.parameter_array(parameters)
        outside = np.flatnonzero(~self.inside(theta))
        if outside.size:
            raise OutsideBox(self._where_outside(theta[outside[0]]))

    def policy(self, states: Values, parameters: Values, check: bool = True) -> NDArray[np.floating]:
        """Controls [n, n_controls] chosen in the given states.

        Parameters
        ----------
        states : [n, n_states], [n_states] or name -> value.
        parameters : [w, n_parameters], [n_parameters] or name -> value.
        check : whether to test names, shapes, finiteness and the box; without it, pass 2-D arrays.

        Raises
        ------
        UnknownName, BadData, OutsideBox : with `check`, what is wrong and where; BadData also for states that
            the card says nobody can be in.
        """
        if check:
            states, parameters = self._checked({"states": states}, parameters)
        return self._policy.run(self._dtype, states, parameters)[0]

    def step(
        self, states: Values, controls: Values, shocks: Values, parameters: Values, check: bool = True
    ) -> Transition:
        """One period of the whole economy.

        Parameters
        ----------
        states, controls : dated t, [n, k], [k] or name -> value.
        shocks : dated t + 1, standard normal.
        parameters, check : as in `policy`.
        """
        if check:
            given = {"states": states, "controls": controls, "shocks": shocks}
            states, controls, shocks, parameters = self._checked(given, parameters)
        return Transition(*self._step.run(self._dtype, states, controls, shocks, parameters))

    def steady_state(self, parameters: Values, check: bool = True) -> SteadyState:
        """States [w, n_states] and controls [w, n_controls] that shocks disturb.

        Raises
        ------
        BrokenArtifact : the artifact has no steady_state.onnx.
        """
        if self._steady_state is None:
            raise BrokenArtifact(
                f"{self.folder} has no {STEADY_STATE.file}: give the initial states of a simulation yourself."
            )
        if check:
            (parameters,) = self._checked({}, parameters)
        return SteadyState(*self._steady_state.run(self._dtype, parameters))

    def simulate(self, parameters: Values, shocks: Values, initial: Values | None = None) -> Simulation:
        """Follow n economies through T periods.

        Parameters
        ----------
        parameters : w vectors, w divides n.
        shocks : [T, n, n_shocks], [T, n_shocks] for one economy, or name -> [T, n] or [T]; standard normal.
        initial : states before the first shock, [n, n_states], one row or name -> value; by default
            the steady state.

        Returns
        -------
        Simulation : row t holds what follows shocks[t].
        """
        shocks = by_name(shocks)
        if isinstance(shocks, Mapping):
            shocks = columns(shocks, self.shock_names, "shock")
        try:
            paths = np.asarray(shocks, dtype=self._dtype)
        except (ValueError, TypeError) as error:
            raise BadData(f"shocks are not numbers ({error}).") from error
        paths = paths[:, np.newaxis] if paths.ndim == 2 else paths
        if paths.ndim != 3 or paths.shape[2] != self.n_shocks or not np.isfinite(paths).all():
            raise BadData(
                f"shocks must be finite numbers of shape [T, n, {self.n_shocks}], not {paths.shape}."
            )
        if not len(paths) or not paths.shape[1]:
            raise BadData("shocks must have one or more periods, and economies, to simulate.")
        states, theta = self._initial(parameters, initial, paths.shape[1])
        controls = self.policy(states, theta, check=False)
        periods = []
        for period in paths:
            periods.append(self.step(states, controls, period, theta, check=False))
            states, controls = periods[-1].next_states, periods[-1].next_controls
        return Simulation(*(np.stack(path) for path in zip(*periods, strict=True)))

    def _initial(
        self, parameters: Values, initial: Values | None, n: int
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        theta = self.parameter_array(parameters)
        if initial is None:
            initial = np.repeat(self.steady_state(theta).states, share(n, len(theta)), axis=0)
        states, theta = self._checked({"states": initial}, theta, at_least=n)
        return states, theta

    def _checked(
        self, groups: Mapping[str, Values], parameters: Values, at_least: int = 1
    ) -> list[NDArray[np.floating]]:
        names = {"states": self.state_names, "controls": self.control_names, "shocks": self.shock_names}
        arrays = [rows(values, names[group], group, self._dtype) for group, values in groups.items()]
        theta = self.parameter_array(parameters)
        self.require_inside(theta)
        if "states" in groups and self.card.feasible:
            require_feasible(arrays[list(groups).index("states")], self.card.states, self.card.feasible)
        return [*same_length(arrays, max(at_least, len(theta))), theta.astype(self._dtype)]

    def _where_outside(self, theta: NDArray[np.float64]) -> str:
        beyond = [
            f"{parameter.name} = {value:g} is outside [{parameter.lower:g}, {parameter.upper:g}]"
            for parameter, value in zip(self.card.parameters, theta, strict=True)
            if not parameter.lower <= value <= parameter.upper
        ]
        if beyond:
            return f"{'; '.join(beyond)}: the surrogate {self.card.model} was not solved there."
        description = self.region.description if self.region else ""
        values = ", ".join(f"{n} = {v:g}" for n, v in zip(self.parameter_names, theta, strict=True))
        return (
            f"{values}: inside the box of {self.card.model}, but outside its certified region. {description}"
        )

    def _opened(self, models: Mapping[str, ModelFile], contract: Contract) -> Graph:
        if contract.file not in models:
            raise BrokenArtifact(
                f"There is no {contract.file} in {self.folder}. Give the folder of an exported surrogate."
            )
        return read_graph(models[contract.file], contract, self.threads)

    def _common_card(self) -> Card:
        graphs = [self._policy, self._step, *([self._steady_state] if self._steady_state else [])]
        for graph in graphs:
            if graph.card != graphs[0].card:
                raise BrokenArtifact(
                    f"{POLICY.file} and {graph.contract.file} in {self.folder} carry different cards: "
                    "they come from different exports. Export the surrogate again."
                )
            graph.require_contract()
        return graphs[0].card
