"""What a config says about the model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from mmm.settings import Settings

AdstockKind = Literal["gamma", "geometric", "delayed", "weibull_survival", "weibull_density"]
SaturationKind = Literal["hill", "logistic", "michaelis_menten", "power"]


class RoiPrior(Settings):
    """LogNormal prior on the ROI (contribution / spend) of a channel."""

    median: Annotated[float, Field(gt=0)] | Literal["auto"] = Field(
        "auto", description="auto: break-even, 1 / gross margin within [1, 3]; 1.3 without a margin"
    )
    sigma: float = Field(1.1, gt=0, le=3, description="standard deviation of log ROI")


class MarginalPrior(Settings):
    """LogNormal prior on the marginal ROI of a channel: what the next unit of money returns."""

    median: float = Field(gt=0, description="what the next unit of money returns, in the middle")
    sigma: float = Field(0.5, gt=0, le=3, description="standard deviation of log mROI")


class SharePrior(Settings):
    """LogNormal prior on what a channel makes of the outcome."""

    share: float = Field(gt=0, lt=1, description="share of the modelled outcome, in the middle: 0.08")
    sigma: float = Field(0.5, gt=0, le=3, description="standard deviation of its logarithm")


class ChannelPrior(Settings):
    """Priors of one channel, on one of ROI, marginal ROI and contribution; or of one owned medium, its sign alone."""

    roi: RoiPrior | None = None
    mroi: MarginalPrior | None = None
    contribution: SharePrior | None = None
    sign: Literal["positive", "any"] = Field(
        "positive",
        description="any: it may hurt; its return is normal, sigma (default 1.5) times the median around the median",
    )

    @property
    def has_centre(self) -> bool:
        """Whether the middle of the prior was told."""
        told = self.contribution or self.mroi
        return told is not None or (self.roi is not None and self.roi.median != "auto")

    @model_validator(mode="after")
    def _says_one_thing(self) -> ChannelPrior:
        said = [name for name in ("roi", "mroi", "contribution") if getattr(self, name) is not None]
        if len(said) > 1:
            raise ValueError(f"{' and '.join(said)} say the same thing twice; keep one")
        if self.sign == "any" and self.mroi is not None:
            raise ValueError("`sign: any` goes with roi or contribution, not with mroi")
        return self


class PriorSettings(Settings):
    """Priors a finance person can discuss."""

    roi: RoiPrior = RoiPrior()
    channels: dict[str, ChannelPrior] = {}


class SamplingSettings(Settings):
    """How the posterior is drawn."""

    draws: int = Field(1000, ge=100, le=20_000, description="kept draws per chain")
    tune: int = Field(500, ge=100, le=20_000, description="draws per chain spent on adaptation")
    chains: int = Field(4, ge=2, le=16, description="independent chains, compared with each other")
    seed: int = Field(1, ge=0, description="the same seed gives the same draws")


class GateSettings(Settings):
    """What a posterior must reach before anything is made of it."""

    rhat: float = Field(1.01, gt=1, description="largest R-hat of a reported quantity")
    ess: float = Field(400, gt=0, description="smallest effective sample size of a reported quantity")
    divergences: float = Field(0.001, ge=0, le=1, description="largest share of divergent draws")


def _by_channel(value: Any) -> Any:
    return {"default": value} if isinstance(value, str) else value


def _adstock_by_channel(value: Any) -> Any:
    """`weibull` alone is the density, the form that can peak."""
    named = _by_channel(value)
    if not isinstance(named, dict):
        return named
    return {channel: "weibull_density" if kind == "weibull" else kind for channel, kind in named.items()}


class ModelSettings(Settings):
    """The model; every default is a statement explained in docs and ARCHITECTURE."""

    adstock: Annotated[dict[str, AdstockKind], BeforeValidator(_adstock_by_channel)] = Field(
        {"default": "gamma"},
        description=(
            "gamma (contains geometric) | geometric | delayed (a peak some weeks later) | weibull_survival | "
            "weibull_density (also: weibull); by channel with `default`"
        ),
    )
    saturation: Annotated[dict[str, SaturationKind], BeforeValidator(_by_channel)] = Field(
        {"default": "hill"},
        description=(
            "hill (concave or S-shaped as the data have it) | michaelis_menten (Hill, exponent 1) | logistic | "
            "power (no ceiling); by channel with `default`"
        ),
    )
    max_lag: int = Field(13, ge=1, le=52, description="weeks over which carry-over may run, at any grain")
    seasonality: int | Literal["auto"] = Field("auto", description="order of the yearly Fourier series")
    likelihood: Literal["normal", "student_t"] = Field(
        "normal",
        description="distribution of what nothing explains: normal | student_t (odd periods are let go; slower)",
    )
    priors: PriorSettings = PriorSettings()
    structural_error: float | Literal["auto"] = Field(
        "auto",
        description="sd of the log gap between what moves with spend and what spend causes; auto: 0.20, with geos "
        "0.10, for channels of role demand_capture 0.50; a number holds for all",
    )
    history: Literal["unknown", "none"] = Field(
        "unknown", description="spend before the first row: unknown, or none (a true start)"
    )
    sampling: SamplingSettings = SamplingSettings()
    gates: GateSettings = GateSettings()
