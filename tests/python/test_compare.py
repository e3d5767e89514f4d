"""The comparison passes a lake that is right, and notices each thing that is not.

A check that cannot fail proves nothing: every entry of the tables below spoils one thing of a lake
made by hand and names what the report must say of it.
"""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

import pyarrow
import zstandard

import contract
import lake_checks
from compare_lake import compare
from lake import Lake
from made_lake import ACCOUNT, KEY_ARN, RUN_ID, STARTED, Made, bucket, check, coverage
from truth import any_of, matches, within_run


def swap_columns(made: Made) -> None:
    columns = made.columns["buckets"]
    columns[3], columns[4] = columns[4], columns[3]


def one_column_more(made: Made) -> None:
    made.columns["runs"].append(contract.Column("more", contract.STRING, nullable=True))


def rename_column(made: Made) -> None:
    made.columns["keys"][5] = contract.Column("key_arn_", contract.STRING, nullable=True)


# Spoils the rows or the schema before the lake is written; the report must contain the text.
BEFORE: list[tuple[str, Any, str]] = [
    (
        "a wrong word in a row",
        lambda m: m.tables["buckets"][0].update(encryption="sse_kms"),
        "plain  encryption",
    ),
    ("a value where NULL is", lambda m: m.tables["buckets"][0].update(sse_c_blocked=True), "sse_c_blocked"),
    ("NULL where a value is", lambda m: m.tables["keys"][0].update(key_origin=None), "key_origin"),
    ("a list in another order", lambda m: m.tables["keys"][0]["aliases"].reverse(), "aliases"),
    ("an empty list for NULL", lambda m: m.tables["accounts"][0].update(ou_ids=[]), "ou_ids"),
    (
        "an instant outside the run",
        lambda m: m.tables["keys"][0].update(observed_at=STARTED - 1),
        "observed_at",
    ),
    ("a row that is missing", lambda m: m.tables["buckets"].pop(0), "plain  row"),
    ("a row too many", lambda m: m.tables["buckets"].append(bucket("more")), "more  row"),
    ("a row twice", lambda m: m.tables["buckets"].append(m.tables["buckets"][0]), "rows of this key"),
    (
        "coverage of a read that nobody made",
        lambda m: m.tables["coverage"].append(coverage("eu-west-1", "s3:GetBucketLocation", 2)),
        "s3:GetBucketLocation  row",
    ),
    ("a word that is not ours", lambda m: m.tables["buckets"][0].update(tls_only="yes"), "one of enforced"),
    ("no value where one must be", lambda m: m.tables["keys"][0].update(rotation=None), "rotation\n"),
    ("another run's row", lambda m: m.tables["keys"][0].update(run_id="x"), "run_id"),
    ("a hash that is none", lambda m: m.tables["keys"][0].update(policy_sha256="abc"), "64 lower-case hex"),
    ("reads that do not add up", lambda m: m.tables["coverage"][1].update(known=1), "asked"),
    ("complete that is not", lambda m: m.tables["coverage"][1].update(known=1, denied=1), "complete"),
    ("a row of no reads", lambda m: m.tables["coverage"][1].update(known=0, asked=0), "asked + not_asked"),
    ("calls that do not add up", lambda m: m.tables["accounts"][0].update(calls=8), "calls"),
    (
        "an account too good",
        lambda m: m.tables["coverage"][1].update(known=1, denied=1, complete=False),
        "complete",
    ),
    ("a total that is wrong", lambda m: m.tables["runs"][0].update(findings_fail=0), "findings_fail"),
    ("a status that is wrong", lambda m: m.tables["runs"][0].update(status="partial"), "status"),
    ("an account's count", lambda m: m.tables["accounts"][0].update(keys=2), "keys"),
    (
        "a key's buckets",
        lambda m: m.tables["keys"][0].update(default_key_of_buckets=2),
        "default_key_of_buckets",
    ),
    (
        "a bucket's key without a row",
        lambda m: m.tables["buckets"][1].update(kms_key_arn="arn:x"),
        "arn:x  row",
    ),
    (
        "a finding of no check",
        lambda m: m.tables["findings"][0].update(check_id="no"),
        "a check of this run",
    ),
    (
        "a finding of other parameters",
        lambda m: m.tables["findings"][2].update(check_params='{"max_days":1}'),
        "a check of this run",
    ),
    (
        "a finding of nothing",
        lambda m: m.tables["findings"][0].update(resource_arn="no"),
        "a resource with a row",
    ),
    (
        "a finding in another Region than its resource",
        lambda m: m.tables["findings"][0].update(region="us-east-1"),
        "a resource with a row",
    ),
    (
        "a finding of an account that nobody listed",
        lambda m: m.tables["findings"][4].update(account_id="999999999999"),
        "a resource with a row",
    ),
    (
        "a finding of the other type",
        lambda m: m.tables["findings"][0].update(resource_type=contract.KEY),
        "a resource with a row",
    ),
    (
        "another verdict than the truth's",
        lambda m: m.tables["findings"][0].update(verdict="unknown", verdict_before_exception="unknown"),
        "plain s3_tls_only None  verdict\n",
    ),
    (
        "another reason than the truth's",
        lambda m: m.tables["findings"][0].update(reason_code="other"),
        "plain s3_tls_only None  reason_code",
    ),
    (
        "another severity than the truth's",
        lambda m: m.tables["findings"][0].update(severity="low"),
        "plain s3_tls_only None  severity",
    ),
    (
        "a key that no truth tells of",
        lambda m: m.tables["findings"][0].update(related_arn=KEY_ARN),
        "plain s3_tls_only None  related_arn",
    ),
    (
        "a bucket that was not judged",
        lambda m: m.tables["findings"].pop(0),
        "plain s3_tls_only None  findings",
    ),
    ("a key that was not judged", lambda m: m.tables["findings"].pop(3), "90}  findings"),
    ("an account that was not judged", lambda m: m.tables["findings"].pop(4), "account_scanned"),
    (
        "a check that has judged nothing",
        lambda m: m.tables["checks"].append(check("kms_key_disabled")),
        "kms_key_disabled",
    ),
    (
        "a check of nothing that is judged",
        lambda m: m.tables["checks"].append(check("iam_key_age")),
        "one of s3_, kms_, account_",
    ),
    (
        "a resource judged twice",
        lambda m: m.tables["findings"].append(m.tables["findings"][0] | {"finding_uid": "0" * 32}),
        "plain s3_tls_only None  findings",
    ),
    (
        "a finding that is worse than its check can be",
        lambda m: m.tables["checks"][0].update(severity_max="low"),
        "low at most",
    ),
    (
        "a check of another version",
        lambda m: m.tables["findings"][0].update(check_version=2),
        "check_version",
    ),
    ("a check of another category", lambda m: m.tables["findings"][0].update(category="cost"), "category"),
    (
        "a severity of no name",
        lambda m: m.tables["findings"][0].update(severity="grave"),
        "one of informational",
    ),
    ("a uid that is none", lambda m: m.tables["findings"][0].update(finding_uid="f-1"), "32 lower-case hex"),
    ("no reason", lambda m: m.tables["findings"][0].update(reason_code=None), "reason_code"),
    (
        "an exemption that nobody granted",
        lambda m: m.tables["findings"][1].update(exception_id=None),
        "exception_id is told",
    ),
    (
        "an exception to what is no exemption",
        lambda m: m.tables["findings"][0].update(exception_id="E-1"),
        "exception_id is told",
    ),
    (
        "an exemption without an end",
        lambda m: m.tables["findings"][1].update(exception_expires_at=None),
        "exception_expires_at is told",
    ),
    (
        "an exemption from a pass",
        lambda m: m.tables["findings"][1].update(verdict_before_exception="pass"),
        "verdict_before_exception",
    ),
    (
        "a verdict that changed without an exception",
        lambda m: m.tables["findings"][0].update(verdict_before_exception="pass"),
        "verdict_before_exception",
    ),
    ("a fail and no remedy", lambda m: m.tables["findings"][0].update(remedy=None), "remedy is told"),
    ("a remedy for a pass", lambda m: m.tables["findings"][2].update(remedy="Do it."), "remedy is told"),
    (
        "a control of no check",
        lambda m: m.tables["controls"][0].update(check_id="s3_bucket_key"),
        "s3_bucket_key",
    ),
    (
        "a control of other parameters",
        lambda m: m.tables["controls"][1].update(check_params=None),
        "a check of this run",
    ),
    (
        "no hash of the standard",
        lambda m: m.tables["runs"][0].update(standard_sha256=None),
        "standard_sha256",
    ),
    (
        "fewer attempts than reads",
        lambda m: m.tables["calls"][1].update(calls=1),
        "GetBucketEncryption  calls",
    ),
    ("latencies upside down", lambda m: m.tables["calls"][1].update(p50_ms=10), "p99_ms"),
    ("columns in another order", swap_columns, "columns"),
    ("a column by another name", rename_column, "columns"),
    ("a column too many", one_column_more, "columns"),
    ("int where bigint must be", lambda m: m.arrow.update({contract.BIGINT: pyarrow.int32()}), "int32"),
    (
        "instants of no zone",
        lambda m: m.arrow.update({contract.TIMESTAMP: pyarrow.timestamp("ms")}),
        "timestamp[ms]",
    ),
    (
        "instants in microseconds",
        lambda m: m.arrow.update({contract.TIMESTAMP: pyarrow.timestamp("us", tz="UTC")}),
        "timestamp[us",
    ),
    ("another codec", lambda m: setattr(m, "compression", "snappy"), "SNAPPY"),
]


