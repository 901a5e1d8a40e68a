"""Engines: a real Dask cluster of two workers on loopback, one of them killed in the middle; Ray the same."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from threading import Timer

import numpy as np
import pytest

from mmm.dims import NATIONAL, Cell
from mmm.errors import InputError, UsageError
from mmm.inference.sbc import calibrate
from mmm.inference.specs import Spec
from mmm.inference.stress import Task, _attempt
from mmm.model.layout import lay_out
from mmm.model.settings import GateSettings, ModelSettings, SamplingSettings
from mmm.runs import engines
from mmm.runs.engines import Workers
from mmm.runs.executor import as_they_finish, side_by_side

SLOWLY = "(__import__('time').sleep(0.4), __import__('os').getpid(), {n} ** 0.5)[1:]"


@pytest.fixture(scope="module")
def cluster():
    """A scheduler on loopback with two workers, each a process with one thread."""
    pytest.importorskip("distributed", reason="Dask is not installed (pip install 'mmm-planner[dask]')")
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0", silence_logs=50
    ) as found:
        yield found


@pytest.fixture
def dask(cluster):
    return Workers(engine=cluster.scheduler_address.replace("tcp://", "dask://"))


def _kill_one(cluster):
    """End one worker as the system would; its nanny starts another."""
    os.kill(cluster.workers[0].pid, signal.SIGKILL)


def test_a_worker_of_dask_that_is_killed_in_the_middle_changes_no_result(cluster, dask):
    items = [SLOWLY.format(n=n) for n in range(12)]
    found = []
    for result in side_by_side(eval, items, dask):
        if not found:
            _kill_one(cluster)
        found.append(result)
    assert [root for _, root in found] == [n**0.5 for n in range(12)]
    pids = {pid for pid, _ in found}
    assert os.getpid() not in pids
    assert len(pids) >= 2


def test_fits_on_dask_are_those_of_this_process_to_the_last_digit(cluster, dask, make_panel):
    sampling, gates = (
        SamplingSettings(draws=100, tune=100, chains=2),
        GateSettings(rhat=9, ess=1, divergences=1),
    )
    panel = make_panel()
    tasks = [
        Task(Spec("spec", f"lag {lag}", panel, ModelSettings(max_lag=lag)), 2.0, sampling, gates)
        for lag in (4, 6)
    ]
    here = list(side_by_side(_attempt, tasks, Workers()))
    there = []
    for table in side_by_side(_attempt, tasks, dask):
        if not there:
            _kill_one(cluster)
        there.append(table)
    for one, other in zip(here, there, strict=True):
        np.testing.assert_allclose(other["roi"], one["roi"], rtol=1e-9)


def test_companies_drawn_from_the_model_rank_on_dask_as_in_this_process(dask, make_panel):
    panel = make_panel(1, periods=60, geos=(NATIONAL,), cells=(Cell("tv"),), organic=False)
    layout = lay_out(panel, ModelSettings(max_lag=4))
    sampling = SamplingSettings(draws=100, tune=100, chains=2)
    here, there = (
        list(calibrate(layout, panel.geos, [0, 1], sampling, kept=19, workers=workers))
        for workers in (Workers(), dask)
    )
    assert [(one.seed, one.fault) for one in there] == [(0, ""), (1, "")]
    for one, other in zip(here, there, strict=True):
        for name, values in one.ranks.items():
            np.testing.assert_array_equal(other.ranks[name], values)


def test_workers_that_do_not_see_the_folder_are_refused_before_anything_is_sent(dask, tmp_path):
    gone = tmp_path / "gone"
    with pytest.raises(InputError, match=f"cannot write to {gone}"):
        list(as_they_finish(eval, ["1"], dask, gone))
    assert list(as_they_finish(eval, ["1", "2"], dask, tmp_path)) in ([1, 2], [2, 1])


def test_workers_with_another_version_are_refused(dask, monkeypatch):
    monkeypatch.setattr(engines, "package_version", lambda: "99.0")
    with pytest.raises(InputError, match=r"here is 99\.0.*pip install mmm-planner==99\.0"):
        list(side_by_side(eval, ["1"], dask))


def test_workers_that_cannot_import_the_package_are_refused(dask, monkeypatch):
    monkeypatch.setattr(engines, "_PROBE", "(__import__('mmm_is_not_here'), {shared!r})")
    with pytest.raises(InputError, match=r"cannot import mmm .*No module named 'mmm_is_not_here'"):
        list(side_by_side(eval, ["1"], dask))


def test_workers_that_do_not_answer_are_given_up(dask, monkeypatch):
    monkeypatch.setattr(engines, "_PROBE", "__import__('time').sleep(3) or {shared!r}")
    monkeypatch.setattr(engines, "PROBE_SECONDS", 0.5)
    with pytest.raises(InputError, match="no answer after"):
        list(side_by_side(eval, ["1"], dask))


def test_a_worker_that_is_killed_while_it_is_asked_is_no_fault(cluster, dask, monkeypatch):
    monkeypatch.setattr(engines, "_PROBE", f"(__import__('time').sleep(1.5), *{engines._PROBE})[1:]")
    killer = Timer(0.7, _kill_one, [cluster])
    killer.start()
    assert list(side_by_side(eval, ["1", "2"], dask)) == [1, 2]
    killer.join()


def test_an_engine_that_is_not_there_is_refused_in_words(monkeypatch):
    pytest.importorskip("distributed", reason="Dask is not installed (pip install 'mmm-planner[dask]')")
    monkeypatch.setattr(engines, "CONNECT_SECONDS", 0.5)
    with pytest.raises(InputError, match=r"dask://127\.0\.0\.1:9 cannot be reached"):
        list(side_by_side(eval, ["1"], Workers(engine="dask://127.0.0.1:9")))


@pytest.mark.parametrize("url", ["spark://host:1", "dask://host", "tcp://host:8786", "ray://"])
def test_an_address_of_another_form_is_wrong_usage(url):
    with pytest.raises(UsageError, match="dask://HOST:PORT or ray://HOST:PORT"):
        Workers(engine=url)


def test_an_engine_whose_client_is_not_installed_says_what_to_install(monkeypatch):
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'mmm-planner\[ray\]'"):
        list(side_by_side(eval, ["1"], Workers(engine="ray://127.0.0.1:10001")))


@pytest.fixture(scope="module")
def ray():
    """A Ray head of two cores on loopback, reached as a client would."""
    pytest.importorskip("ray", reason="Ray is not installed (pip install 'mmm-planner[ray]')")
    ports = []
    for _ in range(2):
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    program = [os.path.join(os.path.dirname(sys.executable), "ray")]
    quiet = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    head = ["start", "--head", "--block", "--num-cpus=2", "--node-ip-address=127.0.0.1", f"--port={ports[0]}"]
    head += [
        f"--ray-client-server-port={ports[1]}",
        "--include-dashboard=false",
        "--object-store-memory=100000000",
    ]
    process = subprocess.Popen(
        [*program, *head], env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(ports[1])
        yield Workers(engine=f"ray://127.0.0.1:{ports[1]}")
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port):
    """Until somebody listens, a minute and a half at most."""
    for _ in range(90):
        with closing(socket.socket()) as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(1.0)
    pytest.fail("Ray did not start")


@pytest.mark.slow
def test_ray_gives_what_this_process_gives(ray):
    items = [SLOWLY.format(n=n) for n in range(6)]
    found = list(side_by_side(eval, items, ray))
    assert [root for _, root in found] == [n**0.5 for n in range(6)]
    assert os.getpid() not in {pid for pid, _ in found}
