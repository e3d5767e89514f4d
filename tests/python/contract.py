"""The lake's contract, as the Python tests hold a lake to it.

Tables, columns and types are those of `queries/schema/tables.json`, which `src/offline/table/tests.rs` holds to the
contract's text. Written out by hand, and copied from nothing in `src/`, are the columns that are never NULL and every
closed list of words: a word that is added there is added here.
"""

import json
from dataclasses import dataclass
from pathlib import Path

STRING = "string"
BIGINT = "bigint"
INT = "int"
BOOLEAN = "boolean"
TIMESTAMP = "timestamp"
STRINGS = "array<string>"

# The Arrow type that a reader sees for each type of the contract.
ARROW_TYPES = {
    STRING: "string",
    BIGINT: "int64",
    INT: "int32",
    BOOLEAN: "bool",
    TIMESTAMP: "timestamp[ms, tz=UTC]",
    STRINGS: "list<string>",
}

# The type that DuckDB sees for each.
DUCKDB_TYPES = {
    STRING: "VARCHAR",
    BIGINT: "BIGINT",
    INT: "INTEGER",
    BOOLEAN: "BOOLEAN",
    TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
    STRINGS: "VARCHAR[]",
}

# The physical type that Parquet stores for each; Athena and Trino read these.
PARQUET_TYPES = {
    STRING: "BYTE_ARRAY",
    BIGINT: "INT64",
    INT: "INT32",
    BOOLEAN: "BOOLEAN",
    TIMESTAMP: "INT64",
    STRINGS: "BYTE_ARRAY",
}


@dataclass(frozen=True)
class Column:
    """One column: what it is called, what it holds, and whether a row may lack it."""

    name: str
    type: str
    nullable: bool

    @property
    def arrow_type(self) -> str:
        return ARROW_TYPES[self.type]


# The columns that every row has a value in. Every other one may be NULL: not known, or not applicable.
NEVER_NULL: dict[str, tuple[str, ...]] = {
    "accounts": ("run_id", "account_id", "scan_status"),
    "buckets": (
        "run_id",
        "aws_partition",
        "account_id",
        "bucket",
        "bucket_arn",
        "bucket_type",
        "encryption",
        "encryption_read",
        "tls_only",
        "policy_read",
    ),
    "keys": (
        "run_id",
        "aws_partition",
        "account_id",
        "region",
        "key_id",
        "key_arn",
        "aliases_read",
        "describe_read",
        "rotation",
        "rotation_read",
        "policy_read",
        "default_key_of_buckets",
        "default_key_of_accounts",
    ),
    "findings": (
        "run_id",
        "finding_uid",
        "account_id",
        "resource_type",
        "resource_arn",
        "check_id",
        "check_version",
        "category",
        "severity",
        "verdict",
        "verdict_before_exception",
        "reason_code",
        "reason",
    ),
    "checks": (
        "run_id",
        "check_id",
        "check_version",
        "title",
        "question",
        "category",
        "severity",
        "remedy",
        "severity_max",
        "rationale",
    ),
    "controls": (
        "run_id",
        "check_id",
        "framework",
        "framework_version",
        "control_id",
        "control_title",
        "relation",
        "source",
    ),
    "coverage": (
        "run_id",
        "account_id",
        "region",
        "operation",
        "asked",
        "known",
        "absent",
        "gone",
        "denied",
        "throttled",
        "transport",
        "service",
        "protocol",
        "identity",
        "unavailable",
        "not_asked",
        "complete",
        "accepted_gap",
    ),
    "calls": ("run_id", "service", "operation", "calls", "retries", "throttles"),
    "runs": (
        "run_id",
        "kind",
        "started_at",
        "finished_at",
        "status",
        "source",
        "observed_run_id",
        "as_of",
        "judged_at",
        "tool_version",
        "schema_version",
        "accounts_listed",
        "accounts_complete",
        "accounts_partial",
        "accounts_unreachable",
        "accounts_not_scanned",
        "buckets",
        "keys",
        "findings_fail",
        "findings_unknown",
        "calls",
        "settings_sha256",
        "standard_sha256",
        "manifest_key",
        "manifest_sha256",
    ),
}

with (Path(__file__).parents[2] / "queries/schema/tables.json").open(encoding="utf-8") as file:
    SCHEMA = json.load(file)

SCHEMA_VERSION: int = SCHEMA["schema_version"]

