"""The shell around the commands: arguments in, words on standard error and an exit code out.

Only typer is imported at the top: `mmm --help` answers before NumPy would be loaded, and a wrong config is
said before PyMC would be. Exit codes: 0 done; 1 input or data at fault; 2 wrong usage; 3 a gate refused the
result; 4 a fault of ours; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from mmm.cli import main_job, money, planner, quarter, registry, start, trials, trust, warehouse, what_if
from mmm.cli.answer import answering, note_error, with_json
from mmm.cli.application import app, in_cells, say, workplace
from mmm.errors import MmmError

FILES = (start, main_job, warehouse, money, trust, trials, what_if, quarter, registry, planner)
"""Files of commands; importing one puts its commands into the application."""

ORDER = (
    "demo",
    "init",
    "template",
    "check",
    "ingest",
    "scorecard",
    "reconcile",
    "fit",
    "stress",
    "plan",
    "scenarios",
    "report",
    "run",
    "approve",
    "backtest",
    "refresh",
    "export",
    "planner",
)
"""Every command by its function, as the help lists them."""
app.registered_commands.sort(key=lambda found: ORDER.index(getattr(found.callback, "__name__", "")))


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(execute(sys.argv[1:]))


def execute(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        What the user typed after `mmm`.

    Returns
    -------
    int
        The exit code; whatever went wrong has been said on standard error.
    """
    _prepare_streams()
    _keep_compiled_code()
    workplace.folder = workplace.book = None
    with answering() as code:
        code.append(_execute(arguments))
    return code[-1]


def commands() -> Any:
    """Every command and group as typer builds them, each command with `--json`."""
    built = typer.main.get_command(app)
    with_json(built)
    return built


def _execute(arguments: Sequence[str]) -> int:
    try:
        ended = commands().main(args=list(arguments), prog_name="mmm", standalone_mode=False)
        sys.stdout.flush()
        code = int(ended or 0)
        if code != 130:  # typer ends so when the user interrupts
            return code
    except (KeyboardInterrupt, typer.Abort):
        pass
    except typer.TyperException as error:
        _say_usage(error)
        return error.exit_code
    except MmmError as error:
        note_error(in_cells(str(error)))
        say(str(error))
        return error.exit_code
    except BrokenPipeError:  # the reader has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit:  # typer's own answer to the same, when it happens inside a command
        return 0
    except Exception as error:  # noqa: BLE001 - the last place where a traceback can be kept from the user
        return _say_fault(error, arguments)
    say("stopped" + _what_is_kept())
    return 130


def _print_version(wanted: bool) -> None:
    if wanted:
        from mmm.runs.manifest import package_version

        print(package_version())
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool,
        typer.Option("--version", help="print the version and end", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    del version  # its callback has printed it


def _keep_compiled_code() -> None:
    """Where neither this package nor the home may be written, compiled code lives as long as the command does.

    Numba keeps it in one of the two and gives up where it can keep it in neither. A folder of a fixed name under
    the common one for temporary files would let others write what is run here.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    home = next((place for place in (home, *home.parents) if place.is_dir()), home)
    if os.access(Path(__file__).parents[1], os.W_OK) or os.access(home, os.W_OK):
        return
    import atexit
    import shutil
    import tempfile

    folder = os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp(prefix="mmm-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _prepare_streams() -> None:
    """Print what the terminal cannot show as `?`, and keep libraries' warnings from the user."""
    import warnings

    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _what_is_kept() -> str:
    if workplace.folder is None or not workplace.folder.exists():
        return ""
    return f"; what was finished is kept in {workplace.folder}"


def _say_usage(error: typer.TyperException) -> None:
    show = getattr(error, "show", None)  # usage, and what was wrong with it
    if show is not None:
        show()
    else:
        say(error.format_message())


def _say_fault(error: Exception, arguments: Sequence[str]) -> int:
    """Say a disk fault as one of the input, anything else in one line with the path of a log."""
    if isinstance(error, OSError):
        from mmm.runs.files import disk_fault

        fault = disk_fault(error, workplace.folder or Path())
        if fault is not None:
            say(str(fault))
            return fault.exit_code
    from mmm.runs.faults import fault_in_words

    say(fault_in_words(error, f"mmm {' '.join(arguments)}", workplace.folder))
    return 4
