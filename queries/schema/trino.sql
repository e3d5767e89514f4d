-- The lake's tables for Trino's Hive connector: generated from the columns registry by `atrest schema`.
-- Replace ${lake} by the lake's URI, or print them with --lake.
-- Run the statements one by one, the views after the tables. The catalog needs
-- hive.partition-projection-enabled=true.

CREATE TABLE IF NOT EXISTS accounts (
    run_id varchar,
    org_id varchar,
    account_id varchar,
    account_name varchar,
    ou_ids array(varchar),
    ou_names array(varchar),
    state varchar,
    joined_at timestamp(3),
    access_path varchar,
    scan_status varchar,
    scan_reason varchar,
    regions array(varchar),
    regions_disabled array(varchar),
    buckets bigint,
    keys bigint,
    calls bigint,
    started_at timestamp(3),
    finished_at timestamp(3),
    dt varchar WITH (
        partition_projection_type = 'DATE',
        partition_projection_format = 'yyyy-MM-dd',
        partition_projection_range = ARRAY['2026-01-01', 'NOW']
    )
)
WITH (
    external_location = '${lake}/accounts/',
    format = 'PARQUET',
    partitioned_by = ARRAY['dt'],
    partition_projection_enabled = true,
    partition_projection_location_template = '${lake}/accounts/dt=${dt}/'
);

CREATE TABLE IF NOT EXISTS buckets (
    run_id varchar,
    aws_partition varchar,
    account_id varchar,
    region varchar,
    bucket varchar,
    bucket_arn varchar,
    bucket_type varchar,
    created_at timestamp(3),
    encryption varchar,
    encryption_read varchar,
    sse_algorithm varchar,
    kms_key_ref varchar,
    kms_key_ref_kind varchar,
    kms_key_arn varchar,
    kms_key_account_id varchar,
    kms_key_link varchar,
    kms_key_manager varchar,
    kms_key_origin varchar,
    kms_key_state varchar,
    kms_key_rotation varchar,
    kms_key_rotation_reason varchar,
    bucket_key_enabled boolean,
    blocked_encryption_types array(varchar),
    sse_c_blocked boolean,
    tls_only varchar,
    policy_read varchar,
    policy_sha256 varchar,
    observed_at timestamp(3),
    dt varchar WITH (
        partition_projection_type = 'DATE',
        partition_projection_format = 'yyyy-MM-dd',
        partition_projection_range = ARRAY['2026-01-01', 'NOW']
    )
)
WITH (
    external_location = '${lake}/buckets/',
    format = 'PARQUET',
    partitioned_by = ARRAY['dt'],
    partition_projection_enabled = true,
    partition_projection_location_template = '${lake}/buckets/dt=${dt}/'
);

CREATE TABLE IF NOT EXISTS keys (
    run_id varchar,
    aws_partition varchar,
    account_id varchar,
    region varchar,
    key_id varchar,
    key_arn varchar,
    aliases array(varchar),
    aliases_read varchar,
    key_manager varchar,
    key_origin varchar,
    key_spec varchar,
    key_usage varchar,
    key_state varchar,
    created_at timestamp(3),
    deletion_at timestamp(3),
    multi_region varchar,
    primary_key_arn varchar,
    custom_key_store_id varchar,
    material_expires_at timestamp(3),
    describe_read varchar,
    rotation varchar,
    rotation_reason varchar,
    rotation_read varchar,
    rotation_period_days integer,
    next_rotation_at timestamp(3),
    last_rotation_at timestamp(3),
    last_rotation_type varchar,
    on_demand_rotations integer,
    policy_read varchar,
    policy_sha256 varchar,
    default_key_of_buckets bigint,
    default_key_of_accounts bigint,
    observed_at timestamp(3),
    dt varchar WITH (
        partition_projection_type = 'DATE',
        partition_projection_format = 'yyyy-MM-dd',
        partition_projection_range = ARRAY['2026-01-01', 'NOW']
    )
)
WITH (
    external_location = '${lake}/keys/',
    format = 'PARQUET',
    partitioned_by = ARRAY['dt'],
    partition_projection_enabled = true,
    partition_projection_location_template = '${lake}/keys/dt=${dt}/'
);

CREATE TABLE IF NOT EXISTS findings (
    run_id varchar,
    finding_uid varchar,
    account_id varchar,
    region varchar,
    resource_type varchar,
    resource_arn varchar,
    related_arn varchar,
    check_id varchar,
    check_params varchar,
    check_version integer,
    category varchar,
    severity varchar,
    verdict varchar,
    verdict_before_exception varchar,
    reason_code varchar,
    reason varchar,
    exception_id varchar,
    exception_expires_at timestamp(3),
    remedy varchar,
    observed_at timestamp(3),
    subject varchar,
    dt varchar WITH (
        partition_projection_type = 'DATE',
        partition_projection_format = 'yyyy-MM-dd',
        partition_projection_range = ARRAY['2026-01-01', 'NOW']
    )
)
WITH (
    external_location = '${lake}/findings/',
    format = 'PARQUET',
    partitioned_by = ARRAY['dt'],
    partition_projection_enabled = true,
    partition_projection_location_template = '${lake}/findings/dt=${dt}/'
);

