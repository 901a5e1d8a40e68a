"""Many tasks side by side: a process each, and one thread in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from mmm.errors import InputError


class WorkerLost(InputError):
    """The system ended a process before its task was done; what the others had in hand is gone too."""


def side_by_side[Item, Result](
    task: Callable[[Item], Result], items: Sequence[Item], jobs: int
) -> Iterator[Result]:
    """Do a task for every item; results come in the order of the items, each as soon as it and those before are done.

    Parameters
    ----------
    task
        A function of a module: other processes find it by name. What it does must not depend on the number of threads.
    jobs
        Processes; 1 works in this one, with all of its threads.

    Raises
    ------
    WorkerLost
        When the system ended a process, as it does when memory runs out.
    """
    if jobs == 1 or len(items) < 2:
        yield from map(task, items)
    else:
        yield from _in_processes(task, items, jobs, "generator")


def as_they_finish[Item, Result](
    task: Callable[[Item], Result], items: Sequence[Item], jobs: int
) -> Iterator[Result]:
    """The same, in processes even for a single item, and each result as soon as it is there.

    Raises
    ------
    WorkerLost
        When the system ended a process; results that came before are kept, and the others can be asked for again.
    """
    yield from _in_processes(task, items, jobs, "generator_unordered")


def _in_processes[Item, Result](
    task: Callable[[Item], Result],
    items: Sequence[Item],
    jobs: int,
    come: Literal["generator", "generator_unordered"],
) -> Iterator[Result]:
    import joblib
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    count = max(2, min(jobs, len(items)))  # one alone would work in this process
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        workers = joblib.Parallel(n_jobs=count, return_as=come, batch_size=1, max_nbytes=None)
    try:
        yield from workers(joblib.delayed(task)(item) for item in items)
    except TerminatedWorkerError:
        raise WorkerLost(
            f"one of {jobs} processes was ended by the system; was memory short? Run it again with a smaller --jobs"
        ) from None
