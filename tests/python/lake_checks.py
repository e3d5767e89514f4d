"""What holds of every lake, whatever was scanned: files, schema, words, equations, manifest, log.

Each check takes a lake and a report and adds what it finds. They trust the contract's text alone
(`contract.py`), and each would fail on the lake that it is there to catch: `test_compare.py` shows so.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet
import zstandard

import contract
from lake import DATA_FILE, RUN_ID, Lake, Row, sha256_of
from report import Report
from truth import sha256


def row_key(table: str, row: Row) -> tuple:
    """What identifies a row within its run."""
    return tuple(row.get(column) for column in contract.KEYS[table])


# Files


def check_layout(lake: Lake, report: Report) -> None:
    """Every table has files, and nothing in a table's folder is anything else."""
    report.expect("lake", lake.root, "run_id", True, RUN_ID.fullmatch(lake.run_id) is not None)
    for table in contract.TABLES:
        if not lake.files(table):
            report.differs(table, lake.run_id, "files", "at least one", "none")
        for path in (lake.root / table).rglob("*"):
            match = DATA_FILE.fullmatch(lake.key(path))
            if path.is_file() and not match:
                report.differs(table, lake.key(path), "file name", DATA_FILE.pattern, path.name)
            if match and match["run"] == lake.run_id:
                report.expect(table, lake.key(path), "dt", lake.date, match["dt"])


def check_schema(lake: Lake, report: Report) -> None:
    """Column names, order and types, as Arrow, DuckDB and Parquet itself see them."""
    for table, columns in contract.TABLES.items():
        names = contract.column_names(table)
        for path in lake.files(table):
            file = pyarrow.parquet.ParquetFile(path)
            arrow = file.schema_arrow
            report.expect(table, path.name, "columns", names, arrow.names)
            # The list's inner field may be called `item` or `element`; its type is what counts.
            types = {field.name: arrow_type(field.type) for field in arrow}
            for column in columns:
                if column.name in types:
                    got = types[column.name]
                    report.expect(table, path.name, f"{column.name}: Arrow", column.arrow_type, got)
            check_storage(table, path, file, report)
        if lake.files(table):
            types = lake.duckdb_types(table)
            for column in columns:
                expected, got = contract.DUCKDB_TYPES[column.type], types.get(column.name)
                report.expect(table, lake.run_id, f"{column.name}: DuckDB", expected, got)
            report.expect(table, lake.run_id, "dt", {lake.date}, lake.partitions(table) or {lake.date})


def arrow_type(type: pyarrow.DataType) -> str:
    """A type's name, without the name of a list's inner field."""
    if pyarrow.types.is_list(type):
        return f"list<{type.value_type}>"
    return str(type)


def check_storage(table: str, path: Path, file: pyarrow.parquet.ParquetFile, report: Report) -> None:
    """The physical and logical types that engines without Arrow's metadata go by, and ZSTD."""
    types = {column.name: column.type for column in contract.TABLES[table]}
    for number in range(len(file.schema)):
        leaf = file.schema.column(number)
        # A list's values are stored under `<column>.list.element`.
        type = types.get(leaf.path.split(".")[0])
        if type is None:
            continue
        report.expect(
            table, path.name, f"{leaf.path}: Parquet", contract.PARQUET_TYPES[type], leaf.physical_type
        )
        logical = json.loads(leaf.logical_type.to_json())
        if type in (contract.STRING, contract.STRINGS):
            report.expect(table, path.name, f"{leaf.path}: Parquet", "String", logical["Type"])
        if type == contract.TIMESTAMP:
            got = (logical["Type"], logical.get("isAdjustedToUTC"), logical.get("timeUnit"))
            report.expect(table, path.name, f"{leaf.path}: Parquet", ("Timestamp", True, "milliseconds"), got)
    for group in range(file.num_row_groups):
        for number in range(file.metadata.num_columns):
            chunk = file.metadata.row_group(group).column(number)
            report.expect(table, path.name, f"{chunk.path_in_schema}: codec", "ZSTD", chunk.compression)


