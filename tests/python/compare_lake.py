"""Holds a lake against the contract and against the truth about what was scanned.

    compare_lake.py LAKE [TRUTH.json --scenario NAME] [--run RUN]

Without a truth only what holds of every lake is checked. Prints every difference with its table,
key, column, the expected value and the one that is there; ends 1 where there is any.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import contract
import lake_checks
from lake import Lake, Row
from report import Report
from truth import matches


def compare(lake: Lake, scenario: dict[str, Any] | None) -> Report:
    """All checks of a lake."""
    report = Report()
    for check in lake_checks.STRUCTURE:
        check(lake, report)
    if not report.clean:
        # A table whose columns are not the contract's cannot be read by them.
        return report
    for check in lake_checks.CONTENT:
        check(lake, report)
    if scenario:
        for table, expected in scenario["tables"].items():
            compare_table(lake, table, expected, scenario, report)
    return report


def compare_table(
    lake: Lake, table: str, expected: list[Row], scenario: dict[str, Any], report: Report
) -> None:
    """Every row that is expected, and no other."""
    run = lake.rows("runs")[0]
    if table == "runs":
        # A run is known by its id, which no truth can foretell.
        expected = [row | {"run_id": lake.run_id} for row in expected]
    else:
        check_truth_is_whole(table, expected)
    got = {truth_key(table, row): row for row in lake.rows(table)}
    for row in expected:
        found = got.pop(truth_key(table, row), None)
        if found is None:
            report.differs(table, truth_key(table, row), "row", "there", "missing")
            continue
        for column, value in row.items():
            if not matches(value, found[column], run):
                report.differs(table, truth_key(table, row), column, value, found[column])
    for unexpected, row in sorted(got.items(), key=repr):
        if table != "coverage" or row["operation"] not in scenario["coverage_may_add"]:
            report.differs(table, unexpected, "row", "none", row)


# Columns that no truth tells: what identifies a run or a finding, the words for people, and what moves
# with the tool. The invariants hold for them all the same.
UNTOLD = {"findings": {"finding_uid", "check_version", "reason", "remedy", "observed_at"}}


def truth_key(table: str, row: Row) -> tuple:
    """What a truth knows a row by."""
    if table == "findings":
        return (row["account_id"], *lake_checks.finding_key(row))
    return lake_checks.row_key(table, row)


def check_truth_is_whole(table: str, expected: list[Row]) -> None:
    """A truth that leaves a column out would let anything pass in it."""
    columns = set(contract.column_names(table)) - {"run_id"} - UNTOLD.get(table, set())
    for row in expected:
        if row.keys() - {"run_id"} != columns:
            odd = sorted(columns ^ (row.keys() - {"run_id"}))
            raise SystemExit(f"the truth of {table} {truth_key(table, row)} is not whole: {odd}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("lake", type=Path)
    parser.add_argument("truth", type=Path, nargs="?")
    parser.add_argument("--scenario")
    parser.add_argument("--run")
    options = parser.parse_args()
    scenario = None
    if options.truth:
        scenario = json.loads(options.truth.read_text("utf-8"))["scenarios"][options.scenario]
    lake = Lake(options.lake.resolve(), options.run)
    report = compare(lake, scenario)
    if not report.clean:
        print(report)
        sys.exit(1)
    counted = ", ".join(f"{len(lake.rows(table))} {table}" for table in contract.TABLES)
    print(f"{lake.run_id}: no differences in {counted}")


if __name__ == "__main__":
    main()
