"""The main job for many configs in one call: each in a process and a folder of its own, nothing shared.

A task never raises: what it makes is in its run folder, and what it says is a `Status`. So one at fault does not stop
the rest, and what a killed process leaves is taken up where it stood.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any, Literal

from mmm.config import Config, load_config
from mmm.errors import InternalFault, MmmError
from mmm.model.settings import ChannelPrior, RoiPrior
from mmm.runs import lock
from mmm.runs.engines import HERE, Workers
from mmm.runs.executor import WorkerLost, as_they_finish
from mmm.runs.faults import fault_in_words
from mmm.runs.files import disk_fault

PROGRESS = ".progress"
"""File of a run folder with what the run is doing; gone when it is done."""

LOOK_EVERY = 1.0
"""Seconds between looks at what every run is doing."""

SILENT = 60.0
"""Seconds after which a run that says nothing is taken to be gone."""

KILLED = "its process was ended by the system twice; was memory short? Run it again"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Task:
    """One config to run.

    Attributes
    ----------
    config
        Its file, as the user named it.
    path, folder
        The same and its run folder from the root: another process may work elsewhere.
    name
        Of the company.
    seed, strict, tests
        As `mmm.run` has them.
    language
        Of the report; None: as the config says.
    command
        Whether the whole job is done, or the fit alone.
    beliefs
        Channels whose ROI prior is another than the config's, with its median and log sd.
    """

    config: str
    path: Path
    folder: Path
    name: str
    seed: int | None = None
    strict: bool = False
    tests: bool = True
    language: str | None = None
    command: Literal["run", "fit"] = "run"
    beliefs: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """What became of one config.

    Attributes
    ----------
    config, name
        Its file as the user named it, and the company; no name where the config cannot be read.
    exit_code
        As the command for this config alone would end.
    message
        What is wrong; empty where nothing is.
    report
        The page; None where there is none.
    seconds
        Wall time.
    attempts
        How often it was tried.
    """

    config: str
    name: str
    exit_code: int
    message: str = ""
    report: Path | None = None
    seconds: float = 0.0
    attempts: int = 1


def run_many(
    configs: Sequence[Path],
    *,
    seed: int | None = None,
    strict: bool = False,
    tests: bool = True,
    language: str | None = None,
    workers: Workers = HERE,
    progress: Say | None = None,
    finished: Callable[[Status], None] = lambda status: None,
) -> list[Status]:
    """Run every config; finished stages are reused, so a second call does only what is missing.

    Parameters
    ----------
    language
        Of every report; None: as each config says.
    workers
        Who shares the configs: each takes one at a time. Those of an engine must see the folders of this machine.
    progress
        Told about once a second what all of them are doing.
    finished
        Told each status as soon as it is there.

    Returns
    -------
    list
        A status for every config, in their order; a file that is named twice is run once.
    """
    files = list(dict.fromkeys(configs))
    known: dict[str, Status] = {}

    def note(status: Status) -> None:
        known[status.config] = status
        finished(status)

    usual = Task("", Path(), Path(), "", seed=seed, strict=strict, tests=tests, language=language)
    tasks = _read(files, note, usual)
    share_out(tasks, workers, known, note, progress)
    return [known[str(file)] for file in files]


def _read(files: Sequence[Path], note: Callable[[Status], None], usual: Task) -> list[Task]:
    """The tasks of all configs that can be read; those that cannot, and those that would share a folder, are noted."""
    read: list[tuple[str, Config]] = []
    for file in files:
        try:
            read.append((str(file), load_config(file)))
        except MmmError as error:
            note(Status(str(file), "", error.exit_code, str(error)))
    times = Counter(config.name for _, config in read)
    tasks = []
    for named, config in read:
        if times[config.name] > 1:
            others = ", ".join(other for other, found in read if found.name == config.name and other != named)
            told = f"{named}: `name: {config.name}` names the run folder, and {others} has it too. Give each its own"
            note(Status(named, config.name, 1, told))
            continue
        folder = (Path("reports") / config.name).resolve()
        with suppress(OSError):  # what a killed run was doing is no news
            (folder / PROGRESS).unlink(missing_ok=True)
        tasks.append(
            replace(usual, config=named, path=Path(named).resolve(), folder=folder, name=config.name)
        )
    return tasks


def share_out(
    tasks: Sequence[Task],
    workers: Workers,
    known: dict[str, Status],
    note: Callable[[Status], None],
    progress: Say | None,
) -> None:
    """Do all tasks, and say about once a second what they are at; `note` is told each status and adds it to `known`."""
    with _Watch(tasks, known, progress):
        _fan_out(tasks, workers, known, note)


def _fan_out(
    tasks: Sequence[Task], workers: Workers, known: dict[str, Status], note: Callable[[Status], None]
) -> None:
    """Do all tasks. When a process is killed, what it and its neighbours had in hand is tried again, each alone."""
    if workers == HERE:
        for task in tasks:
            note(run_one(task))
        return
    held: set[str] = set()
    for _ in range(2):
        left = [task for task in tasks if task.config not in known and task.config not in held]
        if not left:
            break
        try:
            for status in as_they_finish(run_one, left, workers, Path.cwd()):
                note(status)
        except WorkerLost:  # a lock that nobody gave back names who was at work
            held |= {task.config for task in left if (task.folder / lock.NAME).exists()}
    for task in tasks:
        if task.config not in known:
            note(_alone(task, workers))


def _alone(task: Task, workers: Workers) -> Status:
    """A task that was in hand when a process was killed, once more in a process where nothing else is."""
    begun = time.monotonic()
    while workers.engine and _is_at_work(task):  # an engine does not end what a lost neighbour stood beside
        time.sleep(LOOK_EVERY)
    try:
        (status,) = as_they_finish(run_one, [task], workers, Path.cwd())
    except WorkerLost:
        told = f"{task.config}: {KILLED}{'' if workers.engine else ' with a smaller --jobs'}"
        return Status(task.config, task.name, 4, told, None, time.monotonic() - begun, 2)
    return replace(status, attempts=status.attempts + 1)


def _is_at_work(task: Task) -> bool:
    """Whether a run holds the folder and has said something of late."""
    try:
        silent = time.time() - (task.folder / PROGRESS).stat().st_mtime
    except OSError:
        return False
    return silent < SILENT and (task.folder / lock.NAME).exists()


def run_one(task: Task) -> Status:
    """Run one config and say what became of it; a fault of ours is given a second attempt."""
    if not sys.warnoptions:  # in a process of its own nobody has kept them from the user
        warnings.simplefilter("ignore")
    begun, tries = time.monotonic(), 1
    code, told, report = _attempt(task)
    if code == InternalFault.exit_code:
        tries = 2
        code, told, report = _attempt(task)
    with suppress(OSError):
        (task.folder / PROGRESS).unlink(missing_ok=True)
    return Status(task.config, task.name, code, told, report, time.monotonic() - begun, tries)


def _attempt(task: Task) -> tuple[int, str, Path | None]:
    """Exit code, what is wrong, and the page."""
    from mmm import pipeline

    def say(text: str) -> None:
        with suppress(OSError):  # before the folder is made, or on a full disk: the run itself will say so
            (task.folder / PROGRESS).write_text(text, encoding="utf-8")

    usual: dict[str, Any] = {"out": task.folder, "seed": task.seed, "progress": say, "strict": task.strict}
    try:
        config = believing(load_config(task.path), task.beliefs)
        if task.language is not None:
            config = config.with_report({"language": task.language})
        if task.command == "fit":
            pipeline.fit_market(config, **usual)
            return 0, "", None
        return 0, "", pipeline.run(config, **usual, tests=task.tests).report_path
    except MmmError as error:
        return error.exit_code, f"{task.config}: {error}", None
    except Exception as error:  # noqa: BLE001 - a task that raises would take the others with it
        fault = disk_fault(error, task.folder) if isinstance(error, OSError) else None
        if fault is not None:
            return fault.exit_code, f"{task.config}: {fault}", None
        told = fault_in_words(error, f"mmm run {task.config}", task.folder)
        return InternalFault.exit_code, f"{task.config}: {told}", None


def believing(config: Config, beliefs: Sequence[tuple[str, float, float]]) -> Config:
    """The config with the ROI prior of some channels replaced by a median and a log sd."""
    if not beliefs:
        return config
    priors = config.model.priors
    channels = dict(priors.channels)
    for name, median, sigma in beliefs:
        own = channels.get(name, ChannelPrior())
        channels[name] = own.model_copy(update={"roi": RoiPrior(median=median, sigma=sigma)})
    model = config.model.model_copy(update={"priors": priors.model_copy(update={"channels": channels})})
    return config.model_copy(update={"model": model})


class _Watch:
    """Says what all runs are doing, from the files they leave in their folders."""

    def __init__(self, tasks: Sequence[Task], known: dict[str, Status], progress: Say | None) -> None:
        self.tasks, self.known, self.progress = tasks, known, progress
        self.stop = Event()
        self.thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> None:
        if self.progress is not None:
            self.thread.start()

    def __exit__(self, *told: object) -> None:
        self.stop.set()
        if self.thread.is_alive():
            self.thread.join()

    def _look(self) -> None:
        while not self.stop.wait(LOOK_EVERY):
            if self.progress is not None:
                self.progress(self.words())

    def words(self) -> str:
        """How many are done, and what the others are at."""
        at_work = []
        for task in self.tasks:
            if task.config not in self.known:
                with suppress(OSError):
                    doing = (task.folder / PROGRESS).read_text(encoding="utf-8", errors="replace")
                    at_work.append(f"{task.name}: {doing}")
        asked = set(self.known) | {task.config for task in self.tasks}
        return "; ".join([f"{len(self.known)} of {len(asked)} done", *at_work])


def worst(statuses: Iterable[Status]) -> int:
    """The exit code of them all."""
    return max((status.exit_code for status in statuses), default=0)