def check_readers_agree(lake: Lake, report: Report) -> None:
    """DuckDB, pyarrow and pandas read the same rows."""
    for table in contract.TABLES:
        rows = sorted(map(repr, lake.rows(table)))
        for reader, others in (("pyarrow", lake.rows_by_arrow), ("pandas", lake.rows_by_pandas)):
            got = sorted(map(repr, others(table)))
            if rows != got:
                first = next(
                    (pair for pair in zip(rows, got, strict=False) if pair[0] != pair[1]),
                    (len(rows), len(got)),
                )
                report.differs(table, "rows", f"DuckDB and {reader}", *first)


# Values


def check_values(lake: Lake, report: Report) -> None:
    """No NULL where a value must be, no word that is not ours, no row twice, one run."""
    for table, columns in contract.TABLES.items():
        rows = lake.rows(table)
        for row in rows:
            key = row_key(table, row)
            report.expect(table, key, "run_id", lake.run_id, row["run_id"])
            for column in columns:
                check_value(table, key, column, row[column.name], report)
        for key, count in Counter(row_key(table, row) for row in rows).items():
            report.expect(table, key, "rows of this key", 1, count)


def check_value(table: str, key: tuple, column: contract.Column, value: Any, report: Report) -> None:
    if value is None:
        if not column.nullable:
            report.differs(table, key, column.name, "a value", None)
        return
    words = contract.WORDS[table].get(column.name)
    if words and value not in words:
        report.differs(table, key, column.name, f"one of {', '.join(words)}", value)
    if column.name.endswith("_sha256") and not is_hex(value, 64):
        report.differs(table, key, column.name, "64 lower-case hex digits", value)
    if column.name == "finding_uid" and not is_hex(value, 32):
        report.differs(table, key, column.name, "32 lower-case hex digits", value)
    if isinstance(value, list) and None in value and column.name != "ou_names":
        report.differs(table, key, column.name, "no NULL in the list", value)


def is_hex(text: str, digits: int) -> bool:
    return len(text) == digits and set(text) <= set("0123456789abcdef")


# Equations


def check_coverage(lake: Lake, report: Report) -> None:
    """Every read is accounted for, and an account is complete when all its rows are."""
    accounts = {row["account_id"]: row for row in lake.rows("accounts")}
    kinds = {row["kind"] for row in lake.rows("runs")}
    coverage = lake.rows("coverage")
    for row in coverage:
        key = row_key("coverage", row)
        answered = row["known"] + row["absent"] + row["gone"]
        faults = sum(row[fault] for fault in contract.FAULTS)
        report.expect("coverage", key, "asked", answered + faults, row["asked"])
        if row["asked"] == 0 and row["not_asked"] == 0:
            report.differs("coverage", key, "asked + not_asked", "more than 0", 0)
        # What `--region` left out counts in not_asked, and not against complete.
        scanned = accounts.get(row["account_id"], {}).get("regions") or []
        left_out = kinds == {"filtered"} and row["region"] not in [*scanned, "global"]
        complete = row["asked"] == answered and (row["not_asked"] == 0 or left_out)
        report.expect("coverage", key, "complete", complete, row["complete"])
        report.expect("coverage", key, "denied_by is told", row["denied"] > 0, row["denied_by"] is not None)
    for account_id, account in accounts.items():
        check_account(account_id, account, coverage, report)


def check_account(account_id: str, account: Row, coverage: list[Row], report: Report) -> None:
    """An account's status and calls follow from its coverage."""
    rows = [row for row in coverage if row["account_id"] == account_id]
    report.expect("accounts", account_id, "calls", sum(row["asked"] for row in rows), account["calls"] or 0)
    if account["scan_status"] in ("complete", "partial"):
        complete = all(row["complete"] for row in rows)
        report.expect("accounts", account_id, "complete", complete, account["scan_status"] == "complete")
    report.expect(
        "accounts",
        account_id,
        "scan_reason is told",
        account["scan_status"] != "complete",
        account["scan_reason"] is not None,
    )