TABLES: dict[str, list[Column]] = {
    table["name"]: [
        Column(column["name"], column["type"], column["name"] not in NEVER_NULL[table["name"]])
        for column in table["columns"]
    ]
    for table in SCHEMA["tables"]
}

# What identifies a row within a run.
KEYS: dict[str, tuple[str, ...]] = {
    "accounts": ("account_id",),
    "buckets": ("account_id", "bucket"),
    "keys": ("key_arn",),
    "findings": ("finding_uid",),
    "checks": ("check_id", "check_params"),
    "controls": ("check_id", "check_params", "framework", "framework_version", "control_id"),
    "coverage": ("account_id", "region", "operation"),
    "calls": ("service", "operation"),
    "runs": ("run_id",),
}

FAULTS = ("denied", "throttled", "transport", "service", "protocol", "identity", "unavailable")
READ = ("known", "absent", "gone", *FAULTS, "not_asked")

ROTATION = ("enabled", "disabled", "not_applicable", "unknown")
ROTATION_REASON = (
    "aws_managed_yearly",
    "pending_deletion",
    "asymmetric",
    "hmac",
    "custom_key_store",
    "imported_material",
    "replica_of_primary",
)
CATEGORY = ("security", "availability", "cost", "evidence")
SEVERITY = ("informational", "low", "medium", "high", "critical")
VERDICT = ("pass", "fail", "unknown", "not_applicable", "exempt")

# What a check judges shows in its id.
BUCKET = "AWS::S3::Bucket"
KEY = "AWS::KMS::Key"
ACCOUNT = "AWS::Organizations::Account"
JUDGES = {"s3_": BUCKET, "kms_": KEY, "account_": ACCOUNT}

# The check that is about exceptions: it has a finding, of the account that answers for the
# organization, only where an exception matches more than was agreed.
OF_EXCEPTIONS = "exception_max_matches"

# The columns whose words are ours, and therefore closed. AWS's own words (states, specs, origins)
# are open sets and stand in no list.
WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "accounts": {
        "access_path": ("assumed_role", "caller"),
        "scan_status": ("complete", "partial", "unreachable", "not_scanned"),
        "scan_reason": (
            "not_active",
            "excluded",
            "role_not_assumable",
            "joined_recently",
            "region_incomplete",
            "faults",
            "interrupted",
        ),
    },
    "buckets": {
        "bucket_type": ("general_purpose",),
        "encryption": ("not_configured", "sse_s3", "sse_kms", "dsse_kms", "other", "unknown"),
        "encryption_read": READ,
        "kms_key_ref_kind": ("none", "key_id", "key_arn", "alias_name", "alias_arn"),
        "kms_key_link": (
            "none",
            "aws_managed",
            "same_account",
            "same_org",
            "outside_org",
            "missing",
            "unproven",
        ),
        "kms_key_rotation": ROTATION,
        "kms_key_rotation_reason": ROTATION_REASON,
        "tls_only": ("enforced", "partial", "absent", "unknown"),
        "policy_read": READ,
    },
    "keys": {
        "aliases_read": READ,
        "multi_region": ("none", "primary", "replica"),
        "describe_read": READ,
        "rotation": ROTATION,
        "rotation_reason": ROTATION_REASON,
        "rotation_read": READ,
        "policy_read": READ,
    },
    "findings": {
        "resource_type": (BUCKET, KEY, ACCOUNT),
        "category": CATEGORY,
        "severity": SEVERITY,
        "verdict": VERDICT,
        "verdict_before_exception": VERDICT,
        "subject": (
            "aws_managed_key",
            "customer_managed_key",
            "kms_key",
            "not_configured",
            "sse_s3",
            "unknown",
        ),
    },
    "checks": {"category": CATEGORY, "severity": SEVERITY, "severity_max": SEVERITY},
    "controls": {"relation": ("direct", "partial", "supporting")},
    "coverage": {
        "denied_by": (
            "identity",
            "resource_policy",
            "scp",
            "rcp",
            "boundary",
            "session",
            "vpc_endpoint",
            "unstated",
        ),
        "deny_type": ("explicit", "implicit"),
    },
    "calls": {},
    "runs": {
        "kind": ("census", "filtered", "rejudged"),
        "status": ("complete", "complete_with_accepted_gaps", "partial"),
        "source": ("aws", "endpoint", "simulator"),
    },
}


def column_names(table: str) -> list[str]:
    """The table's columns in order."""
    return [column.name for column in TABLES[table]]
