"""Certified accuracy in one line."""

from math import nan

from surrogate.card import Card


def headline(card: Card, law: str = "box") -> tuple[float, float] | None:
    """Mean and 99th percentile of the log10 Euler error, worst equation; None if `law` was not tested."""
    equations = card.accuracy.get(law)
    if not equations:
        return None
    mean, p99 = (max(s.get(name, nan) for s in equations.values()) for name in ("mean", "p99"))
    return mean, p99


def headline_text(card: Card, law: str = "box") -> str:
    """The headline as text, such as ``-4.9 (-3.8)``; a dash if it was not tested."""
    figures = headline(card, law)
    return "-" if figures is None else f"{figures[0]:.1f} ({figures[1]:.1f})"
