"""What turns cost: tokens in one convention, dated prices, comparisons, a bill's check, forecasts and budgets.

Prices come from the package genai-prices or from a file of one's own, in Decimal, at the time of the call.
"""

from chatmon.cost._budget import Budget, BudgetStatus
from chatmon.cost._forecast import Forecast, forecast
from chatmon.cost._reconcile import Reconciliation, reconcile
from chatmon.cost._totals import Total, total
from chatmon.cost._what_if import WhatIf, what_if
from chatmon.cost.prices import Price, PriceTable, price
from chatmon.cost.usage import Usage

__all__ = [
    "Budget",
    "BudgetStatus",
    "Forecast",
    "Price",
    "PriceTable",
    "Reconciliation",
    "Total",
    "Usage",
    "WhatIf",
    "forecast",
    "price",
    "reconcile",
    "total",
    "what_if",
]
