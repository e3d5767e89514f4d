"""A small lake made by hand, right in every detail, for the tests of the comparison.

`Made` holds the rows and writes the lake as the contract has it; a test spoils one thing of it and
the comparison must notice. Nothing here is read by the project.
"""

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import zstandard

import contract
from compare_lake import UNTOLD
from truth import sha256

RUN_ID = "20261121T030000Z-0123abcd"
STARTED = 1_795_230_000_000
ACCOUNT = "123456789012"
ACCOUNT_ARN = f"arn:aws:organizations::{ACCOUNT}:account/o-abcdefghij/{ACCOUNT}"
KEY_ARN = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
POLICY = '{"Version":"2012-10-17","Statement":[]}'

ARROW = {
    contract.STRING: pyarrow.string(),
    contract.BIGINT: pyarrow.int64(),
    contract.INT: pyarrow.int32(),
    contract.BOOLEAN: pyarrow.bool_(),
    contract.TIMESTAMP: pyarrow.timestamp("ms", tz="UTC"),
    contract.STRINGS: pyarrow.list_(pyarrow.string()),
}


def filled(table: str, **values: Any) -> dict[str, Any]:
    """A row with NULL in every column that is not given."""
    unknown = values.keys() - set(contract.column_names(table))
    assert not unknown, unknown
    return dict.fromkeys(contract.column_names(table)) | {"run_id": RUN_ID} | values


def account() -> dict[str, Any]:
    return filled(
        "accounts",
        org_id="o-abcdefghij",
        account_id=ACCOUNT,
        account_name="only",
        state="ACTIVE",
        access_path="assumed_role",
        scan_status="complete",
        regions=["eu-west-1"],
        regions_disabled=[],
        buckets=2,
        keys=1,
        calls=9,
        started_at=STARTED + 10,
        finished_at=STARTED + 900,
    )


def bucket(name: str, **values: Any) -> dict[str, Any]:
    plain = {
        "aws_partition": "aws",
        "account_id": ACCOUNT,
        "region": "eu-west-1",
        "bucket": name,
        "bucket_arn": f"arn:aws:s3:::{name}",
        "bucket_type": "general_purpose",
        "created_at": STARTED - 5,
        "encryption": "sse_s3",
        "encryption_read": "known",
        "sse_algorithm": "AES256",
        "kms_key_ref_kind": "none",
        "kms_key_link": "none",
        "bucket_key_enabled": False,
        "tls_only": "absent",
        "policy_read": "absent",
        "observed_at": STARTED + 500,
    }
    return filled("buckets", **(plain | values))


def key() -> dict[str, Any]:
    return filled(
        "keys",
        aws_partition="aws",
        account_id=ACCOUNT,
        region="eu-west-1",
        key_id="11111111-2222-3333-4444-555555555555",
        key_arn=KEY_ARN,
        aliases=["alias/a", "alias/b"],
        aliases_read="known",
        key_manager="CUSTOMER",
        key_origin="AWS_KMS",
        describe_read="known",
        rotation="enabled",
        rotation_read="known",
        rotation_period_days=365,
        on_demand_rotations=0,
        policy_read="known",
        policy_sha256=sha256(POLICY),
        default_key_of_buckets=1,
        default_key_of_accounts=1,
        observed_at=STARTED + 400,
    )


def coverage(region: str, operation: str, known: int, absent: int = 0) -> dict[str, Any]:
    faults = dict.fromkeys(contract.FAULTS, 0)
    return filled(
        "coverage",
        account_id=ACCOUNT,
        region=region,
        operation=operation,
        asked=known + absent,
        known=known,
        absent=absent,
        gone=0,
        **faults,
        not_asked=0,
        complete=True,
        accepted_gap=False,
    )


def check(check_id: str, **values: Any) -> dict[str, Any]:
    plain = {
        "check_version": 1,
        "title": "Title",
        "question": "Is it?",
        "category": "security",
        "severity": "high",
        "remedy": "Do it.",
        "severity_max": "critical",
        "rationale": "Because.",
    }
    return filled("checks", check_id=check_id, **(plain | values))


