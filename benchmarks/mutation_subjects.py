"""What is damaged: ONNX files, cards, chain files and checkpoints, with what each is read for."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from click.testing import CliRunner

from benchmarks.mutators import changed_card, damaged, rebuilt
from cli.main import dsge_surrogate
from estimation import Estimation
from surrogate import Surrogate, catalogue
from surrogate.artifact.card import METADATA_KEY
from surrogate.artifact.graph import CONTRACTS, ModelFile, sealed
from surrogate.artifact.onnx_bytes import METADATA, fields

STRUCTURAL = 0.2
"""Share of the ONNX files in which a model is changed rather than bytes."""

Generator = np.random.Generator
Damage = Iterator[tuple[str, Path]]


class Subject(Protocol):
    """A kind of file: how it is damaged and what it is read for."""

    def mutations(
        self, count: int, folder: Path, generator: np.random.Generator
    ) -> Iterator[tuple[str, Path]]:
        """Put one damaged file after the other below `folder`: what was done, and where to read."""
        ...

    def numbers(self, place: Path) -> list[Any]:
        """What the file at a place of `mutations`, or an undamaged one, is read for."""
        ...


class Artifacts:
    """ONNX files of the surrogates that ship; `place` is a folder whose name is the surrogate's."""

    def mutations(
        self, count: int, folder: Path, generator: np.random.Generator
    ) -> Iterator[tuple[str, Path]]:
        """See Subject."""
        for _ in range(count):
            name = catalogue.available()[generator.integers(len(catalogue.available()))]
            yield self.damaged(name, folder / name, generator), folder / name

    def damaged(self, name: str, place: Path, generator: Generator) -> str:
        """Damage one file of a copy."""
        shutil.copytree(catalogue.find(name), place, dirs_exist_ok=True)
        path = place / CONTRACTS[generator.integers(len(CONTRACTS))].file
        mutate = rebuilt if generator.random() < STRUCTURAL else damaged
        what, content = mutate(path.read_bytes(), generator)
        path.write_bytes(content)
        return what

    def numbers(self, place: Path) -> list[Any]:
        """Steady state, policy and a step at vectors around the undamaged default."""
        surrogate, theta, shocks = Surrogate(place), *points(place.name)
        rest = surrogate.steady_state(theta)
        return [*rest, surrogate.policy(rest.states, theta), *surrogate.step(*rest, shocks, theta)]


class Cards(Artifacts):
    """The same with sealed cards that say something else; they have to be shown, too."""

    def damaged(self, name: str, place: Path, generator: Generator) -> str:
        """Change the card of all files of a copy."""
        place.mkdir(parents=True, exist_ok=True)
        text = None
        for contract in CONTRACTS:
            path = catalogue.find(name) / contract.file
            model = ModelFile.parsed(path, path.read_bytes())
            if text is None:
                what, text = changed_card(json.loads(model.metadata[METADATA_KEY]), generator)
            (place / contract.file).write_bytes(sealed(graph_of(model), {METADATA_KEY: text}))
        return what

    def numbers(self, place: Path) -> list[Any]:
        """Those of the artifact, after the card was shown."""
        shown = CliRunner().invoke(dsge_surrogate, ["inspect", str(place)])
        if shown.exception and not isinstance(shown.exception, SystemExit):
            raise shown.exception
        return super().numbers(place)


class ChainFiles:
    """The first of two ensembles; `place` is the folder of the results."""

    def __init__(self, folder: Path) -> None:
        self.whole = folder / "estimated"
        self.estimation = small_estimation()
        if not self.whole.exists():
            self.estimation.sample(self.whole, processes=1)

    def mutations(
        self, count: int, folder: Path, generator: np.random.Generator
    ) -> Iterator[tuple[str, Path]]:
        """See Subject."""
        place = shutil.copytree(self.whole, folder / "results", dirs_exist_ok=True)
        for _ in range(count):
            for file in sorted((self.whole / "chains").glob("*.chain")):
                shutil.copy(file, place / "chains" / file.name)
            first = min((place / "chains").glob("*.chain"))
            what, content = damaged(first.read_bytes(), generator)
            first.write_bytes(content)
            yield what, place

    def numbers(self, place: Path) -> list[Any]:
        """Draws, log posterior, and what is made of them."""
        results = self.estimation.saved_results(place)
        chains = results.all_chains
        return [chains.theta, chains.log_prob, chains.acceptance, results.burn, results.table.to_csv()]


class Checkpoints:
    """Of a training run; `place` is the file."""

    def __init__(self, folder: Path) -> None:
        from surrogate.models import get
        from surrogate.training import Settings, train

        self.whole, self.model = folder / "whole.ckpt", get("ramsey")
        if not self.whole.exists():
            settings = Settings(hidden=(12, 12), trunk=16, nodes=1, batch=256, adam_steps=0, steps=12)
            train(self.model, settings, self.whole)

    def mutations(
        self, count: int, folder: Path, generator: np.random.Generator
    ) -> Iterator[tuple[str, Path]]:
        """See Subject."""
        for _ in range(count):
            what, content = damaged(self.whole.read_bytes(), generator)
            (folder / "damaged.ckpt").write_bytes(content)
            yield what, folder / "damaged.ckpt"

    def numbers(self, place: Path) -> list[Any]:
        """The weights."""
        from surrogate.training import load_policy

        policy, _ = load_policy(place, self.model)
        return [weight.detach().numpy() for weight in policy.parameters()]


def subject(kind: str, folder: Path) -> Subject:
    """One of `COUNTS`; what it takes is made in `folder` by the first who asks."""
    if kind == "ONNX files":
        return Artifacts()
    if kind == "cards":
        return Cards()
    return ChainFiles(folder) if kind == "chain files" else Checkpoints(folder)


def points(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Parameter vectors and shocks, by position and independent of what a damaged card says."""
    whole, generator = Surrogate(catalogue.find(name)), np.random.default_rng(0)
    nearby = whole.lower + (whole.upper - whole.lower) * generator.random((200, whole.n_parameters))
    theta = np.vstack([whole.default, nearby[whole.inside(nearby)]])[:50]
    return theta, generator.normal(size=(len(theta), whole.n_shocks))


def graph_of(model: ModelFile) -> bytes:
    """The bytes of a shipped file that come before its metadata."""
    parts = fields(memoryview(model.content))
    return model.content[: next(part.start for part in parts if part.number == METADATA)]


def small_estimation() -> Estimation:
    """The linear economy with its exact likelihood, two parameters free."""
    economy = Surrogate(catalogue.find("nk_linear"))
    path = economy.simulate({}, np.random.default_rng(0).normal(size=(40, 1)))
    data = pd.DataFrame(path.observables[:, 0, 1:].astype(float), columns=economy.observable_names[1:])
    priors = {
        "phi": {"density": "beta_pdf", "mean": 0.7, "sd": 0.05},
        "sigma_a": {"density": "inv_gamma_pdf", "mean": 0.05, "sd": 0.01},
    }
    return Estimation(
        economy,
        data.set_index(pd.period_range("1990Q1", periods=40, freq="Q")),
        priors,
        measurement_error={"sd": 0.3},
        likelihood={"method": "kalman"},
        sampler={"ensembles": 2, "walkers": 8, "steps": 40, "burn": 10},
    )


def whole_of(damage: Subject, place: Path) -> Path:
    """The undamaged counterpart of a place."""
    return damage.whole if isinstance(damage, ChainFiles | Checkpoints) else catalogue.find(place.name)
