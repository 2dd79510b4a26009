"""The explorers of the economies that ship, and the page of the site that shows them."""

from functools import cache

from surrogate import load
from surrogate.catalogue import available
from surrogate.errors import CannotTranslate
from surrogate.explorer import explorer_page

FIRST = "rbc"
"""What the page shows before a reader chooses."""


@cache
def explorers() -> dict[str, str]:
    """The page with sliders of each surrogate that can have one: name -> HTML."""
    pages = {}
    for name in available():
        try:
            pages[name] = explorer_page(load(name))
        except CannotTranslate:  # the page says which have none, and docs/explorer.md why
            continue
    return pages


def gallery() -> str:
    """The page of the site on which a reader chooses an economy and moves its sliders, in Markdown."""
    links = [f'<a href="explorers/{name}.html" target="explorer">{name}</a>' for name in explorers()]
    others = ", ".join(f"`{name}`" for name in available() if name not in explorers())
    missing = f" A browser is too slow for {others}." if others else ""
    return f"""---
hide:
  - toc
---

# Play with the economies

Choose an economy. Then move the sliders of the calibrations A and B, and look at impulse responses, policy
functions, a simulated path and moments. Your browser evaluates the network. It loads and sends nothing. The
same pages [stand alone](reference/economies.md). `dsge-surrogate explore` writes one for [any
artifact](explorer.md).{missing}

<p class="economies">{" ".join(links)}</p>

<iframe class="explorer" name="explorer" title="Explorer of the economy that you choose"
  src="explorers/{FIRST}.html"></iframe>
"""
