"""What files by another writer lack of an artifact: everything at once, where `Surrogate` stops at the first.

`validation` goes on from there and asks whether the numbers make sense.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from ..errors import BrokenArtifact, SurrogateError
from ..house import records
from .card import METADATA_KEY, Card
from .graph import (
    CONTRACTS,
    DIGEST_KEY,
    LARGEST_FILE,
    STEADY_STATE,
    Contract,
    Graph,
    ModelFile,
    files_of,
)
from .runtime import Surrogate
from .validation import Check

ROWS = 6
SHARED = (1, 2, 3, 6)
"""Parameter vectors for so many rows."""

OPTIONAL = {"digests", "feasible"}
"""Fields of the card that may be missing, or whose place is looked at by itself."""


@dataclass
class Subject:
    """One file under examination, and what has been found in it."""

    contract: Contract
    model: ModelFile
    card: Card | None = None

    @property
    def parts(self) -> Mapping[str, Callable[[], str]]:
        """What to look at, in an order in which one needs the other; each gives what was found."""
        return {"card": self._card, "digests": self._digests, "tensors": self._tensors}

    def _card(self) -> str:
        text = self.model.metadata.get(METADATA_KEY)
        if text is None:
            raise BrokenArtifact(f"There is none: its JSON belongs into the metadata, as {METADATA_KEY}.")
        try:
            values = records.read_json(text)
        except ValueError as error:
            raise BrokenArtifact(f"It is not valid JSON ({error}).") from None
        names = {field.name for field in fields(Card)} - OPTIONAL
        if isinstance(values, dict) and (missing := sorted(names - values.keys())):
            raise BrokenArtifact(f"It lacks {', '.join(missing)}.")
        self.card = Card.from_json(text)
        return "complete"

    def _digests(self) -> str:
        card, name = self._known_card(), self.contract.name
        if card.format_version == 1:
            return "none, as in format 1"
        if not self.model.is_sealed:
            raise BrokenArtifact(f"That of the file is missing: the last of the metadata, as {DIGEST_KEY}.")
        if card.digests.get(name) != self.model.graph_digest:
            raise BrokenArtifact(f'The card\'s digests["{name}"] must be {self.model.graph_digest}.')
        return "they match"

    def _tensors(self) -> str:
        card = self._known_card()
        Graph(self.contract, self.model.open(threads=1), card).require_contract()
        return f"{', '.join(self.contract.inputs)} to {', '.join(self.contract.outputs)}, {card.dtype}"

    def _known_card(self) -> Card:
        if self.card is None:
            raise BrokenArtifact("Not looked at without a card.")
        return self.card


def contract_checks(folder: Path) -> list[Check]:
    """Hold every file of a folder against the contract (docs/artifact.md), and then run them in batches."""
    contents = dict(files_of(folder, [each.file for each in CONTRACTS], LARGEST_FILE))
    checks, cards = [], []
    for contract in CONTRACTS:
        if contract.file not in contents:
            optional = contract == STEADY_STATE
            detail = "not there, which is allowed" if optional else f"not there: {folder / contract.file}"
            checks.append(Check(contract.file, optional, detail))
            continue
        try:
            model = ModelFile.parsed(folder / contract.file, contents[contract.file])
        except SurrogateError as error:
            checks.append(Check(contract.file, False, str(error)))
            continue
        subject = Subject(contract, model)
        checks += [_check(f"{contract.file}: {part}", look) for part, look in subject.parts.items()]
        cards += [subject.card] if subject.card is not None else []
    if cards:
        same = all(card == cards[0] for card in cards)
        checks.append(
            Check("cards", same, "the same in all files" if same else "they differ between the files")
        )
    if all(check.passed for check in checks):
        checks.append(_check("batches", lambda: _batches(folder)))
    return checks


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except SurrogateError as error:
        return Check(name, False, str(error))


def _batches(folder: Path) -> str:
    """Run each file with fewer parameter vectors than rows, as filters do."""
    surrogate = Surrogate(folder)
    sizes = (surrogate.n_states, surrogate.n_controls, surrogate.n_shocks)
    states, controls, shocks = (np.ones((ROWS, size)) for size in sizes)
    for count in SHARED:
        theta = np.repeat(surrogate.default[np.newaxis], count, axis=0)
        surrogate.policy(states, theta, check=False)
        surrogate.step(states, controls, shocks, theta, check=False)
        if STEADY_STATE.file in dict(surrogate.files):
            surrogate.steady_state(theta, check=False)
    counts = ", ".join(map(str, SHARED))
    return f"{counts} parameter vectors serve {ROWS} rows; go on with `dsge-surrogate validate`"
