"""The command `dsge-surrogate`: its subcommands, and what they do about errors."""

import sys
from io import TextIOWrapper

import click

from surrogate import __version__

from .analyses import decompose, forecast, irf, predict, shocks
from .at_calibration import identify, moments
from .calibrate import calibrate
from .compare import compare
from .console import ReportingGroup
from .dynare import import_
from .estimate import estimate
from .evidence import evidence
from .explore import explore
from .export import export
from .export_code import export_code
from .inspect import inspect
from .learn import learn
from .models import models
from .reduce import reduce
from .report import report
from .train import train
from .validate import check, validate


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
    Make one of your own (needs the extra "train"), from Python or from Dynare:
      dsge-surrogate import my_model.mod --output my_economy.py
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
    moments,
    identify,
    import_,
    check,
    train,
    export,
    export_code,
    reduce,
    explore,
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
