"""The command `dsge-surrogate`: its subcommands, and what they do about errors."""

import sys
from io import TextIOWrapper

import click

from cli.analyses import decompose, forecast, irf, predict, shocks
from cli.calibrate import calibrate
from cli.compare import compare
from cli.console import ReportingGroup
from cli.estimate import estimate
from cli.evidence import evidence
from cli.export import export
from cli.inspect import inspect
from cli.learn import learn
from cli.models import models
from cli.report import report
from cli.train import train
from cli.validate import check, validate
from surrogate import __version__


@click.group(cls=ReportingGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dsge-surrogate")
def dsge_surrogate() -> None:
    """Estimate nonlinear economies solved by neural policy networks.

    \b
    Take a surrogate that ships to data:
      dsge-surrogate models
      dsge-surrogate inspect an_schorfheide
      dsge-surrogate estimate examples/herbst_schorfheide.toml
    \b
    Make one of your own (needs the extra "train"):
      dsge-surrogate check my_economy.py
      dsge-surrogate train my_economy.py --output my_economy.pt
      dsge-surrogate export my_economy.pt my_economy --model my_economy.py
      dsge-surrogate validate my_economy --model my_economy.py
    """


COMMANDS = (
    models,
    inspect,
    learn,
    estimate,
    report,
    irf,
    forecast,
    shocks,
    decompose,
    predict,
    evidence,
    calibrate,
    check,
    train,
    export,
    validate,
    compare,
)
for command in COMMANDS:
    dsge_surrogate.add_command(command)


def main() -> None:
    """Entry point of the installed command; what a console cannot show becomes a question mark."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    sys.exit(dsge_surrogate())


if __name__ == "__main__":
    main()
