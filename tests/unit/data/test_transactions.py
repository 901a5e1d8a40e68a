"""Orders of customers, read from a file: days joined, first channel kept, faults with their rows, no name kept."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmm.data.count_settings import TransactionsTable
from mmm.data.settings import ChannelSettings, DataSettings
from mmm.data.transactions import MONTH, read_customers, summarized
from mmm.errors import DataError

DATA = DataSettings.model_validate(
    {"source": "sales.csv", "date": "day", "outcome": {"value": "revenue"}, "media": {"tv": "tv"}}
)
TABLE = TransactionsTable(
    source=Path("orders.csv"), customer="who", value="paid", channel="from", vat_included=0.25
)


def written(folder, **changed):
    """A hundred customers who order at first and forty days later, the last also on the day of the first order."""
    rows = [(f"c{i}", "2025-01-06", 50.0, "fb") for i in range(100)]
    rows += [(f"c{i}", "2025-02-15", 25.0, "tv") for i in range(100)] + [("c99", "2025-01-06", 10.0, "tv")]
    frame = pd.DataFrame(rows, columns=["who", "day", "paid", "from"]).astype(object)
    for (row, column), value in changed.get("cells", {}).items():
        frame.loc[row, column] = value
    frame.head(changed.get("rows", len(frame))).to_csv(folder / "orders.csv", index=False)


def read(folder, **settings):
    channels = {"facebook": ChannelSettings(was=("FB",))}
    return read_customers(TABLE.model_copy(update=settings), DATA, channels, folder)


def test_orders_of_a_day_are_one_money_is_net_and_the_first_channel_counts(tmp_path):
    written(tmp_path)
    found = read(tmp_path)
    assert len(found.age) == 100
    assert set(found.repeats) == {1.0}
    assert set(found.channel) == {"facebook"}
    np.testing.assert_allclose(found.last, 40 / MONTH)
    np.testing.assert_allclose(found.age, 40 / MONTH)
    assert found.value[0] == pytest.approx((50 + 25) / 2 / 1.25)
    assert found.value[99] == pytest.approx((60 + 25) / 2 / 1.25)
    assert not any("c99" in str(getattr(found, name)) for name in found.__slots__)


def test_orders_in_any_order_make_the_same_customers():
    rng = np.random.default_rng(1)
    who, days = rng.integers(0, 30, 200), np.datetime64("2025-01-01") + rng.integers(0, 90, 200)
    who[:30] = np.arange(30)
    names = np.full(200, "", object)
    money = rng.uniform(1, 9, 200)
    mixed = rng.permutation(200)
    one = summarized(who, days, money, names, names)
    two = summarized(who[mixed], days[mixed], money[mixed], names, names)
    for name in ("repeats", "last", "age", "value", "first"):
        np.testing.assert_allclose(
            getattr(one, name).astype(float), getattr(two, name).astype(float), rtol=1e-12
        )
    by_hand = pd.DataFrame({"who": who, "day": days, "money": money}).groupby("who")
    np.testing.assert_array_equal(one.repeats, by_hand["day"].nunique() - 1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"cells": {(4, "who"): None}}, '"who" is empty in row 6'),
        ({"cells": {(2, "paid"): -5.0}}, "no money above zero in row 4"),
        ({"cells": {(2, "paid"): "many"}}, "many"),
        ({"rows": 90}, "90 customers, 0 of them"),
    ],
)
def test_faults_name_their_rows_and_what_to_do(tmp_path, changed, said):
    written(tmp_path, **changed)
    with pytest.raises(DataError, match=said):
        read(tmp_path)


def test_a_column_that_is_not_there_is_named(tmp_path):
    written(tmp_path)
    with pytest.raises(DataError, match="client"):
        read(tmp_path, customer="client")