def finding(check_id: str, arn: str, **values: Any) -> dict[str, Any]:
    """A pass, where nothing else is said."""
    types = (type for prefix, type in contract.JUDGES.items() if check_id.startswith(prefix))
    plain = {
        "finding_uid": sha256(f"{arn}\n{check_id}\n{values.get('check_params')}")[:32],
        "account_id": ACCOUNT,
        "region": "eu-west-1",
        "resource_type": next(types, contract.ACCOUNT),
        "resource_arn": arn,
        "check_id": check_id,
        "check_version": 1,
        "category": "security",
        "severity": "high",
        "verdict": "pass",
        "verdict_before_exception": values.get("verdict", "pass"),
        "reason_code": "some_reason",
        "reason": "For some reason.",
    }
    return filled("findings", **(plain | values))


def control(check_id: str, check_params: str | None) -> dict[str, Any]:
    return filled(
        "controls",
        check_id=check_id,
        check_params=check_params,
        framework="CIS",
        framework_version="5.0.0",
        control_id="1.1",
        control_title="Title",
        relation="direct",
        source="https://example.com",
    )


def tables() -> dict[str, list[dict[str, Any]]]:
    """One account with two buckets and a key; every table has a row."""
    reads = [
        coverage("global", "s3:ListBuckets", 1),
        coverage("eu-west-1", "s3:GetBucketEncryption", 2),
        coverage("eu-west-1", "s3:GetBucketPolicy", 0, absent=2),
        coverage("eu-west-1", "kms:ListKeys", 1),
        coverage("eu-west-1", "kms:ListAliases", 1),
        coverage("eu-west-1", "kms:DescribeKey", 1),
        coverage("eu-west-1", "kms:GetKeyPolicy", 1),
    ]
    return {
        "accounts": [account()],
        "buckets": [
            bucket("plain"),
            bucket(
                "under-key",
                encryption="sse_kms",
                sse_algorithm="aws:kms",
                kms_key_ref=KEY_ARN,
                kms_key_ref_kind="key_arn",
                kms_key_arn=KEY_ARN,
                kms_key_account_id=ACCOUNT,
                kms_key_link="same_account",
                kms_key_rotation="enabled",
            ),
        ],
        "keys": [key()],
        "findings": [
            finding("s3_tls_only", "arn:aws:s3:::plain", verdict="fail", remedy="Refuse it."),
            finding(
                "s3_tls_only",
                "arn:aws:s3:::under-key",
                verdict="exempt",
                verdict_before_exception="fail",
                exception_id="E-1",
                exception_expires_at=STARTED + 5000,
                remedy="Refuse it.",
            ),
            finding("kms_rotation_period", KEY_ARN, check_params='{"max_days":365}'),
            finding("kms_rotation_period", KEY_ARN, check_params='{"max_days":90}', verdict="not_applicable"),
            finding("account_scanned", ACCOUNT_ARN, region=None),
            # About an exception, and so of no instance's full number.
            finding(
                contract.OF_EXCEPTIONS,
                ACCOUNT_ARN,
                region=None,
                verdict="fail",
                exception_id="E-1",
                remedy="Ask.",
            ),
        ],
        "checks": [
            check("s3_tls_only"),
            check("kms_rotation_period", check_params='{"max_days":365}'),
            check("kms_rotation_period", check_params='{"max_days":90}'),
            check("account_scanned"),
            check(contract.OF_EXCEPTIONS),
        ],
        "controls": [
            control("s3_tls_only", None),
            control("kms_rotation_period", '{"max_days":365}'),
        ],
        "coverage": reads,
        "calls": [
            filled(
                "calls",
                service=operation["operation"].split(":")[0],
                operation=operation["operation"].split(":")[1],
                calls=operation["asked"],
                retries=0,
                throttles=0,
                p50_ms=4,
                p99_ms=9,
            )
            for operation in reads
        ],
        "runs": [
            filled(
                "runs",
                kind="filtered",
                org_id="o-abcdefghij",
                management_account_id=ACCOUNT,
                started_at=STARTED,
                finished_at=STARTED + 1000,
                status="complete",
                source="endpoint",
                observed_run_id=RUN_ID,
                as_of="2026-11-21T03:00:00Z",
                judged_at=STARTED + 1000,
                tool_version="0.1.0",
                schema_version=1,
                accounts_listed=1,
                accounts_complete=1,
                accounts_partial=0,
                accounts_unreachable=0,
                accounts_not_scanned=0,
                buckets=2,
                keys=1,
                findings_fail=2,
                findings_unknown=0,
                calls=9,
                settings_sha256="0" * 64,
                standard_sha256="1" * 64,
                manifest_key=f"manifests/{RUN_ID}.json",
            )
        ],
    }


