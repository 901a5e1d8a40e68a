"""What each platform calls its columns: one map a platform, from its export to a canonical table.

Headers are compared folded (case, dots, dashes aside), without a currency or a time zone in brackets at their end:
"Amount spent (USD)" is `amount spent`. Of several spellings the first that the file has is taken. English, and
Hebrew where the platform writes its headers in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Headers = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Adapter:
    """How to read one platform's export.

    Attributes
    ----------
    title
        The platform, for messages.
    table
        The canonical table of its rows.
    columns
        Headers, the preferred first, of each thing that is read.
    needed
        Groups of which an export has one or more.
    source, medium
        What an analytics system calls visits from here, so that one rule fits both; "": the rows say it themselves.
    channel
        Channel of rows that no rule catches; "": their source and medium.
    qualified, won
        CRM: stages of a qualified lead, and of an order.
    """

    title: str
    table: Literal["media", "analytics", "crm"]
    columns: Mapping[str, Headers]
    needed: tuple[Headers, ...]
    source: str = ""
    medium: str = ""
    channel: str = ""
    qualified: Headers = ()
    won: Headers = ()


MICROS = ("cost micros", "metrics cost micros")
"""Headers of money in millionths of the currency, folded."""

_SPENT = (("date",), ("spend",))
_QUALIFIED = (
    *("marketing qualified lead", "sales qualified lead", "opportunity", "qualified", "sales accepted lead"),
    *("mql", "sql", "qualified to buy", "converted", "closed converted", "working qualified", "evangelist"),
    *("ליד מוסמך", "ליד איכותי", "הזדמנות"),
)
_WON = ("closed won", "customer", "won", "closedwon", "עסקה נסגרה", "לקוח", "נסגר בהצלחה")

ADAPTERS: dict[str, Adapter] = {
    "google_ads": Adapter(
        title="Google Ads",
        table="media",
        columns={
            "date": ("Day", "Date", "Week", "Month", "segments.date", "segments.week", "יום", "שבוע", "חודש"),
            "account": ("Account", "Account name", "Customer name", "customer.descriptive_name", "חשבון"),
            "campaign": ("Campaign", "Campaign name", "campaign.name", "קמפיין", "שם הקמפיין"),
            "adset": ("Ad group", "Ad group name", "Asset group", "ad_group.name", "קבוצת מודעות"),
            "creative": ("Ad name", "Ad", "ad_group_ad.ad.name", "Ad ID", "מודעה", "שם המודעה"),
            "spend": ("Cost", "Spend", "metrics.cost_micros", "Cost micros", "עלות"),
            "currency": ("Currency code", "Currency", "customer.currency_code", "קוד מטבע", "מטבע"),
            "impressions": ("Impr.", "Impressions", "metrics.impressions", "חשיפות", "הופעות"),
            "clicks": ("Clicks", "Interactions", "metrics.clicks", "קליקים", "הקלקות"),
            "platform_conversions": ("Conversions", "Conv.", "metrics.conversions", "המרות"),
            "platform_revenue": (
                *("Conv. value", "Conversion value", "Total conv. value", "metrics.conversions_value"),
                *("ערך המרה", "ערך ההמרות", "ערך המרות"),
            ),
        },
        needed=_SPENT,
        source="google",
        medium="cpc",
        channel="google ads",
    ),
    "meta": Adapter(
        title="Meta Ads Manager",
        table="media",
        columns={
            "date": ("Day", "Date", "Reporting starts", "date_start", "יום", "תחילת הדיווח", "תאריך התחלת הדיווח"),
            "account": ("Account name", "account_name", "שם החשבון"),
            "campaign": ("Campaign name", "campaign_name", "Campaign", "שם הקמפיין", "שם קמפיין"),
            "adset": ("Ad set name", "adset_name", "Ad set", "שם סדרת המודעות", "שם סדרת מודעות"),
            "creative": ("Ad name", "ad_name", "שם המודעה", "שם מודעה"),
            "spend": ("Amount spent", "spend", "הסכום שהוצא", "סכום שהוצא"),
            "currency": ("Currency", "account_currency", "מטבע"),
            "impressions": ("Impressions", "חשיפות"),
            "clicks": ("Link clicks", "Outbound clicks", "Clicks (all)", "inline_link_clicks", "clicks",
                       "קליקים על קישור", "קליקים על הקישור", "קליקים (הכל)"),
            "leads": ("Leads", "On-Facebook leads", "Meta leads", "לידים"),
            "platform_conversions": ("Purchases", "Website purchases", "Results", "רכישות", "רכישות באתר", "תוצאות"),
            "platform_revenue": (
                *("Purchases conversion value", "Website purchases conversion value", "Purchase conversion value"),
                *("Conversion value", "ערך המרה של רכישות", "ערך המרת רכישות"),
            ),
        },
        needed=_SPENT,
        source="facebook",
        medium="paid social",
        channel="meta",
    ),
    "tiktok": Adapter(
        title="TikTok Ads Manager",
        table="media",
        columns={
            "date": ("By Day", "By Week", "Date", "Day", "stat_time_day", "תאריך", "יום"),
            "account": ("Account name", "Advertiser name", "advertiser_name"),
            "campaign": ("Campaign name", "campaign_name", "Campaign", "שם הקמפיין"),
            "adset": ("Ad group name", "adgroup_name", "Ad group", "שם קבוצת המודעות"),
            "creative": ("Ad name", "ad_name", "שם המודעה"),
            "spend": ("Cost", "Total cost", "spend", "עלות"),
            "currency": ("Currency", "מטבע"),
            "impressions": ("Impressions", "Impression", "חשיפות"),
            "clicks": ("Clicks (destination)", "Clicks (all)", "Clicks", "Click", "קליקים"),
            "platform_conversions": (
                *("Complete payment", "Purchases", "Total purchases", "Conversions", "Conversion", "Results"),
                "המרות",
            ),
            "platform_revenue": (
                *("Total complete payment value", "Complete payment value", "Total purchase value"),
                *("Purchase value", "Conversion value"),
            ),
        },
        needed=_SPENT,
        source="tiktok",
        medium="paid social",
        channel="tiktok",
    ),
    "linkedin": Adapter(
        title="LinkedIn Campaign Manager",
        table="media",
        columns={
            "date": ("Start Date", "Date", "Day"),
            "account": ("Account Name",),
            "campaign": ("Campaign Name", "Campaign", "Campaign Group Name"),
            "creative": ("Ad Name", "Creative Name", "Ad Introduction Text", "Ad Headline", "Creative ID", "Ad ID"),
            "spend": ("Total Spent", "Amount Spent", "Spend", "Cost"),
            "currency": ("Currency",),
            "impressions": ("Impressions",),
            "clicks": ("Clicks", "Clicks to Landing Page"),
            "leads": ("Leads",),
            "platform_conversions": ("Conversions", "Total Conversions"),
            "platform_revenue": ("Total Conversion Value", "Conversion Value"),
        },
        needed=_SPENT,
        source="linkedin",
        medium="paid social",
        channel="linkedin",
    ),
    "ga4": Adapter(
        title="Google Analytics 4",
        table="analytics",
        columns={
            "date": (
                *("Date", "ISO week of ISO year", "isoYearIsoWeek", "Year month", "yearMonth", "Day"),
                *("תאריך", "שנה וחודש"),
            ),
            "source_medium": (
                *("Session source / medium", "Session manual source / medium", "sessionSourceMedium"),
                *("First user source / medium", "Source / medium", "מקור/אמצעי הגעה של הסשן"),
            ),
            "source": ("Session source", "sessionSource", "First user source", "Source", "Session source platform",
                       "Session default channel group", "Session primary channel group",
                       "sessionDefaultChannelGroup", "Default channel group", "מקור הסשן"),
            "medium": ("Session medium", "sessionMedium", "First user medium", "Medium", "אמצעי ההגעה של הסשן"),
            "campaign": ("Session campaign", "Session campaign name", "sessionCampaignName", "Campaign",
                         "First user campaign", "קמפיין הסשן"),
            "adset": ("Session manual term", "sessionManualTerm", "Session Google Ads ad group name"),
            "creative": ("Session manual ad content", "sessionManualAdContent"),
            "sessions": ("Sessions", "סשנים"),
            "conversions": ("Key events", "Conversions", "Ecommerce purchases", "Transactions", "Purchases",
                            "keyEvents", "transactions", "אירועים מרכזיים", "המרות", "רכישות"),
            "revenue": ("Purchase revenue", "Total revenue", "purchaseRevenue", "totalRevenue", "סך ההכנסות"),
            "currency": ("Currency", "currencyCode"),
        },
        needed=(("date",), ("source_medium", "source"), ("conversions", "sessions")),
    ),
    "hubspot": Adapter(
        title="HubSpot",
        table="crm",
        columns={
            "date": (
                *("Create Date", "Became a Lead Date", "Create Date - Daily", "Create Date - Weekly"),
                *("Create Date - Monthly", "Close Date - Daily", "Close Date - Weekly", "Close Date - Monthly"),
                *("Created", "תאריך יצירה"),
            ),
            "id": ("Record ID", "Record ID - Contact", "Record ID - Deal", "Contact ID", "Deal ID", "Email",
                   "מזהה רשומה"),
            "stage": ("Deal Stage", "Lifecycle Stage", "Lead Status", "שלב מחזור חיים", "שלב העסקה"),
            "source": ("UTM Source", "utm_source", "Original Traffic Source", "Original Source", "Latest Source",
                       "Latest Traffic Source", "Original Source Type", "מקור תנועה מקורי"),
            "medium": ("UTM Medium", "utm_medium"),
            "campaign": ("UTM Campaign", "utm_campaign", "Original Traffic Source Drill-Down 1",
                         "Original Source Drill-Down 1", "Latest Traffic Source Drill-Down 1"),
            "adset": ("UTM Term", "utm_term", "Original Traffic Source Drill-Down 2", "Original Source Drill-Down 2",
                      "Latest Traffic Source Drill-Down 2"),
            "creative": ("UTM Content", "utm_content"),
            "count": ("Count of Contacts", "Count of Deals", "Count of Leads", "Number of Contacts"),
            "revenue": ("Amount in company currency", "Amount", "Deal Amount", "Sum of Amount", "סכום"),
            "currency": ("Currency", "Deal Currency Code", "מטבע"),
            "closed": ("Close Date", "Closed Date", "תאריך סגירה"),
        },
        needed=(("date",), ("id", "count"), ("source", "campaign")),
        qualified=_QUALIFIED,
        won=_WON,
    ),
    "salesforce": Adapter(
        title="Salesforce",
        table="crm",
        columns={
            "date": ("Created Date", "Create Date", "CreatedDate", "Close Month", "תאריך יצירה"),
            "id": ("Lead ID", "Opportunity ID", "Contact ID", "Id", "Record ID", "Email", "מזהה"),
            "stage": ("Stage", "StageName", "Lead Status", "Status", "שלב", "סטטוס"),
            "source": ("UTM Source", "Lead Source", "LeadSource", "מקור הליד", "מקור ליד"),
            "medium": ("UTM Medium",),
            "campaign": ("Primary Campaign Source", "Campaign Name", "Campaign", "UTM Campaign", "קמפיין"),
            "adset": ("UTM Term",),
            "creative": ("UTM Content",),
            "count": ("Record Count", "Sum of Record Count"),
            "revenue": ("Amount (converted)", "Amount", "Sum of Amount", "סכום"),
            "currency": ("Amount Currency", "Currency", "CurrencyIsoCode", "Opportunity Currency"),
            "closed": ("Close Date", "CloseDate", "תאריך סגירה"),
        },
        needed=(("date",), ("id", "count"), ("source", "campaign")),
        qualified=_QUALIFIED,
        won=_WON,
    ),
}  # fmt: skip

GENERIC: dict[str, Adapter] = {
    "media": Adapter(
        title="table of media",
        table="media",
        columns={
            "date": ("date", "day", "week", "month", "תאריך", "יום", "שבוע", "חודש"),
            "channel": ("channel", "medium", "platform", "ערוץ", "פלטפורמה"),
            "audience": ("audience", "קהל"),
            "message": ("message", "מסר"),
            "account": ("account", "חשבון"),
            "campaign": ("campaign", "campaign name", "קמפיין", "שם הקמפיין"),
            "adset": ("ad set", "ad group", "קבוצת מודעות"),
            "creative": ("creative", "ad", "קריאייטיב", "מודעה"),
            "spend": ("spend", "cost", "net cost", "amount", "הוצאה", "עלות", "סכום"),
            "currency": ("currency", "מטבע"),
            "impressions": ("impressions", "חשיפות"),
            "exposure": ("exposure", "grps", "grp", "trps", "views"),
            "clicks": ("clicks", "קליקים", "הקלקות"),
            "leads": ("leads", "לידים"),
            "platform_conversions": ("platform conversions", "conversions", "המרות"),
            "platform_revenue": ("platform revenue", "conversion value", "ערך המרות"),
        },
        needed=(("date",), ("spend",), ("channel", "campaign")),
    ),
    "analytics": Adapter(
        title="table of analytics",
        table="analytics",
        columns=dict(ADAPTERS["ga4"].columns)
        | {"date": ("date", "day", "week", "month", "תאריך", "שבוע"), "channel": ("channel", "ערוץ"),
           "audience": ("audience", "קהל")},
        needed=(("date",), ("channel", "source_medium", "source"), ("conversions", "sessions")),
    ),
    "crm": Adapter(
        title="table of a CRM",
        table="crm",
        columns={
            "date": ("date", "created", "created date", "create date", "תאריך", "תאריך יצירה"),
            "channel": ("channel", "ערוץ"),
            "audience": ("audience", "קהל"),
            "id": ("lead id", "id", "record id", "customer id", "מזהה", "מספר ליד"),
            "stage": ("stage", "status", "שלב", "סטטוס"),
            "source": ("source", "utm source", "lead source", "מקור"),
            "medium": ("utm medium",),
            "campaign": ("campaign", "utm campaign", "קמפיין"),
            "count": ("leads", "count", "לידים", "כמות"),
            "revenue": ("revenue", "amount", "הכנסה", "סכום"),
            "currency": ("currency", "מטבע"),
            "closed": ("closed", "close date", "closed date", "תאריך סגירה"),
        },
        needed=(("date",), ("id", "count"), ("channel", "source", "campaign")),
        qualified=_QUALIFIED,
        won=_WON,
    ),
}  # fmt: skip
"""A long table of one's own, by what its rows are about: columns named plainly, or under `columns` of the export."""
