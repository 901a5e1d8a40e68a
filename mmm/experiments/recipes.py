"""Which tests are looked at: every cell in every way that its platform and the data allow, and what the user asks
for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.data.names import fold, nearest
from mmm.dims import Cell
from mmm.errors import ConfigError
from mmm.experiments.effects import weeks_of_carry_over
from mmm.experiments.settings import CandidateSettings, TestsSettings, Way
from mmm.experiments.trials import (
    DARK,
    LEFT,
    LONGEST_COOLDOWN,
    Recipe,
    Scene,
    cooldown_of,
    place_trial,
    regions_of_team,
    starts_of,
)

CHANGES = (-1.0, -0.5, 0.5, 1.0, 2.0)
"""Go dark, hold back, heavy up: shares of the usual level."""

WEEKS = (12.0, 8.0, 4.0)
SWITCHBACK_WEEKS = 4.0
"""Longest carry-over at which weeks can alternate."""

WEAK = 0.25
"""Below this chance of seeing anything, regions alone are not enough and the whole country is looked at too."""

USUAL_WAYS: tuple[Way, ...] = ("geo", "switchback", "phasing", "pulse")


@dataclass(frozen=True, slots=True)
class Offer:
    """What is looked at, and in words what could not be."""

    recipes: tuple[Recipe, ...]
    notes: tuple[str, ...]


def check_names(settings: TestsSettings, cells: Sequence[Cell]) -> None:
    """Refuse channels that no table has, before anything is fitted.

    Raises
    ------
    ConfigError
        A candidate or platform of an unknown channel; an audience or message that the channel does not have.
    """
    faults = []
    known = {fold(cell.channel): cell.channel for cell in cells}
    asked = [(f"`tests.candidates[{i}]`", wish.channel) for i, wish in enumerate(settings.candidates, 1)]
    asked += [("`tests.platforms`", name) for name in settings.platforms]
    for where, name in asked:
        wish = next((w for w in settings.candidates if w.channel == name and w.spend is not None), None)
        if fold(name) not in known and wish is None:
            near = nearest(name, known.values())
            hint = f'did you mean "{near}"?' if near else f"there are {', '.join(known.values())}"
            faults.append(
                f'{where}: no table has the channel "{name}"; {hint}. Of a channel without history say what its test '
                "may cost: `spend`"
            )
    for i, wish in enumerate(settings.candidates, 1):
        there = bool(cells_of_wish(wish, cells))
        if fold(wish.channel) in known and not there and wish.spend is None:
            named = f"{wish.audience} {wish.message}".strip()
            faults.append(
                f"`tests.candidates[{i}]`: {wish.channel} has no {named}; where it is new, say what its test may "
                "cost: `spend`"
            )
        if there and wish.spend is not None:
            faults.append(
                f"`tests.candidates[{i}]`: `spend` is for what has no history; {wish.channel} has one, so give "
                "`change` (0.5: half more)"
            )
        if not there and wish.change is not None:
            faults.append(
                f"`tests.candidates[{i}]`: there is nothing to change, {wish.channel} has no usual level there; give "
                "`spend` alone"
            )
    if faults:
        raise ConfigError(faults)


def cells_of_wish(wish: CandidateSettings, cells: Sequence[Cell]) -> tuple[int, ...]:
    """Cells that a candidate of the config names, as indices."""
    wanted = [(key, fold(getattr(wish, key))) for key in ("channel", "audience", "message")]
    return tuple(
        i
        for i, cell in enumerate(cells)
        if all(not name or fold(getattr(cell, key)) == name for key, name in wanted)
    )


def recipes_of(scene: Scene, settings: TestsSettings, full: Sequence[bool]) -> Offer:
    """Every test that is looked at.

    Parameters
    ----------
    full
        Whether a cell stands at an upper limit of the user, so that more of it cannot be bought, shape (cell,).
    """
    recipes: list[Recipe] = []
    notes: list[str] = []
    if scene.teams is None:
        notes.append(_no_regions(scene))
    for i, cell in enumerate(scene.window.cells):
        if np.isfinite(scene.window.fixed[i]):
            notes.append(f"{cell.name}: its money is committed (plan.fixed), so it is not tested")
            continue
        ways = settings.platforms.get(_key(settings, cell.channel), USUAL_WAYS)
        if "user_split" in ways:
            notes.append(
                f"{cell.name}: its platform can tell people apart; for a user split say how many and how they "
                f"differ, in "
                "`tests.candidates` (people, response_sd)"
            )
        ways = tuple(way for way in ways if way != "user_split")
        changes = [change for change in CHANGES if change < 0 or not full[i]]
        recipes += _in_every_way(scene, (i,), ways, changes, WEEKS, notes)
    for channel in dict.fromkeys(cell.channel for cell in scene.window.cells):
        together = _all_of(scene, channel)
        ways = settings.platforms.get(_key(settings, channel), USUAL_WAYS)
        if len(together) > 1 and "geo" in ways:  # all of a channel at once shows more than any part of it
            changes = [change for change in CHANGES if change < 0 or not any(full[i] for i in together)]
            recipes += _in_every_way(scene, together, ("geo",), changes, WEEKS, notes)
    for wish in settings.candidates:
        if not cells_of_wish(wish, scene.window.cells):
            recipes += _new(scene, wish, settings, notes)
            continue
        cells = tuple(i for i in cells_of_wish(wish, scene.window.cells) if np.isnan(scene.window.fixed[i]))
        if not cells:
            notes.append(f"{wish.channel}: its money is committed (plan.fixed), so it is not tested")
            continue
        asked = _asked(scene, wish, cells, settings, notes)
        if not asked:
            notes.append(f"{wish.channel}: the test you ask for cannot be designed here; see the other notes")
        recipes += asked
    return Offer(tuple(dict.fromkeys(recipes)), tuple(dict.fromkeys(notes)))


def _all_of(scene: Scene, channel: str) -> tuple[int, ...]:
    """Cells of a channel that may be tested together: not committed, not dark."""
    window = scene.window
    return tuple(
        i
        for i, cell in enumerate(window.cells)
        if cell.channel == channel
        and np.isnan(window.fixed[i])
        and scene.usual[i] >= DARK * window.largest[i] > 0
    )


def _key(settings: TestsSettings, channel: str) -> str:
    return next((name for name in settings.platforms if fold(name) == fold(channel)), channel)


def _new(scene: Scene, wish: CandidateSettings, settings: TestsSettings, notes: list[str]) -> list[Recipe]:
    """Tests of a channel, audience or message without history: its own money, in the ways that it can be had."""
    cell = Cell(wish.channel, wish.audience, wish.message)
    if wish.channel not in scene.beliefs:
        notes.append(f"{cell.name}: without a money value of the outcome nothing is known of its return")
        return []
    allowed = settings.platforms.get(_key(settings, wish.channel), ("geo", "pulse"))
    on_people = wish.people is not None and wish.response_sd is not None
    teams = 0 if scene.teams is None else len(scene.teams.treated)
    asked = wish.way or ("user_split" if on_people else "geo" if "geo" in allowed and teams else "pulse")
    if asked not in ("user_split", "geo", "pulse") or (asked == "geo" and not teams):
        notes.append(f"{cell.name}: {asked} needs regions, or a usual level to depart from; it has neither")
        return []
    way: Way = asked
    return [
        Recipe(
            (),
            way,
            1.0,
            length,
            int(np.ceil(LONGEST_COOLDOWN / scene.weeks - 1e-9)),
            people=np.nan if wish.people is None else wish.people,
            response_sd=np.nan if wish.response_sd is None else wish.response_sd,
            fixed_cost=wish.fixed_cost,
            amount=float(wish.spend or 0.0),
            wide=wide,
            newcomer=cell,
        )
        for length in _lengths(scene, WEEKS if wish.weeks is None else (float(wish.weeks),))
        for wide in ((False, True) if way == "geo" and teams > 1 else (False,))
    ]


def _asked(
    scene: Scene, wish: CandidateSettings, cells: tuple[int, ...], settings: TestsSettings, notes: list[str]
) -> list[Recipe]:
    """A candidate of the config in the way, size and length that it names, or in the usual ones."""
    if wish.versions is not None and wish.version_sd is not None:
        return [
            Recipe(
                cells,
                "user_split",
                0.0,
                length,
                cooldown_of(scene, cells),
                people=wish.people or np.nan,
                response_sd=wish.response_sd or np.nan,
                fixed_cost=wish.fixed_cost,
                versions=wish.versions,
                version_sd=wish.version_sd,
            )
            for length in _lengths(scene, WEEKS if wish.weeks is None else (float(wish.weeks),))
        ]
    allowed = settings.platforms.get(_key(settings, wish.channel), USUAL_WAYS)
    ways: tuple[Way, ...] = allowed if wish.way is None else (wish.way,)
    if wish.way is None and wish.people is not None and wish.response_sd is not None:
        ways = ("user_split", *ways)
    changes = CHANGES if wish.change is None else (wish.change,)
    weeks = WEEKS if wish.weeks is None else (float(wish.weeks),)
    found = _in_every_way(scene, cells, ways, changes, weeks, notes)
    people = np.nan if wish.people is None else wish.people
    sd = np.nan if wish.response_sd is None else wish.response_sd
    return [replace(recipe, people=people, response_sd=sd, fixed_cost=wish.fixed_cost) for recipe in found]


def _in_every_way(
    scene: Scene,
    cells: tuple[int, ...],
    ways: Sequence[Way],
    changes: Sequence[float],
    weeks: Sequence[float],
    notes: list[str],
) -> list[Recipe]:
    """Recipes of some cells: by region where that shows anything, else by weeks of the whole country."""
    window, name = scene.window, " and ".join(scene.window.cells[i].name for i in cells)
    dark = all(scene.usual[i] < DARK * window.largest[i] for i in cells)
    if dark and max(window.largest[i] for i in cells) <= 0:
        notes.append(f"{name}: nothing was ever spent here, so there is no level to test")
        return []
    changes = [change for change in changes if change > 0] if dark else list(changes)
    lengths = _lengths(scene, weeks)
    cooldown = cooldown_of(scene, cells)

    teams = 1 if scene.teams is None else len(scene.teams.treated)

    def made(way: Way, changes: Sequence[float]) -> list[Recipe]:
        sizes = (False, True) if way == "geo" and teams > 1 else (False,)
        return [
            Recipe(cells, way, change, length, cooldown, wide=wide)
            for change in changes
            for length in lengths
            for wide in sizes
        ]

    found = made("user_split", changes) if "user_split" in ways else []
    by_region: list[Recipe] = []
    seen = 0.0
    if "geo" in ways and scene.teams is not None:
        if any(scene.panel.national_cells[i] for i in cells):
            notes.append(f"{name}: bought for the whole country, so it is not tested by region")
        else:
            by_region = made("geo", changes)
            seen = _best_chance(scene, by_region)
    if by_region and seen >= WEAK:
        return [*found, *by_region]
    slow = max(weeks_of_carry_over(scene.curves, i, LEFT, scene.weeks) for i in cells) > SWITCHBACK_WEEKS
    other: Way = "phasing" if slow else "switchback"
    national = []
    if other in ways and not dark:
        national = made(
            other, [0.5] if other == "phasing" else [c for c in changes if c in (-1.0, 1.0)] or changes
        )
    if "pulse" in ways:
        national += made("pulse", [min(changes)] if changes else [])
    if by_region and national:
        notes.append(
            f"{name}: regions would show its effect in {100 * seen:.0f} of 100 tests, so tests of the whole "
            f"country are "
            "looked at too; they compare weeks, which differ by more than their media"
        )
    return [*found, *by_region, *national]


def _best_chance(scene: Scene, recipes: Sequence[Recipe]) -> float:
    """The best chance to see anything, over the longest and largest tests by region."""
    best, changes = 0.0, {recipe.change for recipe in recipes}
    longest, wide = max(recipe.periods for recipe in recipes), any(recipe.wide for recipe in recipes)
    for recipe in recipes:
        strong = recipe.change in (min(changes), max(changes))
        if not strong or recipe.periods < longest or recipe.wide != wide:
            continue
        for first in starts_of(scene, recipe.periods, recipe.cooldown, 1):
            trial = place_trial(scene, recipe, first, regions_of_team(scene, recipe, 0))
            best = max(best, 0.0 if trial is None else trial.assurance)
    return best


def _lengths(scene: Scene, weeks: Sequence[float]) -> list[int]:
    """Lengths in periods, the two longest that fit into the window."""
    whole = int((scene.window.share[scene.window.past :] > 1 - 1e-9).sum())
    wanted = [max(1, round(length / scene.weeks)) for length in weeks]
    fitting = [length for length in wanted if length <= whole] or [min(*wanted, whole)]
    return list(dict.fromkeys(fitting))[:2] if whole else []


def _no_regions(scene: Scene) -> str:
    """Why nothing is tested by region, and what that loses."""
    count = len(scene.window.geos)
    why = (
        "the data have no regions"
        if count < 2
        else f"{count} regions are too few to draw a treated and a control group from"
        if count < 4
        else "the regions' history is too short to know the error of a comparison"
    )
    return (
        f"No test by region: {why}. Weeks of the whole country are compared with each other instead, which "
        f"needs larger "
        "changes for the same certainty and cannot tell media from what else moved these weeks"
    )
