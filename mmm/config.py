"""The config: one YAML file, or one workbook, to frozen settings, every fault at once and in words.

Each stage declares its own settings; this module joins them, reads the file and turns faults into words.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from mmm.book.reading import Book, is_workbook, read_book
from mmm.data.settings import CalendarSettings, ChannelSettings, DataSettings, ExperimentsTable, StudiesTable
from mmm.errors import ConfigError, UsageError
from mmm.experiments.settings import LEAST_RESERVE, TestsSettings
from mmm.finance.settings import FinanceSettings
from mmm.model.settings import ModelSettings
from mmm.planning.settings import GoalsSettings, PlanSettings, Scenarios
from mmm.reporting.settings import ReportSettings
from mmm.settings import Settings
from mmm.yaml_text import read_yaml

SET_ON_LOADING = {"folder", "text", "book"}
"""Fields of a config that are no keys of its file."""


class Config(Settings):
    """Everything one run needs to know, read from one YAML file."""

    name: str = Field(
        pattern=r"^[\w.-]+$", description="the company, never the quarter; names the run folder"
    )
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$", description="ISO code; no default")
    data: DataSettings
    channels: dict[str, ChannelSettings] = {}
    calendar: CalendarSettings = CalendarSettings()
    model: ModelSettings = ModelSettings()
    experiments: ExperimentsTable | None = None
    studies: StudiesTable | None = None
    finance: FinanceSettings = FinanceSettings()
    goals: GoalsSettings = GoalsSettings()
    plan: PlanSettings = PlanSettings()
    scenarios: Scenarios = ()
    tests: TestsSettings = TestsSettings()
    report: ReportSettings = ReportSettings()

    folder: Path = Field(Path(), exclude=True, description="folder of the file; set on loading")
    text: str = Field("", exclude=True, repr=False, description="the file as written; set on loading")
    book: Book | None = Field(
        None, exclude=True, repr=False, description="where it stands in a workbook; set on loading"
    )

    @model_validator(mode="after")
    def _room_for_tests(self) -> Config:
        reserve = self.plan.reserve_for_tests
        if "ceiling" in self.tests.model_fields_set and self.tests.ceiling < reserve:
            raise ValueError(
                f"`tests.ceiling` is {self.tests.ceiling:g} and `plan.reserve_for_tests` {reserve:g}: tests cannot use "
                "less at most than at least. Raise the first"
            )
        if self.tests.reserve_override is not None and reserve > LEAST_RESERVE:
            raise ValueError(
                f"`plan.reserve_for_tests` is {reserve:g} and `tests.reserve_override` asks for less; leave one "
                f"of them out"
            )
        return self

    @property
    def digest(self) -> str:
        """Hash of what the config says, whatever its comments and order."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def with_report(self, asked: dict[str, Any]) -> Config:
        """The same with some settings of the report as a command asks for them.

        Raises
        ------
        UsageError
            A value that the config could not have either.
        """
        try:
            changed = ReportSettings.model_validate(self.report.model_dump() | asked)
        except ValidationError as error:
            faults = [_sentence(detail, asked) for detail in error.errors()]
            raise UsageError("; ".join(faults)) from None
        return self.model_copy(update={"report": changed})

    @property
    def digest_but_bounds(self) -> str:
        """The same without `plan.bounds` and `report`: what limits written into a workbook belong to."""
        told = self.model_dump_json(exclude={"plan": {"bounds"}, "report": True})
        return hashlib.sha256(told.encode()).hexdigest()

    def with_bounds(self, workbook: Path) -> Config:
        """The config with least and most money of each line as a `plan.xlsx` says.

        Raises
        ------
        InputError
            A workbook of something else, or amounts at fault, each with its sheet and cell.
        """
        from mmm.book.edited import edited_bounds

        bounds = edited_bounds(workbook, self.digest_but_bounds, self.plan.bounds)
        told = "".join(f"#   {bound.model_dump_json(exclude_none=True)}\n" for bound in bounds)
        return self.model_copy(
            update={
                "plan": self.plan.model_copy(update={"bounds": bounds}),
                "text": f"{self.text}\n# plan.bounds, as written into {workbook.name}:\n{told}",
            }
        )


def load_config(path: str | Path) -> Config:
    """Read a config file.

    Parameters
    ----------
    path
        A YAML file, or a workbook that `mmm template` wrote. Paths inside it are relative to its folder.

    Raises
    ------
    ConfigError
        Every fault at once: unreadable YAML with line and column, unknown keys with the nearest known one,
        values out of range.
    """
    path = Path(path)
    if is_workbook(path):
        return _from_book(path)
    raw = read_yaml(path)
    if "markets" in raw and "data" not in raw:
        told = "this is a portfolio, which only `mmm run` reads; give the config of one of its markets"
        raise ConfigError([told], str(path))
    if own := sorted(SET_ON_LOADING & set(raw)):
        raise ConfigError([f"`{own[0]}`: unknown key"], str(path))
    return parse_config(raw, path, path.read_text(encoding="utf-8-sig"))


