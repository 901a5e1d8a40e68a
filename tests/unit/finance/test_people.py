import numpy as np

from mmm.finance.people import too_few


def test_one_to_four_are_too_few_and_nobody_is_not():
    assert too_few([0, 1, 4, 4.5, 5, 100, np.nan]).tolist() == [False, True, True, True, False, False, False]
