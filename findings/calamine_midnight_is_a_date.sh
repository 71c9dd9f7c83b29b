#!/usr/bin/env bash
# python-calamine 0.9.1: a cell with a date and a time that is exactly midnight comes as a date, not as a datetime.
#
# Whether a cell has a clock stands in its number format, here "yyyy-mm-dd h:mm:ss" for both cells of one column. The
# reader decides by the value instead: 08:00 is a datetime.datetime, 00:00 a datetime.date. One row in some thousands is
# then of another type: sorting the column raises TypeError, and `isinstance(cell, datetime)` or a strptime of its text
# loses just the rows at midnight. openpyxl 3.1.5 gives a datetime for both.
# Seen: datetime.datetime(2026, 9, 7, 8, 0), then datetime.date(2026, 9, 7), and a TypeError from min().
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check python-calamine==0.9.1 openpyxl==3.1.5 2>/dev/null
cat > cells.py <<'PYTHON'
from datetime import datetime

import openpyxl
import python_calamine

book = openpyxl.Workbook()
for hour in (8, 0):
    book.active.append([datetime(2026, 9, 7, hour)])
book.save("times.xlsx")
print("formats:", *{cell.number_format for (cell,) in book.active.iter_rows()})
print("openpyxl:", [type(cell.value).__name__ for (cell,) in openpyxl.load_workbook("times.xlsx").active.iter_rows()])
cells = [row[0] for row in python_calamine.CalamineWorkbook.from_path("times.xlsx").get_sheet_by_index(0).to_python()]
print("calamine:", [type(cell).__name__ for cell in cells])
try:
    print("the first:", min(cells))
except TypeError as error:
    print("the first:", error)
PYTHON
env/bin/python cells.py > seen.txt
cat seen.txt
grep -qF "formats: yyyy-mm-dd h:mm:ss" seen.txt
grep -qF "openpyxl: ['datetime', 'datetime']" seen.txt
grep -qF "calamine: ['datetime', 'date']" seen.txt
grep -qF "the first: can't compare" seen.txt
