#!/usr/bin/env bash
# DuckDB 2.0.0 (read_csv): with `skip`, a file whose skipped lines end in LF and whose rows end in CRLF has no rows.
#
# Exports with a hand-made preamble look like this: a comment written with "\n" over a table that a CSV writer ended with
# "\r\n". With the dialect given (auto_detect = false), read_csv skips the comment and then returns an empty result and
# no error, though every row below the header is RFC 4180. The same file without a preamble but with mixed line ends is
# refused with an error, and a preamble that ends as the rows do is read.
# Seen: [] for LF before CRLF; both rows where all lines end alike.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check duckdb==2.0.0 2>/dev/null
cat > rows.py <<'PYTHON'
import duckdb

OPTIONS = "columns = {'a': 'VARCHAR', 'b': 'VARCHAR'}, delim = ',', header = true, skip = 1, auto_detect = false"
QUERY = f"SELECT * FROM read_csv('table.csv', {OPTIONS})"
for name, text in (("LF, then CRLF", b"# x\na,b\r\n1,2\r\n3,4\r\n"), ("CRLF", b"# x\r\na,b\r\n1,2\r\n3,4\r\n")):
    with open("table.csv", "wb") as file:
        file.write(text)
    print(f"{name}: {duckdb.sql(QUERY).fetchall()}")
PYTHON
env/bin/python rows.py > seen.txt
cat seen.txt
grep -qF "LF, then CRLF: []" seen.txt
grep -qF "CRLF: [('1', '2'), ('3', '4')]" seen.txt