def check_totals(lake: Lake, report: Report) -> None:
    """The run's totals are the tables' counts."""
    runs = lake.rows("runs")
    report.expect("runs", lake.run_id, "rows", 1, len(runs))
    accounts, findings = lake.rows("accounts"), lake.rows("findings")
    status = Counter(row["scan_status"] for row in accounts)
    verdicts = Counter(row["verdict"] for row in findings)
    totals = {
        "accounts_listed": len(accounts),
        **{
            f"accounts_{word}": status[word] for word in ("complete", "partial", "unreachable", "not_scanned")
        },
        "buckets": len(lake.rows("buckets")),
        "keys": len(lake.rows("keys")),
        "findings_fail": verdicts["fail"],
        "findings_unknown": verdicts["unknown"],
    }
    # The organization itself is read, too, and belongs to no account.
    reads = sum(row["asked"] for row in lake.rows("coverage"))
    for row in runs:
        for column, expected in totals.items():
            report.expect("runs", lake.run_id, column, expected, row[column])
        if row["calls"] < reads:
            report.differs("runs", lake.run_id, "calls", f">= {reads}", row["calls"])
        report.expect("runs", lake.run_id, "schema_version", contract.SCHEMA_VERSION, row["schema_version"])
        report.expect("runs", lake.run_id, "observed_run_id", lake.run_id, row["observed_run_id"])
        if not row["started_at"] <= row["finished_at"]:
            report.differs("runs", lake.run_id, "finished_at", f">= {row['started_at']}", row["finished_at"])
    for account in accounts:
        check_account_counts(lake, account, report)


def check_account_counts(lake: Lake, account: Row, report: Report) -> None:
    """An account's counts are its rows; where nothing was listed there are none."""
    for table in ("buckets", "keys"):
        owned = sum(row["account_id"] == account["account_id"] for row in lake.rows(table))
        report.expect("accounts", account["account_id"], table, owned, account[table] or 0)


def check_defaults(lake: Lake, report: Report) -> None:
    """A key counts the buckets whose default leads to it, and their accounts."""
    named: dict[str, list[str]] = {}
    for row in lake.rows("buckets"):
        if row["kms_key_link"] in ("same_account", "same_org", "aws_managed"):
            named.setdefault(row["kms_key_arn"], []).append((row["account_id"], row["kms_key_link"]))
    for row in lake.rows("keys"):
        owners = [account_id for account_id, _ in named.pop(row["key_arn"], [])]
        report.expect(
            "keys", row["key_arn"], "default_key_of_buckets", len(owners), row["default_key_of_buckets"]
        )
        report.expect(
            "keys",
            row["key_arn"],
            "default_key_of_accounts",
            len(set(owners)),
            row["default_key_of_accounts"],
        )
    for arn, owners in named.items():
        if all(link == "aws_managed" for _, link in owners):
            # Also where no key is listed.
            continue
        report.differs("keys", arn, "row", "one, for a bucket's row says that it was found", "none")


def check_findings(lake: Lake, report: Report) -> None:
    """Every check of the run has judged every resource once, and every finding agrees with itself."""
    checks = {(row["check_id"], row["check_params"]): row for row in lake.rows("checks")}
    resources = resources_of(lake)
    judged: dict[tuple, Counter] = {instance: Counter() for instance in checks}
    for row in lake.rows("findings"):
        key = finding_key(row)
        instance, resource = (row["check_id"], row["check_params"]), judged_resource(row)
        if instance in checks:
            judged[instance][resource] += 1
            for column in ("check_version", "category"):
                report.expect("findings", key, column, checks[instance][column], row[column])
            check_severity(key, row["severity"], checks[instance]["severity_max"], report)
        else:
            report.differs("findings", key, "check_id", "a check of this run", instance)
        if resource not in resources[row["resource_type"]]:
            report.differs("findings", key, "resource_arn", "a resource with a row", resource)
        check_finding(key, row, report)
    for instance, counted in judged.items():
        if instance[0] != contract.OF_EXCEPTIONS:
            check_all_is_judged(instance, counted, resources, report)
    for row in lake.rows("controls"):
        instance = (row["check_id"], row["check_params"])
        if instance not in checks:
            report.differs("controls", row_key("controls", row), "check_id", "a check of this run", instance)


def check_severity(key: tuple, severity: str, most: str, report: Report) -> None:
    """A finding is no worse than its check says that it can be."""
    known = severity in contract.SEVERITY and most in contract.SEVERITY
    if known and contract.SEVERITY.index(severity) > contract.SEVERITY.index(most):
        report.differs("findings", key, "severity", f"{most} at most", severity)


def finding_key(row: Row) -> tuple:
    """A finding as a person knows it: its uid says nothing."""
    return (row["resource_arn"], row["check_id"], row["check_params"])


