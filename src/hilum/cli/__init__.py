"""The command line: the table of verbs, and what becomes of their answers and errors.

Exit status: 0 done, 1 done with refused or bad films, 2 wrong use, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from cyclopts import App, CycloptsError, Parameter

import hilum
from hilum.cli.console import show, show_error
from hilum.cli.table import BUILDERS, GROUPS, VERBS, Verb
from hilum.errors import HilumError, missing_extra


def build_app(arguments: Sequence[str] = ()) -> App:
    """The table of verbs as an application; a verb is imported when it is called or its help is asked for."""
    app = App(
        name="hilum",
        help="Trains, judges, explains and deploys pneumonia classifiers on chest X-rays. "
        "Assists a reader; not a medical device.",
        help_epilogue="Every command takes `--json`. Start with: `hilum demo`",
        version=hilum.__version__,
        help_format="markdown",
        result_action="return_value",
        default_parameter=Parameter(negative=()),
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


def _asks_help(arguments: Sequence[str], verb: Verb) -> bool:
    """True where the help of this verb is asked for: only then is its docstring read."""
    words = verb.name.split()
    return list(arguments[: len(words)]) == words and bool({"--help", "-h"} & set(arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give back its exit status; the answer goes to standard output."""
    arguments = list(arguments)
    as_json = "--json" in arguments
    if as_json:
        arguments.remove("--json")
    try:
        answer: Any = build_app(arguments)(arguments, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return show_error(str(error))
    except HilumError as error:
        return show_error(str(error), error.exit_status)
    except ModuleNotFoundError as error:
        return show_error(str(missing_extra(f"'{error.name}', which this command imports,", "train")))
    except KeyboardInterrupt:
        return 130
    if answer is not None:
        show(answer, as_json)
    return int(getattr(answer, "exit_status", 0))


def main() -> None:
    """Entry point of the `hilum` command."""
    sys.exit(run(sys.argv[1:]))
