#!/usr/bin/env bash
# pandas 3.1.1 with pyarrow 26.0.1: a sum of decimals by group cannot be divided by a count, however small the decimals are.
#
# Money in a frame from Parquet or Arrow is ArrowDtype(decimal128). Dividing decimal128(6, 2) by an Int64 column works:
# the result is decimal128(26, 22). But groupby().sum() of it is decimal128(38, 2), the widest there is, and that divided
# by an Int64 or by a whole number raises ArrowInvalid, "Decimal precision out of range [1, 38]: 58", as Arrow gives
# precision + 20 to a quotient by 64 bits. So cost per token by model fails on frames in which cost per token works, and a
# column of decimal128(38, s) divides by nothing but floats.
# Seen: the quotient of the column, then the error of the quotient of the sums.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check pandas==3.1.1 pyarrow==26.0.1 2>/dev/null
cat > divide.py <<'PYTHON'
from decimal import Decimal

import pandas as pd
import pyarrow as pa

money = pd.ArrowDtype(pa.decimal128(6, 2))
frame = pd.DataFrame({
    "model": ["a", "a"],
    "cost": pd.array([Decimal("0.50"), Decimal("1.50")], dtype=money),
    "tokens": pd.array([100, 400], dtype="Int64"),
})
print("by turn:", (frame["cost"] / frame["tokens"]).astype(float).tolist())
sums = frame.groupby("model")[["cost", "tokens"]].sum()
print("sums are", sums["cost"].dtype)
for name, count in (("Int64", sums["tokens"]), ("a whole number", 500), ("a float", 500.0)):
    try:
        print(f"by model, over {name}:", (sums["cost"] / count).astype(float).tolist())
    except pa.ArrowInvalid as error:
        print(f"by model, over {name}:", error)
PYTHON
env/bin/python divide.py > seen.txt
cat seen.txt
grep -qF "by turn: [0.005, 0.00375]" seen.txt
grep -qF "by model, over Int64: Decimal precision out of range [1, 38]: 58" seen.txt
grep -qF "by model, over a whole number: Decimal precision out of range [1, 38]: 58" seen.txt
grep -qF "by model, over a float: [0.004]" seen.txt
