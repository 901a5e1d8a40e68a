"""The example config that explains every key, made from the schema so that the two cannot part."""

from __future__ import annotations

import json
import re
import textwrap
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mmm.config import Config
from mmm.data.settings import DataSettings
from mmm.data.source_settings import Source

_COMMENT_AT = 46
_WIDTH = 110

_HEAD = """\
# Every key of a config, with its meaning. Made from the schema by mmm.config_reference; do not edit by hand.
# A key that says "(needed)" must be there. Of the others the value shown is the default, unless the comment
# names another one or there is nothing to fall back on (a file, a column, an amount). Lines that begin with
# `# key:` are switched off: keys most companies do without, with a value as an example.
# Money is written 1300000, 1_300_000 or 1.3m. Paths are relative to this file. Unknown keys are refused.
# Eleven lines are enough for a start: see configs/demo.yaml and `mmm init`.
"""

_EXAMPLES = {
    "name": "example",
    "currency": "USD",
    "data.source": "../data/demo/sales.csv",
    "data.sheet": "weekly",
    "data.date": "week",
    "data.geo": "region",
    "data.vat_included": "0.18",
    "data.currency": "EUR",
    "data.fee": "0.1",
    "data.owner": "data team",
    "data.date_format": "DD/MM/YYYY",
    "data.outcome.value": "revenue",
    "data.outcome.segment": "customers",
    "data.outcome.value_per_unit": "54.0",
    "data.outcome.population": "population",
    "data.outcome.orders": "orders",
    "data.outcome.new_customers": "new_customers",
    "data.other_outcomes.leads.value": "leads",
    "data.other_outcomes.leads.kind": "count",
    "data.other_outcomes.leads.value_per_unit": "12.0",
    "data.other_outcomes.leads.population": "population",
    "data.media.long.source": "../data/demo/media.csv",
    "data.media.long.channel": "channel",
    "data.media.long.audience": "audience",
    "data.media.long.message": "message",
    "data.media.long.spend": "spend",
    "data.media.long.exposure": "impressions",
    "data.media.wide.source": "../data/example/radio.xlsx",
    "data.media.wide.sheet": "weekly",
    "data.media.wide.vat_included": "0.18",
    "data.media.wide.unit": "1000",
    "data.media.wide.cells.one.channel": "radio",
    "data.media.wide.cells.one.audience": "commuters",
    "data.media.wide.cells.one.message": "brand",
    "data.media.wide.cells.one.spend": "radio_spend",
    "data.media.wide.cells.one.exposure": "radio_grp",
    "data.media.wide.cells.two.channel": "print",
    "data.media.wide.cells.two.spend": "print_spend",
    "data.organic.source": "../data/demo/organic.csv",
    "data.organic.columns": "[newsletter]",
    "data.controls.source": "../data/demo/controls.csv",
    "data.controls.columns": "[demand_index, competitor, {name: price_index, role: treatment, baseline: max}]",
    "data.events.source": "../data/demo/events.csv",
    "data.events.date": "start",
    "data.events.end": "end",
    "data.events.name": "name",
    "data.future.source": "../data/example/prices_2027.csv",
    "data.attribution.one.source": "../data/demo/attribution.csv",
    "data.attribution.one.date": "date",
    "data.attribution.one.channel": "channel",
    "data.attribution.one.audience": "audience",
    "data.attribution.one.claimed": "platform_conversions",
    "data.attribution.one.claimed_revenue": "platform_revenue",
    "data.attribution.one.attributed": "analytics_conversions",
    "data.attribution.one.data_driven": "data_driven_conversions",
    "data.attribution.one.matched": "crm_customers",
    "data.attribution.one.claimed_within": "conversions_7d_click",
    "data.attribution.one.claimed_vat": "platform_vat",
    "data.attribution.one.claimed_exchange": "platform_exchange",
    "data.attribution.one.message": "message",
    "data.attribution.one.clicks": "clicks",
    "data.attribution.one.leads": "leads",
    "data.attribution.one.qualified": "qualified_leads",
    "data.attribution.one.attributed_revenue": "analytics_revenue",
    "data.attribution.one.matched_revenue": "crm_revenue",
    "data.organic.costs": "{newsletter: newsletter_cost}",
    "data.creatives.source": "../data/example/ads.csv",
    "data.creatives.channel": "channel",
    "data.creatives.audience": "audience",
    "data.creatives.campaign": "campaign",
    "data.creatives.creative": "ad",
    "data.creatives.spend": "spend",
    "data.creatives.exposure": "impressions",
    "data.creatives.clicks": "clicks",
    "data.creatives.leads": "leads",
    "data.creatives.qualified": "qualified",
    "data.creatives.won": "won",
    "data.creatives.won_revenue": "won_revenue",
    "data.leads.source": "../data/example/leads.csv",
    "data.leads.date": "created",
    "data.leads.channel": "channel",
    "data.leads.audience": "audience",
    "data.leads.won_on": "won_on",
    "data.leads.leads": "leads",
    "finance.margin_by_segment": "{new: 0.35, existing: 0.6}",
    "data.exports.one.source": '"../data/example/exports/google/*.csv"',
    "data.exports.one.adapter": "google_ads",
    "data.exports.one.owner": "performance team",
    "data.exports.two.source": "../data/example/exports/radio.csv",
    "data.exports.two.adapter": "generic",
    "data.exports.two.table": "media",
    "data.exports.two.channel": "radio",
    "data.exports.two.columns": "{spend: Net cost}",
    "data.exports.three.source": "../data/example/exports/deals.csv",
    "data.exports.three.adapter": "hubspot",
    "data.exports.three.qualified": "[Demo held]",
    "data.exports.three.won": "[Signed]",
    "data.rules.one.source": "google",
    "data.rules.one.medium": "cpc",
    "data.rules.one.campaign": '"*brand*"',
    "data.rules.one.channel": "search",
    "data.rules.one.audience": "brand",
    "data.rules.two.adapter": "meta",
    "data.rules.two.ad_set": '"*lookalike*"',
    "data.rules.two.creative": '"*video*"',
    "data.rules.two.channel": "facebook",
    "data.rules.two.audience": "lookalike",
    "data.rules.two.message": "video",
    "channels.facebook.label": "{en: Facebook, he: פייסבוק}",
    "channels.facebook.was": "[FB, Meta]",
    "calendar.week_starts": "monday",
    "calendar.holidays.countries": "[US]",
    "calendar.holidays.source": "../data/example/holidays.csv",
    "calendar.holidays.drop": "[Columbus Day]",
    "calendar.exclude.one.start": "2024-09-02",
    "calendar.exclude.one.end": "2024-09-15",
    "calendar.exclude.one.reason": "systems were down",
    "model.adstock": "{default: gamma, search: geometric}",
    "model.saturation": "hill",
    "model.priors.channels.tv.roi.median": "1.5",
    "model.priors.channels.tv.roi.sigma": "0.5",
    "model.priors.channels.facebook.mroi.median": "0.9",
    "model.priors.channels.facebook.mroi.sigma": "0.5",
    "model.priors.channels.search.contribution.share": "0.08",
    "model.priors.channels.search.contribution.sigma": "0.5",
    "model.priors.channels.newsletter.sign": "any",
    "experiments.source": "../data/demo/experiments.csv",
    "experiments.sheet": "results",
    "studies.source": "../data/example/studies.csv",
    "studies.sheet": "returns",
    "finance.gross_margin": "0.55",
    "finance.discount_rate": "0.1",
    "finance.returns": "0.06",
    "finance.rates.EUR.source": "../data/example/rates.csv",
    "finance.rates.EUR.sheet": "EUR",
    "finance.customer_lifetime_value": "240",
    "finance.customers.margin_by_month": "[25, 8]",
    "finance.customers.survival": "0.95",
    "finance.handling_cost_per_lead": "35",
    "finance.owned_cost": "{newsletter: 4000}",
    "finance.payment.media_paid_after": "30",
    "finance.buying.fee": "0.1",
    "finance.buying.vat": "0.18",
    "plan.window": "2027Q1",
    "plan.budget": "1_700_000",
    "plan.target_roi": "2.5",
    "plan.target_mroi": "1.8",
    "plan.target_outcome": "9_000_000",
    "plan.bounds.one.channel": "tv",
    "plan.bounds.one.min": "100_000",
    "plan.bounds.one.max": "1.2x",
    "plan.bounds.two.channel": "facebook",
    "plan.bounds.two.audience": "prospecting",
    "plan.bounds.two.message": "spring",
    "plan.bounds.two.geo": "North",
    "plan.bounds.two.min": "0.8x",
    "plan.bounds.three.channel": "radio",
    "plan.bounds.three.min_if_on": "80_000",
    "plan.bounds.three.lot": "20_000",
    "plan.bounds.three.cost_if_on": "30_000",
    "plan.groups.one.name": "paid social",
    "plan.groups.one.channels": "[facebook, tiktok]",
    "plan.groups.one.max_share": "0.5",
    "plan.groups.two.name": "prospecting",
    "plan.groups.two.audiences": "[prospecting]",
    "plan.groups.two.min": "200_000",
    "plan.groups.two.max": "1.5x",
    "plan.groups.two.geos": "[North, South]",
    "plan.groups.two.min_share": "0.1",
    "plan.prices.facebook.elasticity": "0.1",
    "plan.prices.tv.tiers": "[{above: 400_000, price: 1.15}, {above: 600_000, price: 1.3}]",
    "plan.flighting.weekly_cap": "{tv: 60_000, facebook: 40_000}",
    "plan.flighting.ramp": "0.3",
    "plan.flighting.blackout.one.channel": "tv",
    "plan.flighting.blackout.one.start": "2027-02-01",
    "plan.flighting.blackout.one.end": "2027-02-07",
    "plan.flighting.monthly": "{2027-01: 700_000, 2027-02: 500_000, 2027-03: 500_000}",
    "plan.fixed.one.channel": "tv",
    "plan.fixed.one.audience": "evening",
    "plan.fixed.one.message": "brand",
    "plan.fixed.one.geo": "North",
    "plan.fixed.one.spend": "200_000",
    "plan.fixed.one.start": "2027-01-04",
    "plan.fixed.one.end": "2027-01-31",
    "goals.channels": "{default: sales, tv: awareness}",
    "goals.question": "Can Q1 reach 9.0 m with 8 % less media?",
    "goals.targets.one.name": "Q1 revenue",
    "goals.targets.one.target": "9_000_000",
    "goals.targets.one.owner": "marketing",
    "goals.targets.one.under": "company",
    "tests.candidates.one.channel": "facebook",
    "tests.candidates.one.audience": "prospecting",
    "tests.candidates.one.change": "-1",
    "tests.candidates.one.way": "geo",
    "tests.candidates.one.weeks": "6",
    "tests.candidates.two.channel": "search",
    "tests.candidates.two.message": "winter",
    "tests.candidates.two.people": "400_000",
    "tests.candidates.two.response_sd": "12",
    "tests.never.one.start": "2027-04-21",
    "tests.never.one.end": "2027-04-28",
    "tests.never.one.reason": "Passover",
    "tests.platforms": "{facebook: [user_split, geo]}",
    "tests.reserve_override.value": "0.06",
    "tests.reserve_override.reason": "cash is short until June",
    "scenarios.one.name": "a tenth less",
    "scenarios.one.budget": "0.9x",
    "scenarios.two.name": "as before",
    "scenarios.two.budget": "1x reference",
    "scenarios.two.allocation": "current",
}
"""Values, as YAML text, where the default does not show what a key is for."""

