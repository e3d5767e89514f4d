"""The lake's contract, schema version 1, written out by hand.

This is the oracle of the Python tests: every table's columns in order, with the type and whether a
value may be missing, and every closed list of words. It is copied from the contract's text and from
nothing in `src/`, so that a column which moves there is seen here. A column or a word that is added
there is added here by hand.
"""

from dataclasses import dataclass

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


def always(name: str, type: str = STRING) -> Column:
    """A column that every row has a value in."""
    return Column(name, type, nullable=False)


def maybe(name: str, type: str = STRING) -> Column:
    """A column that may be NULL: not known, or not applicable."""
    return Column(name, type, nullable=True)


TABLES: dict[str, list[Column]] = {
    "accounts": [
        always("run_id"),
        maybe("org_id"),
        always("account_id"),
        maybe("account_name"),
        maybe("ou_ids", STRINGS),
        maybe("ou_names", STRINGS),
        maybe("state"),
        maybe("joined_at", TIMESTAMP),
        maybe("access_path"),
        always("scan_status"),
        maybe("scan_reason"),
        maybe("regions", STRINGS),
        maybe("regions_disabled", STRINGS),
        maybe("buckets", BIGINT),
        maybe("keys", BIGINT),
        maybe("calls", BIGINT),
        maybe("started_at", TIMESTAMP),
        maybe("finished_at", TIMESTAMP),
    ],
    "buckets": [
        always("run_id"),
        always("aws_partition"),
        always("account_id"),
        maybe("region"),
        always("bucket"),
        always("bucket_arn"),
        always("bucket_type"),
        maybe("created_at", TIMESTAMP),
        always("encryption"),
        always("encryption_read"),
        maybe("sse_algorithm"),
        maybe("kms_key_ref"),
        maybe("kms_key_ref_kind"),
        maybe("kms_key_arn"),
        maybe("kms_key_account_id"),
        maybe("kms_key_link"),
        maybe("kms_key_manager"),
        maybe("kms_key_origin"),
        maybe("kms_key_state"),
        maybe("kms_key_rotation"),
        maybe("kms_key_rotation_reason"),
        maybe("bucket_key_enabled", BOOLEAN),
        maybe("blocked_encryption_types", STRINGS),
        maybe("sse_c_blocked", BOOLEAN),
        always("tls_only"),
        always("policy_read"),
        maybe("policy_sha256"),
        maybe("observed_at", TIMESTAMP),
    ],
    "keys": [
        always("run_id"),
        always("aws_partition"),
        always("account_id"),
        always("region"),
        always("key_id"),
        always("key_arn"),
        maybe("aliases", STRINGS),
        always("aliases_read"),
        maybe("key_manager"),
        maybe("key_origin"),
        maybe("key_spec"),
        maybe("key_usage"),
        maybe("key_state"),
        maybe("created_at", TIMESTAMP),
        maybe("deletion_at", TIMESTAMP),
        maybe("multi_region"),
        maybe("primary_key_arn"),
        maybe("custom_key_store_id"),
        maybe("material_expires_at", TIMESTAMP),
        always("describe_read"),
        always("rotation"),
        maybe("rotation_reason"),
        always("rotation_read"),
        maybe("rotation_period_days", INT),
        maybe("next_rotation_at", TIMESTAMP),
        maybe("last_rotation_at", TIMESTAMP),
        maybe("last_rotation_type"),
        maybe("on_demand_rotations", INT),
        always("policy_read"),
        maybe("policy_sha256"),
        always("default_key_of_buckets", BIGINT),
        always("default_key_of_accounts", BIGINT),
        maybe("observed_at", TIMESTAMP),
    ],
    "findings": [
        always("run_id"),
        always("finding_uid"),
        always("account_id"),
        maybe("region"),
        always("resource_type"),
        always("resource_arn"),
        maybe("related_arn"),
        always("check_id"),
        maybe("check_params"),
        always("check_version", INT),
        always("category"),
        always("severity"),
        always("verdict"),
        always("verdict_before_exception"),
        always("reason_code"),
        always("reason"),
        # Of a finding that is exempt, and of one about an exception.
        maybe("exception_id"),
        maybe("exception_expires_at", TIMESTAMP),
        maybe("remedy"),
        maybe("observed_at", TIMESTAMP),
        # Of accounts.
        maybe("subject"),
    ],
    "checks": [
        always("run_id"),
        always("check_id"),
        maybe("check_params"),
        always("check_version", INT),
        always("title"),
        always("question"),
        always("category"),
        always("severity"),
        always("remedy"),
        always("severity_max"),
        always("rationale"),
        maybe("documentation"),
    ],
    "controls": [
        always("run_id"),
        always("check_id"),
        maybe("check_params"),
        always("framework"),
        always("framework_version"),
        always("control_id"),
        always("control_title"),
        always("relation"),
        always("source"),
        maybe("condition"),
        maybe("note"),
    ],
    "coverage": [
        always("run_id"),
        always("account_id"),
        always("region"),
        always("operation"),
        always("asked", BIGINT),
        always("known", BIGINT),
        always("absent", BIGINT),
        always("gone", BIGINT),
        always("denied", BIGINT),
        always("throttled", BIGINT),
        always("transport", BIGINT),
        always("service", BIGINT),
        always("protocol", BIGINT),
        always("identity", BIGINT),
        always("unavailable", BIGINT),
        always("not_asked", BIGINT),
        always("complete", BOOLEAN),
        always("accepted_gap", BOOLEAN),
        maybe("denied_by"),
        maybe("deny_type"),
        maybe("sample_code"),
        maybe("sample_message"),
    ],
    "calls": [
        always("run_id"),
        always("service"),
        always("operation"),
        always("calls", BIGINT),
        always("retries", BIGINT),
        always("throttles", BIGINT),
        maybe("p50_ms", BIGINT),
        maybe("p99_ms", BIGINT),
    ],
    "runs": [
        always("run_id"),
        always("kind"),
        maybe("org_id"),
        maybe("management_account_id"),
        always("started_at", TIMESTAMP),
        always("finished_at", TIMESTAMP),
        always("status"),
        always("source"),
        always("observed_run_id"),
        # No `_at`, and no type in the contract: a string, RFC 3339.
        always("as_of"),
        always("judged_at", TIMESTAMP),
        maybe("previous_run_id"),
        always("tool_version"),
        always("schema_version", INT),
        always("accounts_listed", BIGINT),
        always("accounts_complete", BIGINT),
        always("accounts_partial", BIGINT),
        always("accounts_unreachable", BIGINT),
        always("accounts_not_scanned", BIGINT),
        always("buckets", BIGINT),
        always("keys", BIGINT),
        always("findings_fail", BIGINT),
        always("findings_unknown", BIGINT),
        always("calls", BIGINT),
        always("settings_sha256"),
        always("standard_sha256"),
        maybe("exceptions_sha256"),
        always("manifest_key"),
        always("manifest_sha256"),
    ],
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

SCHEMA_VERSION = 1


def column_names(table: str) -> list[str]:
    """The table's columns in order."""
    return [column.name for column in TABLES[table]]
