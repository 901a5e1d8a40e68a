"""The sentences of the page of a portfolio, in English; written as in the catalogue."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    "money": "Money in thousands of {currency}",
    "skip": "Skip to the decision",
    "title": "{name}: one budget for {window}",
    "window": "{start} to {end}",
    "kind": "One budget over several markets",
    "decision": "The decision",
    "headline": (
        "Split *{budget}* over the markets and their media as planned here: against today's mix at the same money "
        "that is *{gain}* {what} (90 %: {range})."
    ),
    "what.profit": "profit after media",
    "what.revenue": "revenue from media",
    "key.better": "that the plan beats today's mix",
    "key.better.note": "at equal money, on the same draws",
    "key.gap": "at most below the best plan",
    "key.gap.note": "certified: no plan within the limits brings {money} more",
    "key.next": "from the next unit of budget",
    "key.next.note": "{what}, after the unit itself is paid",
    "apart": (
        "Each market planned on the money it has today would bring {gain_within}; moving money *between* markets adds "
        "{gain_between}."
    ),
    "more": "*{market}* gets {money} more than its share today.",
    "less": "*{market}* gives up {money} of its share today.",
    "independent": (
        "Ranges of several markets together take what is not known of one as independent of "
        "what is not known of the others."
    ),
    "markets": "The split by market",
    "markets.note": (
        "Today is each market's usual money, scaled to this budget. Budgets have their part of the reserve for "
        "tests in them. What a market brings is counted in the money of the portfolio, at the rates of the config."
    ),
    "limits": "Limits and their prices",
    "limits.note": (
        "The price is what one more unit of room would bring. Floors and caps of markets have the reserve in "
        "them; groups are money of media alone."
    ),
    "moves": "Where money moves",
    "moves.note": "The {shown} largest of {all} moves; all are in market_moves.csv.",
    "pooled": "What each market learned from the others",
    "pooled.note": (
        "Before its own data, a market's return in a channel was believed to lie where the other markets' results "
        "put it: median, and standard deviation of its logarithm. Its own results are not in what it is told."
    ),
    "gave_way": "What gave way",
    "total": "All markets",
    "binding.lower": "at its least",
    "binding.upper": "at its most",
    "binding.none": "no",
    "column.market": "Market",
    "column.today": "Today",
    "column.planned": "Planned",
    "column.change": "Change",
    "column.local": "In its own money",
    "column.revenue": "Revenue",
    "column.value.profit": "Profit",
    "column.value.revenue": "Sought",
    "column.gain": "Gain",
    "column.range": "90 % range",
    "column.better": "Odds",
    "column.limit": "Limit of",
    "column.lower": "Least",
    "column.upper": "Most",
    "column.binds": "Binds",
    "column.price": "Price",
    "column.cell": "Media",
    "column.channel": "Channel",
    "column.evidence": "Evidence",
    "column.mroi": "Next unit brings",
    "column.mroi_planned": "In the plan",
    "column.prior": "Believed alone",
    "column.pooled": "Told by the others",
    "column.others": "Results of others",
    "column.roi_alone": "ROI alone",
    "column.roi_pooled": "ROI pooled",
    "footer": (
        "Every figure stands in portfolio.json, markets.csv and market_moves.csv beside this page: config {hash}, "
        "data until {last}, mmm-planner {version}."
    ),
}
