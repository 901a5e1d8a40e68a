"""Everything that can go wrong, each with the exit code the command line ends with.

    MmmError
    |- InputError           1  a file, a value or the data are at fault
    |  |- ConfigError       1  a key of the config
    |  `- DataError         1  a table: which file, which row, what to do
    |- UsageError           2  the command was called wrongly
    |- GateRefused          3  the result exists and must not be used
    |  |- NotConverged      3  the sampler did not reach the gates
    |  |- Infeasible        3  the constraints of a plan clash
    |  `- Contradiction     3  a past test contradicts the rest and nobody has decided about it
    `- InternalFault        4  our own fault; the traceback is in a log

A message says what is wrong, which value, where, and what to do. No caller adds "Error:".
"""

from __future__ import annotations

from collections.abc import Sequence


class MmmError(Exception):
    """Base of every error this package raises on purpose."""

    exit_code = 4


class InputError(MmmError):
    """A file, a value or the data are at fault."""

    exit_code = 1


class ConfigError(InputError):
    """One or more keys of the config are at fault.

    Parameters
    ----------
    faults
        One sentence per fault, each naming the key, its value and the remedy.
    where
        Path of the config.
    """

    def __init__(self, faults: Sequence[str], where: str = "") -> None:
        self.faults = tuple(faults)
        self.where = where
        head = f"{where}: " if where else ""
        if len(self.faults) == 1:
            super().__init__(head + self.faults[0])
        else:
            lines = "".join(f"\n  - {fault}" for fault in self.faults)
            super().__init__(f"{head}{len(self.faults)} things to mend{lines}")


class DataError(InputError):
    """One or more faults in the data tables, all reported at once.

    Parameters
    ----------
    faults
        One sentence per fault, each naming the file, the rows, the value and the remedy.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        if len(self.faults) == 1:
            super().__init__(self.faults[0])
        else:
            lines = "".join(f"\n  - {fault}" for fault in self.faults)
            super().__init__(f"{len(self.faults)} things to mend in the data{lines}")


class UsageError(MmmError):
    """The command was called wrongly."""

    exit_code = 2


class GateRefused(MmmError):
    """A result exists and a gate says that it must not be used."""

    exit_code = 3


class NotConverged(GateRefused):
    """The sampler did not reach the gates, even after its extensions."""


class Infeasible(GateRefused):
    """No plan meets all constraints; the message names those that clash and the smallest mend."""


class Contradiction(GateRefused):
    """A past test contradicts the rest of the model and nobody has decided about it."""


class InternalFault(MmmError):
    """A fault of this software; the traceback is in the log that the message names."""
