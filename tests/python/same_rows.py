"""Holds two runs against each other: the same rows, apart from when they were seen.

    same_rows.py LAKE RUN OTHER_LAKE OTHER_RUN

What may differ is the run and when it was: the runs' ids, and the instants of the scan.
"""

import sys
from pathlib import Path

import contract
from lake import Lake, Row
from lake_checks import row_key
from report import Report

TABLES = ("accounts", "buckets", "keys", "coverage")
WHEN = {"run_id", "observed_at", "started_at", "finished_at"}


def rows_of(lake: Lake, table: str, run: str) -> dict[tuple, Row]:
    return {row_key(table, row): without_run(row, run) for row in lake.rows(table)}


def without_run(row: Row, run: str) -> Row:
    """The row without the run's id, which AWS's messages have as the name of the session."""
    words = {name: value.replace(run, "RUN") for name, value in row.items() if isinstance(value, str)}
    return {**row, **words}


def main() -> None:
    one, other = Lake(Path(sys.argv[1]), sys.argv[2]), Lake(Path(sys.argv[3]), sys.argv[4])
    runs = sys.argv[2], sys.argv[4]
    report = Report()
    for table in TABLES:
        expected, got = rows_of(one, table, runs[0]), rows_of(other, table, runs[1])
        report.expect(table, "all", "keys", sorted(map(repr, expected)), sorted(map(repr, got)))
        for key in expected.keys() & got.keys():
            for column in contract.column_names(table):
                if column not in WHEN:
                    report.expect(table, key, column, expected[key][column], got[key][column])
    if not report.clean:
        print(report)
        sys.exit(1)


if __name__ == "__main__":
    main()