_ITEMS = {
    "data.other_outcomes": ("leads",),
    "data.media": ("long", "wide"),
    "data.media.wide.cells": ("one", "two"),
    "data.attribution": ("one",),
    "data.exports": ("one", "two", "three"),
    "data.rules": ("one", "two"),
    "finance.rates": ("EUR",),
    "channels": ("facebook",),
    "calendar.exclude": ("one",),
    "model.priors.channels": ("tv", "facebook", "search", "newsletter"),
    "plan.bounds": ("one", "two", "three"),
    "plan.groups": ("one", "two"),
    "plan.fixed": ("one",),
    "plan.flighting.blackout": ("one",),
    "plan.prices": ("facebook", "tv"),
    "goals.targets": ("one",),
    "scenarios": ("one", "two"),
    "tests.candidates": ("one", "two"),
    "tests.never": ("one",),
}
"""Entries shown of each list and of each mapping by name."""

_SHORT_ENTRIES = (
    "data.other_outcomes.leads",
    "data.media.wide",
    "data.media.wide.cells.two",
    "data.creatives",
    "data.leads",
    *(f"data.exports.{name}" for name in ("one", "two", "three")),
    *(f"data.rules.{name}" for name in ("one", "two")),
    "plan.bounds.one",
    "plan.bounds.two",
    "plan.bounds.three",
    "plan.groups.one",
    "plan.groups.two",
    "plan.prices.facebook",
    "plan.prices.tv",
    "scenarios.one",
    "tests.candidates.one",
    *(f"model.priors.channels.{name}" for name in ("tv", "facebook", "search", "newsletter")),
)
"""Entries that show a part of their keys; together they show all."""

