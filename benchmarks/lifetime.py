"""What customers leave, learned here and by pymc-marketing from the same customers, whose truth is known."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.environments import HERE, OUT, environment_of, python_of
from mmm.finance.repeat_buying import learn_orders, learn_values, mean_order, orders_by_month

LINES = OUT / "lifetime.json"
TRUTH, MONEY = np.array([0.8, 3.0, 1.2, 3.5]), np.array([6.0, 3.0, 15.0])
CUSTOMERS, MONTHS = 2000, 24


def customers(n: int = CUSTOMERS, seed: int = 1) -> pd.DataFrame:
    """Customers of the model itself, watched for 3 to 30 months: id, frequency, recency, T, monetary_value."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = TRUTH
    rate, chance, age = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n), rng.uniform(3, 30, n)
    repeats, last = np.zeros((2, n))
    for i in range(n):
        at = rng.exponential(1 / rate[i])
        while at <= age[i]:
            repeats[i], last[i] = repeats[i] + 1, at
            if rng.random() < chance[i]:
                break
            at += rng.exponential(1 / rate[i])
    p, above, gamma = MONEY
    value = rng.gamma(p * (repeats + 1), 1 / rng.gamma(above + 1, 1 / gamma, n)) / (repeats + 1)
    table = {"customer_id": np.arange(n), "frequency": repeats, "recency": last, "T": age}
    return pd.DataFrame(table | {"monetary_value": value})


def measure() -> Path:
    """Learn both sides once and write `out/lifetime.json`."""
    table = customers()
    OUT.mkdir(exist_ok=True)
    source, target = OUT / "customers.csv", OUT / "lifetime_peer.json"
    table.to_csv(source, index=False)
    begun = time.perf_counter()
    orders = learn_orders(*(table[name].to_numpy(float) for name in ("frequency", "recency", "T")))
    money = learn_values(table["frequency"].to_numpy() + 1.0, table["monetary_value"].to_numpy())
    drawn = {
        "orders": orders_by_month(orders.draws(1000, 1), MONTHS, 0.0)[:, -1],
        "order_value": mean_order(money.draws(1000, 1)),
    }
    ours: dict[str, Any] = {
        name: [float(x.mean()), *(float(q) for q in np.quantile(x, [0.05, 0.95]))]
        for name, x in drawn.items()
    }
    ours["seconds"] = time.perf_counter() - begun
    side = "pymc-marketing"
    script = HERE / "peers" / "fit_clv.py"
    subprocess.run([python_of(side), script, source, target], check=True, env=environment_of(side))
    truth = {
        "orders": float(orders_by_month(TRUTH[None], MONTHS, 0.0)[0, -1]),
        "order_value": float(mean_order(MONEY[None])[0]),
    }
    told = {"truth": truth, "ours": ours, "peer": json.loads(target.read_text())}
    LINES.write_text(json.dumps(told, indent=1))
    print(json.dumps(told, indent=1))
    return LINES


if __name__ == "__main__":
    measure()
