"""What the documents say about the code is so. What they say of a run is in `tests/end_to_end`."""

from __future__ import annotations

import ast
import math
import re
import tomllib
from pathlib import Path

import pytest
import typer

import mmm
from mmm.cli.shell import app
from mmm.config import load_config
from mmm.inference.diagnostics import NUISANCE_RHAT
from mmm.inference.fit import ACCEPTANCE, NATIONAL_ACCEPT, PATIENT_CHAINS
from mmm.model import baseline, priors
from mmm.model.settings import GateSettings, RoiPrior, SamplingSettings
from mmm.planning.plan import Plan
from mmm.planning.summary import PlanSummary
from mmm.stages.view import Run

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mmm"
FRONT = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
PAGES = sorted(
    page
    for where in ("*.md", "benchmarks/*.md", "configs/*.md", "data/**/*.md", "docs/**/*.md", "reports/*.md")
    for page in ROOT.glob(where)
)
TEXT = {name: (ROOT / name).read_text("utf-8") for name in FRONT}
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
COMMANDS = set(typer.main.get_command(app).commands)
TARGETS = set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE))


def _called(program: str, text: str) -> set[str]:
    """What a text calls a program with: in backticks, or at the start of a line of code."""
    return set(re.findall(rf"(?:^ {{4}}|`){program} ([a-z][a-z-]*)", text, re.MULTILINE))


def _blocks(language: str) -> list[str]:
    """Code of one language in the README."""
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT["README.md"], re.MULTILINE | re.DOTALL)