def judged_resource(row: Row) -> tuple:
    """What a finding is about: account, Region and ARN.

    An account's row has no ARN, and the finding has the one of Organizations, which ends in the id.
    """
    arn = row["resource_arn"]
    account = row["resource_type"] == contract.ACCOUNT
    return (row["account_id"], row["region"], arn.split("/")[-1] if account else arn)


def resources_of(lake: Lake) -> dict[str, set[tuple]]:
    """What there is to judge, by type."""
    return {
        contract.BUCKET: {
            (row["account_id"], row["region"], row["bucket_arn"]) for row in lake.rows("buckets")
        },
        contract.KEY: {(row["account_id"], row["region"], row["key_arn"]) for row in lake.rows("keys")},
        contract.ACCOUNT: {(row["account_id"], None, row["account_id"]) for row in lake.rows("accounts")},
    }


def check_finding(key: tuple, row: Row, report: Report) -> None:
    """The columns of one finding that say the same thing twice."""
    exempt = row["verdict"] == "exempt"
    before = "fail" if exempt else row["verdict"]
    report.expect("findings", key, "verdict_before_exception", before, row["verdict_before_exception"])
    # A finding about an exception names it, and is a fail all the same.
    if row["check_id"] != contract.OF_EXCEPTIONS:
        report.expect("findings", key, "exception_id is told", exempt, row["exception_id"] is not None)
    report.expect(
        "findings", key, "exception_expires_at is told", exempt, row["exception_expires_at"] is not None
    )
    nothing_to_do = row["verdict"] in ("pass", "not_applicable")
    report.expect("findings", key, "remedy is told", not nothing_to_do, row["remedy"] is not None)


def check_all_is_judged(
    instance: tuple, counted: Counter, resources: dict[str, set[tuple]], report: Report
) -> None:
    """One instance of a check has one finding of every resource that it judges."""
    types = [type for prefix, type in contract.JUDGES.items() if instance[0].startswith(prefix)]
    if len(types) != 1:
        report.differs("checks", instance, "check_id", f"one of {', '.join(contract.JUDGES)}…", instance[0])
        return
    for resource in sorted(resources[types[0]] | counted.keys(), key=repr):
        expected = int(resource in resources[types[0]])
        report.expect("findings", (resource[-1], *instance), "findings", expected, counted[resource])


def check_calls(lake: Lake, report: Report) -> None:
    """Attempts are at least the logical reads, and their latencies are in order."""
    attempts = Counter()
    for row in lake.rows("calls"):
        attempts[f"{row['service']}:{row['operation']}"] += row["calls"]
        if not 0 <= row["retries"] <= row["calls"] or not 0 <= row["throttles"] <= row["calls"]:
            report.differs("calls", row_key("calls", row), "retries, throttles", f"<= {row['calls']}", row)
        if (row["p50_ms"] or 0) > (row["p99_ms"] or 0):
            report.differs("calls", row_key("calls", row), "p99_ms", f">= {row['p50_ms']}", row["p99_ms"])
    asked = Counter()
    for row in lake.rows("coverage"):
        asked[row["operation"]] += row["asked"]
    for operation, count in asked.items():
        if attempts[operation] < count:
            report.differs("calls", operation, "calls", f">= {count}", attempts[operation])


# Manifest


def check_manifest(lake: Lake, report: Report) -> None:
    """The manifest lists every file as it is, and the run's row names the manifest."""
    path = lake.manifest_path()
    if not path.is_file():
        report.differs("manifest", lake.key(path), "file", "there", "missing")
        return
    manifest = lake.manifest()
    # The run's row is the commit: it is written after the manifest, which therefore cannot list it.
    on_disk = {lake.key(file): file for file in lake.data_files() if not lake.key(file).startswith("runs/")}
    listed = {entry.get("key", entry.get("path")): entry for entry in manifest.get("files", [])}
    report.expect("manifest", lake.run_id, "files", sorted(on_disk), sorted(listed))
    for key in sorted(on_disk.keys() & listed.keys()):
        check_file_entry(key, on_disk[key], listed[key], report)
    check_segment_entries(lake, manifest, report)
    for row in lake.rows("runs"):
        report.expect("runs", lake.run_id, "manifest_key", lake.key(path), row["manifest_key"])
        report.expect("runs", lake.run_id, "manifest_sha256", sha256_of(path), row["manifest_sha256"])
    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    report.expect("manifest", lake.run_id, "canonical JSON", canonical, path.read_text("utf-8").rstrip("\n"))


