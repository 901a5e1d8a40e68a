"""Public holidays and named events as columns over periods.

A holiday pulls on the days around it: the pull is 1 on the day, rises over the days before and fades over
those after. One column per holiday, pooled over the years; names in English whatever the machine's locale.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

import holidays as holidays_package
import numpy as np
from numpy.typing import NDArray

from mmm.data.calendar import DAY, overlap_share, period_days, period_end
from mmm.data.names import nearest
from mmm.data.settings import Grain, HolidaySettings
from mmm.errors import ConfigError

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]

_EVERYDAY = ("public", "unofficial")
_ALL_CATEGORIES = ("IL",)  # Hanukkah and Purim move trade and are no public holidays
_SAME_HOLIDAY = re.compile(r"\s*(\((observed|estimated|observed, estimated)\)|\bholiday)\s*$", re.IGNORECASE)


def holiday_features(
    dates: Dates,
    grain: Grain,
    settings: HolidaySettings,
    names: Sequence[str] | None = None,
    *,
    own: Mapping[str, Dates] = MappingProxyType({}),
) -> tuple[tuple[str, ...], Floats]:
    """Pull of each holiday on each period.

    Parameters
    ----------
    dates
        First days of the periods, without gaps, shape (period,).
    names
        Columns wanted, in this order, for periods to come; None: every holiday that pulls inside `dates`.
    own
        Days of each holiday of the config's own calendar, by name; a name that a country has too is one holiday.

    Returns
    -------
    names
        One per column, sorted unless given.
    matrix
        Shape (period, holiday): mean over the period's days of the pull. The pull of one holiday is 1 on its
        days, falls by 1 / (lead + 1) a day before and by 1 / (lag + 1) a day after; overlaps take the larger.

    Raises
    ------
    ConfigError
        Unknown country code, or a name in `drop` that no holiday has; both with the nearest known one.
    """
    if len(dates) == 0:
        return tuple(names or ()), np.zeros((0, len(names or ())))
    days = period_days(dates, grain)
    first, last = dates[0], period_end(dates[-1], grain)
    years = tuple(range(_year(first - settings.lag * DAY) - 1, _year(last + settings.lead * DAY) + 2))
    calendar = _pooled(settings.countries, years, own)
    # for periods to come the columns are given: what leaves was settled when they were made
    dropped = _dropped(settings.drop, tuple(calendar)) if names is None else set()
    pulls = {
        name: _pull(held, first, last, settings.lead, settings.lag)
        for name, held in calendar.items()
        if name not in dropped
    }
    if names is None:
        names = sorted(name for name, pull in pulls.items() if pull.any())
    begins = (dates - first).astype(np.int64)
    nothing = np.zeros(int((last - first).astype(np.int64)) + 1)
    columns = [np.add.reduceat(pulls.get(name, nothing), begins) / days for name in names]
    return tuple(names), np.stack(columns, axis=1) if columns else np.zeros((len(dates), 0))


def holiday_faults(settings: HolidaySettings, year: int, own: Mapping[str, Dates]) -> tuple[str, ...]:
    """What is wrong with the country codes and the dropped names, one sentence each."""
    try:
        _dropped(settings.drop, tuple(_pooled(settings.countries, tuple(range(year - 4, year + 2)), own)))
    except ConfigError as error:
        return error.faults
    return ()


def event_features(
    starts: Dates,
    ends: Dates,
    labels: Sequence[str],
    dates: Dates,
    grain: Grain,
    names: Sequence[str] | None = None,
) -> tuple[tuple[str, ...], Floats]:
    """Share of each period's days on which each named event ran.

    Parameters
    ----------
    starts, ends, labels
        First day, last day and name of each event, shape (event,). Events of one name share a column.
    dates
        First days of the periods, shape (period,).
    names
        Columns wanted, in this order; None: every event that runs inside `dates`, sorted.

    Returns
    -------
    The names, and the shares, shape (period, name).
    """
    of = np.asarray(labels, dtype=object)
    shares = {
        str(name): overlap_share(starts[of == name], ends[of == name], dates, grain) for name in set(labels)
    }
    if names is None:
        names = sorted(name for name, share in shares.items() if share.any())
    columns = [shares.get(name, np.zeros(len(dates))) for name in names]
    return tuple(names), np.stack(columns, axis=1) if columns else np.zeros((len(dates), 0))


def _year(day: np.datetime64) -> int:
    return int(day.astype("datetime64[Y]").astype(np.int64)) + 1970


def _pull(held: Dates, first: np.datetime64, last: np.datetime64, lead: int, lag: int) -> Floats:
    """Pull of one holiday on every day from `first` to `last`, shape (day,)."""
    days = np.arange(first, last + DAY)
    held = held[(held >= first - lag * DAY) & (held <= last + lead * DAY)]
    if held.size == 0:
        return np.zeros(days.size)
    distance = (days[:, None] - held[None, :]).astype(np.int64)  # negative: before the holiday
    reach = np.where(distance < 0, lead + 1, lag + 1)
    return np.clip(1 - np.abs(distance) / reach, 0, None).max(axis=1)


def _pooled(countries: Sequence[str], years: tuple[int, ...], own: Mapping[str, Dates]) -> dict[str, Dates]:
    """Days of each holiday name over all countries, years, and the own calendar."""
    held: dict[str, set[np.datetime64]] = {}
    for name, days in own.items():
        held.setdefault(_plain(name), set()).update(days)
    faults = []
    for code in countries:
        try:
            found = _of_country(code.strip().upper(), years)
        except KeyError:
            faults.append(_unknown_country(code))
            continue
        for day, name in found:
            held.setdefault(name, set()).add(day)
    if faults:
        raise ConfigError(faults)
    # the day before a holiday is inside its ramp: a column of its own would say the same twice
    eves = {n for n in held if n.endswith(" Eve") and {n[:-4], f"{n[:-4]} Day"} & held.keys()}
    return {name: np.array(sorted(days)) for name, days in sorted(held.items()) if name not in eves}


@cache
def _of_country(code: str, years: tuple[int, ...]) -> tuple[tuple[np.datetime64, str], ...]:
    """Days and English names of one country or region (`DE`, `DE-BY`).

    Raises
    ------
    KeyError
        When the `holidays` package does not know the code.
    """
    country, _, region = code.partition("-")
    known = holidays_package.list_supported_countries()
    if country not in known or (region and region not in known[country]):
        raise KeyError(code)
    model = getattr(holidays_package, country)
    languages = [str(tag) for tag in model.supported_languages]
    english = sorted((tag for tag in languages if tag.startswith("en")), key=lambda tag: tag != "en_US")
    offered = tuple(model.supported_categories)
    wanted = offered if country in _ALL_CATEGORIES else tuple(c for c in offered if c in _EVERYDAY)
    table = holidays_package.country_holidays(
        country,
        subdiv=region or None,
        years=years,
        # without a language the package follows the machine's locale
        language=english[0] if english else model.default_language,
        categories=wanted or None,
    )
    return tuple(
        (np.datetime64(day, "D"), _plain(name)) for day in sorted(table) for name in table.get_list(day)
    )


def _plain(name: str) -> str:
    """The holiday a day belongs to: "(observed)" and "Pesach holiday" are the holiday itself."""
    before = ""
    while before != name:
        before, name = name, _SAME_HOLIDAY.sub("", name).strip() or name
    return name


def _dropped(drop: Sequence[str], known: Sequence[str]) -> set[str]:
    folded = {name.casefold(): name for name in known}
    faults = []
    found = set()
    for name in drop:
        plain = _plain(name.strip()).casefold()
        if plain in folded:
            found.add(folded[plain])
        elif not plain.endswith(" eve"):
            near = nearest(name, known)
            hint = f"; did you mean {near!r}?" if near else f"; the names are {', '.join(sorted(known))}"
            faults.append(f"`calendar.holidays.drop`: no holiday is called {name!r}{hint}")
    if faults:
        raise ConfigError(faults)
    return found


def _unknown_country(code: str) -> str:
    known = sorted(c for c in holidays_package.list_supported_countries() if len(c) == 2)
    country, _, region = code.strip().upper().partition("-")
    if region and country in known:
        regions = ", ".join(holidays_package.list_supported_countries()[country]) or "none"
        return f"`calendar.holidays`: {country} has no region {region!r}; its regions are {regions}"
    called = {getattr(holidays_package, c).__mro__[1].__name__.upper(): c for c in known}
    near = called.get(country.replace(" ", "")) or nearest(country, known)
    hint = f"; did you mean {near!r}?" if near else "; use two letters such as US, IL, DE, GB"
    return f"`calendar.holidays`: {code!r} is no country code that the holidays package knows{hint}"
