"""dsge-surrogate train: solve an economy over its box of parameters."""

import ast
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import click

from surrogate.errors import BadConfiguration, WriteFailed, shown, unknown_name
from surrogate.house.listener import progress
from surrogate.house.ownership import owned_file

from .console import SEED, command_line, needs_extra, resumable
from .dynare import economy_beside
from .history import History

if TYPE_CHECKING:
    from surrogate.training import Settings
    from surrogate.training.run import Progress

_WORDS = {int: "a whole number", float: "a number", tuple: "numbers such as 24,24", bool: "True or False"}


@click.command()
@click.argument("model")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Checkpoint to write.  [default: checkpoints/MODEL.pt]",
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint of an interrupted run.")
@click.option("--seed", type=SEED, help="Seed of the network and of the batches.")
@click.option("--threads", type=click.IntRange(min=1), help="Threads of PyTorch.")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), help="Where to train.")
@click.option(
    "--setting",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change one setting of the recipe, such as steps=900 or method=bellman; may be repeated.",
)
@click.option(
    "--history",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Table (CSV) of errors over the seconds of the run.",
)
@click.pass_context
def train(
    ctx: click.Context,
    model: str,
    output: Path | None,
    resume: bool,
    seed: int | None,
    threads: int | None,
    device: str | None,
    changes: tuple[str, ...],
    history: Path | None,
) -> None:
    """Solve an economy and leave a checkpoint.

    MODEL is the name of an economy (see `dsge-surrogate models`), a Python file that defines one, or a Dynare
    file, which is imported first, into a Python file beside the checkpoint. An interrupted run goes on with
    --resume, to the same answer as one without interruption.

    \b
    Examples:
      dsge-surrogate train rbc
      dsge-surrogate train my_economy.py --output my_economy.pt --setting hidden=32,32
      dsge-surrogate train rbc --resume
    """
    with needs_extra("train"):
        import torch

        from surrogate import models, training
    if model.endswith(".mod"):
        named = output or Path("checkpoints") / f"{Path(model).stem}.pt"
        output, model = named, str(economy_beside(Path(model), named))
    economy = models.get(model)
    options = {"seed": seed, "threads": threads, "device": device}
    given = [f"{name}={value}" for name, value in options.items() if value is not None]
    settings = changed(training.recipe(economy).settings, [*changes, *given])
    if settings.device.startswith("cuda") and not torch.cuda.is_available():
        raise BadConfiguration(
            "This machine has no CUDA device that PyTorch can use; train with --device cpu."
        )
    path = output or Path("checkpoints") / f"{economy.name}.pt"
    ctx.with_resource(owned_file(path))
    if path.exists() and not resume:
        raise WriteFailed(f"{path} exists: go on from it with --resume, or choose another --output.")
    names = economy.name, settings.method, settings.distribution, settings.seed
    table = None if history is None else History(history, names, resume)
    with resumable(command_line(ctx, "--resume")), progress(economy.name) as tell:

        def hear(now: "Progress") -> None:
            tell(now.step, now.total, f"{now.phase}, mean log10 Euler error {now.log10_error:.2f}")
            if table is not None:
                table.add(now)

        training.train(economy, settings, path, resume=resume, progress=hear)
    own = f" --model {model}" if model.endswith(".py") else ""
    click.echo(
        f"Wrote {path} ({training.describe(settings)}). Next: dsge-surrogate export {path} FOLDER{own}"
    )


def changed(settings: "Settings", changes: Iterable[str]) -> "Settings":
    """Apply ``name=value`` texts to settings; raises UnknownName or BadConfiguration."""
    kinds: dict[str, set[type]] = {}  # the plain types behind an annotation such as ``int | tuple[int, ...]``
    for name, hint in get_type_hints(type(settings)).items():
        choices = get_args(hint) if isinstance(hint, UnionType) else (hint,)
        kinds[name] = {get_origin(choice) or choice for choice in choices}
    values: dict[str, Any] = {}
    for change in changes:
        name, _, text = change.partition("=")
        if name not in kinds:
            raise unknown_name("setting", name, kinds)
        values[name] = _value(name, text, kinds[name])
    return replace(settings, **values)


def _value(name: str, text: str, kinds: set[type]) -> Any:
    """The text as one of `kinds`; a single number may stand for a tuple of one."""
    if str in kinds:
        return text
    try:
        value = ast.literal_eval(text)
        if type(value) is int and int not in kinds:
            value = (value,) if tuple in kinds else float(value)
    except (ValueError, SyntaxError, OverflowError, MemoryError, RecursionError):
        value = None
    if type(value) not in kinds:
        wanted = " or ".join(sorted(_WORDS[kind] for kind in kinds))
        raise BadConfiguration(f"The setting {name} must be {wanted}, not {shown(text)}.")
    return value