def check_file_entry(key: str, path: Path, entry: dict[str, Any], report: Report) -> None:
    report.expect("manifest", key, "sha256", sha256_of(path), entry.get("sha256"))
    report.expect("manifest", key, "bytes", path.stat().st_size, entry.get("bytes"))
    report.expect("manifest", key, "rows", pyarrow.parquet.read_metadata(path).num_rows, entry.get("rows"))


def check_segment_entries(lake: Lake, manifest: dict[str, Any], report: Report) -> None:
    """Every sealed segment is listed, with the hash of its file."""
    listed = {entry.get("key", entry.get("path")): entry for entry in manifest.get("segments", [])}
    on_disk = {lake.key(path): path for path in lake.segments()}
    report.expect("manifest", lake.run_id, "segments", sorted(on_disk), sorted(listed))
    for key in sorted(on_disk.keys() & listed.keys()):
        report.expect("manifest", key, "sha256", sha256_of(on_disk[key]), listed[key].get("sha256"))


# Observation log


def check_log(lake: Lake, report: Report) -> None:
    """One sealed segment for the organization and for each account that had a session."""
    scanned = {
        row["account_id"] for row in lake.rows("accounts") if row["scan_status"] in ("complete", "partial")
    }
    got = {path.name.removesuffix(".jsonl.zst") for path in lake.segments()}
    for name in sorted({"organization", *scanned} - got):
        report.differs("observations", name, "segment", "there", "missing")
    policies = {
        table: {(row["account_id"], row["policy_sha256"]) for row in lake.rows(table) if row["policy_sha256"]}
        for table in ("buckets", "keys")
    }
    for path in lake.segments():
        hashes = check_segment(lake, path, report)
        account_id = path.name.removesuffix(".jsonl.zst")
        for table, named in policies.items():
            for owner, hash in sorted(named):
                if owner == account_id and hash not in hashes:
                    report.differs(
                        "observations", account_id, f"policy of {table}", hash, "not in the segment"
                    )


def check_segment(lake: Lake, path: Path, report: Report) -> set[str]:
    """One segment: a single frame, JSON lines, a header, a footer that vouches for the rest.

    Gives the hashes of the policies that it keeps.
    """
    key = lake.key(path)
    frame = zstandard.ZstdDecompressor().decompressobj()
    text = frame.decompress(path.read_bytes())
    if not frame.eof or frame.unused_data or not text.endswith(b"\n"):
        got = f"ended: {frame.eof}, bytes after it: {len(frame.unused_data)}, last line: {text[-80:]!r}"
        report.differs("observations", key, "file", "one zstd frame of whole lines", got)
        return set()
    # Only line feeds end a line: JSON may hold the other characters that Python splits at.
    lines = [line + b"\n" for line in text.split(b"\n")[:-1]]
    records = [json.loads(line) for line in lines]
    header, footer = records[0], records[-1]
    report.expect("observations", key, "first line", "header", header.get("record"))
    report.expect("observations", key, "header.run_id", lake.run_id, header.get("run_id"))
    report.expect("observations", key, "last line", "footer", footer.get("record"))
    report.expect("observations", key, "footer.sha256", sha256(b"".join(lines[:-1])), footer.get("sha256"))
    counts = Counter(record.get("record") for record in records[:-1])
    for kind, count in (footer.get("records") or {}).items():
        report.expect("observations", key, f"footer.records.{kind}", counts[kind], count)
    kept = [record for record in records if record.get("record") == "policy"]
    for record in kept:
        report.expect("observations", key, "policy.sha256", sha256(record["text"]), record["sha256"])
    report.expect("observations", key, "policies once", len(kept), len({record["sha256"] for record in kept}))
    return {record["sha256"] for record in kept}


# Layout and schema come first: without them the rest cannot be read.
STRUCTURE = [check_layout, check_schema]
CONTENT = [
    check_readers_agree,
    check_values,
    check_coverage,
    check_totals,
    check_defaults,
    check_findings,
    check_calls,
    check_manifest,
    check_log,
]
