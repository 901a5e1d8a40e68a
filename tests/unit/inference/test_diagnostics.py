"""Gates: each one refuses what it is for, and nothing that is no number gets through."""

from dataclasses import replace

import arviz as az
import numpy as np
import pytest

from mmm.inference.diagnostics import NUISANCE_RHAT, Convergence, converge
from mmm.model.settings import GateSettings

GATES = GateSettings(rhat=1.01, ess=400, divergences=0.001)
GOOD = Convergence(
    rhat_max=1.005,
    ess_bulk_min=900.0,
    ess_tail_min=800.0,
    worst="roi[0]",
    nuisance_rhat_max=1.02,
    divergences=1,
    draws=4000,
)


def chains(seed, *shape):
    return np.random.default_rng(seed).normal(size=(4, 250, *shape))


def test_a_posterior_at_its_gates_passes():
    at_the_gates = replace(
        GOOD, rhat_max=1.01, ess_bulk_min=400.0, nuisance_rhat_max=NUISANCE_RHAT, divergences=4
    )
    assert GOOD.faults(GATES) == []
    assert at_the_gates.faults(GATES) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rhat_max": 1.02}, ["R-hat 1.020", "gate 1.01"]),
        ({"ess_bulk_min": 399.0}, ["399 of roi[0]", "gate 400"]),
        ({"nuisance_rhat_max": 1.06}, ["R-hat 1.060 among the other parameters"]),
        ({"divergences": 5}, ["5 of 4000 draws diverged", "gate 0.10%"]),
        ({"rhat_max": np.nan}, ["R-hat nan"]),
        ({"ess_bulk_min": np.nan}, ["effective sample size nan"]),
        ({"nuisance_rhat_max": np.nan}, ["R-hat nan among"]),
    ],
)
def test_each_gate_refuses_with_the_number_that_missed_it(change, words):
    faults = replace(GOOD, **change).faults(GATES)
    assert len(faults) == 1
    assert all(word in faults[0] for word in words)


def test_all_missed_gates_are_named_at_once():
    bad = replace(GOOD, rhat_max=2.0, ess_bulk_min=3.0, nuisance_rhat_max=3.0, divergences=400)
    assert len(bad.faults(GATES)) == 4


def test_the_worst_of_all_reported_quantities_counts():
    slow = np.cumsum(chains(1), axis=1)
    reported = {"roi": np.stack([chains(2), slow], axis=2), "sigma": chains(3)}
    found = converge(reported, chains(4, 3), divergences=2)
    assert found.worst == "roi[1]"
    assert found.rhat_max == pytest.approx(float(az.rhat(slow)))
    assert found.ess_bulk_min == pytest.approx(float(az.ess(slow, method="bulk")))
    assert found.ess_tail_min <= float(az.ess(slow, method="tail", prob=(0.05, 0.95))) + 1e-9
    assert found.nuisance_rhat_max == pytest.approx(
        max(float(az.rhat(chains(4, 3)[:, :, i])) for i in range(3))
    )
    assert (found.divergences, found.draws) == (2, 1000)


def test_a_nuisance_that_never_moves_by_design_is_not_held_against_the_fit():
    nuisance = chains(5, 2)
    nuisance[:, :, 1] = 0.0
    found = converge({"sigma": chains(6)}, nuisance, 0)
    assert found.nuisance_rhat_max == pytest.approx(float(az.rhat(nuisance[:, :, 0])))
    assert converge({"sigma": chains(6)}, nuisance[:, :, 1:], 0).nuisance_rhat_max == 1.0


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_reported_quantity_that_is_stuck_or_no_number_is_refused_wherever_it_stands(position):
    for spoiled in (np.ones((4, 250)), np.full((4, 250), np.nan)):
        both = [chains(7), chains(8)]
        both[position] = spoiled
        found = converge({"roi": np.stack(both, axis=2)}, chains(9, 1), 0)
        assert found.faults(GateSettings(rhat=1.1, ess=100, divergences=0.001)) != []


def test_a_nuisance_that_is_no_number_is_refused():
    nuisance = chains(10, 2)
    nuisance[0, 0, 1] = np.nan
    found = converge({"sigma": chains(11)}, nuisance, 0)
    assert any("among the other parameters" in fault for fault in found.faults(GATES))
