-- The lake's tables for Athena: generated from the columns registry by `atrest schema`.
-- Replace ${lake} by the lake's URI, s3://bucket/prefix, or print them with --lake.
-- Run the statements one by one, the views after the tables.

CREATE EXTERNAL TABLE IF NOT EXISTS accounts (
    `run_id` string,
    `org_id` string,
    `account_id` string,
    `account_name` string,
    `ou_ids` array<string>,
    `ou_names` array<string>,
    `state` string,
    `joined_at` timestamp,
    `access_path` string,
    `scan_status` string,
    `scan_reason` string,
    `regions` array<string>,
    `regions_disabled` array<string>,
    `buckets` bigint,
    `keys` bigint,
    `calls` bigint,
    `started_at` timestamp,
    `finished_at` timestamp
)
PARTITIONED BY (`dt` string)
STORED AS PARQUET
LOCATION '${lake}/accounts/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.dt.type' = 'date',
    'projection.dt.format' = 'yyyy-MM-dd',
    'projection.dt.interval' = '1',
    'projection.dt.interval.unit' = 'DAYS',
    'projection.dt.range' = '2026-01-01,NOW',
    'storage.location.template' = '${lake}/accounts/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS buckets (
    `run_id` string,
    `aws_partition` string,
    `account_id` string,
    `region` string,
    `bucket` string,
    `bucket_arn` string,
    `bucket_type` string,
    `created_at` timestamp,
    `encryption` string,
    `encryption_read` string,
    `sse_algorithm` string,
    `kms_key_ref` string,
    `kms_key_ref_kind` string,
    `kms_key_arn` string,
    `kms_key_account_id` string,
    `kms_key_link` string,
    `kms_key_manager` string,
    `kms_key_origin` string,
    `kms_key_state` string,
    `kms_key_rotation` string,
    `kms_key_rotation_reason` string,
    `bucket_key_enabled` boolean,
    `blocked_encryption_types` array<string>,
    `sse_c_blocked` boolean,
    `tls_only` string,
    `policy_read` string,
    `policy_sha256` string,
    `observed_at` timestamp
)
PARTITIONED BY (`dt` string)
STORED AS PARQUET
LOCATION '${lake}/buckets/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.dt.type' = 'date',
    'projection.dt.format' = 'yyyy-MM-dd',
    'projection.dt.interval' = '1',
    'projection.dt.interval.unit' = 'DAYS',
    'projection.dt.range' = '2026-01-01,NOW',
    'storage.location.template' = '${lake}/buckets/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS keys (
    `run_id` string,
    `aws_partition` string,
    `account_id` string,
    `region` string,
    `key_id` string,
    `key_arn` string,
    `aliases` array<string>,
    `aliases_read` string,
    `key_manager` string,
    `key_origin` string,
    `key_spec` string,
    `key_usage` string,
    `key_state` string,
    `created_at` timestamp,
    `deletion_at` timestamp,
    `multi_region` string,
    `primary_key_arn` string,
    `custom_key_store_id` string,
    `material_expires_at` timestamp,
    `describe_read` string,
    `rotation` string,
    `rotation_reason` string,
    `rotation_read` string,
    `rotation_period_days` int,
    `next_rotation_at` timestamp,
    `last_rotation_at` timestamp,
    `last_rotation_type` string,
    `on_demand_rotations` int,
    `policy_read` string,
    `policy_sha256` string,
    `default_key_of_buckets` bigint,
    `default_key_of_accounts` bigint,
    `observed_at` timestamp
)
PARTITIONED BY (`dt` string)
STORED AS PARQUET
LOCATION '${lake}/keys/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.dt.type' = 'date',
    'projection.dt.format' = 'yyyy-MM-dd',
    'projection.dt.interval' = '1',
    'projection.dt.interval.unit' = 'DAYS',
    'projection.dt.range' = '2026-01-01,NOW',
    'storage.location.template' = '${lake}/keys/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS findings (
    `run_id` string,
    `finding_uid` string,
    `account_id` string,
    `region` string,
    `resource_type` string,
    `resource_arn` string,
    `related_arn` string,
    `check_id` string,
    `check_params` string,
    `check_version` int,
    `category` string,
    `severity` string,
    `verdict` string,
    `verdict_before_exception` string,
    `reason_code` string,
    `reason` string,
    `exception_id` string,
    `exception_expires_at` timestamp,
    `remedy` string,
    `observed_at` timestamp,
    `subject` string
)
PARTITIONED BY (`dt` string)
STORED AS PARQUET
LOCATION '${lake}/findings/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.dt.type' = 'date',
    'projection.dt.format' = 'yyyy-MM-dd',
    'projection.dt.interval' = '1',
    'projection.dt.interval.unit' = 'DAYS',
    'projection.dt.range' = '2026-01-01,NOW',
    'storage.location.template' = '${lake}/findings/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS checks (
    `run_id` string,
    `check_id` string,
    `check_params` string,
    `check_version` int,
    `title` string,
    `question` string,
    `category` string,
    `severity` string,
    `remedy` string,
    `severity_max` string,
    `rationale` string,
    `documentation` string
)
PARTITIONED BY (`dt` string)
STORED AS PARQUET
LOCATION '${lake}/checks/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.dt.type' = 'date',
    'projection.dt.format' = 'yyyy-MM-dd',
    'projection.dt.interval' = '1',
    'projection.dt.interval.unit' = 'DAYS',
    'projection.dt.range' = '2026-01-01,NOW',
    'storage.location.template' = '${lake}/checks/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS controls (
    `run_id` string,
    `check_id` string,
    `check_params` string,
    `framework` string,
    `framework_version` string,
    `control_id` string,
    `control_title` string,
    `relation` string,
    `source` string,
    `condition` string,
    `note` string
)
PARTITIONED BY (`dt` string)
STORED AS PARQUET
LOCATION '${lake}/controls/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.dt.type' = 'date',
    'projection.dt.format' = 'yyyy-MM-dd',
    'projection.dt.interval' = '1',
    'projection.dt.interval.unit' = 'DAYS',
    'projection.dt.range' = '2026-01-01,NOW',
    'storage.location.template' = '${lake}/controls/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS coverage (
    `run_id` string,
    `account_id` string,
    `region` string,
    `operation` string,
    `asked` bigint,
    `known` bigint,
    `absent` bigint,
    `gone` bigint,
    `denied` bigint,
    `throttled` bigint,
    `transport` bigint,
    `service` bigint,
    `protocol` bigint,
    `identity` bigint,
    `unavailable` bigint,
    `not_asked` bigint,
    `complete` boolean,
    `accepted_gap` boolean,
    `denied_by` string,
    `deny_type` string,
    `sample_code` string,
    `sample_message` string
)
PARTITIONED BY (`dt` string)
STORED AS PARQUET
LOCATION '${lake}/coverage/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.dt.type' = 'date',
    'projection.dt.format' = 'yyyy-MM-dd',
    'projection.dt.interval' = '1',
    'projection.dt.interval.unit' = 'DAYS',
    'projection.dt.range' = '2026-01-01,NOW',
    'storage.location.template' = '${lake}/coverage/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS calls (
    `run_id` string,
    `service` string,
    `operation` string,
    `calls` bigint,
    `retries` bigint,
    `throttles` bigint,
    `p50_ms` bigint,
    `p99_ms` bigint
)
PARTITIONED BY (`dt` string)
STORED AS PARQUET
LOCATION '${lake}/calls/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.dt.type' = 'date',
    'projection.dt.format' = 'yyyy-MM-dd',
    'projection.dt.interval' = '1',
    'projection.dt.interval.unit' = 'DAYS',
    'projection.dt.range' = '2026-01-01,NOW',
    'storage.location.template' = '${lake}/calls/dt=${dt}/'
);

