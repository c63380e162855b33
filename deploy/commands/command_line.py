"""The commands of ``./portal`` and the one line each failure gets."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.commands import checks, environment, installation, processes
from deploy.commands.environment import Problem

HELP = """\
./portal run             set up what is missing, then serve web, worker and beat until Ctrl-C (PORT, default 8000)
./portal test [...]      set up what is missing, then run the tests; arguments go to pytest
./portal check           linters, types, import directions, templates, migrations, deployment settings
./portal backup FILE     write database and files, not the keys, to FILE; the portal may be running
./portal restore FILE    read a backup into an empty installation
./portal upgrade         after new code: packages, database, translations, static files (a backup is written first)
./portal manage [...]    Django's command line in the portal's own environment
Variables are listed in .env.example; they come from the environment or from a file named .env.
"""


def run(arguments: list[str]) -> int:
    environment.refuse_arguments(arguments)
    with environment.only_one_instance():
        port = processes.free_port()
        installation.set_up()
        return processes.run_until_stopped(port)


def test(arguments: list[str]) -> int:
    environment.install(development=True)
    return environment.call(["-m", "pytest", *arguments])


def check(arguments: list[str]) -> int:
    environment.refuse_arguments(arguments)
    environment.install(development=True)
    return checks.run_all()


def backup(arguments: list[str]) -> int:
    file = _one_file(arguments, "backup")
    environment.install()
    return environment.manage("backup", file)


def restore(arguments: list[str]) -> int:
    file = _one_file(arguments, "restore")
    with environment.only_one_instance():
        environment.install()
        status = environment.manage("restore", file)
        if status == 0:
            installation.after_restore()
        return status


def upgrade(arguments: list[str]) -> int:
    environment.refuse_arguments(arguments)
    with environment.only_one_instance():
        installation.upgrade()
    return 0


def manage(arguments: list[str]) -> int:
    environment.install()
    return environment.manage(*arguments)


def show_help(arguments: list[str]) -> int:
    print(HELP, end="")
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": run,
    "test": test,
    "check": check,
    "backup": backup,
    "restore": restore,
    "upgrade": upgrade,
    "manage": manage,
    "help": show_help,
    "--help": show_help,
    "-h": show_help,
}


def main(arguments: list[str]) -> int:
    """Exit status: 0 done, 1 the command found something wrong, 2 it could not start."""
    name, *rest = arguments or ["help"]
    if name not in COMMANDS:
        print(f"portal: there is no command {name!r}.\n{HELP}", end="", file=sys.stderr)
        return 2
    os.chdir(environment.ROOT)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # else the children's lines overtake ours in a file
    try:
        return COMMANDS[name](rest)
    except Problem as problem:
        print(f"portal: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        print("portal: stopped before it was ready.", file=sys.stderr)
    except OSError as error:
        print(f"portal: {_in_words(error)}", file=sys.stderr)
    return 2


def _one_file(arguments: list[str], command: str) -> str:
    if len(arguments) != 1:
        raise Problem(f"say which file: ./portal {command} FILE")
    return str((Path(os.environ.get("PWD", ".")) / arguments[0]).absolute())


def _in_words(error: OSError) -> str:
    """What a person can do about it; anything else keeps the system's own words."""
    place = error.filename or environment.data_folder()
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"no disk space left in {place}: free some and start again."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"{place} cannot be written: change its owner, or set DATA_DIR to a folder that can."
    return f"{place}: {error.strerror or error}"
