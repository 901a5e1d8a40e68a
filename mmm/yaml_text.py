"""YAML as people write configs: plain values only, every fault with its line and column, nothing without a limit."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from mmm.errors import ConfigError

MOST_BYTES, MOST_VALUES, DEEPEST = 1_000_000, 100_000, 50
"""Limits of a config: its bytes, its values once aliases are written out, its nesting."""


class _Constructor(SafeConstructor):
    """Plain values only; says where one stands that is none of its kind, such as a 30th of February."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, TypeError, ArithmeticError, AttributeError) as error:
            problem = f"{node.value!r} is not what it looks like ({error})"
            raise ConstructorError(None, None, problem, node.start_mark) from None


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping (YAML 1.2: `NO` is Norway), with line and column where it cannot be read."""
    try:
        if not path.is_file() and path.exists() and not path.is_dir():
            raise ConfigError(["this is a pipe or a device, not a file"], str(path))
        if path.is_file() and path.stat().st_size > MOST_BYTES:
            raise ConfigError(
                [
                    f"this is not a config: {path.stat().st_size:,} bytes. Is it a table? Then: mmm init {path}"
                ],
                str(path),
            )
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        near = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*.y*ml")], n=1)
        hint = f"; is it {path.parent / near[0]}?" if near else ""
        raise ConfigError([f"there is no such config{hint}"], str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            [f"the config cannot be read ({error}); is it a YAML file in UTF-8?"], str(path)
        ) from None
    return yaml_mapping(text, str(path))


def yaml_mapping(text: str, where: str = "") -> dict[str, Any]:
    """The mapping that YAML text holds, as plain dicts and lists with text keys.

    Raises
    ------
    ConfigError
        Text that is no YAML or no mapping, with line and column; values that are none of their kind; more nesting, or
        more values behind aliases, than a config can mean.
    """
    reader = YAML(typ="safe", pure=True)
    reader.Constructor = _Constructor
    try:
        raw = reader.load(text)
        if not isinstance(raw, dict):
            raise ConfigError(["this is not a config: the file holds no `key: value` lines"], where)
        _refuse_bombs(raw, where)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ConfigError(
            [f"{place}{error.problem or 'not YAML'}; text with `#`, `:`, `%` or `@` needs quotes"], where
        ) from None
    except YAMLError as error:
        raise ConfigError([f"not YAML: {error}"], where) from None
    except RecursionError:
        raise ConfigError(
            [f"brackets are nested more than {DEEPEST} deep; is one left open?"], where
        ) from None
    found: dict[str, Any] = _plain(raw)
    return found


def _refuse_bombs(raw: Any, where: str) -> None:
    """Aliases write a value once and mean it often, or inside itself: counted before they are written out."""
    waiting, values = [(raw, 0)], 0
    while waiting:
        value, depth = waiting.pop()
        values += 1
        if depth > DEEPEST:
            raise ConfigError(
                [f"nested more than {DEEPEST} deep; does an alias (`*name`) hold itself?"], where
            )
        if values > MOST_VALUES:
            raise ConfigError(
                [f"more than {MOST_VALUES:,} values once its aliases (`*name`) are written out"], where
            )
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        waiting += [(item, depth + 1) for item in inside]


def _plain(value: Any) -> Any:
    """Plain dicts and lists with text keys, whatever the YAML reader made."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