_NOTES = {
    "data": "where the tables are and which column is what",
    "data.outcome": "the number the model explains",
    "data.other_outcomes": "further outcomes by name, fitted beside it; no money is planned on them (docs/segments.md)",
    "data.media": "paid media: tables, long or wide, any number; short form: {tv: tv_spend}",
    "data.media.wide.cells": "a wide table: one entry per cell",
    "data.organic": "owned media without spend; short form, in the table of `data.source`: [newsletter]",
    "data.controls": "what moves the outcome besides media; role: confounder (never shrunk), precision or treatment",
    "data.events": "one-off events, a row each",
    "data.future": "controls known for the coming window; without it those of the same weeks a year before",
    "data.attribution": "what platforms, analytics and the CRM count, tables of any number; no fit reads them",
    "data.creatives": "campaigns and ads by day, for their ledger; exports fill it (docs/money.md)",
    "data.leads": "leads by the days they came in and were won; exports fill it (docs/money.md)",
    "data.exports": "files as platforms export them, in place of tables of media and counts (docs/from-exports.md)",
    "data.rules": "which sources, media and campaigns of the exports are which channel; the first that fits wins",
    "channels": "how channels are called",
    "calendar": "weeks, holidays and days left out",
    "calendar.holidays": "public holidays; short form: [US]",
    "calendar.exclude": "days whose outcome is not explained; carry-over runs on",
    "model": "the defaults are the advice; change one thing at a time",
    "model.priors": "what is believed about returns before the data speak",
    "model.priors.roi": "every channel not named below",
    "model.priors.channels": "by channel, on one of ROI, marginal ROI and contribution (docs/beliefs.md)",
    "model.sampling": "how the posterior is drawn",
    "model.gates": "what a posterior must reach before anything is made of it",
    "experiments": "results of past tests, a row each; they enter the fit (columns: docs/experiments.md)",
    "studies": "returns that others found (attribution, a vendor, a benchmark), at a discount (docs/experiments.md)",
    "finance.rates": "what one of another currency is worth: EUR: 1.08; by date, {2024-01-01: 1.1}; or a table",
    "finance": "what an outcome is worth",
    "finance.payment": "when money goes out and comes in, for the cash of a plan",
    "finance.buying": "net media, fee, VAT and gross in the workbook's plan",
    "finance.customers": "who is a new customer, and how long customers stay (docs/money.md)",
    "plan": "the coming window, its money and its limits",
    "plan.risk": "what is maximized of the spread of profit",
    "plan.bounds": "least and most money; without an entry `change` holds",
    "plan.groups": "limits of several cells together; groups may lie inside each other, or cross (docs/limits.md)",
    "plan.fixed": "money already committed",
    "plan.flighting": "plan every week's money too, not only each cell's of the window (docs/flighting.md)",
    "plan.flighting.blackout": "days on which nothing is spent",
    "plan.prices": "channels whose price changes with money, by elasticity or by tiers (docs/limits.md)",
    "goals": "what the window is to reach, printed with its odds",
    "goals.targets": "figures to reach",
    "scenarios": "budgets and splits to compare with the plan; without an entry seven usual ones",
    "tests": "what the reserve buys (docs/tests.md)",
    "tests.candidates": "tests to look at beside those that the plan suggests",
    "tests.never": "days on which no test runs",
    "tests.reserve_override": "a reserve below a tenth, with the reason that stands in plan and report",
    "report": "the pages",
}
"""What each section is, in a line."""

