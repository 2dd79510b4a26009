"""What users pass, by name or by position, as arrays of rows."""

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from surrogate.errors import BadConfiguration, BadData, shown, unknown_name

Floating = TypeVar("Floating", bound=np.floating)
Values = ArrayLike | Mapping[str, ArrayLike]


def whole_number(name: str, value: Any, least: int, most: int) -> int:
    """A count that a user passes; raises BadConfiguration unless it is an integer from `least` to `most`."""
    integer = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not integer or not least <= value <= most:
        raise BadConfiguration(
            f"{name} must be a whole number from {least:,} to {most:,}, not {shown(value)}."
        )
    return int(value)


def by_name(values: Any) -> Any:
    """Whatever has labels as name -> values, so that labels and not positions decide; else `values` itself.

    Labels have mappings, a DataFrame (its columns), a Series (its index) and a structured array (its fields).

    Raises
    ------
    BadData : the same label twice.
    """
    if isinstance(values, np.ndarray):
        return {name: values[name] for name in values.dtype.names} if values.dtype.names else values
    if isinstance(values, Mapping) or not hasattr(values, "keys"):
        return values
    names = list(values.keys())
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadData(f"The label {twice[0]!r} occurs more than once: each value needs a name of its own.")
    arrays = {str(name): np.asarray(values[name]) for name in names}
    return {name: array if array.ndim else array.item() for name, array in arrays.items()}


def columns(values: Mapping[str, ArrayLike], names: tuple[str, ...], kind: str) -> NDArray[np.float64]:
    """Stack name -> number or [n] or, for a whole vector group, [n, size] into [n, k].

    Raises
    ------
    UnknownName : a name not among `names`; `kind` says what it should have been.
    BadData : a name without a value, or values that are not numbers of one length.
    """
    entries = _ungrouped(values, names)
    for name in entries:
        if name not in names:
            raise unknown_name(kind, name, names)
    if missing := [name for name in names if name not in entries]:
        raise BadData(f"No value is given for the {kind} {', '.join(missing)}.")
    try:
        columns = np.broadcast_arrays(*(np.asarray(entries[name], dtype=float) for name in names))
    except (ValueError, TypeError) as error:
        raise BadData(f"The {kind} values are not numbers, or arrays of one length ({error}).") from error
    return np.atleast_2d(np.stack(columns, axis=-1))


def _ungrouped(values: Mapping[str, ArrayLike], names: tuple[str, ...]) -> dict[str, ArrayLike]:
    entries: dict[str, ArrayLike] = {}
    for name, value in values.items():
        members = [full for full in names if full.startswith(f"{name}[")]
        if members:
            entries.update(zip(members, np.moveaxis(_group(name, value, len(members)), -1, 0), strict=True))
        else:
            entries[name] = value
    return entries


def _group(name: str, value: ArrayLike, size: int) -> NDArray[np.float64]:
    array = np.asarray(value, dtype=float)
    if array.ndim == 0 or array.shape[-1] != size:
        raise BadData(f"{name} is a vector of {size} entries, but its value has shape {array.shape}.")
    return array


def rows(
    values: Values, names: tuple[str, ...], group: str, dtype: type[Floating] | np.dtype[Floating]
) -> NDArray[Floating]:
    """What users pass as finite numbers [n, k]; raises UnknownName or BadData, naming the entry."""
    values = by_name(values)
    if isinstance(values, Mapping):
        values = columns(values, names, group.removesuffix("s"))
    try:
        array = np.atleast_2d(np.asarray(values, dtype=dtype))
    except (ValueError, TypeError) as error:
        raise BadData(f"{group} are not numbers ({error}).") from error
    if array.ndim != 2 or array.shape[1] != len(names) or not len(array):
        raise BadData(f"{group} must have shape [n, {len(names)}] ({', '.join(names)}), not {array.shape}.")
    finite = np.isfinite(array)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise BadData(
            f"{group}: {names[column]} in row {row} is {array[row, column]}; it must be a finite number."
        )
    return array


def same_length(arrays: list[NDArray[np.floating]], at_least: int) -> list[NDArray[np.floating]]:
    """Repeat single rows until all have n, a multiple of `at_least`; raises BadData if they cannot."""
    n = max([at_least, *map(len, arrays)])
    if unequal := {len(array) for array in arrays} - {1, n}:
        raise BadData(
            f"One input has {n} rows and another {unequal.pop()}; give each as many, or a single one."
        )
    share(n, at_least)
    return [np.repeat(array, n, axis=0) if len(array) == 1 else array for array in arrays]


def share(n: int, w: int) -> int:
    """How many of n rows each of w parameter vectors serves; raises BadData if w does not divide n."""
    if n % w:
        raise BadData(f"{w} parameter vectors cannot serve {n} rows in equal shares.")
    return n // w
