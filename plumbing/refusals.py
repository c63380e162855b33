"""How an act says no. Acts raise these, named for the field; pages show the message, the API maps the class to a status."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class Refused(Exception):
    """The state of things does not allow the act (409). Its text tells a person what to do."""


class Stale(Refused):
    """Somebody else saved in between (412). ``current`` is the version now in force."""

    def __init__(self, message: str, *, current: int) -> None:
        super().__init__(message)
        self.current = current


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where (a path such as ``figures/3/value`` or a cell such as ``D7``), what, and what to do."""

    path: str
    message: str
    code: str = "invalid"


class Invalid(Refused):
    """Values that cannot be taken (422): every problem at once, nothing written."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem.message) for problem in self.problems))