CREATE TABLE IF NOT EXISTS checks (
    run_id varchar,
    check_id varchar,
    check_params varchar,
    check_version integer,
    title varchar,
    question varchar,
    category varchar,
    severity varchar,
    remedy varchar,
    severity_max varchar,
    rationale varchar,
    documentation varchar,
    dt varchar WITH (
        partition_projection_type = 'DATE',
        partition_projection_format = 'yyyy-MM-dd',
        partition_projection_range = ARRAY['2026-01-01', 'NOW']
    )
)
WITH (
    external_location = '${lake}/checks/',
    format = 'PARQUET',
    partitioned_by = ARRAY['dt'],
    partition_projection_enabled = true,
    partition_projection_location_template = '${lake}/checks/dt=${dt}/'
);

CREATE TABLE IF NOT EXISTS controls (
    run_id varchar,
    check_id varchar,
    check_params varchar,
    framework varchar,
    framework_version varchar,
    control_id varchar,
    control_title varchar,
    relation varchar,
    source varchar,
    condition varchar,
    note varchar,
    dt varchar WITH (
        partition_projection_type = 'DATE',
        partition_projection_format = 'yyyy-MM-dd',
        partition_projection_range = ARRAY['2026-01-01', 'NOW']
    )
)
WITH (
    external_location = '${lake}/controls/',
    format = 'PARQUET',
    partitioned_by = ARRAY['dt'],
    partition_projection_enabled = true,
    partition_projection_location_template = '${lake}/controls/dt=${dt}/'
);

CREATE TABLE IF NOT EXISTS coverage (
    run_id varchar,
    account_id varchar,
    region varchar,
    operation varchar,
    asked bigint,
    known bigint,
    absent bigint,
    gone bigint,
    denied bigint,
    throttled bigint,
    transport bigint,
    service bigint,
    protocol bigint,
    identity bigint,
    unavailable bigint,
    not_asked bigint,
    complete boolean,
    accepted_gap boolean,
    denied_by varchar,
    deny_type varchar,
    sample_code varchar,
    sample_message varchar,
    dt varchar WITH (
        partition_projection_type = 'DATE',
        partition_projection_format = 'yyyy-MM-dd',
        partition_projection_range = ARRAY['2026-01-01', 'NOW']
    )
)
WITH (
    external_location = '${lake}/coverage/',
    format = 'PARQUET',
    partitioned_by = ARRAY['dt'],
    partition_projection_enabled = true,
    partition_projection_location_template = '${lake}/coverage/dt=${dt}/'
);

CREATE TABLE IF NOT EXISTS calls (
    run_id varchar,
    service varchar,
    operation varchar,
    calls bigint,
    retries bigint,
    throttles bigint,
    p50_ms bigint,
    p99_ms bigint,
    dt varchar WITH (
        partition_projection_type = 'DATE',
        partition_projection_format = 'yyyy-MM-dd',
        partition_projection_range = ARRAY['2026-01-01', 'NOW']
    )
)
WITH (
    external_location = '${lake}/calls/',
    format = 'PARQUET',
    partitioned_by = ARRAY['dt'],
    partition_projection_enabled = true,
    partition_projection_location_template = '${lake}/calls/dt=${dt}/'
);

CREATE TABLE IF NOT EXISTS runs (
    run_id varchar,
    kind varchar,
    org_id varchar,
    management_account_id varchar,
    started_at timestamp(3),
    finished_at timestamp(3),
    status varchar,
    source varchar,
    observed_run_id varchar,
    as_of varchar,
    judged_at timestamp(3),
    previous_run_id varchar,
    tool_version varchar,
    schema_version integer,
    accounts_listed bigint,
    accounts_complete bigint,
    accounts_partial bigint,
    accounts_unreachable bigint,
    accounts_not_scanned bigint,
    buckets bigint,
    keys bigint,
    findings_fail bigint,
    findings_unknown bigint,
    calls bigint,
    settings_sha256 varchar,
    standard_sha256 varchar,
    exceptions_sha256 varchar,
    manifest_key varchar,
    manifest_sha256 varchar,
    dt varchar WITH (
        partition_projection_type = 'DATE',
        partition_projection_format = 'yyyy-MM-dd',
        partition_projection_range = ARRAY['2026-01-01', 'NOW']
    )
)
WITH (
    external_location = '${lake}/runs/',
    format = 'PARQUET',
    partitioned_by = ARRAY['dt'],
    partition_projection_enabled = true,
    partition_projection_location_template = '${lake}/runs/dt=${dt}/'
);

CREATE OR REPLACE VIEW cloudtrail_logs AS
SELECT
    CAST(NULL AS varchar) AS eventtime,
    CAST(NULL AS varchar) AS eventsource,
    CAST(NULL AS varchar) AS eventname,
    CAST(NULL AS varchar) AS awsregion,
    CAST(NULL AS varchar) AS sourceipaddress,
    CAST(NULL AS varchar) AS errorcode,
    CAST(NULL AS varchar) AS requestparameters,
    CAST(NULL AS varchar) AS responseelements,
    CAST(NULL AS varchar) AS eventid,
    CAST(NULL AS varchar) AS recipientaccountid,
    CAST(NULL AS row(arn varchar, accountid varchar)) AS useridentity
WHERE FALSE;
