"""That a difference is seen: what compares, and what reads the engine's plans, without either engine."""

import base64
import contextlib
import datetime
import decimal
import io
import json
import tempfile
import unittest
from pathlib import Path

import catalog
import engines
import plan
import trail
import trino.exceptions
from compare import Tally, apart, in_order, plain, sorted_rows

PLAN = """\
Fragment 2 [SOURCE]
    ├─ ScanFilter[table = lake:nights:buckets, dynamicFilters = {"dt" = #df_1}]
    │      Layout: [run_id:varchar]
    │      Input avg.: 1.48 rows, Input std.dev.: 547.72%
    │      Input: 46 rows (725B), Filtered: 0.00%, Physical input: 1.5kB, Physical input time: 24.84ms
    └─ TableScan[table = lake:nights:runs]
           Input: 1 row (26B), Physical input: 234B, Physical input time: 1.00ms
"""


class Asked:
    """An engine that answers with what it was given, or fails."""

    def __init__(self, rows: list[tuple] | None):
        self.answer = rows

    def rows(self, sql: str) -> list[tuple]:
        if self.answer is None:
            raise trino.exceptions.TrinoQueryError({"message": "no such function"}, "id")
        return self.answer


def differences(trino_rows: list[tuple] | None, duckdb_rows: list[tuple], shaped=in_order) -> int:
    tally = Tally()
    with contextlib.redirect_stdout(io.StringIO()):
        tally.same("what", shaped(duckdb_rows), "SELECT 1", Asked(trino_rows), shaped)
    return tally.differences


class Rows(unittest.TestCase):
    def test_the_clients_own_types_make_no_difference(self):
        noon = datetime.datetime(2026, 11, 21, 12)
        self.assertEqual(plain(noon.replace(tzinfo=datetime.UTC)), noon)
        self.assertEqual(plain(decimal.Decimal("0.5")), 0.5)
        self.assertEqual(plain(("a", None)), ["a", None])
        self.assertEqual(plain({"arn": "a", "accountid": None}), ["a", None])

    def test_any_other_value_does(self):
        self.assertEqual(differences([(1, None)], [(1, None)]), 0)
        self.assertEqual(differences([(1, "")], [(1, None)]), 1)
        self.assertEqual(differences([(1,)], [(1,), (2,)]), 1)
        self.assertEqual(differences([], [(1,)]), 1)
        self.assertEqual(differences(None, []), 1)

    def test_order_counts_where_there_is_one(self):
        self.assertEqual(differences([(1,), (2,)], [(2,), (1,)]), 1)
        self.assertEqual(differences([(1,), (2,)], [(2,), (1,)], sorted_rows), 0)

    def test_what_is_told_names_the_rows(self):
        self.assertIn("row 1", apart([[1], [2]], [[1], [3]]))


class Plans(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.day = Path(self.folder.name)
        (self.day / "part.parquet").write_bytes(bytes(1536))

    def test_what_a_table_cost_is_read(self):
        self.assertEqual(plan.scanned(PLAN, "buckets"), (46, 1536))
        self.assertEqual(plan.scanned(PLAN, "runs"), (1, 234))
        with self.assertRaises(SystemExit):
            plan.scanned(PLAN, "keys")

    def test_more_rows_or_bytes_than_the_day_has_are_seen(self):
        self.assertIsNone(plan.beyond_the_day(PLAN, "buckets", self.day, 46))
        self.assertIn("46 rows", plan.beyond_the_day(PLAN, "buckets", self.day, 45))
        (self.day / "part.parquet").write_bytes(bytes(1400))
        self.assertIn("1536 bytes", plan.beyond_the_day(PLAN, "buckets", self.day, 46))


class Statements(unittest.TestCase):
    def test_each_is_found_with_its_name(self):
        text = "-- A comment; of words.\n\nCREATE TABLE IF NOT EXISTS a (\n    b varchar\n);\nCREATE OR REPLACE VIEW c AS\nSELECT 1;\n"
        self.assertEqual([engines.relation(one) for one in engines.statements(text)], ["a", "c"])

    def test_days_that_are_not_as_shipped_are_refused(self):
        self.assertIn(engines.DAYS, engines.pinned(f"CREATE TABLE a WITH {engines.SHIPPED_DAYS}"))
        with self.assertRaises(SystemExit):
            engines.pinned("CREATE TABLE a (b varchar)")

    def test_the_trail_is_one_for_both_engines(self):
        event = trail.Event("2026-11-18T10:00:00Z", trail.S3, "PutBucketPolicy", "111122223333", "eu-west-1", "it's")
        for made in (trail.on_trino([event]), trail.on_duckdb([event])):
            self.assertIn("'it''s'", made)


class Template(unittest.TestCase):
    def test_a_views_definition_is_read(self):
        definition = {"columns": [{"name": "a", "type": "varchar"}]}
        text = base64.b64encode(json.dumps(definition).encode()).decode()
        read = catalog.view({"ViewOriginalText": f"/* Presto View: {text} */"})
        self.assertEqual(catalog.columns(read), [["a", "varchar"]])

    def test_a_saved_question_is_executed_with_its_arguments(self):
        self.assertEqual(catalog.execution("SELECT 'a'", []), "EXECUTE IMMEDIATE 'SELECT ''a'''")
        self.assertEqual(catalog.execution("SELECT ?", ["'b'"]), "EXECUTE IMMEDIATE 'SELECT ?' USING 'b'")


if __name__ == "__main__":
    unittest.main()
