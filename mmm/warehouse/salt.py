"""Ids of people, hashed: the same person is the same id on one machine, and nobody can go back."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mmm.errors import DataError

LENGTH = 32


@dataclass(slots=True)
class Salt:
    """A secret of one folder: made when first needed, readable by its owner alone, never committed or copied.

    Attributes
    ----------
    path
        Where it is kept, beside the warehouse.
    """

    path: Path
    _secret: bytes = field(default=b"", init=False, repr=False)

    def secret(self) -> bytes:
        """The secret; a file that is not there is made.

        Raises
        ------
        DataError
            The file cannot be read or written, or does not hold a secret.
        """
        if not self._secret:
            self._secret = _read(self.path) if self.path.exists() else _made(self.path)
        return self._secret


def hashed(ids: list[str], secret: Callable[[], bytes]) -> list[str]:
    """Ids as 32 hexadecimal digits: HMAC-SHA256 under the secret; "" stays "".

    Case and outer spaces do not tell people apart.
    """
    if not any(ids):
        return list(ids)
    key = secret()
    return [hmac.new(key, _plain(one), hashlib.sha256).hexdigest()[:32] if one else "" for one in ids]


def _plain(one: str) -> bytes:
    return " ".join(one.split()).casefold().encode()


def _read(path: Path) -> bytes:
    try:
        secret = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds no secret"
        raise DataError(
            [
                f"{path}: the salt of hashed ids cannot be read ({reason}). Restore it; without it the people already "
                "loaded are strangers, and the exports of the CRM have to be loaded anew"
            ]
        ) from None
    if len(secret) < LENGTH:
        raise DataError([f"{path}: the salt of hashed ids is damaged (too short). Restore it"])
    return secret


def _made(path: Path) -> bytes:
    secret = secrets.token_bytes(LENGTH)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was first
        return _read(path)
    except OSError as error:
        raise DataError(
            [f"{path}: the salt of hashed ids cannot be written ({error.strerror}). Make its folder writable"]
        ) from None
    with os.fdopen(file, "w", encoding="ascii") as handle:
        handle.write(secret.hex() + "\n")
    return secret
