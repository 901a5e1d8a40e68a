"""The config of a portfolio: what it says, and every fault in words."""

import re
from pathlib import Path

import pytest

from mmm.cli import shell
from mmm.config import load_config
from mmm.errors import ConfigError
from mmm.portfolio.config import is_portfolio, load_portfolio, under
from mmm.portfolio.many import believing

ROOT = Path(__file__).parents[3]
MARKET = """
name: {name}
currency: {currency}
data: {{source: w.csv, date: week, outcome: {{value: revenue}}, media: {{tv: tv}}}}
plan: {{window: 2026Q1, budget: 5}}
"""
PORTFOLIO = """
name: group
currency: EUR
markets: [{config: a.yaml}, {config: b.yaml, rate: 1.1, max: 1.5m}]
plan: {window: 2027Q1, budget: 2m}
"""


@pytest.fixture
def write(tmp_path):
    """Writes two markets and a portfolio; gives its path."""

    def build(text=PORTFOLIO, **more):
        for name, currency in (("a", "EUR"), ("b", "GBP")):
            (tmp_path / f"{name}.yaml").write_text(
                MARKET.format(name=name, currency=currency) + more.get(name, "")
            )
        (tmp_path / "group.yaml").write_text(text)
        return tmp_path / "group.yaml"

    return build


def test_a_portfolio_reads_its_markets_and_gives_them_its_window(write):
    portfolio, configs = load_portfolio(write())
    assert [config.name for config in configs] == ["a", "b"]
    assert portfolio.markets[1].max.resolve(1.0) == 1.5e6
    asked = under(configs[0], portfolio.plan).plan
    assert (str(asked.window.start), asked.budget, asked.spend) == ("2027-01-01", None, "at_most")


def test_the_page_of_a_portfolio_has_a_language_and_no_readers(write):
    portfolio, _ = load_portfolio(write(PORTFOLIO + "report: {language: he}\n"))
    assert portfolio.report.language == "he"
    with pytest.raises(ConfigError, match=r"report\.audiences"):
        load_portfolio(write(PORTFOLIO + "report: {audiences: [cfo]}\n"))


def test_a_portfolio_is_known_by_its_markets(write):
    path = write()
    assert is_portfolio(path)
    assert not is_portfolio(path.with_name("a.yaml"))
    assert not is_portfolio(path.with_name("gone.yaml"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ((", rate: 1.1", ""), "b: its money is GBP; give `rate`"),
        (("a.yaml}", "a.yaml, rate: 2}"), "a: a rate of 2 from EUR to itself"),
        (("window: 2027Q1, ", ""), "`plan.window`: missing"),
        (("budget: 2m", "budgit: 2m"), "`plan.budgit`: unknown key"),
        (
            ("budget: 2m", "budget: 2m, groups: [{name: x, markets: [c]}]"),
            "no market is called 'c'; there are a, b",
        ),
        (("b.yaml", "a.yaml"), "a.yaml more than once"),
        (("a.yaml", "c.yaml"), "there is no such config"),
        (("max: 1.5m", "max: -1"), "below 0"),
        (("{config: a.yaml}, ", ""), "`markets`"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(write, change, told):
    with pytest.raises(ConfigError, match=re.escape(told)):
        load_portfolio(write(PORTFOLIO.replace(*change)))


def test_what_has_no_meaning_under_a_joint_budget_is_refused(write):
    more = "  groups: [{name: x, channels: [tv], max_share: 0.5}]\n"
    path = write(a="")
    market = path.with_name("a.yaml")
    market.write_text(market.read_text().replace("plan: {window: 2026Q1, budget: 5}", "plan:\n" + more))
    with pytest.raises(ConfigError, match=r"a: `plan\.groups with a share`"):
        load_portfolio(path)


def test_a_portfolio_is_run_alone(write, capsys):
    path = write()
    assert shell.execute(["run", str(path), str(path.with_name("a.yaml"))]) == 2
    assert "Run it alone" in capsys.readouterr().err


def test_data_at_fault_of_all_markets_are_told_before_any_fit(write, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert shell.execute(["run", str(write()), "-q"]) == 1
    said = capsys.readouterr().err
    assert "a: " in said
    assert "b: " in said
    assert not (tmp_path / "reports").exists()


def test_a_belief_takes_the_place_of_the_prior_of_its_channel_alone(write):
    config = load_config(write().with_name("a.yaml"))
    told = believing(config, (("tv", 2.0, 0.3),)).model.priors
    assert (told.channels["tv"].roi.median, told.channels["tv"].roi.sigma) == (2.0, 0.3)
    assert believing(config, ()) is config


def test_the_config_of_the_page_is_the_bundled_one(tmp_path):
    page = (ROOT / "docs" / "portfolio.md").read_text("utf-8")
    (text,) = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    place = ROOT / "configs" / "portfolio.yaml"
    there, configs = load_portfolio(place)
    copy = tmp_path / "portfolio.yaml"
    copy.write_text(text.replace("markets/", f"{place.parent}/markets/"))
    found, _ = load_portfolio(copy)
    assert found.plan == there.plan
    assert [(m.rate, m.min, m.max) for m in found.markets] == [(m.rate, m.min, m.max) for m in there.markets]
    assert [config.currency for config in configs] == ["EUR", "GBP", "ILS"]


def test_other_commands_say_that_they_take_one_market(write, capsys):
    assert shell.execute(["check", str(write())]) == 1
    assert "give the config of one of its markets" in capsys.readouterr().err
