"""Settings of channels that no table has are refused, all at once."""

import pytest

from mmm.dims import Cell
from mmm.errors import ConfigError
from mmm.model.names import refuse_unknown_channels
from mmm.model.settings import ModelSettings

CELLS = (Cell("tv"), Cell("facebook", "new"), Cell("facebook", "known"))


def test_settings_of_channels_that_are_there_pass():
    settings = {
        "adstock": {"default": "gamma", "tv": "geometric"},
        "priors": {"channels": {"facebook": {"roi": {}}}},
    }
    refuse_unknown_channels(CELLS, ModelSettings.model_validate(settings))
    refuse_unknown_channels(CELLS, ModelSettings())


def test_channels_that_are_not_there_are_refused_together_with_the_nearest_name():
    settings = {
        "adstock": {"default": "gamma", "radio": "geometric"},
        "saturation": {"default": "hill", "tele": "hill"},
        "priors": {"channels": {"facebok": {"roi": {"median": 1.0}}}},
    }
    with pytest.raises(ConfigError) as caught:
        refuse_unknown_channels(CELLS, ModelSettings.model_validate(settings))
    adstock, saturation, prior = caught.value.faults
    assert "`model.adstock.radio`" in adstock
    assert adstock.endswith("There are: tv, facebook")
    assert "`model.saturation.tele`" in saturation
    assert "Did you mean `facebook`?" in prior


def test_of_an_owned_medium_only_the_sign_can_be_told():
    signed = ModelSettings.model_validate({"priors": {"channels": {"mail": {"sign": "any"}}}})
    refuse_unknown_channels(CELLS, signed, ("mail",))
    with pytest.raises(ConfigError, match="only its `sign`"):
        refuse_unknown_channels(
            CELLS,
            ModelSettings.model_validate({"priors": {"channels": {"mail": {"roi": {"median": 1.0}}}}}),
            ("mail",),
        )
