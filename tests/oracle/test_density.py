"""The C function that the sampler calls against the PyMC model compiled by PyMC: value, gradient, parameters."""

import numpy as np
import pytest
from pymc.model.transform.conditioning import remove_value_transforms
from pytensor.compile.mode import Mode
from scipy.stats import gamma, halfnorm, norm, truncnorm

from mmm.data.experiments import Experiment
from mmm.dims import Cell
from mmm.model.density import Density
from mmm.model.graph import build_model
from mmm.model.layout import lay_out
from mmm.model.pack import pack
from mmm.model.parents import hang
from mmm.model.priors import GEO_SD, LOG_KAPPA, SIBLING_SD
from mmm.model.settings import ModelSettings

INTERPRETED = Mode(linker="py", optimizer="fast_compile")
ALONE = (Cell("tv"), Cell("search"), Cell("radio"))
FAMILY = (Cell("tv"), Cell("search", "young"), Cell("search", "old"))


DEFAULTS = {"adstock": {"default": "gamma", "tv": "geometric"}}
MIXED = (
    {
        "adstock": {"default": "delayed", "tv": "weibull_survival"},
        "saturation": {"default": "logistic", "tv": "power"},
        "priors": {"channels": {"tv": {"mroi": {"median": 0.8}}, "search": {"sign": "any"}}},
    },
    {
        "adstock": {"default": "weibull", "tv": "delayed"},
        "saturation": {"default": "power", "tv": "michaelis_menten"},
    },
)


def past_tests(panel):
    """Of the first cell everywhere, and of the last in the first region."""
    day = panel.dates[20]

    def test(name, cell, geos):
        bau = 0.5 * panel.exposure[20:24][:, list(geos)][:, :, [cell]]
        within = len(geos) < len(panel.geos)
        return Experiment(
            name, day, day + 27, 2, 50.0, 8.0, (cell,), geos, 20, 24, 26, bau, 900.0, 300.0, within
        )

    return test("a", 0, tuple(range(len(panel.geos)))), test("b", len(panel.cells) - 1, (0,))


def sides(panel, families, experiments=()):
    """Density and parameters by ours, of the free coordinates; by PyMC, of its variables; the one from the other."""
    settings = ModelSettings.model_validate({"max_lag": 6, **families})
    layout = lay_out(panel, settings, experiments=experiments)
    parents = hang(layout)
    ours = Density(parents.packed(), pack(layout.data))
    model = remove_value_transforms(build_model(layout))
    names = [rv.name for rv in model.free_RVs]
    start = model.initial_point()
    value = model.compile_logp(mode=INTERPRETED)
    slope = model.compile_dlogp(mode=INTERPRETED)
    phi = model.compile_fn(
        model.replace_rvs_by_values([model["phi"]]), inputs=model.value_vars, mode=INTERPRETED
    )

    def theirs(v):
        point = {name: v[parents.places[name]].reshape(start[name].shape) for name in names}
        gradient = np.zeros(v.size)
        gradient[np.concatenate([parents.places[name] for name in names])] = slope(point)
        return float(value(point)), gradient, phi(point)[0]

    priors = dict.fromkeys(names, norm)
    top = (layout.log_kappa_max - LOG_KAPPA[0]) / LOG_KAPPA[1]
    priors |= {"kappa_z": truncnorm(-np.inf, top), "slope_z": truncnorm(*layout.curve_priors.slope_bounds)}
    priors["weight"] = gamma(2.0, scale=0.5)
    priors |= {"sibling_sd": halfnorm(scale=SIBLING_SD), "geo_sd": halfnorm(scale=GEO_SD)}

    def variables(q):
        """Values of PyMC's variables by SciPy, their slopes, and the slopes of the log slopes."""
        found = np.zeros((3, q.size))
        for name in names:
            at, prior = parents.places[name], priors[name]
            v = prior.ppf(norm.cdf(q[at]))
            first = np.exp(norm.logpdf(q[at]) - prior.logpdf(v))
            sd = {"sibling_sd": SIBLING_SD, "geo_sd": GEO_SD}.get(name, 1.0)
            bend = 2.0 - 1.0 / v if name == "weight" else v / sd**2  # minus the slope of the log prior
            found[:, at] = v, first, bend * first - q[at]
        return found

    assert sorted(np.concatenate([parents.places[name] for name in names])) == list(
        range(len(parents.parents))
    )
    return ours, theirs, variables, parents


@pytest.mark.parametrize(
    ("families", "tested"),
    [
        (DEFAULTS, False),
        (DEFAULTS, True),
        (MIXED[0], False),
        (MIXED[1], True),
        ({"likelihood": "student_t"}, True),
    ],
    ids=["defaults", "defaults, tested", "mixed", "mixed again, tested", "Student t, tested"],
)
@pytest.mark.parametrize("cells", [ALONE, FAMILY], ids=["alone", "family"])
@pytest.mark.parametrize("geos", [("",), ("north", "south", "west")], ids=["national", "geos"])
def test_the_sampler_sees_the_density_of_the_pymc_model(geos, cells, families, tested, make_panel):
    panel = make_panel(3, periods=60, geos=geos, excluded=(30, 31), cells=cells)
    ours, theirs, variables, parents = sides(panel, families, past_tests(panel) if tested else ())
    assert parents.places["gap_z"].size == (2 if tested else 0)
    rng = np.random.default_rng(5)
    gaps, values = [], []
    for _ in range(6):
        q = rng.normal(size=len(parents.parents))
        v, first, second = variables(q)
        value, gradient = ours(q)
        their_value, their_gradient, their_phi = theirs(v)
        their_value, their_gradient = their_value + np.log(first).sum(), their_gradient * first + second
        told = parents.values(q)
        told[parents.places["weight"]] = np.exp(told[parents.places["weight"]])
        np.testing.assert_allclose(told, v, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(ours.phi(q), their_phi, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(gradient, their_gradient, rtol=1e-8, atol=1e-8 * np.abs(gradient).max())
        gaps.append(value - their_value)
        values.append(value)
    assert np.ptp(values) > 10
    assert np.ptp(gaps) < 1e-8 * np.abs(values).max()  # what is left are the constants of the priors


@pytest.mark.parametrize(
    "families",
    [{}, *MIXED, {"likelihood": "student_t"}],
    ids=["defaults", "mixed", "mixed again", "Student t"],
)
def test_far_out_nothing_overflows_and_nothing_is_a_number_where_the_density_is_not(families, make_panel):
    settings = ModelSettings.model_validate({"max_lag": 6, **families})
    layout = lay_out(make_panel(3, periods=60), settings)
    parents = hang(layout)
    density = Density(parents.packed(), pack(layout.data))
    for far in (-40.0, 40.0):
        value, gradient = density(np.full(len(parents.parents), far))
        assert not value > -100.0
        assert gradient.shape == (len(parents.parents),)
    value, _ = density(np.full(len(parents.parents), np.nan))
    assert not np.isfinite(value)
