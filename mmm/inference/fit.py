"""Draw from the posterior until the gates hold, or refuse."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from mmm.errors import NotConverged
from mmm.inference.diagnostics import Convergence, converge
from mmm.inference.posterior import DIMS, Posterior, derive
from mmm.model.density import Density
from mmm.model.kernel import CORES, draw_linear
from mmm.model.layout import Layout
from mmm.model.pack import pack
from mmm.model.parents import Parents, hang
from mmm.model.settings import GateSettings, SamplingSettings

Floats = NDArray[np.float64]
Progress = Callable[[str], None]

ACCEPTANCE = (0.95, 0.95, 0.99)
"""Target acceptance of each attempt: steps get smaller where the gates were missed."""
NATIONAL_ACCEPT = 0.9
"""The first attempt of a national model: larger steps halve the cost of an effective draw; regions gain little."""
PATIENT_CHAINS = 8


@dataclass(frozen=True, slots=True)
class Fitted:
    """A posterior, how its chains agree, and where the time went (seconds by step)."""

    posterior: Posterior
    convergence: Convergence
    seconds: dict[str, float]
    attempts: int


class Refused(NotConverged):
    """The gates were not reached; carries the last posterior for the `draft/` folder."""

    def __init__(self, message: str, fitted: Fitted) -> None:
        super().__init__(message)
        self.fitted = fitted


def fit(
    layout: Layout,
    geos: tuple[str, ...],
    sampling: SamplingSettings,
    gates: GateSettings,
    *,
    progress: Progress | None = None,
) -> Fitted:
    """Sample the model and check it against the gates.

    A run that misses the gates is extended: twice the draws, then also eight chains; with smaller steps each time.

    Raises
    ------
    Refused
        When the gates are not reached even then.
    """
    say = progress or (lambda text: None)
    clock = time.perf_counter()
    say("building the model")
    parents, packed = hang(layout), pack(layout.data)
    target = _target(parents, packed)
    seconds = {"build": time.perf_counter() - clock, "sampling": 0.0, "derive": 0.0}
    plans = [
        (sampling.draws, sampling.chains, _acceptance(geos)),
        (2 * sampling.draws, sampling.chains, ACCEPTANCE[1]),
        (2 * sampling.draws, max(PATIENT_CHAINS, sampling.chains), ACCEPTANCE[2]),
    ]
    fitted: Fitted | None = None
    for attempt, (draws, chains, accept) in enumerate(plans, start=1):
        clock = time.perf_counter()
        raw = _sample(target, draws, chains, accept, sampling, say)
        seconds["sampling"] += time.perf_counter() - clock
        clock = time.perf_counter()
        posterior, convergence = _derived(raw, parents, packed, layout, geos, sampling.seed)
        seconds["derive"] += time.perf_counter() - clock
        fitted = Fitted(posterior, convergence, dict(seconds), attempt)
        faults = convergence.faults(gates)
        if not faults:
            return fitted
        if attempt < len(plans):
            say(f"{'; '.join(faults)}: sampling again, longer")
    assert fitted is not None
    raise Refused("the sampler did not reach the gates: " + "; ".join(faults), fitted)


def fit_without_tests(
    layout: Layout, geos: tuple[str, ...], sampling: SamplingSettings, *, progress: Progress | None = None
) -> tuple[Posterior, Convergence]:
    """The model had there been no past tests, half as many draws on two chains: what tests are compared with.

    The rows that geo tests compared stay as free as with the tests. No gate stands here: nothing is planned on it.
    """
    say = progress or (lambda text: None)
    say("sampling once more, without the tests")
    alone = replace(layout, data=replace(layout.data, lifts=()), experiments=())
    fewer = {"draws": max(100, sampling.draws // 2), "chains": min(2, sampling.chains)}
    return draw_once(alone, geos, sampling.model_copy(update=fewer), progress=say)


def draw_once(
    layout: Layout, geos: tuple[str, ...], sampling: SamplingSettings, *, progress: Progress | None = None
) -> tuple[Posterior, Convergence]:
    """One run of the sampler that no gate judges, the first that `fit` would make: for what is never planned on."""
    parents, packed = hang(layout), pack(layout.data)
    say = progress or (lambda text: None)
    draws, chains = sampling.draws, sampling.chains
    raw = _sample(_target(parents, packed), draws, chains, _acceptance(geos), sampling, say)
    return _derived(raw, parents, packed, layout, geos, sampling.seed)


def _acceptance(geos: tuple[str, ...]) -> float:
    return ACCEPTANCE[0] if len(geos) > 1 else NATIONAL_ACCEPT


def _target(parents: Parents, packed: Floats) -> Any:
    """The density for the sampler: one object per chain, so that chains share nothing they write to."""
    import nutpie.compiled_pyfunc

    prior, n = parents.packed(), len(parents.parents)

    def start(seed: int) -> Floats:
        return np.random.default_rng(seed).uniform(-1.0, 1.0, n)

    return nutpie.compiled_pyfunc.from_pyfunc(
        ndim=n,
        make_logp_fn=lambda: Density(prior, packed),
        make_expand_fn=lambda *seeds: lambda q: {"free": q},
        expanded_dtypes=[np.dtype(np.float64)],
        expanded_shapes=[(n,)],
        expanded_names=["free"],
        make_initial_point_fn=start,
    )


def _sample(
    target: Any, draws: int, chains: int, accept: float, sampling: SamplingSettings, say: Progress
) -> xr.DataTree:
    """One run of the sampler; Ctrl-C stops it and is passed on, never a truncated posterior."""
    import nutpie

    total = chains * (draws + sampling.tune)

    def report(states: object) -> None:
        done = sum(state.finished_draws for state in states)  # type: ignore[attr-defined]
        say(f"sampling {100 * done // total} %")

    running = nutpie.sample(
        target,
        draws=draws,
        tune=sampling.tune,
        chains=chains,
        cores=CORES,
        seed=sampling.seed,
        target_accept=accept,
        progress_bar=False,
        progress_callback=report,
        progress_rate=1000,
        save_warmup=False,
        blocking=False,
    )
    try:
        tree = running.wait()
    except KeyboardInterrupt:
        running.abort()
        raise
    kept = tree["posterior"].sizes["draw"]
    if kept != draws:
        # the sampler turns Ctrl-C into a short posterior
        raise KeyboardInterrupt(f"{kept} of {draws} draws")
    return tree


def _derived(
    raw: xr.DataTree, parents: Parents, packed: Floats, layout: Layout, geos: tuple[str, ...], seed: int
) -> tuple[Posterior, Convergence]:
    free = raw["posterior"]["free"].to_numpy()
    chains, draws, n = free.shape
    natural = Density(parents.packed(), packed)
    phi = np.stack([natural.phi(q) for q in free.reshape(-1, n)])
    rng = np.random.default_rng([seed, 7])
    sibling_sd = parents.values(free.reshape(-1, n))[:, parents.places["sibling_sd"]]
    values = derive(phi, sibling_sd, layout, rng)
    noise = rng.standard_normal((phi.shape[0], layout.data.shape[4]))
    values["b"] = draw_linear(phi, packed, noise)
    diverging = raw["sample_stats"]["diverging"]
    shaped = {name: array.reshape(chains, draws, *array.shape[1:]) for name, array in values.items()}
    convergence = converge(
        {"roi": shaped["roi"], "mroi": shaped["mroi"], "sigma": shaped["sigma"]},
        phi.reshape(chains, draws, -1),
        int(diverging.sum()),
    )
    return Posterior(_tree(shaped, raw, layout, geos)), convergence


def _tree(shaped: dict[str, Floats], raw: xr.DataTree, layout: Layout, geos: tuple[str, ...]) -> xr.DataTree:
    media = [cell.name for cell in layout.media]
    posterior = xr.Dataset(
        {name: (("chain", "draw", *DIMS[name]), array) for name, array in shaped.items()},
        coords={
            "medium": media,
            "geo": list(geos),
            "column": [f"{i}:{c.component}" for i, c in enumerate(layout.baseline.columns)],
            "scale": list(layout.baseline.scales),
        },
    )
    keep = ["diverging", "n_steps", "step_size_bar", "energy", "logp"]
    stats = raw["sample_stats"].to_dataset()
    data = layout.data
    return xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "sample_stats": stats[[name for name in keep if name in stats]],
            "observed_data": xr.Dataset({"y": (("period", "geo"), data.y)}, coords={"geo": list(geos)}),
            "constant_data": xr.Dataset(
                {
                    "x": (("lagged_period", "geo", "medium"), data.x),
                    "live": (("period",), data.live),
                    "Z": (("period", "geo", "column"), data.Z),
                },
                coords={"geo": list(geos), "medium": media},
            ),
        }
    )
