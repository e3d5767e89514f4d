"""What Trino read for a statement, from its own account of it (`EXPLAIN ANALYZE`)."""

import re
from pathlib import Path

# Trino rounds to three digits or so.
ROUNDING = 1.01
UNITS = {"B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
SCAN = re.compile(
    r"(?:Table)?Scan\w*\[table = \w+:\w+:(?P<table>\w+)[,\]].*?"
    r"\bInput: (?P<rows>\d+) rows? .*?Physical input: (?P<size>[\d.]+)(?P<unit>[kMG]?B)",
    re.DOTALL,
)


def scanned(plan: str, table: str) -> tuple[int, float]:
    """Rows and bytes that the scans of one table read."""
    found = [match for match in SCAN.finditer(plan) if match["table"] == table]
    if not found:
        raise SystemExit(f"the plan has no scan of {table}:\n{plan}")
    return sum(int(it["rows"]) for it in found), sum(float(it["size"]) * UNITS[it["unit"]] for it in found)


def beyond_the_day(plan: str, table: str, day: Path, rows_of_day: int) -> str | None:
    """In what a plan read more of a table than one day's folder."""
    rows, size = scanned(plan, table)
    whole = sum(file.stat().st_size for file in day.glob("*.parquet"))
    if rows <= rows_of_day and size <= whole * ROUNDING:
        return None
    return f"read {rows} rows and {size:.0f} bytes, where the newest day has {rows_of_day} and {whole}"
