"""From draws to a posterior or a refusal, with a stand-in for the sampler."""

import numpy as np
import nutpie
import pytest
import xarray as xr

from mmm.errors import NotConverged
from mmm.inference.fit import ACCEPTANCE, NATIONAL_ACCEPT, PATIENT_CHAINS, Refused, fit
from mmm.model.layout import lay_out
from mmm.model.parents import hang
from mmm.model.settings import GateSettings, ModelSettings, SamplingSettings

SAMPLING = SamplingSettings(draws=100, tune=150, chains=2, seed=5)
GATES = GateSettings(rhat=1.1, ess=40, divergences=0.001)


@pytest.fixture(scope="module")
def layout(make_panel):
    return lay_out(make_panel(periods=60), ModelSettings(max_lag=4))


class Sampler:
    """Answers `nutpie.sample`; `outcomes` says how each run ends, the last one from then on."""

    def __init__(self, layout, *outcomes):
        self.n, self.outcomes = len(hang(layout).parents), list(outcomes)
        self.calls, self.aborted = [], False

    def __call__(self, compiled, **options):
        assert options["blocking"] is False
        self.options = options
        self.calls.append((options["draws"], options["chains"], options["target_accept"]))
        self.outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        return self

    def wait(self):
        if self.outcome == "interrupted":
            raise KeyboardInterrupt
        draws, chains, _ = self.calls[-1]
        kept = draws - 1 if self.outcome == "cut short" else draws
        rng = np.random.default_rng(len(self.calls))
        free = 0.1 * rng.normal(size=(chains, kept, self.n))
        if self.outcome == "apart":
            free[:, :, : self.n // 2] += 0.2 * np.arange(chains)[:, None, None]
        diverging = np.zeros((chains, kept), dtype=bool)
        diverging[0, :5] = self.outcome == "diverging"
        return xr.DataTree.from_dict(
            {
                "posterior": xr.Dataset({"free": (("chain", "draw", "n"), free)}),
                "sample_stats": xr.Dataset({"diverging": (("chain", "draw"), diverging)}),
            }
        )

    def abort(self):
        self.aborted = True


@pytest.fixture
def sample(monkeypatch, layout):
    """Fit with runs of the sampler that end as told."""

    def run(*outcomes, gates=GATES):
        sampler = Sampler(layout, *outcomes)
        monkeypatch.setattr(nutpie, "sample", sampler)
        said: list[str] = []
        run.sampler, run.said = sampler, said
        return fit(layout, ("",), SAMPLING, gates, progress=said.append)

    return run


def test_draws_that_agree_are_taken_at_once(sample):
    fitted = sample("good")
    assert fitted.attempts == 1
    assert sample.sampler.calls == [(100, 2, NATIONAL_ACCEPT)]
    assert sample.sampler.options["seed"] == 5
    assert sample.sampler.options["tune"] == 150
    assert fitted.convergence.faults(GATES) == []
    assert fitted.posterior.draws == 200
    assert fitted.posterior.flat("roi").shape == (200, 4)
    assert set(fitted.seconds) == {"build", "sampling", "derive"}


def test_draws_that_disagree_are_drawn_again_longer_and_then_with_more_patience(sample):
    fitted = sample("apart", "apart", "good")
    assert fitted.attempts == 3
    assert sample.sampler.calls == [
        (100, 2, NATIONAL_ACCEPT),
        (200, 2, ACCEPTANCE[1]),
        (200, PATIENT_CHAINS, ACCEPTANCE[2]),
    ]
    assert sorted(ACCEPTANCE) == list(ACCEPTANCE)
    assert PATIENT_CHAINS == 8
    assert fitted.posterior.draws == 1600
    again = [text for text in sample.said if "sampling again, longer" in text]
    assert len(again) == 2
    assert "R-hat" in again[0]


def test_the_second_run_is_enough_where_it_passes(sample):
    assert sample("diverging", "good").attempts == 2


def test_a_fit_that_never_agrees_is_refused_and_keeps_its_last_posterior(sample):
    with pytest.raises(Refused, match=r"did not reach the gates: R-hat .*gate 1\.1") as caught:
        sample("apart")
    assert isinstance(caught.value, NotConverged)
    assert caught.value.exit_code == 3
    assert caught.value.fitted.attempts == 3
    assert caught.value.fitted.posterior.draws == 1600
    assert caught.value.fitted.convergence.rhat_max > 1.1


def test_divergences_are_counted_over_all_chains(sample):
    with pytest.raises(Refused, match="5 of 1600 draws diverged"):
        sample("diverging")
    loose = GateSettings(rhat=1.1, ess=40, divergences=0.5)
    assert sample("diverging", gates=loose).convergence.divergences == 5


def test_an_interrupted_sampler_is_stopped_and_the_interrupt_passed_on(sample):
    with pytest.raises(KeyboardInterrupt):
        sample("interrupted")
    assert sample.sampler.aborted


def test_a_posterior_cut_short_is_an_interrupt_and_never_a_result(sample):
    with pytest.raises(KeyboardInterrupt, match="99 of 100 draws"):
        sample("cut short")
    assert len(sample.sampler.calls) == 1
