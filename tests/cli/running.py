"""Run commands the way users do, and what an error should look like to them."""

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from cli.main import dsge_surrogate

COMMAND = (sys.executable, "-m", "cli.main")


def run(*arguments: object) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(dsge_surrogate, [str(argument) for argument in arguments])


def require_clear_error(result: Result, words: str) -> None:
    """One line that begins with Error:, status 1, no traceback."""
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert result.output.startswith("Error: "), result.output
    assert words in result.output


def interrupt_at(words: str, *arguments: object, folder: Path) -> tuple[int, str]:
    """Press Ctrl-C when a command in its own process prints `words`; exit status and standard error."""
    program = (
        "import signal, runpy; signal.signal(signal.SIGINT, signal.default_int_handler);"
        " runpy.run_module('cli.main', run_name='__main__')"
    )
    command = [sys.executable, "-c", program, *map(str, arguments)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=folder)
    assert process.stderr is not None
    printed = ""
    for line in process.stderr:
        printed += line
        if words in line:
            process.send_signal(2)
            break
    printed += process.stderr.read()
    return process.wait(), printed
