"""Tables and figures as JSON: names as in the tables, empty cells as null, dates as ISO 8601."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any


def json_text(told: Mapping[str, object]) -> str:
    """One JSON object of tables (lists of rows), figures and texts; NaN and infinity are null."""
    return json.dumps(_plain(told), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if hasattr(value, "to_dict") and hasattr(value, "columns"):  # a data frame
        return [_plain(row) for row in value.to_dict("records")]
    if hasattr(value, "tolist"):  # NumPy: a scalar or an array
        return _plain(value.tolist())
    if hasattr(value, "isoformat"):
        return None if value != value else value.isoformat()  # NaT is not itself
    return str(value)
