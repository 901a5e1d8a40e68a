"""The planner in a browser: `mmm app`."""

from __future__ import annotations

from typing import Annotated

import typer

from mmm.cli.application import Config_, Language, Out, app, load
from mmm.errors import UsageError


@app.command("app")
def planner(
    config: Config_,
    out: Out = None,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=1, max=65535, help="port on 127.0.0.1")
    ] = 8501,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="open a browser")] = True,
    language: Language = None,
) -> int:
    """Try budgets and limits in a browser, on a finished run; on 127.0.0.1 only, nothing is fitted."""
    import signal
    import subprocess
    import sys
    from importlib.util import find_spec
    from pathlib import Path

    settings = load(config, out, language=language)  # faults of the config are said here, not in a browser
    if find_spec("streamlit") is None:
        raise UsageError("the planner's page needs Streamlit; pip install 'mmm-planner[app]'")
    page = Path(__file__).parents[1] / "app" / "page.py"
    told = [str(config.resolve()), "" if out is None else str(out.resolve()), settings.report.language]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(page),
        *flags(port, browser=browser),
        "--",
        *told,
    ]
    with subprocess.Popen(command) as server:
        signal.signal(signal.SIGTERM, lambda *_: server.terminate())  # the page ends with its command
        return server.wait()


def flags(port: int, *, browser: bool) -> list[str]:
    """Streamlit's settings as flags, which go before a user's own configuration of it."""
    told = {
        "server.address": "127.0.0.1",
        "server.port": str(port),
        "server.headless": str(not browser).lower(),
        "server.showEmailPrompt": "false",  # or the first start waits for an answer
        "server.fileWatcherType": "none",
        "server.enableXsrfProtection": "true",
        "server.enableCORS": "true",  # or any site that is open in the browser could ask for the plan
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": "127.0.0.1",
        "global.developmentMode": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "runner.magicEnabled": "false",
        "theme.base": "light",
        "theme.primaryColor": "#1e6b52",
    }
    return [f"--{name}={value}" for name, value in told.items()]
