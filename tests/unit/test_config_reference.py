"""The example config and the other bundled ones."""

from pathlib import Path

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from mmm.config import Config, load_config
from mmm.config_reference import example_yaml
from mmm.data.settings import DataSettings
from mmm.data.source_settings import Source

ROOT = Path(__file__).parents[2]
CONFIGS = sorted({*(ROOT / "configs").rglob("*.yaml")} - {ROOT / "configs" / "portfolio.yaml"})

# keys that cannot stand beside what the example says: about counts, or in place of its budget
APART = frozenset(
    {"data.outcome.value_per_unit", "plan.target_roi", "plan.target_mroi", "plan.target_outcome"}
)


def _section(annotation):
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    parts = getattr(annotation, "__args__", ())
    return next((found for part in parts if (found := _section(part)) is not None), None)


def _missing(model, shown, place=""):
    """Keys of the schema that a parsed example does not have."""
    missing = []
    for key, field in model.model_fields.items():
        inherited = model is not DataSettings and issubclass(model, Source) and key in Source.model_fields
        if field.exclude or inherited:
            continue
        name = f"{place}.{key}"
        if key not in shown:
            missing.append(name)
            continue
        inner, value = _section(field.annotation), shown[key]
        if inner is None:
            continue
        if isinstance(value, list):
            entries = [entry for entry in value if isinstance(entry, dict)]
            value = {k: v for entry in entries for k, v in entry.items()} if entries else None
        elif isinstance(value, dict) and str(field.annotation).startswith("dict["):
            value = {k: v for entry in value.values() for k, v in entry.items()}
        if isinstance(value, dict):
            missing += _missing(inner, value, name)
    return missing


def test_the_committed_example_is_what_the_schema_gives():
    assert (ROOT / "configs/example.yaml").read_text("utf-8") == example_yaml()


def test_the_example_shows_every_key_of_the_schema():
    shown = YAML(typ="safe", pure=True).load(example_yaml(frozenset()))
    assert _missing(Config, shown) == []


def test_every_key_that_is_switched_off_would_be_accepted(tmp_path):
    config = tmp_path / "all.yaml"
    config.write_text(example_yaml(APART), encoding="utf-8")
    loaded = load_config(config)
    assert len(loaded.data.media) == 2
    assert loaded.plan.fixed[0].spend == 200_000


def test_what_the_example_shows_as_a_default_is_the_default():
    config = load_config(ROOT / "configs/example.yaml")
    assert config.model.sampling == Config.model_fields["model"].default.sampling
    assert config.model.gates == Config.model_fields["model"].default.gates
    assert config.plan.change == type(config.plan).model_fields["change"].default


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_bundled_config_loads_and_is_named_after_its_file(path):
    assert load_config(path).name == path.stem


@pytest.mark.parametrize("path", [p for p in CONFIGS if p.stem != "example"], ids=lambda path: path.stem)
def test_every_table_of_a_bundled_config_exists(path):
    config = load_config(path)
    data = config.data
    tables = [data.outcome, *data.media, data.organic, data.controls, data.events, data.future]
    for table in tables:
        if table is not None:
            assert (config.folder / data.resolved(table).source).is_file()


def test_no_comment_of_the_example_runs_off_the_page():
    assert max(len(line) for line in example_yaml().splitlines()) <= 110