def data_file(root: Path, table: str) -> Path:
    return next(root.glob(f"{table}/dt=*/*.parquet"))


def segment(root: Path, name: str = ACCOUNT) -> Path:
    return root / "observations" / RUN_ID / f"{name}.jsonl.zst"


def edit_segment(root: Path, old: bytes, new: bytes) -> None:
    text = zstandard.decompress(segment(root).read_bytes())
    assert old in text
    segment(root).write_bytes(zstandard.compress(text.replace(old, new)))


def edit_manifest(root: Path, change: Any) -> None:
    path = root / "manifests" / f"{RUN_ID}.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest, sort_keys=True, separators=(",", ":")))


def split_frames(root: Path) -> None:
    text = zstandard.decompress(segment(root).read_bytes())
    segment(root).write_bytes(zstandard.compress(text[:20]) + zstandard.compress(text[20:]))


# Spoils the written lake.
AFTER: list[tuple[str, Any, str]] = [
    ("a file that nobody listed", lambda r: (r / "keys" / "stray.parquet").touch(), "file name"),
    ("a temporary file", lambda r: (data_file(r, "keys").parent / ".tmp-1").touch(), "file name"),
    ("a table without a file", lambda r: data_file(r, "calls").unlink(), "at least one"),
    ("a run that judged nothing", lambda r: data_file(r, "findings").unlink(), "at least one"),
    (
        "another day's partition",
        lambda r: (r / "calls" / "dt=2026-11-21").rename(r / "calls" / "dt=2026-11-22"),
        "dt",
    ),
    ("no manifest", lambda r: (r / "manifests" / f"{RUN_ID}.json").unlink(), "missing"),
    ("a file that changed", lambda r: edit_manifest(r, lambda m: m["files"][0].update(sha256="0")), "sha256"),
    ("a size that is wrong", lambda r: edit_manifest(r, lambda m: m["files"][0].update(bytes=1)), "bytes"),
    ("a count that is wrong", lambda r: edit_manifest(r, lambda m: m["files"][0].update(rows=77)), "rows"),
    ("a file left off", lambda r: edit_manifest(r, lambda m: m["files"].pop()), "files"),
    ("a segment left off", lambda r: edit_manifest(r, lambda m: m["segments"].pop()), "segments"),
    ("a manifest that changed", lambda r: edit_manifest(r, lambda m: m.update(more=1)), "manifest_sha256"),
    (
        "a manifest that is not canonical",
        lambda r: (p := r / "manifests" / f"{RUN_ID}.json").write_text(p.read_text().replace(":", ": ", 1)),
        "canonical JSON",
    ),
    ("a missing segment", lambda r: segment(r).unlink(), "segment"),
    ("no log of the organization", lambda r: segment(r, "organization").unlink(), "organization"),
    (
        "a line that changed",
        lambda r: edit_segment(r, b'"log_version": 1', b'"log_version": 2'),
        "footer.sha256",
    ),
    (
        "a count in the footer",
        lambda r: edit_segment(r, b'"policy": 1', b'"policy": 2'),
        "footer.records.policy",
    ),
    ("a policy that is not there", lambda r: edit_segment(r, b'"sha256": "', b'"sha256": "f'), "policy"),
    ("two frames", split_frames, "one zstd frame"),
]


