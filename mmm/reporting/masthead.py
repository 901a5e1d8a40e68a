"""What stands at the head and the foot of everything that is written: money, data, and the run it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from mmm.reporting.results import Results
from mmm.reporting.voice import Voice


@dataclass(frozen=True, slots=True)
class Masthead:
    """The unit of money, the days of the data, and where every figure comes from, a sentence each."""

    money: str
    data: str
    trace: str


def masthead(results: Results, voice: Voice) -> Masthead:
    """Head and foot of the report of these results."""
    about = results.about
    run = {
        "hash": about.config_hash,
        "last": voice.figures.day(about.data_until),
        "seed": about.seed,
        "version": about.version,
        "created": about.created,
    }
    key = "masthead.money" if about.currency else "masthead.money_unnamed"
    return Masthead(
        money=voice.text(key, {"currency": about.currency}),
        data=voice.text(
            "masthead.data",
            {"first": voice.figures.day(about.data_from), "last": voice.figures.day(about.data_until)},
        ),
        trace=voice.text("footer.trace", run),
    )
