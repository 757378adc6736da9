"""The command line: the table of verbs, and what becomes of their answers and errors.

Exit status: 0 done, 1 done with refused or bad films, 2 wrong use, 3 ImageNet weights not at hand, 130 stopped by
Ctrl-C, 141 the reader of the answer has gone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import hilum
from hilum.cli.console import drop_output, show, show_error
from hilum.cli.table import BUILDERS, GROUPS, VERBS, Verb
from hilum.errors import HilumError, missing_extra
from hilum.files import disc_error

if TYPE_CHECKING:
    from cyclopts import App

_OF_JUDGE = ("matplotlib", "pyarrow")


def build_app(arguments: Sequence[str] = ()) -> App:
    """The table of verbs as an application; a verb is imported when it is called or its help is asked for."""
    from cyclopts import App, Parameter

    from hilum.cli.help import ByPlace, shown_default

    app = App(
        name="hilum",
        help="Trains, judges, explains and deploys pneumonia classifiers on chest X-rays. "
        "Assists a reader; not a medical device.",
        help_epilogue="Every command takes `--json`. Start with: `hilum demo`",
        version=hilum.__version__,
        help_format="markdown",
        result_action="return_value",
        help_formatter=ByPlace(),
        default_parameter=Parameter(negative=(), show_default=shown_default),
        suppress_keyboard_interrupt=False,
    )
    groups = {name: App(name=name, help=text, group=BUILDERS) for name, text in GROUPS.items()}
    for group in groups.values():
        app.command(group)
    for verb in VERBS:
        *group_name, name = verb.name.split()
        parent = groups[group_name[0]] if group_name else app
        more = {} if group_name else {"group": verb.group}
        if _asks_help(arguments, verb):
            parent.command(verb.load(), name=name, help_epilogue=verb.examples(), **more)
        else:
            parent.command(verb.function, name=name, help=verb.summary, **more)
    return app


def _is_of(arguments: Sequence[str], command: str) -> bool:
    words = command.split()
    return list(arguments[: len(words)]) == words


def _asks_help(arguments: Sequence[str], verb: Verb) -> bool:
    """True where the help of this verb is asked for: only then is its docstring read."""
    return _is_of(arguments, verb.name) and bool({"--help", "-h"} & set(arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give back its exit status; the answer goes to standard output."""
    try:
        return _run([word for word in arguments if word != "--json"], "--json" in arguments)
    except KeyboardInterrupt:
        return show_error("Stopped by Ctrl-C; no file was left half-written.", 130)


def _run(arguments: list[str], as_json: bool) -> int:
    from cyclopts import CycloptsError

    try:
        answer: Any = build_app(arguments)(arguments, exit_on_error=False, print_error=False)
        status = show(answer, as_json) if answer is not None else 0
        return status or int(getattr(answer, "exit_status", 0))
    except CycloptsError as error:
        return show_error(f"{error} See: {_help_of(arguments)}")
    except HilumError as error:
        return show_error(str(error), error.exit_status)
    except ImportError as error:
        return show_error(str(_missing_library(error)))
    except OSError as error:  # one that no stage has explained
        drop_output()
        return show_error(str(disc_error(error, error.filename or "standard output", "use")))


def _missing_library(error: ImportError) -> HilumError:
    """The sentence for a library of an extra that is not installed; any other failed import is our own mistake."""
    cause = error.__cause__ if isinstance(error.__cause__, ImportError) else error  # cyclopts wraps that of a verb
    name = cause.name or ""
    if isinstance(cause.__cause__, KeyboardInterrupt):  # Ctrl-C while a library in C started
        raise cause.__cause__
    if not isinstance(cause, ModuleNotFoundError) or name.startswith("hilum"):
        raise error
    return missing_extra(f"'{name}', which this command imports,", "judge" if name in _OF_JUDGE else "train")


def _help_of(arguments: Sequence[str]) -> str:
    """The command line that shows the help of the command in use."""
    named = [command for command in (*(verb.name for verb in VERBS), *GROUPS) if _is_of(arguments, command)]
    return " ".join(["hilum", *named[:1], "--help"])


def main() -> None:
    """Entry point of the `hilum` command."""
    if sys.stderr is None:  # closed by whoever started this process
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name must never stop an answer
    sys.exit(run(sys.argv[1:]))
