"""Tasks side by side: the results of one after the other, in their order."""

import math
import os

import pytest

from mmm.runs.executor import side_by_side


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_items(jobs):
    assert list(side_by_side(math.sqrt, [9.0, 4.0, 1.0], jobs)) == [3.0, 2.0, 1.0]


def test_each_process_works_with_one_thread():
    names = ["OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"]
    assert list(side_by_side(os.getenv, names, 2)) == ["1", "1", "1"]
