"""What all tests share: one thread per process, and a browser that is there, skipped, or missed aloud."""

from __future__ import annotations

import os
import shutil

# Before NumPy is loaded anywhere: two cores are shared by the workers of pytest-xdist.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest


def _chromium() -> str | None:
    return next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the Chromium of this machine; for tests marked `browser`."""
    path = _chromium()
    assert path is not None, "mark this test `browser`"
    return path


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a browser where there is none; fail it where CI promised one."""
    if item.get_closest_marker("browser") is None or _chromium() is not None:
        return
    if os.environ.get("MMM_REQUIRE_SERVERS") == "1":
        pytest.fail("no Chromium on this machine, and MMM_REQUIRE_SERVERS=1 asks for one", pytrace=False)
    pytest.skip("no Chromium on this machine (on Debian: apt install chromium)")
