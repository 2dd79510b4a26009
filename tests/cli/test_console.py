"""What commands say on standard error."""

import warnings

import click
from click.testing import CliRunner

from cli.console import ReportingGroup


@click.group(cls=ReportingGroup)
def commands() -> None:
    """Stands for the group of all commands."""


@commands.command()
def doubt() -> None:
    """Warn from within the library, in two lines."""
    for level in (1, 2):
        warnings.warn("The box cuts\npriors off.", stacklevel=level)


def test_a_warning_is_said_once_in_one_line_without_its_place_in_the_source() -> None:
    result = CliRunner().invoke(commands, ["doubt"])
    assert result.exit_code == 0
    assert result.stderr == "Warning: The box cuts priors off.\n"