SWITCHED_OFF = frozenset(
    {
        "data.sheet",
        "data.vat_included",
        "data.unit",
        *(f"data.{name}" for name in ("currency", "fee", "owner", "date_format", "week_label")),
        "data.organic.costs",
        "data.creatives",
        "data.leads",
        "data.exports",
        "data.rules",
        "data.outcome.segment",
        "data.outcome.value_per_unit",
        "data.other_outcomes",
        "data.media.long.message",
        "data.media.wide",
        "data.future",
        *(f"data.attribution.one.{name}" for name in ("message", "clicks", "leads", "qualified")),
        *(
            f"data.attribution.one.{name}"
            for name in ("attributed_revenue", "data_driven", "matched_revenue")
        ),
        *(f"data.attribution.one.claimed_{name}" for name in ("within", "vat", "exchange")),
        "finance.margin_by_segment",
        "finance.discount_rate",
        "finance.returns",
        "finance.rates",
        "data.outcome.new_customers",
        "finance.customer_lifetime_value",
        "finance.customers",
        "finance.owned_cost",
        "finance.payment",
        "finance.buying",
        "finance.handling_cost_per_lead",
        "calendar.holidays.source",
        "calendar.holidays.date",
        "calendar.holidays.name",
        "calendar.exclude",
        "model.priors.channels",
        "experiments.sheet",
        "studies",
        "plan.horizon",
        "plan.target_roi",
        "plan.target_mroi",
        "plan.target_outcome",
        "plan.bounds.two",
        "plan.bounds.three",
        "plan.groups",
        "plan.fixed",
        "plan.prices",
        "plan.flighting",
        "goals",
        "scenarios",
        "tests.candidates",
        "tests.never",
        "tests.platforms",
        "tests.reserve_override",
    }
)
"""Keys of the example that stand behind a `#`."""


