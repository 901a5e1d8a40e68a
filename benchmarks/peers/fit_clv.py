"""Orders and their money by pymc-marketing: BG/NBD and Gamma-Gamma on a table of customers, `fit_clv.py TABLE OUT`."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import pandas as pd
from pymc_marketing.clv import BetaGeoModel, GammaGammaModel


def main(source: str, target: str) -> None:
    """Fit both models with their own defaults and write what a new customer is expected to do."""
    customers = pd.read_csv(source)
    begun = time.perf_counter()
    orders = BetaGeoModel()
    orders.fit(data=customers[["customer_id", "frequency", "recency", "T"]], random_seed=1, progressbar=False)
    ahead = pd.DataFrame({"customer_id": [0], "T": [1.0], "frequency": [0], "recency": [0.0]})
    found = orders.expected_purchases_new_customer(ahead, t=24).values.ravel()
    money = GammaGammaModel()
    paid = customers.assign(frequency=customers["frequency"] + 1)
    money.fit(data=paid[["customer_id", "frequency", "monetary_value"]], random_seed=1, progressbar=False)
    each = money.expected_new_customer_spend().values.ravel()
    told = {
        name: [float(draws.mean()), *(float(x) for x in np.quantile(draws, [0.05, 0.95]))]
        for name, draws in (("orders", found + 1.0), ("order_value", each))
    }
    with open(target, "w", encoding="utf-8") as file:
        json.dump(told | {"seconds": time.perf_counter() - begun}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
