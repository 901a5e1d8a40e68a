"""Who shares the work: processes of this machine, or an engine that is running already (Dask, Ray).

Nothing is scheduled here: joblib hands tasks to the engine. Before it does, every worker is asked to import this
package, with a time-out: tasks that nobody can read would wait for ever.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmm.errors import InputError, UsageError
from mmm.runs.manifest import package_version

CONNECT_SECONDS = 30.0
"""Until an engine that does not answer is given up."""

PROBE_SECONDS = 120.0
"""Until workers that do not answer are given up: a first import on a slow disk takes its time."""

_URL = re.compile(r"(dask|ray)://[\w.-]+:\d+|dask://\[[0-9a-fA-F:]+\]:\d+")

_PROBE = (
    "(__import__('os').environ.setdefault('NUMBA_NUM_THREADS', '1'), __import__('mmm.pipeline'), "
    "__import__('mmm.runs.manifest', fromlist=['it']).package_version(), __import__('os').access({shared!r}, 2))[2:]"
)
"""What a worker is asked, in words that need nothing of ours to be read; tasks get one thread each."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Who shares the work.

    Attributes
    ----------
    jobs
        Processes of this machine at a time; 1 works in this one.
    engine
        Address of an engine that takes their place, `dask://HOST:PORT` or `ray://HOST:PORT`; empty: none.

    Raises
    ------
    UsageError
        An address of another form.
    """

    jobs: int = 1
    engine: str = ""

    def __post_init__(self) -> None:
        if self.engine and not _URL.fullmatch(self.engine):
            raise UsageError(
                f"--engine {self.engine}: an engine is named dask://HOST:PORT or ray://HOST:PORT, as its scheduler says"
            )

    @property
    def kind(self) -> str:
        """`dask`, `ray`, or `loky`: processes of this machine."""
        return self.engine.partition(":")[0] or "loky"


HERE = Workers()
"""This process, with all of its threads."""


@contextmanager
def backend_of(workers: Workers, tasks: int, shared: Path | None) -> Iterator[dict[str, Any]]:
    """Connect to an engine, make sure that every worker can do the work, and give what joblib needs to know of it.

    Parameters
    ----------
    tasks
        How many there are.
    shared
        A folder that workers write to; None where they write nothing.

    Raises
    ------
    InputError
        When the engine or its client is not there, or a worker lacks this package, this version of it, or the folder.
    """
    if workers.kind == "loky":
        at_a_time = max(2, min(workers.jobs, tasks))  # one alone would be this process
        yield {"backend": "loky", "inner_max_num_threads": 1, "n_jobs": at_a_time}
    elif workers.kind == "dask":
        with _dask(workers.engine, shared) as client:
            yield {"backend": "dask", "client": client, "n_jobs": -1}
    else:
        with _ray(workers.engine, shared) as cores:
            yield {"backend": "ray", "n_jobs": cores}


def losses_of(kind: str) -> tuple[type[BaseException], ...]:
    """What a backend raises when the processes that had a task in hand are gone."""
    if kind == "dask":
        from distributed.client import FutureCancelledError
        from distributed.scheduler import KilledWorker

        return KilledWorker, FutureCancelledError
    if kind == "ray":
        from ray.exceptions import RayError

        return (RayError,)
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    return (TerminatedWorkerError,)


@contextmanager
def _dask(url: str, shared: Path | None) -> Iterator[Any]:
    _refuse_without("distributed", "dask", url)
    from distributed import Client

    address = url.replace("dask://", "tcp://", 1)
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise _no_answer(url, error) from None
    try:

        def ask() -> dict[str, Any]:
            client.run_on_scheduler(eval, "__import__('mmm.runs.manifest') and None")
            for _ in range(
                2
            ):  # a worker that was lost while it was asked is no fault: another takes its place
                told = dict(client.run(eval, _PROBE.format(shared=str(shared or "/")), on_error="return"))
                if not any(isinstance(answer, OSError) for answer in told.values()):
                    break
            return told

        _judge(_in_time(ask, url), url, shared)
        yield client
    finally:
        client.close()


@contextmanager
def _ray(url: str, shared: Path | None) -> Iterator[int]:
    _refuse_without("ray", "ray", url)
    import logging

    import ray
    from ray.util.joblib import register_ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    one_thread = {"env_vars": {"NUMBA_NUM_THREADS": "1"}}

    def connect() -> None:
        ray.init(url, logging_level=logging.ERROR, log_to_driver=False, runtime_env=one_thread)

    try:
        _in_time(connect, url, CONNECT_SECONDS)
    except (OSError, RuntimeError) as error:  # RuntimeError: other versions of Python or Ray there
        raise _no_answer(url, error) from None
    try:

        def ask() -> dict[str, Any]:
            told = f"lambda: {_PROBE.format(shared=str(shared or '/'))}"
            probe = ray.remote(eval(told, {}))  # of no module, so it is sent by value
            found: dict[str, Any] = {}
            for node in (node for node in ray.nodes() if node["Alive"]):
                here = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
                try:
                    found[node["NodeManagerAddress"]] = ray.get(
                        probe.options(scheduling_strategy=here).remote()
                    )
                except ray.exceptions.RayError as error:
                    found[node["NodeManagerAddress"]] = error
            return found

        _judge(_in_time(ask, url), url, shared)
        register_ray()
        yield max(2, int(ray.cluster_resources().get("CPU", 2)))
    finally:
        ray.shutdown()


def _refuse_without(module: str, extra: str, url: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise InputError(
            f"--engine {url} needs a client that is not installed: pip install 'mmm-planner[{extra}]'"
        )


def _no_answer(url: str, error: BaseException) -> InputError:
    told = str(error).strip().splitlines()
    return InputError(
        f"--engine {url} cannot be reached ({told[0][:200] if told else type(error).__name__}). Is its scheduler "
        "running, is the port right, and has it the same versions of Python and of the engine?"
    )


def _in_time[Answer](ask: Callable[[], Answer], url: str, seconds: float | None = None) -> Answer:
    """What a question to the engine gives, or an error after a while."""
    patience = PROBE_SECONDS if seconds is None else seconds
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(ask).result(timeout=patience)
    except TooLate:
        raise InputError(
            f"--engine {url}: no answer after {patience:.0f} s; can its scheduler and workers import mmm?"
        ) from None
    except ImportError as error:
        raise InputError(f"--engine {url}: its scheduler cannot import mmm ({error}). {_install()}") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _judge(answers: dict[str, Any], url: str, shared: Path | None) -> None:
    """Refuse workers that could not do the work."""
    if not answers:
        raise InputError(f"--engine {url} has no workers; start some and run it again")
    here, faults = package_version(), []
    for worker, answer in answers.items():
        if isinstance(answer, BaseException):
            told = str(answer).strip().splitlines()
            faults.append(f"{worker} cannot import mmm ({told[-1][:200] if told else type(answer).__name__})")
        elif answer[0] != here:
            faults.append(f"{worker} has mmm-planner {answer[0]}, and here is {here}")
        elif shared is not None and not answer[1]:
            faults.append(f"{worker} cannot write to {shared}; start it where that folder is the same")
    if faults:
        raise InputError(f"--engine {url}: {'; '.join(faults)}. {_install()}")


def _install() -> str:
    return f"Every worker, and the scheduler, needs: pip install mmm-planner=={package_version()}"


def one_a_core() -> int:
    """Processes that keep every core of this machine at work."""
    return os.cpu_count() or 1
