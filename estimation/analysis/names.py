"""Names and labels of a surrogate's columns."""

from collections.abc import Sequence

from surrogate import Surrogate
from surrogate.artifact.card import expanded_names
from surrogate.errors import unknown_name


def known_names(kind: str, names: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """`names`, each once, or all that are `known` if there are none; raises UnknownName for others."""
    for name in names:
        if name not in known:
            raise unknown_name(kind, name, known)
    return tuple(dict.fromkeys(names)) or tuple(known)


def labels(surrogate: Surrogate) -> dict[str, str]:
    """Observable -> its name and, if the card has one, its unit."""
    return {
        name: f"{name}, {variable.unit}" if variable.unit else name
        for variable in surrogate.card.observables
        for name in expanded_names((variable,))
    }
