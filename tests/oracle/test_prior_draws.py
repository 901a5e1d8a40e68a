"""Draws from the model's own prior against its density, and outcomes against the dense normal."""

from types import SimpleNamespace

import numpy as np
import pytest

from mmm.dims import Cell
from mmm.inference import sbc
from mmm.inference.posterior import split_phi
from mmm.inference.sbc import draw_company, draw_outcome
from mmm.model.density import Density
from mmm.model.layout import lay_out
from mmm.model.parents import hang
from mmm.model.settings import ModelSettings

FAMILY = (Cell("tv"), Cell("search", "young"), Cell("search", "old"))
ALONE = (Cell("tv"), Cell("search"))
GEOS = ("north", "south", "west")


@pytest.fixture
def layout(make_panel):
    def lay(likelihood="normal", **changes):
        return lay_out(make_panel(3, periods=60, **changes), ModelSettings(max_lag=4, likelihood=likelihood))

    return lay


@pytest.mark.parametrize("likelihood", ["normal", "student_t"])
def test_draws_from_the_priors_have_the_density_of_the_priors(likelihood, layout):
    # Stein: under a density p, the mean of q_i d log p / d q_i is -1 and the mean of d log p / d q_i is 0
    parents = hang(layout(likelihood, geos=GEOS, cells=FAMILY))
    prior = Density(parents.packed(), np.zeros(0))
    rng = np.random.default_rng(1)
    q = rng.standard_normal((20_000, len(parents.parents)))
    slope = np.array([prior(row)[1] for row in q])
    for values, expected in ((slope, 0.0), (q * slope, -1.0)):
        off = (values.mean(axis=0) - expected) / (values.std(axis=0) / np.sqrt(len(q)))
        assert np.abs(off).max() < 4.5


@pytest.mark.parametrize("geos", [1, 3])
def test_media_of_a_draw_are_those_of_the_oracle(geos, random_data, media_effect):
    data = random_data(2, geos=geos)
    phi = np.random.default_rng(3).normal(size=data.n_phi) * 0.5
    np.testing.assert_allclose(sbc.media_effect(_parts(phi, data), data), media_effect(phi, data), rtol=1e-10)


@pytest.mark.parametrize("student_t", [False, True], ids=["normal", "Student t"])
@pytest.mark.parametrize("geos", [1, 3])
def test_outcomes_of_one_draw_have_the_mean_and_the_covariance_of_the_likelihood(
    geos, student_t, random_data, dense
):
    data = random_data(4, geos=geos, own=2, student_t=student_t)
    rng = np.random.default_rng(5)
    phi = rng.normal(size=data.n_phi) * 0.5
    phi[-data.n_weights - data.n_groups - 2] = 0.6
    told = dense(phi, data)
    sd = np.where(told.prior_precision > 0, 1 / np.sqrt(np.maximum(told.prior_precision, 1e-300)), 0.0)
    covariance = told.U + (told.Z * sd**2) @ told.Z.T
    root = np.linalg.cholesky(covariance)
    mean = data.y.T.ravel() - told.r
    outcomes = np.array([draw_outcome(_parts(phi, data), data, rng).T.ravel() for _ in range(4000)])
    white = np.linalg.solve(root, (outcomes - mean).T)
    assert np.abs(white.mean(axis=1)).max() < 4.5 / np.sqrt(4000)
    gram = white @ white.T / 4000
    assert np.abs(gram - np.eye(len(mean))).max() < 6.0 / np.sqrt(4000)


def test_a_drawn_company_keeps_everything_but_its_outcome(layout):
    before = layout(geos=GEOS, cells=ALONE, organic=False)
    drawn = draw_company(before, np.random.default_rng(1))
    assert drawn.layout.data.y.shape == before.data.y.shape
    assert not np.allclose(drawn.layout.data.y, before.data.y)
    assert drawn.layout.data.Z is before.data.Z
    assert drawn.truth["roi"].shape == (2,)


def test_audiences_and_gaps_are_refused(layout, random_data):
    with pytest.raises(ValueError, match="audiences"):
        draw_company(layout(cells=FAMILY), np.random.default_rng(1))
    data = random_data(1, masked=(5,))
    with pytest.raises(ValueError, match="gaps"):
        draw_outcome(_parts(np.zeros(data.n_phi), data), data, np.random.default_rng(1))


def _parts(phi, data):
    """`split_phi` needs of a layout only the shape of its data."""

    return split_phi(phi, SimpleNamespace(data=data))