class Made:
    """A lake to be written, with a place to spoil each part of it."""

    def __init__(self) -> None:
        self.tables = tables()
        self.columns = {table: list(columns) for table, columns in contract.TABLES.items()}
        self.arrow = dict(ARROW)
        self.compression = "zstd"
        # The policies that each scanned account's segment keeps.
        self.policies: dict[str, list[str]] = {ACCOUNT: [POLICY]}

    def truth(self) -> dict[str, Any]:
        """What the lake holds, as a truth says it."""
        told = ("accounts", "buckets", "keys", "findings", "coverage")
        rows = {table: copy.deepcopy(self.tables[table]) for table in told}
        for table in told:
            for each in rows[table]:
                for column in {"run_id", *UNTOLD.get(table, ())}:
                    del each[column]
        return {"tables": rows | {"runs": [{"status": "complete"}]}, "coverage_may_add": []}

    def write(self, root: Path) -> Path:
        """Tables, log, manifest, and the run's row last."""
        for table in contract.TABLES:
            if table != "runs":
                self._write_table(root, table)
        self._write_segment(root, "organization", [])
        for account_id, texts in self.policies.items():
            records = [{"record": "policy", "sha256": sha256(text), "text": text} for text in texts]
            self._write_segment(root, account_id, records)
        manifest = self.write_manifest(root)
        for each in self.tables["runs"]:
            each["manifest_sha256"] = hashlib.sha256(manifest).hexdigest()
        self._write_table(root, "runs")
        return root

    def _write_table(self, root: Path, table: str) -> None:
        folder = root / table / "dt=2026-11-21"
        folder.mkdir(parents=True)
        columns = self.columns[table]
        schema = pyarrow.schema([(column.name, self.arrow[column.type]) for column in columns])
        rows = pyarrow.Table.from_pylist(self.tables[table], schema=schema)
        pyarrow.parquet.write_table(rows, folder / f"{RUN_ID}-00000.parquet", compression=self.compression)

    def _write_segment(self, root: Path, name: str, records: list[dict[str, Any]]) -> None:
        lines = [{"record": "header", "log_version": 1, "run_id": RUN_ID}, *records]
        text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        kinds = [line["record"] for line in lines]
        footer = {
            "record": "footer",
            "records": {kind: kinds.count(kind) for kind in kinds},
            "sha256": sha256(text),
        }
        path = root / "observations" / RUN_ID / f"{name}.jsonl.zst"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(zstandard.compress(text + json.dumps(footer).encode() + b"\n"))

    @staticmethod
    def write_manifest(root: Path) -> bytes:
        """The manifest of what is on disk."""
        files = sorted(root.glob("*/dt=*/*.parquet"))
        manifest = {
            "run_id": RUN_ID,
            "files": [
                {
                    "key": file.relative_to(root).as_posix(),
                    "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
                    "bytes": file.stat().st_size,
                    "rows": pyarrow.parquet.read_metadata(file).num_rows,
                }
                for file in files
            ],
            "segments": [
                {
                    "key": file.relative_to(root).as_posix(),
                    "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
                }
                for file in sorted(root.glob("observations/*/*.zst"))
            ],
        }
        text = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
        path = root / "manifests" / f"{RUN_ID}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text)
        return text