CREATE EXTERNAL TABLE IF NOT EXISTS runs (
    `run_id` string,
    `kind` string,
    `org_id` string,
    `management_account_id` string,
    `started_at` timestamp,
    `finished_at` timestamp,
    `status` string,
    `source` string,
    `observed_run_id` string,
    `as_of` string,
    `judged_at` timestamp,
    `previous_run_id` string,
    `tool_version` string,
    `schema_version` int,
    `accounts_listed` bigint,
    `accounts_complete` bigint,
    `accounts_partial` bigint,
    `accounts_unreachable` bigint,
    `accounts_not_scanned` bigint,
    `buckets` bigint,
    `keys` bigint,
    `findings_fail` bigint,
    `findings_unknown` bigint,
    `calls` bigint,
    `settings_sha256` string,
    `standard_sha256` string,
    `exceptions_sha256` string,
    `manifest_key` string,
    `manifest_sha256` string
)
PARTITIONED BY (`dt` string)
STORED AS PARQUET
LOCATION '${lake}/runs/'
TBLPROPERTIES (
    'projection.enabled' = 'true',
    'projection.dt.type' = 'date',
    'projection.dt.format' = 'yyyy-MM-dd',
    'projection.dt.interval' = '1',
    'projection.dt.interval.unit' = 'DAYS',
    'projection.dt.range' = '2026-01-01,NOW',
    'storage.location.template' = '${lake}/runs/dt=${dt}/'
);
