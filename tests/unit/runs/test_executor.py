"""Tasks side by side: the results of one after the other, in their order."""

import math
import os

import pytest

from mmm.runs.engines import Workers
from mmm.runs.executor import as_they_finish, side_by_side


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_items(jobs):
    assert list(side_by_side(math.sqrt, [9.0, 4.0, 1.0], Workers(jobs))) == [3.0, 2.0, 1.0]


def test_each_process_works_with_one_thread():
    names = ["OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"]
    assert list(side_by_side(os.getenv, names, Workers(2))) == ["1", "1", "1"]


def test_results_come_as_they_finish_even_from_a_single_task(tmp_path):
    (pid,) = as_they_finish(eval, ["__import__('os').getpid()"], Workers(), tmp_path)
    assert pid != os.getpid()
