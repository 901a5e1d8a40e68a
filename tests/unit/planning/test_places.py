"""Money placed by geo: which places there are, what they bring together, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmm.dims import Cell
from mmm.errors import ConfigError
from mmm.planning.allocation import check_limits
from mmm.planning.asked import asked_of_places, asked_of_wholes
from mmm.planning.bounds import cell_bounds
from mmm.planning.forecast import media_outcome
from mmm.planning.limits import groups_of
from mmm.planning.places import lines, places_of
from mmm.planning.problem import Group
from mmm.planning.settings import PlanSettings
from mmm.planning.window import plan_window, window_curves
from mmm.response.curves import mroi, response

CELLS = (Cell("tv"), Cell("search", "new"))
GEOS = ("north", "south", "west")
BY_GEO = [{"name": "the north", "geos": ["north"]}]


def settings_of(**keys):
    return PlanSettings.model_validate({"window": "2027Q1", **keys})


@pytest.fixture
def spend():
    """Ninety-seven weeks of two cells in three geos of unlike size; search never ran in the west."""
    rng = np.random.default_rng(3)
    money = rng.uniform(50, 150, (97, 3, 2)) * np.array([1.0, 2.0, 4.0])[:, None]
    money[:, 2, 1] = 0.0
    return money


@pytest.fixture
def panel(make_panel, spend):
    return make_panel(spend, cells=CELLS, geos=GEOS)


@pytest.fixture
def media(make_media, panel):
    return make_media(panel, draws=8)


def test_money_is_placed_by_cell_until_a_limit_names_a_geo(panel):
    assert places_of(panel, settings_of()).cells == CELLS
    entries = (
        {"groups": BY_GEO},
        {"bounds": [{"channel": "tv", "geo": "north", "max": 5}]},
        {"fixed": [{"channel": "tv", "geo": "north", "spend": 5}]},
    )
    expected = tuple(replace(cell, geo=geo) for cell in CELLS for geo in GEOS)
    for keys in entries:
        assert places_of(panel, settings_of(**keys)).cells == expected


def test_media_bought_for_all_geos_at_once_stay_one_place(panel):
    whole = replace(panel, national_cells=np.array([True, False]))
    places = places_of(whole, settings_of(groups=BY_GEO))
    assert [cell.name for cell in places.cells] == [
        "tv",
        "search / new, north",
        "search / new, south",
        "search / new, west",
    ]
    assert places.inside.sum(axis=0).tolist() == [3, 1, 1, 1]
    window = plan_window(whole, settings_of(groups=BY_GEO))
    assert any("tv is planned for all geos together" in line for line in window.assumptions)
    with pytest.raises(ConfigError, match=r"tv cannot be limited by geo"):
        plan_window(whole, settings_of(groups=[{"name": "n", "channels": ["tv"], "geos": ["north"]}]))
    with pytest.raises(ConfigError, match=r"tv cannot be limited by geo"):
        plan_window(whole, settings_of(bounds=[{"channel": "tv", "geo": "north", "max": 5}]))


def test_the_places_of_a_cell_share_out_all_its_money(panel):
    whole, parts = plan_window(panel, settings_of()), plan_window(panel, settings_of(groups=BY_GEO))
    for i in range(2):
        mine = parts.cell_of == i
        np.testing.assert_allclose(parts.part[mine].sum(), 1.0)
        together = (parts.pattern[:, :, mine] * parts.part[mine]).sum(axis=2)
        np.testing.assert_allclose(together, whole.pattern[:, :, i])
        np.testing.assert_allclose(parts.reference.by_cell[mine].sum(), whole.reference.by_cell[i])
    np.testing.assert_allclose(parts.pattern.sum(axis=(0, 1)), 1.0)  # the west, where search never ran, too
    assert parts.part[-1] == 0.0


def test_a_cell_brings_what_its_places_bring_together(panel, media):
    """Two ways to the same draws: all geos at once, and one by one."""
    beside = {"prices": {"tv": {"elasticity": 0.2}, "search": {"tiers": [{"above": 3000, "price": 1.5}]}}}
    whole, parts = (plan_window(panel, settings_of(**beside, **keys)) for keys in ({}, {"groups": BY_GEO}))
    at_once, by_geo = window_curves(whole, panel, media), window_curves(parts, panel, media)
    money = np.array([0.0, 900.0, 5000.0])
    for i in range(2):
        mine = np.flatnonzero(by_geo.cell_of == i)
        brought = sum(response(by_geo, place, parts.part[place] * money) for place in mine)
        np.testing.assert_allclose(brought, response(at_once, i, money), rtol=1e-10)
        next_unit = sum(parts.part[u] * mroi(by_geo, u, parts.part[u] * money[1:]) for u in mine)
        np.testing.assert_allclose(next_unit, mroi(at_once, i, money[1:]), rtol=1e-8)
    spread = parts.part * np.array([4000.0, 2000.0])[parts.cell_of]
    expected = media_outcome(at_once, np.array([4000.0, 2000.0]))
    np.testing.assert_allclose(media_outcome(by_geo, spread), expected, rtol=1e-10)


def test_committed_money_for_all_geos_is_split_as_in_the_reference(panel):
    fixed = [{"channel": "tv", "spend": 700}, {"channel": "search", "geo": "south", "spend": 40}]
    window = plan_window(panel, settings_of(fixed=fixed))
    reference = window.reference.by_cell[:3]
    np.testing.assert_allclose(window.fixed[:3], 700 * reference / reference.sum())
    np.testing.assert_allclose(window.fixed[3:], [np.nan, 40, np.nan])


def test_rows_of_a_table_add_up_a_cell_before_they_name_its_geos(panel):
    cells = places_of(panel, settings_of(groups=BY_GEO)).cells
    rows = lines(cells)
    assert [cell.name for cell, _ in rows[:4]] == ["tv", "tv, north", "tv, south", "tv, west"]
    assert [members for _, members in rows[:4]] == [[0, 1, 2], [0], [1], [2]]
    assert lines(CELLS) == [(CELLS[0], [0]), (CELLS[1], [1])]


# --- what is asked of a cell over all its geos --------------------------------------------------------

PLACES = (Cell("tv", geo="north"), Cell("tv", geo="south"), Cell("radio"))
CURRENT = np.array([100.0, 300.0, 50.0])
PART = np.array([0.25, 0.75, 1.0])


def bounds_of(settings, **keys):
    return cell_bounds(
        PLACES,
        settings,
        current=CURRENT,
        reference=CURRENT,
        largest=2 * CURRENT,
        fixed=np.full(3, np.nan),
        part=PART,
        evidence=("data",) * 3,
        core=450.0,
        groups=groups_of(settings, PLACES, CURRENT, 450.0),
        **keys,
    )


def test_a_bound_without_a_geo_holds_for_all_geos_together_and_one_with_a_geo_for_that_one():
    settings = settings_of(
        bounds=[
            {"channel": "tv", "min": 200, "max": "1.2x"},
            {"channel": "tv", "geo": "south", "max": 310},
            {"channel": "radio", "max": 60},
        ]
    )
    assert groups_of(settings, PLACES, CURRENT, 450.0) == (
        Group("tv over all geos", (0, 1), 200.0, pytest.approx(480.0)),
    )
    assert asked_of_places(PLACES, settings, CURRENT) == ([None] * 3, [None, 310.0, 60.0])
    found = bounds_of(settings)
    np.testing.assert_allclose(found.lower, [50, 150, 25])
    np.testing.assert_allclose(found.upper, [150, 310, 60])


def test_the_default_limits_of_places_leave_room_for_what_is_asked_of_their_cell():
    raised, lowered = (
        bounds_of(
            settings_of(
                spend="at_most",
                bounds=[{"channel": "tv", **entry}],
                groups=[{"name": "n", "geos": ["north"]}],
            )
        )
        for entry in ({"min": "1.02x", "max": "3x"}, {"max": "0.3x"})
    )
    np.testing.assert_allclose(raised.upper[:2], np.minimum(3 * CURRENT[:2], 450))
    np.testing.assert_allclose(raised.lower[:2], 0.5 * CURRENT[:2])
    np.testing.assert_allclose(lowered.lower[:2], 0.3 * CURRENT[:2])


def test_the_entry_that_names_more_levels_goes_before_and_the_tighter_of_equals_holds():
    cells = (Cell("tv", "new", geo="north"), Cell("tv", "new", geo="south"))
    settings = settings_of(
        bounds=[
            {"channel": "tv", "geo": "north", "min": 1, "max": 9},
            {"channel": "tv", "geo": "north", "min": 2, "max": 8},
            {"channel": "tv", "audience": "new", "geo": "north", "max": 20},
            {"channel": "tv", "audience": "new", "max": 30},
            {"channel": "tv", "max": 10},
        ]
    )
    assert asked_of_places(cells, settings, np.ones(2)) == ([2.0, None], [20.0, None])
    (whole,) = asked_of_wholes(cells, settings, np.ones(2))
    assert (whole.members, whole.low, whole.high) == ((0, 1), None, 30.0)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"groups": [{"name": "n", "geos": ["nort"]}]}, r"unknown geo 'nort'. Did you mean 'north'"),
        (
            {"bounds": [{"channel": "tv", "geo": "nort", "max": 1}]},
            r"unknown geo 'nort'. Did you mean 'north'",
        ),
        (
            {"fixed": [{"channel": "tv", "geo": "nort", "spend": 1}]},
            r"unknown geo 'nort'. Did you mean 'north'",
        ),
        (
            {"groups": BY_GEO, "bounds": [{"channel": "tv", "lot": 10}]},
            r"entry 1: lot would hold for all geos together",
        ),
        (
            {"groups": BY_GEO, "bounds": [{"channel": "tv", "min": 9}, {"channel": "tv", "max": 8}]},
            r"tv over all geos has a min of 9.00 above its max of 8.00",
        ),
    ],
)
def test_what_cannot_be_asked_by_geo_is_refused_in_words(panel, keys, said):
    with pytest.raises(ConfigError, match=said):
        check_limits(plan_window(panel, settings_of(**keys)), settings_of(**keys))


def test_a_geo_is_refused_where_the_data_have_none(make_panel, spend):
    whole = make_panel(spend.sum(axis=1), cells=CELLS)
    with pytest.raises(ConfigError, match=r"names the geo 'north', and the data have none"):
        plan_window(whole, settings_of(groups=BY_GEO))
