"""The command `dsge-surrogate`: its subcommands, and what they do about errors."""

import sys

import click

from cli.console import ReportingGroup
from cli.estimate import estimate
from cli.export import export
from cli.inspect import inspect
from cli.models import models
from cli.report import report
from cli.train import train
from cli.validate import validate
from surrogate import __version__


@click.group(cls=ReportingGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dsge-surrogate")
def dsge_surrogate() -> None:
    """Estimate nonlinear economies solved by neural policy networks.

    \b
    See what ships, and what one surrogate says about itself:
      dsge-surrogate models
      dsge-surrogate inspect an_schorfheide
    """


for command in (models, train, export, inspect, validate, estimate, report):
    dsge_surrogate.add_command(command)


def main() -> None:
    """Entry point of the installed command."""
    sys.exit(dsge_surrogate())


if __name__ == "__main__":
    main()
