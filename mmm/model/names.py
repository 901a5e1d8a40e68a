"""Channels that the `model` part of a config names, compared with those the data have."""

from __future__ import annotations

from collections.abc import Sequence

from mmm.data.names import nearest
from mmm.dims import Cell
from mmm.errors import ConfigError
from mmm.model.settings import ModelSettings


def refuse_unknown_channels(
    cells: Sequence[Cell], settings: ModelSettings, owned: Sequence[str] = ()
) -> None:
    """Refuse settings of a channel that no table has: they would be ignored without a word.

    Parameters
    ----------
    owned
        Names of owned media, of which the sign may be told under `priors.channels` and nothing else.

    Raises
    ------
    ConfigError
        All such names at once.
    """
    known = list(dict.fromkeys(cell.channel for cell in cells))
    named = {
        "adstock": [name for name in settings.adstock if name != "default"],
        "saturation": [name for name in settings.saturation if name != "default"],
        "priors.channels": [name for name in settings.priors.channels if name not in owned],
    }
    faults = [
        f"`model.priors.channels.{name}`: an owned medium has no spend, so no return; only its `sign` can be told"
        for name, own in settings.priors.channels.items()
        if name in owned and name not in known and (own.roi or own.mroi or own.contribution)
    ]
    for key, names in named.items():
        for name in names:
            if name not in known:
                near = nearest(name, known)
                guess = f" Did you mean `{near}`?" if near else ""
                faults.append(f"`model.{key}.{name}`: no such channel.{guess} There are: {', '.join(known)}")
    if faults:
        raise ConfigError(faults)
