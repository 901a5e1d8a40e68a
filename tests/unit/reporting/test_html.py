"""The page: whole in itself, true to the tables, safe with any name."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from mmm.dims import Cell
from mmm.reporting.amounts import Figures, amounts_for
from mmm.reporting.catalogue import catalogue_for
from mmm.reporting.html import render_html
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings

HOSTILE = "<script>alert(1)</script>"
LINK = '=HYPERLINK("http://evil.example";"x")'
BREAK = "</script><img src=x onerror=alert(2)>"


class Page(HTMLParser):
    """Elements, the text above and inside the appendix, and the charts of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.front, self.text = "", ""
        self.charts: dict[str, Any] = {}
        self._inside: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "img", "br"):
            self._inside.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tag, attrs = self._inside[-1] if self._inside else ("", {})
        if tag == "script" and attrs.get("type") == "application/json":
            self.charts[str(attrs["id"])] = json.loads(data)
        elif tag not in ("script", "style"):
            self.text += data
            if not any(name == "aside" for name, _ in self._inside):
                self.front += data


def _rows(spec: dict[str, Any], layer: int) -> list[dict[str, Any]]:
    """The data of one layer of a chart: shared by all layers where it stands at the top."""
    data = spec["layer"][layer].get("data") or spec["data"]
    return spec["datasets"][data["name"]]


