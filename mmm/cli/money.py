"""From activity to money without fitting anything: `mmm scorecard`, `mmm reconcile`."""

from __future__ import annotations

from mmm.cli.answer import show
from mmm.cli.application import Config_, Out, Quiet, app, load, progress
from mmm.errors import DataError


@app.command()
def scorecard(config: Config_, out: Out = None, quiet: Quiet = False) -> None:
    """What each channel cost and brought, against its own past; fit nothing."""
    settings = load(config, out)
    from mmm import pipeline
    from mmm.console.money import customers_text, scorecard_text

    with progress(quiet) as line:
        done = pipeline.scorecard(settings, out=out, progress=line)
    rows, sources = done.table("scorecard"), done.table("sources")
    text = scorecard_text(rows, sources, settings.currency)
    show(text, folder=done.folder, scorecard=rows, sources=sources)
    if not done.money["no_customers"]:
        customers = done.table("customers")
        show(f"\n{customers_text(customers)}\n", customers=customers)
    print(f"Every window: {done.folder / 'scorecard.csv'}")


@app.command()
def reconcile(config: Config_, out: Out = None, quiet: Quiet = False) -> None:
    """From what platforms claim to what finance books, to the cent; fit nothing."""
    settings = load(config, out)
    from mmm import pipeline
    from mmm.console.money import bridge_text

    with progress(quiet) as line:
        done = pipeline.reconcile(settings, out=out, progress=line)
    if done.money["no_bridge"]:
        raise DataError([f"there is no bridge: {done.money['no_bridge']}"])
    bridge, claims = done.table("bridge"), done.table("claims")
    text = bridge_text(bridge, claims, done.money, settings.currency)
    show(text, folder=done.folder, bridge=bridge, claims=claims)
    print(f"Every window and channel: {done.folder / 'bridge.csv'}, {done.folder / 'claims.csv'}")