def _from_book(path: Path) -> Config:
    """The config that a workbook gives; its text is the same as YAML."""
    from io import StringIO

    from ruamel.yaml import YAML

    raw, book = read_book(path)
    text = StringIO(f"# read from {path.name}\n")
    text.seek(0, 2)
    YAML().dump(raw, text)
    try:
        config = parse_config(raw, path, text.getvalue())
    except ConfigError as error:
        raise ConfigError([book.in_cells(fault) for fault in error.faults], error.where) from None
    return config.model_copy(update={"book": book})


def parse_config(raw: dict[str, Any], path: Path, text: str = "") -> Config:
    """Turn a mapping into a config; `path` is where it came from or will be written to."""
    try:
        config = Config.model_validate({**raw, "folder": path.resolve().parent, "text": text})
    except ValidationError as error:
        faults = [_sentence(detail, raw) for detail in error.errors()]
        raise ConfigError(list(dict.fromkeys(faults)), str(path)) from None
    override = config.tests.reserve_override
    if override is None:
        return config
    plan = config.plan.model_copy(update={"reserve_for_tests": override.value})
    return config.model_copy(update={"plan": plan})


def _sentence(detail: ErrorDetails, raw: Any) -> str:
    """One fault in words: the key, its value, the remedy."""
    place = [part for part in detail["loc"] if not _is_branch(part, raw)]
    name = _dotted(place)
    kind = detail["type"]
    value = detail.get("input")
    shown = f" (is {json.dumps(value, default=str, ensure_ascii=False)})" if _short(value) else ""
    if kind == "extra_forbidden":
        known = _known_keys(place[:-1])
        near = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.5)
        hint = (
            f"; did you mean `{near[0]}`?" if near else f"; known here: {', '.join(known)}" if known else ""
        )
        return f"`{name}`: unknown key{hint}"
    if kind == "missing":
        return f"`{name}`: missing; {_description(place) or 'this key is needed'}"
    message = re.sub(r"^(Value error|Assertion failed), ", "", detail["msg"])
    if not place:  # about keys of several sections, which it names
        return message
    if kind in ("value_error", "assertion_error"):  # our own words, remedy included
        return f"`{name}`: {message}{shown}"
    message = _wanted_form(detail) or re.sub(r"^(Input|String|Value) should ", "should ", message)
    about = _description(place)
    return f"`{name}`: {message}{shown}{f'. It is: {about}' if about else ''}"


_FORMS = {
    "model_type": "should be `key: value` lines",
    "model_attributes_type": "should be `key: value` lines",
    "dict_type": "should be `key: value` lines",
    "tuple_type": "should be a list: each entry on a line of its own after `- `, or all of them in [ ]",
    "list_type": "should be a list: each entry on a line of its own after `- `, or all of them in [ ]",
    "string_type": "should be text; a number or a date in the place of a name needs quotes",
    "path_type": "should be the path of a file",
}
_TAGS = {"float": "a number", "list": "a list", "dict": "`key: value` lines", "table": "a table"}


def _wanted_form(detail: ErrorDetails) -> str | None:
    """What a value of another form should have been, in words of YAML and not of Python."""
    if detail["type"] == "union_tag_invalid":
        tags = re.findall(r"'(\w+)[^']*'", str(detail.get("ctx", {}).get("expected_tags", "")))
        return f"should be {' or '.join(dict.fromkeys(_TAGS.get(tag, tag) for tag in tags))}"
    if detail["type"] in (
        "too_short",
        "too_long",
    ):  # pydantic says what Python calls it, and counts after validation
        most = detail["type"] == "too_long"
        count = detail.get("ctx", {}).get("max_length" if most else "min_length")
        return f"should have at {'most' if most else 'least'} {count} item{'' if count == 1 else 's'}"
    return _FORMS.get(detail["type"])


def _short(value: Any) -> bool:
    return isinstance(value, str | int | float | bool) and len(str(value)) < 60


def _is_branch(part: object, raw: Any) -> bool:
    """Names pydantic adds for the branch of a union (`SpendFile`, `literal[...]`, `float`)."""
    if not isinstance(part, str):
        return False
    return bool(
        re.match(r"^(literal\[|function-|constrained-|float$|int$|str$|list$|table$|dict\[|nullable)", part)
    ) or (part[:1].isupper() and part in {"SpendFile", "Days", "Database", "Path"})


def _dotted(place: list[Any]) -> str:
    out = ""
    for part in place:
        out += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if out else str(part)
    return out


def _model_at(place: list[Any]) -> type[BaseModel] | None:
    model: Any = Config
    for part in place:
        if isinstance(part, int):
            continue
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return None
        field = model.model_fields.get(str(part))
        model = _inner_model(field.annotation) if field else None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _inner_model(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if (found := _inner_model(inner)) is not None:
            return found
    return None


def _known_keys(place: list[Any]) -> list[str]:
    model = _model_at(place)
    return [key for key in model.model_fields if key not in SET_ON_LOADING] if model else []


def _description(place: list[Any]) -> str | None:
    model = _model_at(place[:-1])
    field = model.model_fields.get(str(place[-1])) if model else None
    return field.description if field else None