@pytest.fixture(scope="module")
def source(results: Results) -> str:
    return render_html(results, ReportSettings())


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def test_the_page_fetches_nothing(page: Page) -> None:
    for tag, attrs in page.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        for name in ("src", "href", "action", "data", "srcset", "poster"):
            assert (attrs.get(name) or "#").startswith("#"), (tag, attrs)
    policy = next(attrs["content"] for tag, attrs in page.elements if attrs.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_styles_fetch_nothing_either(source: str) -> None:
    style = source[source.index("<style>") : source.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_words_of_the_model_stay_in_the_appendix(page: Page) -> None:
    for word in ("posterior", "hdi", "adstock", "credible", "mcmc", "r-hat", "divergen", "mroi", "prior "):
        assert word not in page.front.lower(), word
    assert "Adstock" in page.text


def test_every_chart_has_words_and_a_table_behind_it(source: str, page: Page) -> None:
    boxes = [attrs for tag, attrs in page.elements if tag == "div" and "data-spec" in attrs]
    assert {attrs["data-spec"] for attrs in boxes} == page.charts.keys()
    assert all(attrs["role"] == "img" and len(attrs["aria-label"] or "") > 10 for attrs in boxes)
    for part in re.findall(r'<section class="part".*?</section>', source, flags=re.DOTALL):
        if 'class="chart"' in part:
            assert "<table" in part


def test_the_moves_on_the_page_are_those_of_the_table(results: Results, page: Page) -> None:
    amounts = amounts_for(Figures(catalogue_for("en")), results.summary.budget, "USD", True)
    moves = results.moves[results.moves["level"] == "cell"]
    for before, after, brings in zip(
        moves["current_spend"], moves["planned_spend"], moves["response"], strict=True
    ):
        assert f"{amounts.money(before)} \u2192 {amounts.money(after)}" in page.front
        assert amounts.money(brings) in page.front


def test_a_curve_is_solid_to_the_most_ever_spent_and_dashed_beyond(results: Results, page: Page) -> None:
    spec = page.charts["chart-curve-8"]
    values = _rows(spec, 0)
    mine = results.curves[(results.curves["channel"] == "tiktok") & (results.curves["audience"] == "18-24")]
    most = mine.loc[mine["observed"], "spend"].max() / 1e3
    seen = [row["spend"] for row in values if row["part"] == "seen"]
    beyond = [row["spend"] for row in values if row["part"] == "beyond"]
    assert max(seen) == pytest.approx(most)
    assert min(beyond) == pytest.approx(most)
    points = {row["which"]: row["spend"] for row in _rows(spec, 2)}
    row = results.moves.set_index(["channel", "audience"]).loc[("tiktok", "18-24")]
    assert points == {
        "current": pytest.approx(row["current_spend"] / 1e3),
        "plan": pytest.approx(row["planned_spend"] / 1e3),
    }


def test_a_channel_has_one_colour_in_charts_and_chips(source: str, page: Page) -> None:
    values = _rows(page.charts["chart-returns"], 1)
    colours = {row["cell"].split(" / ")[0]: row["colour"] for row in values}
    stack = page.charts["chart-decomposition"]["encoding"]["color"]["scale"]
    of_stack = dict(zip(stack["domain"], stack["range"], strict=True))
    for channel, colour in colours.items():
        assert of_stack[channel] == colour
        assert f'style="background:{colour}"></span><bdi>{channel}' in source


def test_bars_of_all_drivers_lead_from_one_to_the_next_and_end_at_the_outcome(
    page: Page, results: Results
) -> None:
    rows = _rows(page.charts["chart-drivers"], 0)
    *parts, whole = rows
    actual = results.fit["actual"].sum() / 1e3
    assert [part["from"] for part in parts] == [0.0, *(part["to"] for part in parts[:-1])]
    assert whole["from"] == 0.0
    assert whole["to"] == pytest.approx(parts[-1]["to"]) == pytest.approx(actual, rel=1e-4)


def test_a_page_leaves_every_colour_to_its_stylesheet(page: Page) -> None:
    named = [value for chart in page.charts.values() for value in _colours(chart)]
    assert len(named) > 100
    assert {value.partition("(")[0] for value in named} == {"var", "transparent"}


def _colours(part: Any) -> list[str]:
    if isinstance(part, dict):
        return [found for value in part.values() for found in _colours(value)]
    if isinstance(part, list):
        return [found for value in part for found in _colours(value)]
    looks = isinstance(part, str) and re.fullmatch(r"#[0-9A-Fa-f]{3,8}|white|black|transparent|var\(.*", part)
    return [part] if looks else []


def test_the_footer_traces_the_page_to_its_run(results: Results, page: Page) -> None:
    assert results.about.config_hash in page.front
    assert "15\u00a0November\u00a02026" in page.front


def test_the_currency_is_said_once_and_never_beside_each_figure(page: Page) -> None:
    assert page.front.count("USD") == 1


def test_hostile_names_are_text_everywhere(make) -> None:  # type: ignore[no-untyped-def]
    cells = (Cell(HOSTILE, LINK), Cell("tv", BREAK), Cell("__proto__"), Cell("a.b[0]", "x:Q"))
    labels = (("tv", "{{ 7*7 }} *bold* {budget} & <i>"),)
    page = Page(source := render_html(make(cells=cells, labels=labels, config_text=BREAK), ReportSettings()))
    assert HOSTILE not in source
    assert BREAK not in source
    assert "onerror" not in str([attrs for tag, attrs in page.elements if tag == "img"])
    assert all(tag != "img" for tag, _ in page.elements)
    assert f"{HOSTILE} / {LINK}" in page.front
    assert "{{ 7*7 }} *bold* {budget} & <i>" in page.front
    names = {row["cell"] for row in _rows(page.charts["chart-returns"], 1)}
    assert f"{HOSTILE} / {LINK}" in names
    assert "a.b[0] / x:Q" in names
    assert BREAK in page.text


def test_names_from_the_data_are_values_and_never_fields(make) -> None:  # type: ignore[no-untyped-def]
    page = Page(render_html(make(cells=(Cell("zebra"), Cell("quagga")), labels=()), ReportSettings()))
    for spec in page.charts.values():
        bare = json.dumps({key: part for key, part in spec.items() if key != "datasets"})
        fields = re.findall(r'"field": "([^"]+)"', bare)
        assert fields
        assert not {"zebra", "quagga"} & set(fields)


def test_a_missing_margin_names_its_key_and_leaves_profit_out(make) -> None:  # type: ignore[no-untyped-def]
    page = Page(render_html(make(margin=None, currency=None), ReportSettings()))
    assert "finance.gross_margin" in page.front
    assert "profit after media than" not in page.front
    assert "chart-bridge" not in page.charts
    assert "names no currency" in page.front


def test_an_outcome_without_money_is_in_units_and_cost(make) -> None:  # type: ignore[no-untyped-def]
    page = Page(render_html(make(margin=None, has_money=False), ReportSettings()))
    assert "data.outcome.value_per_unit" in page.front
    assert "Cost per incremental unit" in page.front
    assert "revenue" not in page.front.split("What the money brings")[1].lower()


def test_two_channels_with_one_label_stay_two(make) -> None:  # type: ignore[no-untyped-def]
    cells = (Cell("fb_a"), Cell("fb_b"))
    page = Page(render_html(make(cells=cells, labels=(("fb_a", "FB"), ("fb_b", "FB"))), ReportSettings()))
    assert "FB (fb_a)" in page.front
    assert "FB (fb_b)" in page.front


def test_the_stack_ties_to_the_outcome(results: Results) -> None:
    from mmm.reporting.appendix import decomposition
    from mmm.reporting.voice import voice_for

    wide = decomposition(results, voice_for(results, ReportSettings()))
    actual = results.fit.set_index("date")["actual"]
    assert wide.sum(axis=1).to_numpy() == pytest.approx(actual.to_numpy())


def test_hidden_drivers_stand_on_every_page_and_what_survives_only_where_it_was_asked(
    page: Page, make
) -> None:  # type: ignore[no-untyped-def]
    assert "A driver that explains 8 % of both would halve this return." in " ".join(
        page.text.split()
    ).replace("\u00a0", " ")
    assert "chart-stress" not in page.charts
    assert "What survives" not in page.text
    results = make(stressed=True)
    stressed = Page(render_html(results, ReportSettings()))
    assert "What survives" in stressed.text
    marks = _rows(stressed.charts["chart-stress"], 2)
    others = results.stress[(results.stress["kind"] != "fit") & (results.stress["channel"] != "placebo")]
    assert [row["value"] for row in marks] == pytest.approx(others["roi"].dropna().tolist())
    shown = _rows(stressed.charts["chart-stress"], 1)
    first = results.stress[results.stress["kind"] == "fit"]
    assert [row["value"] for row in shown] == pytest.approx(first["roi"].tolist())
    assert "A placebo, the spend of tv, 60 weeks later, is given" in stressed.text
    assert "the sampler did not reach the gates" in stressed.text


@pytest.mark.parametrize("options", [{"margin": None}, {"has_money": False}, {"name": HOSTILE}])
def test_what_survives_can_be_told_without_money_or_margin(make, options: dict[str, Any]) -> None:  # type: ignore[no-untyped-def]
    source = render_html(make(stressed=True, **options), ReportSettings())
    assert HOSTILE not in source
    assert "A placebo, the spend of tv, 60 weeks later, is given" in Page(source).text


def test_a_channel_that_captures_demand_carries_its_warning_and_no_other_does(make) -> None:  # type: ignore[no-untyped-def]
    warning = "Captures demand that exists"
    assert warning not in render_html(make(), ReportSettings())
    source = render_html(make(captured=("search",)), ReportSettings())
    tiles = re.findall(r'<div class="row"><h3>.*?</ul></div>', source, flags=re.DOTALL)
    assert [tile.count(warning) for tile in tiles] == [2 * ("<bdi>Search</bdi>" in tile) for tile in tiles]
    assert source.count(warning) == 2


def test_each_grade_is_shown_with_every_condition_it_rests_on(results: Results, page: Page) -> None:
    shown = page.text
    for row in results.evidence.itertuples():
        assert f"{row.prior_sensitivity:.3f}" in shown
    assert "What each grade rests on" in shown
    assert "Sensitivity to the prior" in shown


def test_the_front_says_which_return_a_hidden_driver_would_halve_first(results: Results, page: Page) -> None:
    weakest = results.hidden_driver["robustness"].min()
    assert weakest == results.hidden_driver["robustness"][0]
    front = " ".join(page.front.replace("\u00a0", " ").split())
    assert f"would halve the return of TV if it explained {100 * weakest:.0f} % of what is left" in front