class Comparison(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.made = Made()
        self.truth = self.made.truth()
        self.truth["tables"]["keys"][0]["observed_at"] = within_run()

    def report(self) -> str:
        report = compare(Lake(self.root, RUN_ID), self.truth)
        return "" if report.clean else str(report)

    def assert_reported(self, says: str) -> None:
        report = self.report()
        self.assertTrue(says in report, f"no `{says}` in: {report[:2000]}")

    def test_a_right_lake_has_no_differences(self) -> None:
        self.made.write(self.root)
        self.assertEqual(self.report(), "")

    def test_what_no_truth_tells_may_change(self) -> None:
        self.made.tables["findings"][0].update(
            finding_uid="0" * 32, reason="In other words.", remedy="Or so.", observed_at=STARTED
        )
        for table in ("findings", "checks"):
            self.made.tables[table][0].update(check_version=2)
        self.made.tables["findings"][1].update(check_version=2)
        self.made.write(self.root)
        self.assertEqual(self.report(), "")

    def test_rows_and_schemas_that_are_wrong_are_noticed(self) -> None:
        base = self.root
        for number, (name, spoil, says) in enumerate(BEFORE):
            with self.subTest(name):
                self.made = Made()
                spoil(self.made)
                self.root = self.made.write(base / str(number))
                self.assert_reported(says)

    def test_files_that_are_wrong_are_noticed(self) -> None:
        base = self.root
        for number, (name, spoil, says) in enumerate(AFTER):
            with self.subTest(name):
                self.root = Made().write(base / str(number))
                spoil(self.root)
                self.assert_reported(says)

    def test_a_truth_that_leaves_a_column_out_is_refused(self) -> None:
        self.made.write(self.root)
        del self.truth["tables"]["buckets"][0]["tls_only"]
        with self.assertRaisesRegex(SystemExit, "tls_only"):
            self.report()

    def test_the_command_line_ends_1_on_a_difference(self) -> None:
        self.made.write(self.root)
        truth = self.root / "truth.json"
        command = [sys.executable, "compare_lake.py", str(self.root), str(truth), "--scenario", "s"]
        for state, status in (("ACTIVE", 0), ("SUSPENDED", 1)):
            self.truth["tables"]["accounts"][0]["state"] = state
            truth.write_text(json.dumps({"scenarios": {"s": self.truth}}))
            done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertIn("state", done.stdout)


class Matchers(unittest.TestCase):
    run_row = {"started_at": 10, "finished_at": 20}

    def test_what_matches_and_what_does_not(self) -> None:
        for expected, got, result in (
            (1, 1, True),
            (1, True, False),
            (False, 0, False),
            (None, None, True),
            (None, [], False),
            (any_of(None, []), [], True),
            (any_of(None, []), ["a"], False),
            ({"$at": 1000, "$play": 1}, 1001, True),
            ({"$at": 1000, "$play": 1}, 1002, False),
            ({"$at": 1000, "$play": 1}, None, False),
            (within_run(), 10, True),
            (within_run(), 21, False),
            ({"$at_least": 3}, 2, False),
        ):
            with self.subTest(expected=expected, got=got):
                self.assertEqual(matches(expected, got, self.run_row), result)


class Oracle(unittest.TestCase):
    def test_every_table_begins_with_the_run(self) -> None:
        for table, columns in contract.TABLES.items():
            self.assertEqual(columns[0].name, "run_id", table)

    def test_words_and_keys_name_columns(self) -> None:
        for table, columns in {**contract.WORDS, **contract.KEYS}.items():
            self.assertLessEqual(set(columns), set(contract.column_names(table)), table)
        for table, words in contract.WORDS.items():
            self.assertLessEqual(set(words), set(contract.column_names(table)), table)

    def test_every_check_is_run(self) -> None:
        written = {value for name, value in vars(lake_checks).items() if name.startswith("check_")}
        helpers = {
            lake_checks.check_storage,
            lake_checks.check_value,
            lake_checks.check_account,
            lake_checks.check_account_counts,
            lake_checks.check_finding,
            lake_checks.check_severity,
            lake_checks.check_all_is_judged,
            lake_checks.check_file_entry,
            lake_checks.check_segment_entries,
            lake_checks.check_segment,
        }
        self.assertEqual(written - helpers, {*lake_checks.STRUCTURE, *lake_checks.CONTENT})


if __name__ == "__main__":
    unittest.main()