def example_yaml(switched_off: frozenset[str] = SWITCHED_OFF) -> str:
    """Render the example config: every key, its description, its default.

    Parameters
    ----------
    switched_off
        Dotted keys to show behind a `#`; entries of lists have names of their own (`plan.bounds.two`).

    Returns
    -------
    str
        YAML that `load_config` accepts.
    """
    lines = _mapping(Config, "", 0, switched_off)
    sections = "\n".join(lines)
    # an empty line before each section
    return _HEAD + re.sub(r"\n(?=[a-z]+:(?: {2,}#|$))", "\n\n", "\n" + sections, flags=re.MULTILINE) + "\n"


def _mapping(model: type[BaseModel], path: str, indent: int, off: frozenset[str]) -> list[str]:
    lines: list[str] = []
    for key, field in model.model_fields.items():
        place = f"{path}.{key}" if path else key
        if field.exclude or not _is_shown(model, key, path, place):
            continue
        block = _entry(key, field, place, indent, off)
        lines += _behind_hash(block, indent) if place in off else block
    return lines


def _is_shown(model: type[BaseModel], key: str, path: str, place: str) -> bool:
    has_example = any(example == place or example.startswith(place + ".") for example in _EXAMPLES)
    inherited = issubclass(model, Source) and model is not DataSettings and key in Source.model_fields
    brief = inherited or path in _SHORT_ENTRIES or place == "data.media.long.cells"
    return has_example or not brief


