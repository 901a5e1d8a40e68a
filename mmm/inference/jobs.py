"""Many fits side by side: a process each, and one thread in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mmm.errors import InputError


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
    InputError
        When the system ended a process, as it does when memory runs out.
    """
    if jobs == 1 or len(items) < 2:
        yield from map(task, items)
        return
    import joblib
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        workers = joblib.Parallel(n_jobs=min(jobs, len(items)), return_as="generator", max_nbytes=None)
    try:
        yield from workers(joblib.delayed(task)(item) for item in items)
    except TerminatedWorkerError:
        raise InputError(
            f"one of {jobs} processes was ended by the system; was memory short? Run it again with a smaller --jobs"
        ) from None
