"""The workbooks of this folder, by the libraries that write these kinds: with xlwt 1.3.0 and odfpy 1.4.1 installed.

python tests/importers/workbooks/make.py
"""

from datetime import datetime
from pathlib import Path

import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, Table, TableCell, TableRow
from odf.text import P

HERE = Path(__file__).parent
AT = [datetime(2026, 9, 7, 8), datetime(2026, 9, 7), datetime(2026, 9, 8, 9, 30, 15)]  # noqa: DTZ001 - a sheet's
NAMES = ("Created", "Chat", "Seconds", "Cost", "Stars")
ROWS = [(AT[0], "c1", 1.5, 0.1, 5), (AT[1], "c1", 2.25, None, 3), (AT[2], "c2", 0.9, 0.003, None)]


def xls():
    """Return the rows as Excel 97 has them."""
    book = xlwt.Workbook()
    sheet, moment = book.add_sheet("Desk"), xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM:SS")
    for at, row in enumerate([NAMES, *ROWS]):
        for column, value in enumerate(row):
            if isinstance(value, datetime):
                sheet.write(at, column, value, moment)
            elif value is not None:
                sheet.write(at, column, value)
    return book


def cell(value, **more):
    """Return a cell as OpenDocument has it."""
    if value is None:
        return TableCell(**more)
    if isinstance(value, datetime):
        return TableCell(valuetype="date", datevalue=value.isoformat(), **more)
    if isinstance(value, str):
        made = TableCell(valuetype="string", **more)
        made.addElement(P(text=value))
        return made
    return TableCell(valuetype="float", value=value, **more)


def ods(rows):
    """Return rows of cells as an OpenDocument."""
    book, sheet = OpenDocumentSpreadsheet(), Table(name="Desk")
    for row in [[cell(name) for name in NAMES], *rows]:
        made = TableRow()
        for one in row:
            made.addElement(one)
        sheet.addElement(made)
    book.spreadsheet.addElement(sheet)
    return book


xls().save(str(HERE / "desk.xls"))
ods([[cell(value) for value in row] for row in ROWS]).save(str(HERE / "desk.ods"))
shared = cell("c1", numberrowsspanned=2, numbercolumnsspanned=1)
ods([[cell(AT[0]), shared], [cell(AT[1]), CoveredTableCell()]]).save(str(HERE / "merged.ods"))
ods([[cell(AT[0]), cell("c1"), cell(1.5), TableCell(formula="of:=1+1")]]).save(str(HERE / "unsolved.ods"))