def _entry(key: str, field: FieldInfo, place: str, indent: int, off: frozenset[str]) -> list[str]:
    """One key with everything below it."""
    inner = _section(field.annotation)
    if inner is None or place in _EXAMPLES or isinstance(field.default, str):
        return _commented(f"{' ' * indent}{key}: {_value(field, place)}", _explained(field, place))
    head = _commented(f"{' ' * indent}{key}:", _NOTES.get(place, ""))
    if place not in _ITEMS:
        return head + _mapping(inner, place, indent + 2, off)
    lines = head
    for name in _ITEMS[place]:
        below = f"{place}.{name}"
        if get_origin(field.annotation) is dict:
            body = _mapping(inner, below, indent + 4, off)
            block = [f"{' ' * (indent + 2)}{name}:", *body]
        else:
            body = _mapping(inner, below, indent + 4, off)
            first = next(k for k, line in enumerate(body) if not line.lstrip().startswith("#"))
            body.insert(0, body.pop(first))
            block = [f"{' ' * (indent + 2)}- {body[0].lstrip()}", *body[1:]]
        lines += _behind_hash(block, indent + 2) if below in off else block
    return lines


def _section(annotation: Any) -> type[BaseModel] | None:
    """The settings a key opens, also inside a list, a mapping by name or an option."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section(part)) is not None), None)


def _value(field: FieldInfo, place: str) -> str:
    return _EXAMPLES[place] if place in _EXAMPLES else _yaml(field.default)


def _explained(field: FieldInfo, place: str) -> str:
    """Description, choices and default of a leaf."""
    text = field.description or ""
    choices = _choices(field.annotation)
    if choices and "|" not in text and text.split(":")[0] not in choices:
        text = f"{choices}: {text}" if text else choices
    if field.is_required():
        return f"{text} (needed)"
    if _value(field, place) == _yaml(field.default):
        return text
    if field.default in (None, (), "", {}) or "default:" in text:
        return text
    return f"{text} (default: {_yaml(field.default)})"


def _choices(annotation: Any) -> str:
    """`a | b | {key}` for a choice of words; empty where there is nothing to choose."""
    if get_origin(annotation) is Literal:
        return _joined([str(word) for word in get_args(annotation)])
    parts = [part for part in get_args(annotation) if part is not NoneType]
    if not any(get_origin(part) is Literal for part in parts):
        return ""
    shown = []
    for part in parts:
        if get_origin(part) is Literal:
            shown += [str(word) for word in get_args(part)]
        elif isinstance(part, type) and issubclass(part, BaseModel):
            shown.append("{" + ", ".join(part.model_fields) + "}")
        elif part in (int, float):
            shown.append("a number")
    return _joined(shown)


def _joined(words: list[str]) -> str:
    short = words if len(words) <= 4 else [words[0], "...", words[-1]]
    return " | ".join(short) if len(words) > 1 else ""


def _yaml(value: Any) -> str:
    """A default as YAML in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_yaml(item) for item in value) + "]"
    if isinstance(value, str):
        return value if re.fullmatch(r"[A-Za-z_][\w. -]*", value) else json.dumps(value)
    return "null" if value is None else json.dumps(value)


def _commented(line: str, comment: str) -> list[str]:
    """A line with its comment beside it, wrapped in a column."""
    if not comment:
        return [line]
    at = max(_COMMENT_AT, len(line) + 2)
    column = at if at <= 60 else _COMMENT_AT
    wrapped = [f"# {part}" for part in textwrap.wrap(comment, _WIDTH - column - 2)]
    if column < at:  # the value is long: its comment goes below it
        return [line, *(" " * column + part for part in wrapped)]
    return [f"{line:<{column}}{wrapped[0]}", *(" " * column + part for part in wrapped[1:])]


def _behind_hash(lines: list[str], indent: int) -> list[str]:
    """Lines switched off, their comments still in one column."""
    switched = []
    for line in lines:
        text = line[indent:]
        if not text.lstrip().startswith("#"):
            text = "# " + text.replace("   # ", " # ", 1)
        switched.append(line[:indent] + text)
    return switched
