"""Many tasks side by side: a process each, and one thread in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from mmm.errors import InputError
from mmm.runs.engines import Workers, backend_of, losses_of


class WorkerLost(InputError):
    """A process ended before its task was done; what others had in hand may be gone too."""


def side_by_side[Item, Result](
    task: Callable[[Item], Result], items: Sequence[Item], workers: Workers
) -> Iterator[Result]:
    """Do a task for every item; results come in the order of the items, each as soon as it and those before are done.

    Parameters
    ----------
    task
        A function of a module: other processes find it by name. What it does must not depend on the number of threads.
    workers
        Who shares the tasks.

    Raises
    ------
    InputError
        When an engine cannot be used.
    WorkerLost
        When the system ended a process, as it does when memory runs out.
    """
    if not items:
        return
    if not workers.engine and (workers.jobs == 1 or len(items) < 2):
        yield from map(task, items)
    else:
        yield from _elsewhere(task, items, workers, "generator", None)


def as_they_finish[Item, Result](
    task: Callable[[Item], Result], items: Sequence[Item], workers: Workers, shared: Path
) -> Iterator[Result]:
    """The same in processes even for a single item, each result as soon as it is there.

    Parameters
    ----------
    shared
        Folder that the tasks write to; the workers of an engine must see it.

    Raises
    ------
    InputError
        When an engine cannot be used.
    WorkerLost
        When the system ended a process; results that came before are kept, and the others can be asked for again.
    """
    yield from _elsewhere(task, items, workers, "generator_unordered", shared)


def _elsewhere[Item, Result](
    task: Callable[[Item], Result],
    items: Sequence[Item],
    workers: Workers,
    come: Literal["generator", "generator_unordered"],
    shared: Path | None,
) -> Iterator[Result]:
    """Results from other processes."""
    import joblib

    with backend_of(workers, len(items), shared) as backend:
        as_list = workers.kind == "ray"  # whose backend gives all results at the end
        with joblib.parallel_config(**backend):
            pool = joblib.Parallel(return_as="list" if as_list else come, batch_size=1, max_nbytes=None)
        try:
            yield from pool(joblib.delayed(task)(item) for item in items)
        except losses_of(workers.kind):
            who = f"a worker of {workers.engine}" if workers.engine else f"one of {workers.jobs} processes"
            less = "" if workers.engine else " with a smaller --jobs"
            raise WorkerLost(f"{who} was ended by the system; was memory short? Run it again{less}") from None