def _section(text: str, heading: str) -> str:
    """What stands under a heading, until the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{level}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"there is no heading {heading}"
    return found[1]


def _anchors(page: Path) -> set[str]:
    """Names by which links reach the headings of a page."""
    heads = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def _is_there(target: str, page: Path) -> bool:
    """Whether a link of a page leads somewhere."""
    path, _, anchor = target.partition("#")
    place = (page.parent / path).resolve() if path else page
    return place.exists() and (not anchor or anchor in _anchors(place))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))
    ours = [link for link in links if not re.match(r"https?://", link)]
    assert [link for link in ours if not _is_there(link, page)] == []


def test_a_link_that_leads_nowhere_is_seen() -> None:
    page = ROOT / "README.md"
    assert _is_there("ARCHITECTURE.md#the-line", page)
    assert not _is_there("no-such.md", page)
    assert not _is_there("ARCHITECTURE.md#no-such-heading", page)


def test_the_readme_has_the_two_commands() -> None:
    assert {"demo", "test"} <= _called("make", TEXT["README.md"])


def test_the_readme_lists_the_commands_there_are_and_no_other() -> None:
    assert _called("mmm", TEXT["README.md"]) == COMMANDS


@pytest.mark.parametrize("name", FRONT)
def test_commands_and_targets_in_the_documents_exist(name: str) -> None:
    assert _called("mmm", TEXT[name]) <= COMMANDS
    assert _called("make", TEXT[name]) <= TARGETS | set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_every_target_of_the_makefile_is_explained() -> None:
    assert _called("make", TEXT["README.md"] + TEXT["CONTRIBUTING.md"]) >= TARGETS - {"help"}


def test_the_python_example_uses_names_that_exist() -> None:
    (code,) = _blocks("python")
    assert len([line for line in code.splitlines() if line]) <= 7
    public = {"mmm": set(mmm.__all__), "run": set(dir(Run)), "plan": set(dir(Plan))}
    public["summary"] = set(PlanSummary.__dataclass_fields__)
    seen = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else getattr(node.value, "attr", "")
            assert node.attr in public[owner], f"{owner} has no {node.attr}"
            seen.add(f"{owner}.{node.attr}")
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            load_config(ROOT / node.args[0].value)
    assert {"mmm.load_config", "mmm.run", "run.roi", "plan.gap"} <= seen


def test_the_config_in_the_readme_has_eleven_lines_and_loads(tmp_path: Path) -> None:
    (text,) = _blocks("yaml")
    place = tmp_path / "acme.yaml"
    place.write_text(text, "utf-8")
    config = load_config(place)
    assert len(text.splitlines()) == 11
    assert config.plan.budget == 1_300_000
    assert [cell.channel for cell in config.data.media[0].cells] == ["tv", "search", "facebook"]


@pytest.mark.parametrize(
    "room",
    ["", *sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))],
    ids=lambda r: r or "mmm",
)
def test_the_architecture_lists_every_module_of_a_room_and_no_other(room: str) -> None:
    rooms = _section(TEXT["ARCHITECTURE.md"], "## The rooms")
    table = _section(rooms, f"### `{'mmm/' + room + '/' if room else 'mmm/'}`")
    told = {
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+\.py)`", line.split("|")[1])
    }
    assert told == {path.name for path in (PACKAGE / room).glob("*.py")} - {"__init__.py"}


@pytest.mark.parametrize("name", FRONT)
def test_paths_in_the_documents_exist(name: str) -> None:
    told = re.findall(r"`((?:mmm|tests|configs|data|benchmarks)/[\w./-]*)`", TEXT[name])
    assert [path for path in told if not (ROOT / path).exists()] == []


def test_the_layers_in_the_architecture_are_those_that_are_enforced() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = (contract["layers"] for contract in contracts if contract["id"] == "layers")
    enforced = [layer.strip("()") for layer in layers if layer != "__main__"]
    section = _section(TEXT["ARCHITECTURE.md"], "## Which way imports run")
    told = " ".join(line.strip() for line in section.splitlines() if line.startswith("    "))
    assert [layer.strip() for layer in told.split(">")] == enforced


def _number(text: str) -> float:
    return math.log(float(text.removeprefix("log "))) if text.startswith("log ") else float(text)


def _priors() -> list[tuple[str, str]]:
    """Constant and `N(mean, sd)` of each row of the table of priors."""
    table = _section(TEXT["ARCHITECTURE.md"], "### Priors")
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| ")]
    return [(row[2].strip(" `"), row[1]) for row in rows if "N(" in row[1]]


@pytest.mark.parametrize(("constant", "told"), _priors(), ids=lambda part: part.strip())
def test_the_priors_in_the_architecture_are_those_of_the_code(constant: str, told: str) -> None:
    found = re.search(r"N\(([^,]+), ([\d.]+)\)", told)
    assert found is not None
    if constant == "RoiPrior":
        assert float(found[2]) == RoiPrior().sigma
        return
    name, _, key = constant.partition(".")
    value = getattr(baseline, name)[key] if key else getattr(priors, name)
    assert (_number(found[1]), float(found[2])) == pytest.approx(value)


def test_the_table_of_priors_has_every_scale_of_the_baseline() -> None:
    told = {constant.partition(".")[2] for constant, _ in _priors() if constant.startswith("SCALE_PRIORS.")}
    assert told == set(baseline.SCALE_PRIORS)


def test_sampling_and_gates_in_the_architecture_are_those_of_the_code() -> None:
    told = " ".join(_section(TEXT["ARCHITECTURE.md"], "### Sampling and gates").split())
    sampling, gates = SamplingSettings(), GateSettings()
    for words in (
        f"{sampling.chains} chains of {sampling.tune} + {sampling.draws} draws",
        f"target acceptance {ACCEPTANCE[0]:g}, of a national model {NATIONAL_ACCEPT:g}:",
        f"R-hat at most {gates.rhat:g} and bulk ESS at least {gates.ess:g}",
        f"R-hat at most {NUISANCE_RHAT:g} of the rest",
        f"at most {100 * gates.divergences:g} % divergences",
        f"twice the draws and acceptance {ACCEPTANCE[1]:g}, then with {ACCEPTANCE[2]:g} and eight chains",
    ):
        assert words in told
    assert PATIENT_CHAINS == 8


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    first = re.search(r"^## \[([^\]]+)\]", TEXT["CHANGELOG.md"], re.MULTILINE)
    assert first is not None
    assert first[1] == version


def test_the_config_of_the_page_on_the_baseline_is_read_as_it_says(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "baseline.md").read_text("utf-8")
    (text,) = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    place = tmp_path / "acme.yaml"
    place.write_text(text, "utf-8")
    config = load_config(place)
    assert config.data.controls is not None
    assert [column.role for column in config.data.controls.columns] == [
        "confounder", "precision", "treatment", "treatment",
    ]  # fmt: skip
    assert config.model.likelihood == "student_t"
