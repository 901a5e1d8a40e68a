"""Every sentence of the report, by language.

A sentence is a template: `{name}` takes a value, `*...*` marks what stands out on a page. Values are escaped
where they enter a page, so a name from the data is text and nothing else. A language is one more mapping with
the same keys; a test compares them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from mmm.errors import InternalFault

_STRONG = re.compile(r"\*([^*]+)\*")

ENGLISH: dict[str, str] = {
    # masthead and footer
    "title": "{name}: marketing plan for {window}",
    "masthead.kind": "Marketing budget plan",
    "masthead.money": "Money in thousands of {currency}",
    "masthead.money_unnamed": "Money in thousands; the config names no currency",
    "masthead.data": "Data from {first} to {last}",
    "record.is": "Plan of record {number}: {budget}, approved by {by} on {on}",
    "record.heading": "Against the plan of record",
    "masthead.ranges": "Ranges hold in 90 of 100 cases if the model is right",
    "skip": "Skip to the decision",
    "contents": "On this page",
    "footer.trace": (
        "Every figure comes from the tables of one run: config {hash}, data until {last}, seed {seed}, "
        "mmm-planner {version}, made {created}."
    ),
    "noscript": "The charts need JavaScript. The tables under them hold the same figures.",
    "chart.failed": "This chart could not be drawn. The table below holds the same figures.",
    "table.behind": "Show the figures as a table",
    "notes.heading": "Notes",
    # the decision
    "decision.heading": "The decision",
    "decision.approve": "Approve *{budget}* for {window}: {core} planned, {reserve} for tests.",
    "decision.approve.less": (
        "Approve *{spent}* of the {budget} for {window}: {core} planned, {reserve} for tests. "
        "The rest would not pay for itself."
    ),
    "decision.less": "Against today's mix with the whole budget, take *{moved}* out of {donors}:",
    "decision.move": "Within this budget, move *{moved}* from {donors} to {receivers}:",
    "decision.and": "and",
    "decision.others": "{n} others",
    "decision.keep": "Keep today's mix: no move inside the limits is worth making.",
    "decision.weeks": "Keep each line's money and move *{moved}* of it to other weeks:",
    "decision.gain.profit": "*{gain}* profit after media (90 %: {range}).",
    "decision.gain.npv": "*{gain}* present value of profit (90 %: {range}).",
    "decision.gain.revenue": "*{gain}* revenue (90 %: {range}).",
    "decision.gain.units": "*{gain}* units of the outcome (90 %: {range}).",
    "decision.odds": "If the model is right, {odds} that this beats today's mix at equal money.",
    "decision.odds.less": (
        "If the model is right, {odds} that this beats today's mix with the whole budget spent."
    ),
    "decision.odds.zero": (
        "If the model is right, {odds} that this beats today's mix at equal money. "
        "The range includes zero: a gain is likely, not certain."
    ),
    "decision.odds.even": (
        "If the model is right, {odds} that this beats today's mix at equal money. "
        "That is close to a coin toss: treat the two mixes as equal."
    ),
    "decision.key.gain.profit": "more profit after media than today's mix",
    "decision.key.gain.npv": "more present value of profit than today's mix",
    "decision.key.gain.revenue": "more revenue than today's mix",
    "decision.key.gain.units": "more units than today's mix",
    "decision.key.odds": "that the plan beats today's mix at equal money",
    "decision.key.odds.less": "that the plan beats today's mix with the whole budget spent",
    "decision.key.worst": "mean gain in the worst tenth of cases",
    "decision.key.forecast.money": "total revenue expected in the window",
    "decision.key.forecast.units": "total units expected in the window",
    "decision.key.range": "90 %: {range}",
    "decision.key.odds_note": "if the model is right",
    "decision.key.worst_note": "what a bad draw costs or still brings",
    "decision.begun": (
        "{spent} of it was spent until {day} and stays as it was. {free} is still free, and that is what this plan "
        "places; {reserve} is kept for tests."
    ),
    "decision.equal": (
        "Today's mix is the reference period's mix scaled to the same {budget}, so the gain is never just "
        "more money. Really spent in the reference period: {reference}."
    ),
    "decision.equal.unknown": (
        "Today's mix is the reference period's mix scaled to the same {budget}, so the gain is never just "
        "more money."
    ),
    "decision.no_margin": (
        "The config gives no `finance.gross_margin`. So the plan is split by revenue, and profit and ROMI "
        "are left empty. Add the key to see them."
    ),
    "decision.no_money": (
        "The outcome is a count without a money value. So returns are in units and in cost per unit. "
        "Add `data.outcome.value_per_unit` to see money."
    ),
    # profit and loss
    "bridge.heading": "What the money brings",
    "bridge.lead.profit": (
        "{spend} of spend brings {revenue} of revenue that would not come without it. "
        "At a gross margin of {margin} that is {gross}, and {profit} after media."
    ),
    "bridge.lead.loss": (
        "{spend} of spend brings {revenue} of revenue that would not come without it. "
        "At a gross margin of {margin} that is {gross}, less than the spend: {profit} after media."
    ),
    "bridge.lead.revenue": "{spend} of spend brings {revenue} of revenue that would not come without it.",
    "bridge.lead.units": "{spend} of spend brings {revenue} units that would not come without it.",
    "bridge.chart": "From incremental revenue to profit after media, plan and today's mix",
    "bridge.chart.note": (
        "Bars: the plan. Upright marks: today's mix at equal money. Thin lines: 90 % range of the plan."
    ),
    "bridge.row.spend": "Media spend",
    "bridge.row.tests": "of which for tests",
    "bridge.row.revenue": "Incremental revenue",
    "bridge.row.units": "Incremental units",
    "bridge.row.goods": "Cost of goods",
    "bridge.row.margin": "Gross margin on it",
    "bridge.row.margin_at": "Gross margin on it, at {margin}",
    "bridge.row.profit": "Profit after media",
    "bridge.row.npv": "Present value of it",
    "bridge.row.romi": "ROMI: profit after media per unit of spend",
    "bridge.row.roi": "Return: incremental revenue per unit of spend",
    "bridge.row.next": "Return of the next unit of spend",
    "bridge.row.cost": "Cost per incremental unit",
    "bridge.row.next_cost": "Cost of the next unit",
    "bridge.column.line": "Line",
    "bridge.column.plan": "Plan",
    "bridge.column.current": "Today's mix",
    "bridge.column.change": "Change",
    "bridge.range": "Small figures: 90 % range. Tests cost money now and bring no return here.",
    "bridge.next": (
        "An average unit of spend returns {average}; the next one returns {next}. "
        "It breaks even at {break_even}."
    ),
    "bridge.next.plain": "An average unit of spend returns {average}; the next one returns {next}.",
    "bridge.next.units": "An average unit costs {average}; the next one costs {next}.",
    # goals
    "goals.heading": "Goals",
    "goals.tree": "Goals under goals",
    "column.goal_name": "Goal",
    "column.goal_target": "Target",
    "column.odds": "Odds",
    "goals.what.revenue.total": "of revenue",
    "goals.what.revenue.media": "of revenue from media",
    "goals.what.profit.total": "of profit after media, in all",
    "goals.what.profit.media": "of profit after media",
    "goals.what.outcome.total": "units",
    "goals.what.outcome.media": "units from media",
    "goals.row": (
        "{goal}: *{odds}* to reach {target} {what} with this plan; {reached} is what you can promise with 80 in 100. "
        "80 in 100 for {target} needs about {budget}."
    ),
    "goals.row.safe": (
        "{goal}: *{odds}* to reach {target} {what} with this plan; {reached} is what you can promise with 80 in 100."
    ),
    "goals.row.unsafe": (
        "{goal}: *{odds}* to reach {target} {what} with this plan; {reached} is what you can promise with 80 in 100. "
        "No budget looked at has 80 in 100 for {target}: the best is {best}, with {budget}."
    ),
    # how sure the best split is
    "splits.lead.profit": (
        "If the truth were known, about {moved} of the {core} would go elsewhere, for {worth} more profit after media "
        "in the mean: the most that tests could be worth in this window."
    ),
    "splits.lead.npv": (
        "If the truth were known, about {moved} of the {core} would go elsewhere, for {worth} more present value of "
        "profit in the mean: the most that tests could be worth in this window."
    ),
    "splits.lead.revenue": (
        "If the truth were known, about {moved} of the {core} would go elsewhere, for {worth} more revenue in the mean."
    ),
    "splits.lead.units": (
        "If the truth were known, about {moved} of the {core} would go elsewhere, for {worth} more units in the mean."
    ),
    "splits.heading": "How sure this split is",
    # scenarios
    "claims.heading": "What platforms claim, and what finance books",
    "claims.lead": (
        "From {first} to {last} platforms claim {claimed}. {matched} of it can be matched in the CRM. Paid media "
        "caused *{caused}* ({range})."
    ),
    "claims.lead.plain": (
        "From {first} to {last} platforms claim {claimed}. Paid media caused *{caused}* ({range})."
    ),
    "claims.factor": "{channel} claims most beyond what it caused: {factor} times as much ({range}).",
    "claims.click": (
        "Last click gives {channel} {attributed} of the orders it books; it caused {incremental} of what paid media "
        "brought. Last click says who came by last, not what caused the order."
    ),
    "claims.chart": "From what platforms claim to the revenue that finance books",
    "claims.note": (
        "Bars from zero are where the bridge stands, the others lead from one to the next, exactly. That orders are "
        "claimed by several platforms is an estimate: claims are taken to fall on orders independently."
    ),
    "claims.step.claimed": "platforms claim",
    "claims.step.exchange": "earlier exchange rate",
    "claims.step.vat": "VAT in it",
    "claims.step.window": "outside common window",
    "claims.step.overlap": "claimed by several",
    "claims.step.unseen": "not in analytics",
    "claims.step.not_closed": "not closed in CRM",
    "claims.step.returned": "returned",
    "claims.step.matched": "matched in CRM",
    "claims.step.not_caused": "not caused, net",
    "claims.step.incremental": "caused by media",
    "claims.step.carried_in": "earlier spend",
    "claims.step.owned": "owned media",
    "claims.step.base": "without media",
    "claims.step.residual": "unexplained",
    "claims.step.finance": "finance books",
    "claims.table": "What each system counts",
    "claims.total": "total",
    "pnl.heading": "Profit and loss of the plan",
    "pnl.lead": (
        "After marketing *{left}* is left (90 %: {range}). If the model is right, {odds} that the plan covers all it "
        "costs, which {needed} of incremental revenue would do."
    ),
    "pnl.cash": (
        "Before the money is back, {needed} of cash is out at most (90 %: {range}); it is back for good by the end of "
        "month {month} ({early} to {late})."
    ),
    "pnl.cash.never": "Up to {needed} of cash is out (90 %: {range}), and in most cases it does not all come back.",
    "pnl.npv": "Discounted to the first day, {value} is left (90 %: {range}).",
    "pnl.chart": "From the sales that the plan causes to what is left after marketing",
    "pnl.chart.note": "Bars: the plan, all its carry-over counted. Thin lines: 90 % range.",
    "pnl.months": "Month by month",
    "pnl.months.note": (
        "Carry-over brings revenue after the last money is spent. Cash in is gross margin when customers pay, cash out "
        "media when their bills are paid; stock and VAT are left out."
    ),
    "pnl.channels": "Channel by channel",
    "pnl.segments": "Segment by segment",
    "pnl.note": "Means add up to the cent in the workbook; ends of ranges do not add.",
    "pnl.line.sales": "Sales",
    "pnl.line.returns": "Returns",
    "pnl.line.revenue": "Incremental revenue",
    "pnl.line.goods": "Cost of goods",
    "pnl.line.gross_margin": "Gross margin",
    "pnl.line.media": "Media",
    "pnl.line.handling": "Handling of leads",
    "pnl.line.once": "Paid once",
    "pnl.line.contribution": "Left after marketing",
    "pnl.line.cash_in": "Cash in",
    "pnl.line.cash_out": "Cash out",
    "pnl.line.cash_balance": "Cash, all months",
    "pnl.line.cash_needed": "Most cash out",
    "pnl.line.npv": "Present value",
    "pnl.line.break_even_revenue": "Revenue that covers all",
    "pnl.line.probability_pays": "Chance to cover all",
    "pnl.line.break_even_months": "Covered by month",
    "pnl.line.cash_back_months": "Cash is back by month",
    "pnl.mix.plan": "Plan",
    "pnl.mix.current": "Today's mix",
    "column.mix": "Mix",
    "column.month": "Month",
    "column.line": "Line",
    "column.unit": "Unit",
    "column.net_media": "Net media",
    "column.fee": "Agency fee",
    "column.vat": "VAT",
    "column.gross": "Gross",
    "sheet.pnl": "Profit and loss",
    "scorecard.heading": "What each channel costs and brings",
    "scorecard.lead": (
        "From {first} to {last}, *{worse} of {all}* channels cost a tenth or more above what is usual for them."
    ),
    "scorecard.lead.fine": "From {first} to {last}, no channel costs a tenth or more above what is usual for it.",
    "scorecard.worst": "Furthest from usual is {channel}: {kpi} {value}, usually {usual} ({change}).",
    "scorecard.broken.same_period_last_year": (
        "Against a year ago most of it is {driver}: {before} then, {now} now, which made it {added} dearer."
    ),
    "scorecard.broken.previous": (
        "Against the quarter before most of it is {driver}: {before} then, {now} now, which made it {added} dearer."
    ),
    "scorecard.note": (
        "Counted by the systems named, not caused by media. Usual is the median of the same season in earlier years, "
        "else of earlier quarters. Amounts are single units of money."
    ),
    "scorecard.company": "The company",
    "scorecard.drivers": "What moved the cost of a customer",
    "scorecard.drivers.note": (
        "Each rate with the money by which it made a customer dearer; for a channel they add up to the change."
    ),
    "tree.heading": "The company's figure and those under it",
    "tree.note": "Each goal over all channels, and under it the channels that are for it (`goals.channels`).",
    "tree.company": "The company",
    "funnel.heading": "The funnel, step by step",
    "funnel.note": (
        "Each rate beside its own past. A funnel breaks at the step furthest below what is usual, where that is a "
        "tenth or more."
    ),
    "funnel.breaks": "breaks here",
    "leads.heading": "Leads by the month they came in",
    "leads.note": (
        "Orders of young leads are still to come. Completed by how long leads took to close so far; a month is ripe "
        "when 95 % of its orders have come."
    ),
    "leads.quality": "What a lead of each channel counts beside the average lead, by its chance to close.",
    "leads.ripe": "ripe",
    "leads.not_ripe": "not ripe",
    "creatives.heading": "Campaigns and ads",
    "creatives.note": (
        "What a single ad causes is not measured: what its line of spend caused in the quarter is shared out by "
        "exposure, else by money. Wear: click rate of the last four weeks against the first four. The lines with "
        "the most money."
    ),
    "creatives.unnamed": "not named",
    "kpi.lead_rate": "Leads per click",
    "kpi.qualified_rate": "Qualified leads per lead",
    "kpi.conversion_rate": "Orders per click (last click)",
    "kpi.close_rate": "Customers per lead or order",
    "kpi.cost_per_expected_customer": "Cost of a customer, orders to come counted (not ripe)",
    "kpi.spend_per_order": "Spend per order (all of them)",
    "column.part": "Of",
    "column.breaks": "Where",
    "column.ad": "Campaign / ad",
    "column.age_days": "Age, days",
    "column.allocated": "Allocated contribution",
    "column.qualified": "Qualified leads",
    "column.won_revenue": "Revenue won",
    "column.wear": "Wear",
    "column.ripeness": "Cohort",
    "column.leads": "Leads",
    "column.won": "Won so far",
    "column.ripe": "Of its orders, come",
    "column.won_expected": "Won in the end",
    "column.close_rate": "Closed so far",
    "column.close_rate_expected": "Closed in the end",
    "column.lead_quality": "Counts as",
    "goal.awareness": "awareness",
    "goal.leads": "leads",
    "goal.sales": "sales",
    "goal.new_market": "new market",
    "kpi.revenue": "Revenue",
    "kpi.revenue_per_spend": "Revenue per spend (all of it)",
    "kpi.media_share_of_revenue": "Media, share of revenue",
    "kpi.new_customers": "New customers",
    "kpi.spend_per_new_customer": "Spend per new customer (all of them)",
    "kpi.paid_share": "From paid media",
    "kpi.owned_share": "From owned media",
    "kpi.base_share": "Without media",
    "kpi.cost_per_1000_exposures": "Cost of 1,000 exposures",
    "kpi.click_rate": "Clicks per exposure",
    "kpi.cost_per_click": "Cost of a click",
    "kpi.cost_per_qualified_lead": "Cost of a qualified lead",
    "kpi.cost_per_lead": "Cost of a lead",
    "kpi.full_cost_per_customer": "Cost of a customer, handling too",
    "kpi.cost_per_customer": "Cost of a customer",
    "kpi.cost_per_order": "Cost of an order (last click)",
    "kpi.claimed_cost_per_order": "Cost of an order (platform)",
    "driver.spend_per_exposure": "Spend per exposure",
    "driver.spend_per_clicks": "Spend per click",
    "driver.spend_per_leads": "Spend per lead",
    "driver.spend_per_qualified": "Spend per qualified lead",
    "driver.spend_per_matched": "Spend per customer",
    "driver.spend_per_attributed": "Spend per order (last click)",
    "driver.spend_per_claimed": "Spend per order (platform)",
    "driver.exposure_per_clicks": "Exposures per click",
    "driver.exposure_per_leads": "Exposures per lead",
    "driver.exposure_per_qualified": "Exposures per qualified lead",
    "driver.exposure_per_matched": "Exposures per customer",
    "driver.exposure_per_attributed": "Exposures per order (last click)",
    "driver.exposure_per_claimed": "Exposures per order (platform)",
    "driver.clicks_per_leads": "Clicks per lead",
    "driver.clicks_per_qualified": "Clicks per qualified lead",
    "driver.clicks_per_matched": "Clicks per customer",
    "driver.clicks_per_attributed": "Clicks per order (last click)",
    "driver.clicks_per_claimed": "Clicks per order (platform)",
    "driver.leads_per_qualified": "Leads per qualified lead",
    "driver.leads_per_matched": "Leads per customer",
    "driver.leads_per_attributed": "Leads per order (last click)",
    "driver.leads_per_claimed": "Leads per order (platform)",
    "driver.qualified_per_matched": "Qualified leads per customer",
    "driver.qualified_per_attributed": "Qualified leads per order (last click)",
    "driver.qualified_per_claimed": "Qualified leads per order (platform)",
    "column.goal": "Is for",
    "column.kpi": "Figure",
    "column.now": "Now",
    "column.previous": "Quarter before",
    "column.a_year_ago": "A year ago",
    "column.usual": "Usual",
    "column.counted": "Counted",
    "column.driver": "Rate",
    "column.added": "Made it dearer by",
    "owned.heading": "What owned media bring",
    "owned.note": (
        "Over the periods of the fit. Saved is the paid spend that would have brought the same at the return of its "
        "next unit. A cost is there where `finance.owned_cost` gives one."
    ),
    "column.owned": "Medium",
    "column.saved": "Paid spend saved",
    "column.cost_of_it": "Its cost",
    "customers.heading": "What a new customer costs and leaves",
    "customers.lead": (
        "A new customer costs *{cost}* of media and sales handling (90 %: {range}), the next one {next} of media, and "
        "leaves {value} of gross margin over the whole time: *{times}* times the cost (90 %: {times_range}), with "
        "{odds} that all of it is paid back."
    ),
    "customers.lead.plain": (
        "A new customer costs *{cost}* of media and sales handling (90 %: {range}), the next one {next} of media. What "
        "one leaves is not known: give `finance.customer_lifetime_value`."
    ),
    "customers.lead.none": "By this fit, media brought no new customers.",
    "customers.unit": "Costs and values are in single {currency}, a customer each.",
    "customers.unit.unnamed": "Costs and values are in single units of money, a customer each.",
    "customers.known.segment": (
        "New customers are those that media caused, by the fit of their own segment; platforms claim orders of anyone."
    ),
    "customers.known.outcome": (
        "New customers are those that media caused, by a fit of their number; platforms claim orders of anyone."
    ),
    "customers.known.share": (
        "New customers are taken to be as large a part of what media caused as they are of the whole outcome: that is "
        "assumed, not measured. A segment or a further outcome of new customers would measure it."
    ),
    "customers.never": "never",
    "column.new_customers": "New customers",
    "column.cac": "Cost of one",
    "column.next_cac": "The next one",
    "column.claimed_cost": "Platform says, per order",
    "column.lifetime_value": "Lifetime value",
    "column.value_to_cac": "Value / cost",
    "column.payback": "Paid back in month",
    "column.handling": "Handling of leads",
    "column.p_pays_back": "Pays back",
    "column.customer_counted": "CRM says, per customer",
    "column.known_by": "Known by",
    "sheet.customers": "Customers",
    "column.period": "Window",
    "column.kind": "Level or change",
    "column.amount": "Money",
    "column.stands": "Stands at",
    "column.claimed": "Claimed orders",
    "column.attributed": "Last click",
    "column.matched": "In the CRM",
    "column.claim_factor": "Claimed / caused",
    "column.in_a_year": "In a year",
    "sheet.bridge": "Money bridge",
    "scenarios.heading": "More money, less money",
    "scenarios.lead.beyond": (
        "The next unit of budget pays for itself up to about *{turn}*. The last {rest} of the {budget} bring less than "
        "they cost."
    ),
    "scenarios.lead.below": (
        "The next unit of budget pays for itself up to about *{turn}*: {rest} more than the {budget} would still pay."
    ),
    "scenarios.lead.at": "The {budget} stand about where the next unit of budget just pays for itself.",
    "scenarios.lead.none": (
        "Between a fifth and three times the plan's budget, none was found at which the next unit of budget just pays "
        "for itself."
    ),
    "scenarios.lead.plain": "What other budgets bring, each with its best split.",
    "scenarios.chart": "What the best mix of each budget brings",
    "scenarios.chart.note": (
        "Line: the best split of each budget, with its 90 % range. Filled point: the plan. Hollow point: today's mix. "
        "Small points: other scenarios. Upright line: where the next unit of budget brings what it costs, of which a "
        "part goes to tests."
    ),
    "scenarios.note": (
        "All on the same draws. *Beats today's mix*: of the plan's budget. *Regret*: the mean distance to whichever "
        "scenario turns out best."
    ),
    "scenarios.without": "{scenario}: {reason}.",
    "scenarios.x": "budget, k",
    "scenarios.y.profit": "profit after media, k",
    "scenarios.y.npv": "present value of profit, k",
    "scenarios.y.revenue": "revenue, k",
    "scenarios.y.units": "units",
    "scenarios.point.plan": "plan",
    "scenarios.point.break_even": "next unit pays just for itself",
    # moves
    "calendar.heading.day": "Day by day",
    "calendar.heading.week": "Week by week",
    "calendar.heading.month": "Month by month",
    "calendar.lead": "The darker, the more money in that {grain}.",
    "calendar.begun": "Left of the line: as it was spent.",
    "calendar.chart": "Planned money by channel over the window",
    "moves.heading": "Where the money moves",
    "moves.lead": "Outlined: today's mix at equal money. Filled: the plan.",
    "moves.lead.tests": "{reserve} is kept for tests, so the lines below share {core}.",
    "moves.before": "Today's mix",
    "moves.after": "Plan",
    "moves.change": "Change",
    "moves.returns": "Return {roi}; next unit {now} today, {planned} as planned",
    "moves.costs": "Cost per unit {roi}; next unit {now} today, {planned} as planned",
    "moves.flip": "What would change this:",
    "moves.bar": "{cell}: {before} today, {after} planned",
    "moves.total": "All media and tests",
    "geos.heading": "By region",
    "geos.lead": "Without {cells}, bought for all regions at once.",
    "geos.chart": "Change of every line in every region against today's mix",
    "geos.note": "Change of each line's money in each region against today's mix. All figures are in the workbook.",
    "geos.new": "new",
    "curves.heading": "What more money would bring, line by line",
    "curves.lead": (
        "Each curve shows what spend in a window like this one brings. Solid: inside what was ever spent. "
        "Dashed: beyond it, where the model has not seen the answer. Hollow point: today's mix. "
        "Filled point: the plan. Shaded: 90 % range."
    ),
    "curves.chart": "{cell}: what spend brings. Today {before}, planned {after}.",
    "curves.x": "spend, k",
    "curves.y.money": "brings, k",
    "curves.y.units": "brings, units",
    "curves.today": "today",
    "curves.plan": "plan",
    # evidence
    "evidence.heading": "What we know, and how",
    "evidence.lead": "Each line of spend, and what its return rests on.",
    "evidence.grade.experiment": "Tested",
    "evidence.grade.data": "Observed",
    "evidence.grade.prior": "Assumption",
    "evidence.means.experiment": "Tested: an experiment has narrowed the answer, or would alone have told it.",
    "evidence.means.data": "Observed: history alone has narrowed the answer; it was not tested.",
    "evidence.means.prior": (
        "Assumption: history says little, so the figure is mostly what is usual for media. "
        "Such lines move less."
    ),
    "evidence.learned": "Before the data {before} to pay, after {after}.",
    "evidence.capture": "Captures demand that exists: what moves with this spend and what it causes may differ.",
    "evidence.returns": "Return {roi} (90 %: {range})",
    "evidence.costs": "Cost per unit {roi} (90 %: {range})",
    "evidence.chart": "Return per unit of spend by line, with 90 % ranges and break-even",
    "evidence.chart.plain": "Return per unit of spend by line, with 90 % ranges",
    "evidence.chart.note": (
        "Point: mean return over the modelled past. Line: 90 % range. Upright line: break-even, {break_even}."
    ),
    "evidence.chart.note.plain": "Point: mean return over the modelled past. Line: 90 % range.",
    "evidence.x": "revenue per unit of spend",
    "evidence.x.cost": "spend per unit of the outcome",
    # other outcomes
    "others.heading": "Other outcomes",
    "others.lead": (
        "Fitted beside the outcome of the plan, on the same media; no money is planned on them. "
        "What a line brings here comes with the same money, and is not added to what it brings above."
    ),
    "others.table": "Other outcomes by line",
    "others.note": "Per outcome: spend for one, where it has no money value; else what a unit of spend brings.",
    # segments
    "segments.heading": "By segment",
    "segments.lead": (
        "Each segment of the outcome was fitted on its own, on the same media. The plan goes by their sum."
    ),
    "segments.total": "In *{segment}* all media brought {brought} (90 %: {range}), {share} of what they brought.",
    "segments.total.plain": "In *{segment}* all media brought {brought} (90 %: {range}).",
    "segments.chart": "Return per unit of spend by line and segment, with 90 % ranges",
    "segments.note": (
        "The money is spent once for all segments, so the returns of a line add up over its segments. "
        "Whether it pays is said of the sum."
    ),
    # past tests
    "tested.heading": "What past tests say",
    "tested.lead": (
        "Return of the money a test added or took away, with its 90 % range: as the test measured it, as the model "
        "would have it without tests, and as it has it now."
    ),
    "tested.said.test": "measured {figure}",
    "tested.said.study": "a study says {figure}",
    "tested.agree": (
        "{id}, {cell}: {measured}; the model without tests {without}; with them *{both}*. They agree."
    ),
    "tested.conflict": (
        "*Test and model disagree.* {id}, {cell}: {measured}; the model without tests {without}; with "
        "them {both}. By chance alone: {odds}. Until somebody decides, it counts for less: what other weeks may "
        "differ by is doubled. To settle it, look at the test's dates, regions and money, then set its status, with "
        "a reason, to `void` if it was flawed, `widened` if it says less of other weeks, `kept` if it is right; or "
        "test again."
    ),
    "tested.kept": (
        "{id}, {cell}: {measured}; the model without tests {without}; with them *{both}*. They disagree; "
        "the test was kept as it is: {reason}"
    ),
    "tested.widened": (
        "{id}, {cell}: {measured}; the model without tests {without}; with them *{both}*. They disagree; "
        "the test counts for less on purpose: {reason}"
    ),
    "tested.no_reason": "no reason given",
    "tested.settled.kept": "yes, kept",
    "tested.settled.widened": "yes, widened",
    "tested.yes": "yes",
    "tested.no": "no",
    # tests of the reserve
    "designs.heading": "What the reserve buys",
    "designs.lead": (
        "The reserve of *{reserve}* (at least {floor}) is used by the tests below: {placed} is spent by them "
        "where their "
        "design sets the level, {withheld} is withheld there and returned after the test, {idle} has no test. "
        "Against the "
        "usual levels that is {extra} of extra money; the rest is spent as it would be anyway."
    ),
    "designs.worth": (
        "What their results are expected to be worth to later plans, all of them together: *{worth}*. It is a value of "
        "deciding better and stands in no other figure of this report."
    ),
    "designs.none": (
        "No test can be designed in this window, so the reserve of {reserve} stays without one. Why is said below."
    ),
    "designs.price": "Each thousand of reserve costs {price} of this window's result, what tests bring back counted.",
    "designs.notes": "What could not be tested as one would wish",
    "designs.what": "What",
    "designs.where": "Where",
    "designs.when": "When",
    "designs.cost": "Money",
    "designs.expect": "We expect",
    "designs.net": "Worth",
    "designs.answers": "Agreed beforehand, by the return of the money changed",
    "designs.ask.dark": "What would be lost without {cell}?",
    "designs.ask.less": "What does the last {size} of {cell} bring?",
    "designs.ask.more": "What would {size} more for {cell} bring?",
    "designs.ask.two_versions": "{question}",
    "designs.ask.first_money": "What would {cell} bring, which has no history?",
    "designs.do.two_versions": "Both versions for the same money, {people} people each, for {weeks} weeks.",
    "designs.do.first_money": "{spend} for {cell}, for {weeks} weeks.",
    "designs.freed": "Of that",
    "designs.frees": (
        "{freed} because the plan holds a line back whose return is an assumption, and may move it further once it is "
        "measured."
    ),
    "designs.ask.phase": "What do weeks with more {cell} bring, against weeks with less?",
    "designs.do.dark": "No {cell} for {weeks} weeks.",
    "designs.do.less": "{size} less {cell} for {weeks} weeks.",
    "designs.do.more": "{size} more {cell} for {weeks} weeks.",
    "designs.do.phase": "{cell} up or down by {size} from week to week, drawn at random, for {weeks} weeks.",
    "designs.in.geo_split": "{places}; compared with {n} others: {controls}.",
    "designs.in.user_split": "{people} people drawn by lot; compared with as many others.",
    "designs.in.switchback": "The whole country; weeks with the change and weeks without it alternate at random.",
    "designs.in.randomized_phasing": "The whole country; weeks are compared with each other.",
    "designs.in.pulse": (
        "The whole country, before and during. This is no experiment: whatever else changes in these weeks is "
        "in the result."
    ),
    "designs.days": "{start} to {end}; then a cool-down that still counts, in weeks: {cooldown}.",
    "designs.money": "{used} of the reserve; extra money {extra}; withheld and returned {withheld}.",
    "designs.effect": (
        "{effect} ({range}); an effect of {mde} would be seen in 80 of 100 tests; the chance to see this one is {odds}."
    ),
    "designs.values": "the result {worth}, running it costs {costs}: net {net}.",
    "designs.by_floor": "Only here to fill the floor of the reserve: with it the set is worth {loss} less.",
    "designs.state.proposed": "proposed",
    "designs.state.approved": "approved, unchanged",
    "designs.when.any": "whatever comes out",
    "designs.when.below": "below {high}",
    "designs.when.above": "above {low}",
    "designs.when.between": "{low} to {high}",
    "designs.then.stop": "stop",
    "designs.then.cut": "cut to {times} times the plan",
    "designs.then.keep": "keep as planned",
    "designs.then.first": "the first version for all",
    "designs.then.second": "the second version for all",
    "designs.then.scale": "scale to {times} times the plan",
    "column.way": "Kind",
    "column.reserve_used": "Reserve used",
    "column.extra": "Extra money",
    "column.mde": "Seen from",
    "column.power": "Power",
    "column.assurance": "Seen in",
    "column.worth": "Result worth",
    "column.costs": "Costs",
    "column.net": "Net",
    "learned.heading": "What past tests changed",
    "learned.cell": (
        "{cell}: return {before} without tests, *{after}* with them; {grade_before} then, {grade_after} now. Before "
        "new tests are placed the plan gives it {planned_after}; without past ones it would have {planned_before} "
        "(*{change}*)."
    ),
    "learned.pays": "Odds to pay: {before} without, {after} with.",
    "learned.moved": (
        "In all the tests move *{moved}* of the plan's money between lines; by what is known now that is worth {worth} "
        "{objective} against the plan that would have been made without them."
    ),
    # what a test asks for
    "rollout.title": "{name}: what the test {id} asks for",
    "rollout.kind": "Proposal after a test",
    "rollout.proposal": "Proposed",
    "rollout.heading": "What the tests ask for",
    "rollout.lead": (
        "For each test about which nothing was decided: the best thing to do with its line in the coming window, "
        "with the rest of the budget planned anew around it. Each has a page of its own to sign."
    ),
    "rollout.scale": "*Scale* {cell} to *{multiple}* of today's money: from {before} to *{after}*.",
    "rollout.start": "*Start* {cell} with *{after}*.",
    "rollout.cut": "*Cut* {cell} to *{multiple}* of today's money: from {before} to *{after}*.",
    "rollout.stop": "*Stop* {cell}: its {before} does more elsewhere.",
    "rollout.iterate": "*Test again* before {cell} is changed; it keeps {before} until then.",
    "rollout.hold": "*Hold* {cell} at {before}.",
    "rollout.word.scale": "scale",
    "rollout.word.cut": "cut",
    "rollout.word.stop": "stop",
    "rollout.word.iterate": "test again",
    "rollout.word.hold": "hold",
    "rollout.action.scale": "scale to {multiple}",
    "rollout.action.cut": "cut to {multiple}",
    "rollout.action.stop": "stop",
    "rollout.action.hold": "hold",
    "rollout.why.sure.up": (
        "{odds} that the next unit there pays for itself. Against holding, the plan gains {gain} (90 %: {range}); "
        "{regret} is to be regretted on average, {allowed} at most."
    ),
    "rollout.why.sure.down": (
        "{odds} that the next unit there does not pay for itself. Against holding, the plan gains {gain} "
        "(90 %: {range}); {regret} is to be regretted on average, {allowed} at most."
    ),
    "rollout.why.unsure.up": (
        "The best action would be to {action} (against holding {gain}, 90 %: {range}), and it is not sure enough: "
        "{odds} that the next unit pays, 80 needed; {regret} to be regretted on average, {allowed} at most."
    ),
    "rollout.why.unsure.down": (
        "The best action would be to {action} (against holding {gain}, 90 %: {range}), and it is not sure enough: "
        "{odds} that the next unit does not pay, 80 needed; {regret} to be regretted on average, {allowed} at most."
    ),
    "rollout.why.hold": "Nothing is better than today's money; {odds} that the next unit there pays for itself.",
    "rollout.follow_up": (
        "The same test once more would be worth {value} in better decisions over two years and cost {cost} in profit: "
        "{net} net."
    ),
    "rollout.key.gain": "profit after media, the best action against holding",
    "rollout.key.gain.note": "90 %: {range}",
    "rollout.key.pays": "that the next unit there pays for itself",
    "rollout.key.pays.note": "{better} that the best action beats holding",
    "rollout.key.risk": "lost against holding in the worst tenth of cases",
    "rollout.key.risk.note": "{regret} to be regretted on average",
    "rollout.how": "How to go there",
    "rollout.how.none": "Nothing moves for now.",
    "rollout.holdout": "Keep {regions} as they are ({share} of the outcome), so that the rollout can be read.",
    "rollout.holdout.none": (
        "No choice of regions makes 5 to 10 % of the outcome: keep 5 to 10 % of people out where the platform can draw "
        "them by lot, so that the rollout can be read."
    ),
    "rollout.back.up": (
        "Go back to today's money as soon as a new fit gives 90 in 100 that the next unit there does not pay for "
        "itself."
    ),
    "rollout.back.down": (
        "Bring the money back as soon as a new fit gives 90 in 100 that the next unit there pays for itself."
    ),
    "rollout.moves": "Where the money comes from",
    "rollout.moves.lead": "The best plan of the same budget with today's money there, and with this decision.",
    "rollout.actions": "Every action",
    "rollout.actions.note": (
        "Profit of the whole plan with each action. Score: 0.7 x mean profit + 0.3 x mean of the worst tenth of cases, "
        "less 1 % of the money moved."
    ),
    "pdf.more": "{n} further lines, which move less, are in plan.xlsx.",
    "pdf.sign": "Decision",
    "pdf.by": "Approved by",
    "rollout.sign": "Signed",
    "rollout.sign.decision": "Decision",
    "rollout.sign.by": "By",
    "rollout.sign.date": "Date",
    "rollout.sign.run": "Run",
    "rollout.sign.note": (
        'Then write it down: `mmm tests rollout CONFIG "{id}" --decide WORD --by NAME --why "..."`.'
    ),
    "rollout.column.test": "Test",
    "rollout.column.cell": "Line",
    "rollout.column.decision": "Decision",
    "rollout.column.today": "Today",
    "rollout.column.spend": "Money",
    "rollout.column.planned": "In the plan",
    "rollout.column.next": "Next unit",
    "rollout.column.range": "90 % range",
    "rollout.column.pays": "Odds to pay",
    "rollout.column.best": "Best action",
    "rollout.column.gain": "Gain",
    "rollout.column.at_risk": "At risk",
    "rollout.column.again": "Testing again, net",
    "rollout.best": "{action} (best)",
    "rollout.column.action": "Action",
    "rollout.column.profit": "Profit",
    "rollout.column.worst": "Worst tenth",
    "rollout.column.score": "Score",
    "rollout.column.better": "Odds to beat holding",
    "rollout.column.why_not": "Not possible because",
    "rollout.column.step": "Step",
    "rollout.column.start": "From",
    "rollout.column.multiple": "Of today's",
    "rollout.column.per_week": "Money a week",
    "rollout.column.change": "Change",
    "rollout.footer": (
        "Every figure stands in rollout.csv, rollout_actions.csv, rollout_steps.csv and rollout_moves.csv beside this "
        "page: config {hash}, stage {key}, data until {last}, mmm-planner {version}, made {created}."
    ),
    # limits
    "limits.heading": "Limits",
    "limits.binding": "Limits that bind, and what they cost",
    "limits.binding.row": (
        "{cell} stands at its {which}. Another thousand there would change the plan's value by {price}."
    ),
    "limits.binding.row.free": "{cell} stands at its {which}.",
    "limits.binding.none": "No limit holds a line back: each stands where its next unit is worth as much.",
    "limits.which.lower": "lower limit",
    "limits.which.upper": "upper limit",
    "limits.which.guard": "limit for what is little known",
    "limits.which.group": "limit together with others",
    "limits.which.weeks": "limit of its weeks",
    "limits.which.fixed": "fixed amount",
    "limits.reserve": (
        "Each thousand kept for tests costs {price} of expected value now; tests buy knowledge for later."
    ),
    "limits.shadow": "One more thousand of budget would bring {price}.",
    "limits.extrapolated": "Past what was ever spent",
    "limits.extrapolated.row": (
        "The plan for {cells} is beyond any comparable past window. Read it with care."
    ),
    "limits.extrapolated.none": "No line goes beyond what was spent before in a comparable window.",
    "limits.reverses": "Close calls",
    "limits.reverses.row": "At the middle of its range, or before the data, this move would turn: {cells}.",
    "limits.gave_way": "Limits that gave way",
    "limits.assumed": "Assumed",
    "limits.proof": "How good the plan can be",
    "limits.proof.row": (
        "Within these limits and this model, no plan can be better than this one by more than "
        "{money} ({share})."
    ),
    "limits.health": "Health of the model",
    "limits.health.fit": (
        "Its expected outcome missed the real one by {mape} on average; its 90 % ranges held {coverage} "
        "times."
    ),
    "limits.health.checks": "Data checks: {passed} passed, {review} to review, {failed} failed.",
    "limits.health.backtest": (
        "Forecasts of a period made from {origins} earlier days missed by {mape} on average; their 90 % ranges "
        "held {coverage} times."
    ),
    "limits.health.reviews": "Checks of the fit: {n} to review, listed in the appendix.",
    "limits.health.model": (
        "The ranges assume that the model is right: that spend was not chosen because of demand it cannot "
        "see."
    ),
    "limits.health.hidden": (
        "A driver nobody measured would halve the return of {cell} if it explained {share} of what is left of "
        "the outcome and of that spend. The other lines withstand more."
    ),
    # appendix
    "appendix.heading": "For the analyst",
    "appendix.lead": "From here on in the language of the model.",
    "appendix.fit": "Fit and residuals",
    "appendix.fit.chart": "Actual outcome (points) and expected outcome (line) over time",
    "appendix.fit.note": (
        "Points: actual. Line: expected. Band: 90 % interval. Dashed: baseline without media."
    ),
    "appendix.fit.note.sum": (
        "Points: actual. Line: expected, summed over geos. Dashed: baseline without media."
    ),
    "appendix.residual.chart": "Residual: actual less expected, over time",
    "appendix.decomposition": "Decomposition over time",
    "appendix.decomposition.chart": (
        "Outcome over time: everything else, owned media and each paid channel, stacked"
    ),
    "appendix.decomposition.base": "Everything else",
    "appendix.decomposition.organic": "Owned media",
    "appendix.decomposition.note": (
        "Posterior means. Everything else: baseline, trend, seasonality, holidays, events and controls. "
        "The residual is left out of the chart and stands in the table."
    ),
    "appendix.adstock": "Adstock",
    "appendix.adstock.note": (
        "Share of the effect by periods after the spend; posterior mean and 90 % interval."
    ),
    "appendix.adstock.chart": "{cell}: share of the effect by periods after the spend",
    "appendix.priors": "Prior and posterior",
    "appendix.priors.chart": "ROI by cell: prior and posterior median with 90 % intervals",
    "appendix.priors.note": "Grey: prior. Colour: posterior. Medians and 90 % intervals, log scale.",
    "appendix.evidence": "What each grade rests on",
    "appendix.evidence.note": (
        "*Observed* asks for three things: a range of the return at most half as wide as before the data, movement of "
        "its own (variance inflation below 10), and spend that does not follow demand. *Tested* asks that past tests "
        "narrowed the range to 1 / 1.2 of it or less, or that one of them alone, without the history, would have left "
        "half of the range before the data or less. A sensitivity to the prior of 0.05 or more is for review: the "
        "return leans on what was assumed, or lies far from it."
    ),
    "appendix.priors.parameter.roi": "ROI",
    "appendix.priors.parameter.half_life": "Half-life, periods",
    "appendix.priors.parameter.half_saturation": "Half-saturation",
    "appendix.priors.parameter.slope": "Slope",
    "appendix.hidden": "Hidden drivers",
    "appendix.hidden.note": (
        "What nobody measured may move both the outcome and the spend. Shares are partial R\u00b2: of what the "
        "model leaves unexplained in the outcome, and of the movement a line's spend has for itself."
    ),
    "appendix.hidden.row": "A driver that explains {share} of both would halve this return.",
    "appendix.hidden.benchmark": "One {times} times as strong as {control} would.",
    "appendix.hidden.benchmark.more": "One {times} times as strong as {control} would not.",
    "appendix.stress": "What survives",
    "appendix.stress.chart": "Return of each line in the fit, with its range, and in every other fit",
    "appendix.stress.note": (
        "Point and line: the fit and its 90 % range. Upright marks: means of other fits, each with one setting "
        "or prior changed or a placebo added. Dotted, where a margin is given: break-even. Holds: the same "
        "verdict in every fit. Shifts: open in some and decided in others. Turns: the opposite in some."
    ),
    "appendix.stress.every": "Every fit",
    "appendix.stress.placebo.roi": (
        "A placebo, the spend of {spec}, is given {value} back (90 %: {range}): {share} of the outcome, "
        "before the data {prior}."
    ),
    "appendix.stress.placebo.cost_per_outcome": (
        "A placebo, the spend of {spec}, is given a unit for {value} (90 %: {range}): {share} of the outcome, "
        "before the data {prior}."
    ),
    "stress.pays": "pays",
    "stress.does not pay": "does not pay",
    "stress.open": "open",
    "stress.holds": "holds",
    "stress.shifts": "shifts",
    "stress.turns": "turns",
    "appendix.experiments": "Experiments",
    "appendix.experiments.note": (
        "Lift in the test's weeks and cool-down. Weight: share of the variance of the lift that the tests took away. "
        "Tail: two-sided probability of the result under the model without tests."
    ),
    "appendix.diagnostics": "Diagnostics",
    "appendix.reviews": "Checks of the fit",
    "appendix.reviews.note": "What the fit shows of its own weak points: what, how bad, what to do.",
    "appendix.backtest": "Backtest",
    "appendix.backtest.chart": "Forecasts from earlier days (lines, 90 % bands) and what happened (points)",
    "appendix.backtest.note": (
        "Each forecast is from a fit that saw no row after its origin; the spend and controls that came are taken "
        "as known. Error: mean absolute over the mean outcome. On the right the same of two forecasts without a "
        "model: the same period of last year, and the mean of the last four."
    ),
    "appendix.backtest.total": "All together",
    "appendix.sources": "Sources",
    "appendix.sources.note": (
        "The last day that the rows of each source cover, and how old that was when the run was made."
    ),
    "sources.days": "{n} days",
    "appendix.checks": "Data checks",
    "appendix.config": "Config",
    "appendix.run": "The run",
    # diagnostics, by key of diagnostics.json
    "diagnostic.rhat_max": "R-hat, largest",
    "diagnostic.ess_bulk_min": "Bulk ESS, smallest",
    "diagnostic.ess_tail_min": "Tail ESS, smallest",
    "diagnostic.divergences": "Divergences, share of draws",
    "diagnostic.rhat_without_tests": "R-hat, largest, of the fit without past tests",
    "diagnostic.pareto_k_without_tests": "Shape of the tail of the weights that take past tests out",
    "diagnostic.seconds": "Seconds of the fit",
    "diagnostic.r2": "R\u00b2",
    "diagnostic.mape": "MAPE",
    "diagnostic.coverage_90": "Coverage of 90 % intervals",
    "diagnostic.one_step_coverage_90": "Coverage one step ahead",
    "diagnostic.negative_baseline": "Negative baseline, share of draws and periods",
    "diagnostic.residual_autocorrelation_1": "Residual autocorrelation, lag 1",
    "diagnostic.residual_autocorrelation_2": "Residual autocorrelation, lag 2",
    "diagnostic.residual_autocorrelation_3": "Residual autocorrelation, lag 3",
    "diagnostic.residual_autocorrelation_4": "Residual autocorrelation, lag 4",
    "diagnostic.residual_autocorrelation_12": "Residual autocorrelation, lag 12 months",
    "diagnostic.residual_autocorrelation_52": "Residual autocorrelation, lag 52 weeks",
    "diagnostic.residual_autocorrelation_365": "Residual autocorrelation, lag 365 days",
    # the run
    "run.name": "Name",
    "run.currency": "Currency",
    "run.gross_margin": "Gross margin",
    "run.data": "Data",
    "run.modelled": "Modelled from",
    "run.size": "Size",
    "run.size.value": "{periods} periods ({grain}), {geos} geos",
    "run.window": "Window of the plan",
    "run.objective": "Objective",
    "run.method": "Method of the plan",
    "run.config_hash": "Hash of the config",
    "run.version": "Version of mmm-planner",
    "run.seed": "Seed",
    "run.created": "Made",
    "run.none": "not given",
    # the approved plan and what became of it
    "held.heading": "Did the last forecast hold",
    "held.lead": (
        "For {known} of {periods} {grain} of {window}, the plan approved by {by} on {on} (number {number}) expected "
        "*{expected}*; it came to *{happened}*, {miss}."
    ),
    "held.yes": "For what was really spent {range} was to be expected: the forecast held.",
    "held.no": "For what was really spent {range} was to be expected: the forecast did *not* hold.",
    "held.parts": (
        "Of the {miss}, {spent_otherwise} is money spent otherwise, {calendar_and_controls} calendar, prices and other "
        "controls that came otherwise than assumed, and {model} is the model's."
    ),
    "held.periods": "{inside} of {known} {grain} lie inside their range for what is known by now.",
    "held.alarm": "*Alarm*: {what}.",
    "held.grain.day": "days",
    "held.grain.week": "weeks",
    "held.grain.month": "months",
    "held.total": "Whole outcome",
    "held.baseline": "Without paid media",
    "held.word.yes": "held",
    "held.word.no": "missed",
    "held.chart": "The outcome by period: range for what was spent, and what happened",
    "held.note": (
        "What a channel brought is what the fit says by now. A line held where that lies inside the range that the "
        "approved model gives for what was really spent (as spent). Spend, calendar and model add up to the miss."
    ),
    "held.pacing": "Money against the approved plan",
    "held.pacing.note": (
        "To date, then by period for what is left: as planned, and to end on the approved sum. Money for tests without "
        "a channel is left out."
    ),
    "held.moved": "What moved the returns since the last fit",
    "held.moved.note": "One fit for each thing that changed, in this order; the changes add up.",
    "column.forecast": "Forecast",
    "column.as_spent": "As spent, 90 %",
    "column.happened": "Happened",
    "column.miss": "Miss",
    "column.spent_otherwise": "Spend",
    "column.calendar_and_controls": "Calendar",
    "column.model": "Model",
    "column.held": "",
    "column.spent_to_date": "Spent",
    "column.gap": "Gap",
    "column.gap_share": "Gap, share",
    "column.pace_planned": "By period, planned",
    "column.pace_needed": "By period, to end on plan",
    "column.return_before": "Return before",
    "column.return_now": "Return now",
    "column.step.config": "Config",
    "column.step.revised": "Revised rows",
    "column.step.rows": "New rows",
    "column.step.tests": "New tests",
    # columns of tables
    "column.cell": "Line",
    "column.approved": "Approved",
    "column.this_plan": "This plan",
    "column.segment": "Segment",
    "column.outcome_name": "Outcome",
    "column.per_unit": "Per outcome",
    "column.best": "Best, in the middle",
    "column.more": "Best is more than today",
    "column.scenario": "Scenario",
    "column.budget": "Budget",
    "column.point": "",
    "column.measure.profit": "Profit after media",
    "column.measure.npv": "Present value",
    "column.measure.revenue": "Revenue",
    "column.measure.units": "Units",
    "column.better": "Beats today's mix",
    "column.regret": "Regret",
    "column.beats": "Beats, in 100",
    "scenarios.pairs": "How often one scenario is worth more than another",
    "column.next_unit": "Next unit brings",
    "column.horizon": "Periods ahead",
    "column.forecasts": "Forecasts",
    "column.wmape": "Error",
    "column.mape": "MAPE",
    "column.bias": "Bias",
    "column.coverage": "In 90 % range",
    "column.last_year": "Last year's",
    "column.last_4": "Mean of last 4",
    "sheet.limits": "Limits",
    "column.least": "Least now",
    "column.most": "Most now",
    "column.your_least": "Your least",
    "column.your_most": "Your most",
    "book.limits": (
        "Write the least and the most money of a line into the yellow cells, save, and plan again with these limits: "
        "mmm plan CONFIG --bounds plan.xlsx. An empty cell takes the default."
    ),
    "sheet.what_if": "What if",
    "book.what_if": (
        "Write other money into the yellow cells: what a line brings is read off its curve. Figures are means; "
        "their ranges are on the sheet of moves."
    ),
    "column.your_money": "Your money",
    "column.brings_plan": "Plan brings",
    "column.brings_yours": "Yours brings",
    "column.profit_plan": "Profit, plan",
    "column.profit_yours": "Profit, yours",
    "what_if.beyond": "more than was ever spent",
    "what_if.end": "beyond the curve: held at its end",
    "what_if.rest": "Costs paid once, and margins of tests",
    "column.channel": "Channel",
    "column.audience": "Audience",
    "column.message": "Message",
    "column.spend": "Spend",
    "column.brings": "Brings",
    "column.range": "90 % range",
    "column.return": "Return",
    "column.cost": "Cost per unit",
    "column.next": "Next unit",
    "column.next_now": "Next unit, today",
    "column.next_planned": "Next unit, plan",
    "column.before": "Today's mix",
    "column.after": "Plan",
    "column.reference": "Really spent",
    "column.change": "Change",
    "column.why": "Why",
    "column.flip": "What would change this",
    "column.limit": "Limit",
    "column.price": "Price of the limit",
    "column.beyond": "Beyond the past",
    "column.evidence": "Rests on",
    "column.pays_before": "To pay, before the data",
    "column.pays_after": "To pay, after",
    "column.step": "Step",
    "column.inside": "Ever spent",
    "column.date": "Date",
    "column.actual": "Actual",
    "column.expected": "Expected",
    "column.residual": "Residual",
    "column.baseline": "Baseline",
    "column.lag": "Periods after",
    "column.weight": "Share",
    "column.sd_ratio": "Range left",
    "column.vif": "Variance inflation",
    "column.sensitivity": "Sensitivity to the prior",
    "column.follows": "Follows demand",
    "column.narrowed": "Narrowed by tests",
    "column.tests_alone": "Left by tests alone",
    "column.parameter": "Parameter",
    "column.prior": "Prior median",
    "column.prior_range": "Prior 90 %",
    "column.posterior": "Posterior median",
    "column.posterior_range": "Posterior 90 %",
    "column.figure": "Figure",
    "column.value": "Value",
    "column.low": "Low (5 %)",
    "column.high": "High (95 %)",
    "column.check": "Check",
    "column.source": "Source",
    "column.owner": "Owner",
    "column.file": "File",
    "column.data_until": "Data until",
    "column.age": "Age",
    "column.severity": "Result",
    "column.where": "Where",
    "column.rows": "Rows",
    "column.remedy": "What to do",
    "column.spec": "Fit",
    "column.lowest": "Lowest",
    "column.lowest_spec": "Lowest in",
    "column.highest": "Highest",
    "column.highest_spec": "Highest in",
    "column.verdict": "Verdict",
    "column.survives": "Survives",
    "column.changes": "Verdict changes",
    "column.hidden": "What would halve it",
    "column.level": "Level",
    "column.total": "Total",
    "column.contribution": "Contribution",
    "column.romi": "ROMI",
    "column.share_spend": "Share of spend",
    "column.share_contribution": "Share of contribution",
    "column.purpose": "For",
    "column.test": "Test",
    "column.geos": "Regions",
    "column.geo": "Region",
    "column.change_share": "Change, %",
    "column.when": "When",
    "column.spend_change": "Change of spend",
    "column.measured_lift": "Lift, measured",
    "column.without_lift": "Lift, model without tests",
    "column.model_lift": "Lift, model",
    "column.measured_roi": "Return, measured",
    "column.without_roi": "Return, model without tests",
    "column.model_roi": "Return, model",
    "column.tail": "Tail",
    "column.test_weight": "Weight",
    "column.conflict": "Disagree",
    "yes": "yes",
    "no": "no",
    "purpose.core": "plan",
    "purpose.test": "tests",
    "purpose.spent": "already spent",
    "level.total": "All media",
    "tests": "Tests",
    # the page of a test
    "readout.title": "{name}: what the test {id} says",
    "readout.kind": "Readout of a test",
    "readout.heading": "What the test says",
    "readout.changed.more": "*{money} more* for {cell} in {regions}, {start} to {end}:",
    "readout.changed.less": "*{money} less* for {cell} in {regions}, {start} to {end}:",
    "readout.brought": "*{effect}* {unit} against what would have been (90 %: {range}).",
    "readout.unit.money": "of outcome in money",
    "readout.unit.count": "units of the outcome",
    "readout.clear": "The range leaves out zero: the test moved the outcome.",
    "readout.unclear": "The range includes zero: this test alone cannot tell its effect from none.",
    "readout.fails": "This is no result to use: {why}",
    "readout.key.effect": "effect",
    "readout.key.effect.note": "{percent} of what would have been",
    "readout.key.return": "back for each unit of money changed",
    "readout.key.return.note": "90 %: {range}",
    "readout.key.return.none": "the change of spend is not clear of its noise",
    "readout.key.odds": "of other choices of regions show as much",
    "readout.key.odds.note": "{n} choices compared",
    "readout.pays": "At a gross margin of {margin} a unit of media pays from a return of {break_even} on.",
    "readout.course": "The test against its counterfactual",
    "readout.course.lead": (
        "Dots are what the treated regions brought, the line is what the other regions say they would have brought. "
        "The upright lines are the start, the end, and the end of the cool-down."
    ),
    "readout.course.chart": "Outcome of the treated regions, week by week, and what was expected without the test",
    "readout.sum.chart": "Sum of the effect since the start of the test, with its 90 % range",
    "readout.sum.lead": "The sum of the differences since the start, with its 90 % range.",
    "readout.methods": "Other methods",
    "readout.methods.lead": (
        "The result is the regression's. The others weigh the regions differently; where they are more than two "
        "standard errors apart, the error above was made larger."
    ),
    "readout.flags": "What to be wary of",
    "readout.flags.none": "Nothing was found that speaks against this result.",
    "readout.preview": "What it changes",
    "readout.preview.lead": (
        "A preview of the next fit: the draws of the last one, each weighted by how well it foretold this result "
        "(worth {n} independent draws). A refit says it for good."
    ),
    "readout.preview.money": (
        "On the draws so weighted the best plan of the same budget moves *{moved}*, worth {worth} {objective}."
    ),
    "readout.preview.profit": "profit after media",
    "readout.preview.revenue": "revenue",
    "readout.preview.npv": "present value",
    "readout.preview.outcome": "units of the outcome",
    "readout.preview.refit": "*Refit needed* to say what this changes: {why}. Run `mmm run` on the config.",
    "readout.preview.none": "There is no preview of what this changes: {why}.",
    "readout.column.cell": "Line",
    "readout.column.roi_before": "Return before",
    "readout.column.range_before": "90 % range",
    "readout.column.pays_before": "Odds to pay",
    "readout.column.money_before": "Planned",
    "readout.column.roi_after": "Return after",
    "readout.column.range_after": "90 % range",
    "readout.column.pays_after": "Odds to pay",
    "readout.column.money_after": "Planned",
    "readout.read": "How it was read",
    "readout.read.regions": "Treated: {treated}. Compared with: {control}.",
    "readout.read.adjusted": (
        "What differed between the regions beside the test was taken out first, by what it did in weeks without a "
        "test: {names}."
    ),
    "readout.read.error.placebo": (
        "The error is what the same regression finds in {n} windows of the history in which nothing was tested; "
        "{r2} of how the treated regions moved before is explained by the others."
    ),
    "readout.read.error.memory": (
        "The history is too short for windows without a test, so the error is the textbook's, widened for the memory "
        "of noise; {r2} of how the treated regions moved before is explained by the others."
    ),
    "readout.read.spend": "Planned change of spend: {planned}; the data show {seen}, give or take {noise}.",
    "readout.method.regression": "time-based regression",
    "readout.column.method": "Method",
    "readout.column.effect": "Effect",
    "readout.column.error": "Standard error",
    "readout.column.finding": "Finding",
    "readout.column.next": "What to do",
    "readout.column.date": "Date",
    "readout.column.part": "Part",
    "readout.column.actual": "Actual",
    "readout.column.expected": "Expected",
    "readout.column.sum": "Sum of the effect",
    "readout.part.history": "before",
    "readout.part.test": "test",
    "readout.part.cooldown": "cool-down",
    "readout.footer": (
        "Every figure stands in {file}.json and {file}.csv beside this page: config {hash}, data until {last}, "
        "mmm-planner {version}, made {created}."
    ),
    # the workbook
    "sheet.decision": "Decision",
    "sheet.plan.day": "Plan by day",
    "sheet.plan.week": "Plan by week",
    "sheet.plan.month": "Plan by month",
    "sheet.plan.geo": "Plan by region",
    "sheet.moves.geo": "Moves by region",
    "sheet.scenarios": "Scenarios",
    "sheet.moves": "Moves",
    "sheet.tests": "Tests",
    "tests.column.kind": "Kind",
    "tests.column.state": "State",
    "tests.column.start": "Start",
    "tests.column.weeks": "Weeks",
    "tests.column.cooldown": "Cool-down, weeks",
    "tests.column.spend": "Money spent",
    "tests.column.incremental_spend": "Of it extra",
    "tests.column.withheld": "Withheld",
    "tests.column.reserve_used": "Reserve used",
    "tests.column.power": "Power",
    "tests.column.assurance": "Assurance",
    "tests.reserve": "The reserve",
    "tests.reserve.placed": "Spent by tests",
    "tests.reserve.withheld": "Withheld by tests, returned afterwards",
    "tests.reserve.without_test": "No test uses it",
    "tests.reserve.all": "Reserve of the plan",
    "tests.reserve.floor": "Least reserve that was asked for",
    "sheet.returns": "Returns",
    "sheet.segments": "Segments",
    "sheet.others": "Other outcomes",
    "sheet.curves": "Curves",
    "sheet.checks": "Checks",
    "sheet.about": "About",
    "book.money": "Amounts in {currency}",
    "book.money_unnamed": "Amounts in currency units; the config names no currency",
    "book.live": "Totals are formulas: change a figure and they follow.",
    "book.planned.begun": "Plan (until {day} as it was spent)",
    "book.planned": "Planned spend",
    "book.current": "Today's mix at equal money",
    "book.chart": "Today's mix and plan",
}

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of one language."""

    sentences: Mapping[str, str]

    def text(self, key: str, values: Mapping[str, object] | None = None) -> str:
        """The sentence as plain text."""
        return _STRONG.sub(r"\1", self._template(key)).format(**(values or {}))

    def html(self, key: str, values: Mapping[str, object] | None = None) -> Markup:
        """The sentence for a page: what stands out in `<strong>`, values escaped, a key name in `<code>`."""
        marked = _STRONG.sub(r"<strong>\1</strong>", self._template(key))
        marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", marked)
        return Markup(marked).format(**(values or {}))

    def _template(self, key: str) -> str:
        try:
            return self.sentences[key]
        except KeyError:
            raise InternalFault(
                f"the catalogue has no sentence {key!r}; add it to mmm/reporting/catalogue.py"
            ) from None


def catalogue_for(language: str) -> Catalogue:
    """The sentences of a language that the settings allow."""
    return Catalogue(LANGUAGES[language])
