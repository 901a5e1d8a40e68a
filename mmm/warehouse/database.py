"""A table that a database gives: asked in its own SQL, tried again where it does not answer, never told to anybody.

Credentials stand in the environment. What is printed, kept or logged is the URL as the config has it, with the names
of the variables; whatever a driver says is searched for their values before it is shown.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

import pandas as pd

from mmm.data.source_settings import Database
from mmm.errors import DataError, MmmError
from mmm.warehouse import engines
from mmm.warehouse.engines import Query, SlowQuery, Unreachable

WAITS = (1.0, 4.0)
"""Seconds before the second and the third try."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)\}")


@dataclass(frozen=True, slots=True)
class Address:
    """A URL with its variables filled in; it is never printed."""

    url: str
    secrets: Mapping[str, str]

    def redacted(self, text: str) -> str:
        """Text with every value of a variable, plain or as a URL writes it, turned back into its name."""
        hidden = dict(self.secrets)
        for name, value in self.secrets.items():  # a variable may hold a whole URL, its password included
            password = value.partition("://")[2].rpartition("@")[0].partition(":")[2]
            hidden |= {f"{name}, its password": unquote(password)} if password else {}
        for name, value in sorted(hidden.items(), key=lambda item: -len(item[1])):
            for spelled in {value, quote(value, safe="")} - {""}:
                text = text.replace(spelled, f"${{{name}}}")
        return text


def address(database: Database, key: str) -> Address:
    """The URL of a database with its variables filled in.

    Raises
    ------
    DataError
        A variable that the environment does not have.
    """
    wanted = list(dict.fromkeys(_VARIABLE.findall(database.url)))
    missing = [name for name in wanted if not os.environ.get(name)]
    if missing:
        raise DataError(
            [
                f"`{key}`: the environment has no variable {name}, which the URL asks for; set it"
                for name in missing
            ]
        )
    secrets = {name: os.environ[name] for name in wanted}

    def filled(found: re.Match[str]) -> str:
        value = secrets[found[1]]
        return value if found.start() == 0 else quote(value, safe="")  # at the start it is a URL of its own

    return Address(_VARIABLE.sub(filled, database.url), secrets)


def fetch(
    database: Database, folder: Path, key: str, say: Callable[[str], None] = lambda text: None
) -> pd.DataFrame:
    """The rows that a query answers, columns as they are called there.

    Parameters
    ----------
    folder
        Folder of the config: files of SQLite and DuckDB are relative to it.
    key
        The key of the config, for messages.

    Raises
    ------
    DataError
        The database does not answer, is too slow, or refuses the query; the query gives no row, or two columns of one
        name. No message holds a credential.
    """
    found = address(database, key)
    label = f"{database.url} (`{key}`)"
    query = Query(found.url, database.query.strip().rstrip(";").rstrip(), database.timeout, folder)
    read = engines.engine_of(found.url)
    if read is None:
        raise DataError([f"{label}: this is no URL; it begins with postgres://, sqlite:/// or duckdb://"])
    began = time.monotonic()
    for number, wait in enumerate((*WAITS, None), start=1):
        try:
            frame = read(query)
            break
        except Unreachable as error:
            told = found.redacted(_one_line(error))
            if wait is None:
                raise DataError(
                    [
                        f"{label}: the database does not answer ({told}); {number} tries in "
                        f"{time.monotonic() - began:.0f} s. Is it up, and may this machine reach it?"
                    ]
                ) from None
            say(f"{database.url} does not answer; trying again in {wait:g} s")
            time.sleep(wait)
        except SlowQuery:
            raise DataError(
                [
                    f"{label}: the query took more than {database.timeout:g} s and was stopped. Ask for fewer rows, or "
                    "raise `timeout` beside `query`"
                ]
            ) from None
        except MmmError:
            raise
        except Exception as error:  # noqa: BLE001 - drivers raise of every kind, and may quote the URL
            raise DataError(
                [f"{label}: the query cannot be answered ({found.redacted(_one_line(error))}). Mend `query`"]
            ) from None
    return _checked(frame, database, label)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def _checked(frame: pd.DataFrame, database: Database, label: str) -> pd.DataFrame:
    columns = [str(name) for name in frame.columns]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise DataError([f'{label}: the query gives two columns "{twice[0]}"; name one of them with AS'])
    if frame.empty:
        raise DataError([f"{label}: the query gives no row; look at its conditions"])
    if re.search(r"\border\s+by\b", database.query, re.IGNORECASE):
        return frame
    # a database gives rows in any order: without one asked for, the same rows are always the same table
    spelled = frame.astype(str)
    order = spelled.sort_values(list(spelled.columns), kind="stable").index
    return frame.loc[order].reset_index(drop=True)
