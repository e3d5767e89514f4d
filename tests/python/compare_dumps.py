"""Holds the `csv` and `json` reports of every table against the lake's own files.

    compare_dumps.py LAKE FOLDER

FOLDER has `<table>.csv` and `<table>.json`. They are read by Python's own modules, the lake by pyarrow;
what an instant or a list looks like in a text is written here by hand. Ends 1 on any difference.
"""

import argparse
import csv
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import contract
from lake import EPOCH, Lake
from report import Report


def as_rfc3339(millis: int) -> str:
    """An instant as the reports write it: milliseconds only where there are any."""
    at = EPOCH + timedelta(milliseconds=millis)
    seconds = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{seconds}.{at.microsecond // 1000:03}Z"


def as_json(column: contract.Column, value: Any) -> Any:
    """A value of the lake as its JSON reads back."""
    return as_rfc3339(value) if column.type == contract.TIMESTAMP and value is not None else value


def from_csv(column: contract.Column, field: str) -> Any:
    """What a field of a CSV says, where it is not empty."""
    match column.type:
        case contract.BIGINT | contract.INT:
            return int(field)
        case contract.BOOLEAN:
            return {"true": True, "false": False}[field]
        case contract.STRINGS:
            return json.loads(field)
        case contract.TIMESTAMP:
            return (datetime.fromisoformat(field) - EPOCH) // timedelta(milliseconds=1)
    return field


def compare_json(path: Path, columns: list[contract.Column], rows: list[Any], report: Report) -> None:
    text = path.read_bytes().decode("utf-8")
    # One row a line: a line that is cut out of the file is a row.
    lines = text.split("\n")
    report.expect(path.name, "the file", "ends", ["[", "]", ""], [lines[0], *lines[-2:]])
    report.expect(path.name, "the file", "lines", len(rows), len(lines) - 3)
    got = json.loads(text)
    report.expect(path.name, "the file", "rows", len(rows), len(got))
    for number, (row, found) in enumerate(zip(rows, got, strict=False)):
        report.expect(path.name, number, "keys", [column.name for column in columns], list(found))
        report.expect(path.name, number, "line", found, json.loads(lines[number + 1].removesuffix(",")))
        for column in columns:
            expected = as_json(column, row[column.name])
            report.expect(path.name, number, column.name, expected, found[column.name])


def compare_csv(path: Path, columns: list[contract.Column], rows: list[Any], report: Report) -> None:
    with path.open(newline="", encoding="utf-8") as file:
        header, *got = csv.reader(file, strict=True)
    report.expect(path.name, "the file", "header", [column.name for column in columns], header)
    report.expect(path.name, "the file", "rows", len(rows), len(got))
    report.expect(path.name, "the file", "last line's end", b"\r\n", path.read_bytes()[-2:])
    for number, (row, fields) in enumerate(zip(rows, got, strict=False)):
        for column, field in zip(columns, fields, strict=True):
            value = row[column.name]
            if value is None or value == "":
                report.expect(path.name, number, column.name, "", field)
                continue
            report.expect(path.name, number, column.name, value, from_csv(column, field))
            if column.type == contract.TIMESTAMP:
                report.expect(path.name, number, column.name, as_rfc3339(value), field)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("lake", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    lake, report, counted = Lake(options.lake.resolve()), Report(), []
    for table, columns in contract.TABLES.items():
        rows = lake.rows_by_arrow(table)
        compare_csv(options.folder / f"{table}.csv", columns, rows, report)
        compare_json(options.folder / f"{table}.json", columns, rows, report)
        counted.append(f"{len(rows)} {table}")
    if not report.clean:
        print(report)
        sys.exit(1)
    print(f"no differences in {', '.join(counted)}")


if __name__ == "__main__":
    main()
