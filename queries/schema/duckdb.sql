-- The lake's tables for DuckDB: generated from the columns registry by `atrest schema`.
-- `atrest query` does all of this. By hand: SET VARIABLE lake = 'path/to/lake'; then .read this file and views.sql.

SET autoinstall_known_extensions = false;
SET enable_progress_bar = false;

CREATE OR REPLACE MACRO array_join(texts, separator) AS
    CASE WHEN texts IS NOT NULL THEN coalesce(array_to_string(texts, separator), '') END,
(texts, separator, instead) AS
    CASE WHEN texts IS NOT NULL
    THEN coalesce(array_to_string([coalesce(text, instead) FOR text IN texts], separator), '') END;
CREATE OR REPLACE MACRO cardinality(items) AS len(items);
CREATE OR REPLACE MACRO sequence(start, stop, step) AS generate_series(start, stop, step);
CREATE OR REPLACE MACRO to_utf8(text) AS encode(text);
CREATE OR REPLACE MACRO json_extract_scalar(document, path) AS
    CASE WHEN json_valid(document) AND json_type(document, path) NOT IN ('OBJECT', 'ARRAY')
    THEN json_extract_string(document, path) END;
CREATE OR REPLACE MACRO json_array_contains(list, value) AS json_contains(list, to_json(value));

CREATE OR REPLACE VIEW accounts AS
SELECT
    CAST(run_id AS VARCHAR) AS run_id,
    CAST(org_id AS VARCHAR) AS org_id,
    CAST(account_id AS VARCHAR) AS account_id,
    CAST(account_name AS VARCHAR) AS account_name,
    CAST(ou_ids AS VARCHAR[]) AS ou_ids,
    CAST(ou_names AS VARCHAR[]) AS ou_names,
    CAST(state AS VARCHAR) AS state,
    epoch_ms(epoch_ms(joined_at)) AS joined_at,
    CAST(access_path AS VARCHAR) AS access_path,
    CAST(scan_status AS VARCHAR) AS scan_status,
    CAST(scan_reason AS VARCHAR) AS scan_reason,
    CAST(regions AS VARCHAR[]) AS regions,
    CAST(regions_disabled AS VARCHAR[]) AS regions_disabled,
    CAST(buckets AS BIGINT) AS buckets,
    CAST(keys AS BIGINT) AS keys,
    CAST(calls AS BIGINT) AS calls,
    epoch_ms(epoch_ms(started_at)) AS started_at,
    epoch_ms(epoch_ms(finished_at)) AS finished_at,
    dt
FROM (
    SELECT
        CAST(NULL AS VARCHAR) AS run_id,
        CAST(NULL AS VARCHAR) AS org_id,
        CAST(NULL AS VARCHAR) AS account_id,
        CAST(NULL AS VARCHAR) AS account_name,
        CAST(NULL AS VARCHAR[]) AS ou_ids,
        CAST(NULL AS VARCHAR[]) AS ou_names,
        CAST(NULL AS VARCHAR) AS state,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS joined_at,
        CAST(NULL AS VARCHAR) AS access_path,
        CAST(NULL AS VARCHAR) AS scan_status,
        CAST(NULL AS VARCHAR) AS scan_reason,
        CAST(NULL AS VARCHAR[]) AS regions,
        CAST(NULL AS VARCHAR[]) AS regions_disabled,
        CAST(NULL AS BIGINT) AS buckets,
        CAST(NULL AS BIGINT) AS keys,
        CAST(NULL AS BIGINT) AS calls,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS started_at,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS finished_at,
        CAST(NULL AS VARCHAR) AS dt
    WHERE FALSE
    UNION ALL BY NAME
    SELECT * FROM read_parquet(
        getvariable('lake') || '/accounts/dt=*/????????T??????Z-????????-?????.parquet',
        hive_partitioning = true, hive_types = {'dt': VARCHAR}, union_by_name = true
    )
);

CREATE OR REPLACE VIEW buckets AS
SELECT
    CAST(run_id AS VARCHAR) AS run_id,
    CAST(aws_partition AS VARCHAR) AS aws_partition,
    CAST(account_id AS VARCHAR) AS account_id,
    CAST(region AS VARCHAR) AS region,
    CAST(bucket AS VARCHAR) AS bucket,
    CAST(bucket_arn AS VARCHAR) AS bucket_arn,
    CAST(bucket_type AS VARCHAR) AS bucket_type,
    epoch_ms(epoch_ms(created_at)) AS created_at,
    CAST(encryption AS VARCHAR) AS encryption,
    CAST(encryption_read AS VARCHAR) AS encryption_read,
    CAST(sse_algorithm AS VARCHAR) AS sse_algorithm,
    CAST(kms_key_ref AS VARCHAR) AS kms_key_ref,
    CAST(kms_key_ref_kind AS VARCHAR) AS kms_key_ref_kind,
    CAST(kms_key_arn AS VARCHAR) AS kms_key_arn,
    CAST(kms_key_account_id AS VARCHAR) AS kms_key_account_id,
    CAST(kms_key_link AS VARCHAR) AS kms_key_link,
    CAST(kms_key_manager AS VARCHAR) AS kms_key_manager,
    CAST(kms_key_origin AS VARCHAR) AS kms_key_origin,
    CAST(kms_key_state AS VARCHAR) AS kms_key_state,
    CAST(kms_key_rotation AS VARCHAR) AS kms_key_rotation,
    CAST(kms_key_rotation_reason AS VARCHAR) AS kms_key_rotation_reason,
    CAST(bucket_key_enabled AS BOOLEAN) AS bucket_key_enabled,
    CAST(blocked_encryption_types AS VARCHAR[]) AS blocked_encryption_types,
    CAST(sse_c_blocked AS BOOLEAN) AS sse_c_blocked,
    CAST(tls_only AS VARCHAR) AS tls_only,
    CAST(policy_read AS VARCHAR) AS policy_read,
    CAST(policy_sha256 AS VARCHAR) AS policy_sha256,
    epoch_ms(epoch_ms(observed_at)) AS observed_at,
    dt
FROM (
    SELECT
        CAST(NULL AS VARCHAR) AS run_id,
        CAST(NULL AS VARCHAR) AS aws_partition,
        CAST(NULL AS VARCHAR) AS account_id,
        CAST(NULL AS VARCHAR) AS region,
        CAST(NULL AS VARCHAR) AS bucket,
        CAST(NULL AS VARCHAR) AS bucket_arn,
        CAST(NULL AS VARCHAR) AS bucket_type,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS created_at,
        CAST(NULL AS VARCHAR) AS encryption,
        CAST(NULL AS VARCHAR) AS encryption_read,
        CAST(NULL AS VARCHAR) AS sse_algorithm,
        CAST(NULL AS VARCHAR) AS kms_key_ref,
        CAST(NULL AS VARCHAR) AS kms_key_ref_kind,
        CAST(NULL AS VARCHAR) AS kms_key_arn,
        CAST(NULL AS VARCHAR) AS kms_key_account_id,
        CAST(NULL AS VARCHAR) AS kms_key_link,
        CAST(NULL AS VARCHAR) AS kms_key_manager,
        CAST(NULL AS VARCHAR) AS kms_key_origin,
        CAST(NULL AS VARCHAR) AS kms_key_state,
        CAST(NULL AS VARCHAR) AS kms_key_rotation,
        CAST(NULL AS VARCHAR) AS kms_key_rotation_reason,
        CAST(NULL AS BOOLEAN) AS bucket_key_enabled,
        CAST(NULL AS VARCHAR[]) AS blocked_encryption_types,
        CAST(NULL AS BOOLEAN) AS sse_c_blocked,
        CAST(NULL AS VARCHAR) AS tls_only,
        CAST(NULL AS VARCHAR) AS policy_read,
        CAST(NULL AS VARCHAR) AS policy_sha256,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS observed_at,
        CAST(NULL AS VARCHAR) AS dt
    WHERE FALSE
    UNION ALL BY NAME
    SELECT * FROM read_parquet(
        getvariable('lake') || '/buckets/dt=*/????????T??????Z-????????-?????.parquet',
        hive_partitioning = true, hive_types = {'dt': VARCHAR}, union_by_name = true
    )
);

CREATE OR REPLACE VIEW keys AS
SELECT
    CAST(run_id AS VARCHAR) AS run_id,
    CAST(aws_partition AS VARCHAR) AS aws_partition,
    CAST(account_id AS VARCHAR) AS account_id,
    CAST(region AS VARCHAR) AS region,
    CAST(key_id AS VARCHAR) AS key_id,
    CAST(key_arn AS VARCHAR) AS key_arn,
    CAST(aliases AS VARCHAR[]) AS aliases,
    CAST(aliases_read AS VARCHAR) AS aliases_read,
    CAST(key_manager AS VARCHAR) AS key_manager,
    CAST(key_origin AS VARCHAR) AS key_origin,
    CAST(key_spec AS VARCHAR) AS key_spec,
    CAST(key_usage AS VARCHAR) AS key_usage,
    CAST(key_state AS VARCHAR) AS key_state,
    epoch_ms(epoch_ms(created_at)) AS created_at,
    epoch_ms(epoch_ms(deletion_at)) AS deletion_at,
    CAST(multi_region AS VARCHAR) AS multi_region,
    CAST(primary_key_arn AS VARCHAR) AS primary_key_arn,
    CAST(custom_key_store_id AS VARCHAR) AS custom_key_store_id,
    epoch_ms(epoch_ms(material_expires_at)) AS material_expires_at,
    CAST(describe_read AS VARCHAR) AS describe_read,
    CAST(rotation AS VARCHAR) AS rotation,
    CAST(rotation_reason AS VARCHAR) AS rotation_reason,
    CAST(rotation_read AS VARCHAR) AS rotation_read,
    CAST(rotation_period_days AS INTEGER) AS rotation_period_days,
    epoch_ms(epoch_ms(next_rotation_at)) AS next_rotation_at,
    epoch_ms(epoch_ms(last_rotation_at)) AS last_rotation_at,
    CAST(last_rotation_type AS VARCHAR) AS last_rotation_type,
    CAST(on_demand_rotations AS INTEGER) AS on_demand_rotations,
    CAST(policy_read AS VARCHAR) AS policy_read,
    CAST(policy_sha256 AS VARCHAR) AS policy_sha256,
    CAST(default_key_of_buckets AS BIGINT) AS default_key_of_buckets,
    CAST(default_key_of_accounts AS BIGINT) AS default_key_of_accounts,
    epoch_ms(epoch_ms(observed_at)) AS observed_at,
    dt
FROM (
    SELECT
        CAST(NULL AS VARCHAR) AS run_id,
        CAST(NULL AS VARCHAR) AS aws_partition,
        CAST(NULL AS VARCHAR) AS account_id,
        CAST(NULL AS VARCHAR) AS region,
        CAST(NULL AS VARCHAR) AS key_id,
        CAST(NULL AS VARCHAR) AS key_arn,
        CAST(NULL AS VARCHAR[]) AS aliases,
        CAST(NULL AS VARCHAR) AS aliases_read,
        CAST(NULL AS VARCHAR) AS key_manager,
        CAST(NULL AS VARCHAR) AS key_origin,
        CAST(NULL AS VARCHAR) AS key_spec,
        CAST(NULL AS VARCHAR) AS key_usage,
        CAST(NULL AS VARCHAR) AS key_state,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS created_at,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS deletion_at,
        CAST(NULL AS VARCHAR) AS multi_region,
        CAST(NULL AS VARCHAR) AS primary_key_arn,
        CAST(NULL AS VARCHAR) AS custom_key_store_id,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS material_expires_at,
        CAST(NULL AS VARCHAR) AS describe_read,
        CAST(NULL AS VARCHAR) AS rotation,
        CAST(NULL AS VARCHAR) AS rotation_reason,
        CAST(NULL AS VARCHAR) AS rotation_read,
        CAST(NULL AS INTEGER) AS rotation_period_days,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS next_rotation_at,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS last_rotation_at,
        CAST(NULL AS VARCHAR) AS last_rotation_type,
        CAST(NULL AS INTEGER) AS on_demand_rotations,
        CAST(NULL AS VARCHAR) AS policy_read,
        CAST(NULL AS VARCHAR) AS policy_sha256,
        CAST(NULL AS BIGINT) AS default_key_of_buckets,
        CAST(NULL AS BIGINT) AS default_key_of_accounts,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS observed_at,
        CAST(NULL AS VARCHAR) AS dt
    WHERE FALSE
    UNION ALL BY NAME
    SELECT * FROM read_parquet(
        getvariable('lake') || '/keys/dt=*/????????T??????Z-????????-?????.parquet',
        hive_partitioning = true, hive_types = {'dt': VARCHAR}, union_by_name = true
    )
);

CREATE OR REPLACE VIEW findings AS
SELECT
    CAST(run_id AS VARCHAR) AS run_id,
    CAST(finding_uid AS VARCHAR) AS finding_uid,
    CAST(account_id AS VARCHAR) AS account_id,
    CAST(region AS VARCHAR) AS region,
    CAST(resource_type AS VARCHAR) AS resource_type,
    CAST(resource_arn AS VARCHAR) AS resource_arn,
    CAST(related_arn AS VARCHAR) AS related_arn,
    CAST(check_id AS VARCHAR) AS check_id,
    CAST(check_params AS VARCHAR) AS check_params,
    CAST(check_version AS INTEGER) AS check_version,
    CAST(category AS VARCHAR) AS category,
    CAST(severity AS VARCHAR) AS severity,
    CAST(verdict AS VARCHAR) AS verdict,
    CAST(verdict_before_exception AS VARCHAR) AS verdict_before_exception,
    CAST(reason_code AS VARCHAR) AS reason_code,
    CAST(reason AS VARCHAR) AS reason,
    CAST(exception_id AS VARCHAR) AS exception_id,
    epoch_ms(epoch_ms(exception_expires_at)) AS exception_expires_at,
    CAST(remedy AS VARCHAR) AS remedy,
    epoch_ms(epoch_ms(observed_at)) AS observed_at,
    CAST(subject AS VARCHAR) AS subject,
    dt
FROM (
    SELECT
        CAST(NULL AS VARCHAR) AS run_id,
        CAST(NULL AS VARCHAR) AS finding_uid,
        CAST(NULL AS VARCHAR) AS account_id,
        CAST(NULL AS VARCHAR) AS region,
        CAST(NULL AS VARCHAR) AS resource_type,
        CAST(NULL AS VARCHAR) AS resource_arn,
        CAST(NULL AS VARCHAR) AS related_arn,
        CAST(NULL AS VARCHAR) AS check_id,
        CAST(NULL AS VARCHAR) AS check_params,
        CAST(NULL AS INTEGER) AS check_version,
        CAST(NULL AS VARCHAR) AS category,
        CAST(NULL AS VARCHAR) AS severity,
        CAST(NULL AS VARCHAR) AS verdict,
        CAST(NULL AS VARCHAR) AS verdict_before_exception,
        CAST(NULL AS VARCHAR) AS reason_code,
        CAST(NULL AS VARCHAR) AS reason,
        CAST(NULL AS VARCHAR) AS exception_id,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS exception_expires_at,
        CAST(NULL AS VARCHAR) AS remedy,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS observed_at,
        CAST(NULL AS VARCHAR) AS subject,
        CAST(NULL AS VARCHAR) AS dt
    WHERE FALSE
    UNION ALL BY NAME
    SELECT * FROM read_parquet(
        getvariable('lake') || '/findings/dt=*/????????T??????Z-????????-?????.parquet',
        hive_partitioning = true, hive_types = {'dt': VARCHAR}, union_by_name = true
    )
);

CREATE OR REPLACE VIEW checks AS
SELECT
    CAST(run_id AS VARCHAR) AS run_id,
    CAST(check_id AS VARCHAR) AS check_id,
    CAST(check_params AS VARCHAR) AS check_params,
    CAST(check_version AS INTEGER) AS check_version,
    CAST(title AS VARCHAR) AS title,
    CAST(question AS VARCHAR) AS question,
    CAST(category AS VARCHAR) AS category,
    CAST(severity AS VARCHAR) AS severity,
    CAST(remedy AS VARCHAR) AS remedy,
    CAST(severity_max AS VARCHAR) AS severity_max,
    CAST(rationale AS VARCHAR) AS rationale,
    CAST(documentation AS VARCHAR) AS documentation,
    dt
FROM (
    SELECT
        CAST(NULL AS VARCHAR) AS run_id,
        CAST(NULL AS VARCHAR) AS check_id,
        CAST(NULL AS VARCHAR) AS check_params,
        CAST(NULL AS INTEGER) AS check_version,
        CAST(NULL AS VARCHAR) AS title,
        CAST(NULL AS VARCHAR) AS question,
        CAST(NULL AS VARCHAR) AS category,
        CAST(NULL AS VARCHAR) AS severity,
        CAST(NULL AS VARCHAR) AS remedy,
        CAST(NULL AS VARCHAR) AS severity_max,
        CAST(NULL AS VARCHAR) AS rationale,
        CAST(NULL AS VARCHAR) AS documentation,
        CAST(NULL AS VARCHAR) AS dt
    WHERE FALSE
    UNION ALL BY NAME
    SELECT * FROM read_parquet(
        getvariable('lake') || '/checks/dt=*/????????T??????Z-????????-?????.parquet',
        hive_partitioning = true, hive_types = {'dt': VARCHAR}, union_by_name = true
    )
);

CREATE OR REPLACE VIEW controls AS
SELECT
    CAST(run_id AS VARCHAR) AS run_id,
    CAST(check_id AS VARCHAR) AS check_id,
    CAST(check_params AS VARCHAR) AS check_params,
    CAST(framework AS VARCHAR) AS framework,
    CAST(framework_version AS VARCHAR) AS framework_version,
    CAST(control_id AS VARCHAR) AS control_id,
    CAST(control_title AS VARCHAR) AS control_title,
    CAST(relation AS VARCHAR) AS relation,
    CAST(source AS VARCHAR) AS source,
    CAST(condition AS VARCHAR) AS condition,
    CAST(note AS VARCHAR) AS note,
    dt
FROM (
    SELECT
        CAST(NULL AS VARCHAR) AS run_id,
        CAST(NULL AS VARCHAR) AS check_id,
        CAST(NULL AS VARCHAR) AS check_params,
        CAST(NULL AS VARCHAR) AS framework,
        CAST(NULL AS VARCHAR) AS framework_version,
        CAST(NULL AS VARCHAR) AS control_id,
        CAST(NULL AS VARCHAR) AS control_title,
        CAST(NULL AS VARCHAR) AS relation,
        CAST(NULL AS VARCHAR) AS source,
        CAST(NULL AS VARCHAR) AS condition,
        CAST(NULL AS VARCHAR) AS note,
        CAST(NULL AS VARCHAR) AS dt
    WHERE FALSE
    UNION ALL BY NAME
    SELECT * FROM read_parquet(
        getvariable('lake') || '/controls/dt=*/????????T??????Z-????????-?????.parquet',
        hive_partitioning = true, hive_types = {'dt': VARCHAR}, union_by_name = true
    )
);

CREATE OR REPLACE VIEW coverage AS
SELECT
    CAST(run_id AS VARCHAR) AS run_id,
    CAST(account_id AS VARCHAR) AS account_id,
    CAST(region AS VARCHAR) AS region,
    CAST(operation AS VARCHAR) AS operation,
    CAST(asked AS BIGINT) AS asked,
    CAST(known AS BIGINT) AS known,
    CAST(absent AS BIGINT) AS absent,
    CAST(gone AS BIGINT) AS gone,
    CAST(denied AS BIGINT) AS denied,
    CAST(throttled AS BIGINT) AS throttled,
    CAST(transport AS BIGINT) AS transport,
    CAST(service AS BIGINT) AS service,
    CAST(protocol AS BIGINT) AS protocol,
    CAST(identity AS BIGINT) AS identity,
    CAST(unavailable AS BIGINT) AS unavailable,
    CAST(not_asked AS BIGINT) AS not_asked,
    CAST(complete AS BOOLEAN) AS complete,
    CAST(accepted_gap AS BOOLEAN) AS accepted_gap,
    CAST(denied_by AS VARCHAR) AS denied_by,
    CAST(deny_type AS VARCHAR) AS deny_type,
    CAST(sample_code AS VARCHAR) AS sample_code,
    CAST(sample_message AS VARCHAR) AS sample_message,
    dt
FROM (
    SELECT
        CAST(NULL AS VARCHAR) AS run_id,
        CAST(NULL AS VARCHAR) AS account_id,
        CAST(NULL AS VARCHAR) AS region,
        CAST(NULL AS VARCHAR) AS operation,
        CAST(NULL AS BIGINT) AS asked,
        CAST(NULL AS BIGINT) AS known,
        CAST(NULL AS BIGINT) AS absent,
        CAST(NULL AS BIGINT) AS gone,
        CAST(NULL AS BIGINT) AS denied,
        CAST(NULL AS BIGINT) AS throttled,
        CAST(NULL AS BIGINT) AS transport,
        CAST(NULL AS BIGINT) AS service,
        CAST(NULL AS BIGINT) AS protocol,
        CAST(NULL AS BIGINT) AS identity,
        CAST(NULL AS BIGINT) AS unavailable,
        CAST(NULL AS BIGINT) AS not_asked,
        CAST(NULL AS BOOLEAN) AS complete,
        CAST(NULL AS BOOLEAN) AS accepted_gap,
        CAST(NULL AS VARCHAR) AS denied_by,
        CAST(NULL AS VARCHAR) AS deny_type,
        CAST(NULL AS VARCHAR) AS sample_code,
        CAST(NULL AS VARCHAR) AS sample_message,
        CAST(NULL AS VARCHAR) AS dt
    WHERE FALSE
    UNION ALL BY NAME
    SELECT * FROM read_parquet(
        getvariable('lake') || '/coverage/dt=*/????????T??????Z-????????-?????.parquet',
        hive_partitioning = true, hive_types = {'dt': VARCHAR}, union_by_name = true
    )
);

CREATE OR REPLACE VIEW calls AS
SELECT
    CAST(run_id AS VARCHAR) AS run_id,
    CAST(service AS VARCHAR) AS service,
    CAST(operation AS VARCHAR) AS operation,
    CAST(calls AS BIGINT) AS calls,
    CAST(retries AS BIGINT) AS retries,
    CAST(throttles AS BIGINT) AS throttles,
    CAST(p50_ms AS BIGINT) AS p50_ms,
    CAST(p99_ms AS BIGINT) AS p99_ms,
    dt
FROM (
    SELECT
        CAST(NULL AS VARCHAR) AS run_id,
        CAST(NULL AS VARCHAR) AS service,
        CAST(NULL AS VARCHAR) AS operation,
        CAST(NULL AS BIGINT) AS calls,
        CAST(NULL AS BIGINT) AS retries,
        CAST(NULL AS BIGINT) AS throttles,
        CAST(NULL AS BIGINT) AS p50_ms,
        CAST(NULL AS BIGINT) AS p99_ms,
        CAST(NULL AS VARCHAR) AS dt
    WHERE FALSE
    UNION ALL BY NAME
    SELECT * FROM read_parquet(
        getvariable('lake') || '/calls/dt=*/????????T??????Z-????????-?????.parquet',
        hive_partitioning = true, hive_types = {'dt': VARCHAR}, union_by_name = true
    )
);

CREATE OR REPLACE VIEW runs AS
SELECT
    CAST(run_id AS VARCHAR) AS run_id,
    CAST(kind AS VARCHAR) AS kind,
    CAST(org_id AS VARCHAR) AS org_id,
    CAST(management_account_id AS VARCHAR) AS management_account_id,
    epoch_ms(epoch_ms(started_at)) AS started_at,
    epoch_ms(epoch_ms(finished_at)) AS finished_at,
    CAST(status AS VARCHAR) AS status,
    CAST(source AS VARCHAR) AS source,
    CAST(observed_run_id AS VARCHAR) AS observed_run_id,
    CAST(as_of AS VARCHAR) AS as_of,
    epoch_ms(epoch_ms(judged_at)) AS judged_at,
    CAST(previous_run_id AS VARCHAR) AS previous_run_id,
    CAST(tool_version AS VARCHAR) AS tool_version,
    CAST(schema_version AS INTEGER) AS schema_version,
    CAST(accounts_listed AS BIGINT) AS accounts_listed,
    CAST(accounts_complete AS BIGINT) AS accounts_complete,
    CAST(accounts_partial AS BIGINT) AS accounts_partial,
    CAST(accounts_unreachable AS BIGINT) AS accounts_unreachable,
    CAST(accounts_not_scanned AS BIGINT) AS accounts_not_scanned,
    CAST(buckets AS BIGINT) AS buckets,
    CAST(keys AS BIGINT) AS keys,
    CAST(findings_fail AS BIGINT) AS findings_fail,
    CAST(findings_unknown AS BIGINT) AS findings_unknown,
    CAST(calls AS BIGINT) AS calls,
    CAST(settings_sha256 AS VARCHAR) AS settings_sha256,
    CAST(standard_sha256 AS VARCHAR) AS standard_sha256,
    CAST(exceptions_sha256 AS VARCHAR) AS exceptions_sha256,
    CAST(manifest_key AS VARCHAR) AS manifest_key,
    CAST(manifest_sha256 AS VARCHAR) AS manifest_sha256,
    dt
FROM (
    SELECT
        CAST(NULL AS VARCHAR) AS run_id,
        CAST(NULL AS VARCHAR) AS kind,
        CAST(NULL AS VARCHAR) AS org_id,
        CAST(NULL AS VARCHAR) AS management_account_id,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS started_at,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS finished_at,
        CAST(NULL AS VARCHAR) AS status,
        CAST(NULL AS VARCHAR) AS source,
        CAST(NULL AS VARCHAR) AS observed_run_id,
        CAST(NULL AS VARCHAR) AS as_of,
        CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS judged_at,
        CAST(NULL AS VARCHAR) AS previous_run_id,
        CAST(NULL AS VARCHAR) AS tool_version,
        CAST(NULL AS INTEGER) AS schema_version,
        CAST(NULL AS BIGINT) AS accounts_listed,
        CAST(NULL AS BIGINT) AS accounts_complete,
        CAST(NULL AS BIGINT) AS accounts_partial,
        CAST(NULL AS BIGINT) AS accounts_unreachable,
        CAST(NULL AS BIGINT) AS accounts_not_scanned,
        CAST(NULL AS BIGINT) AS buckets,
        CAST(NULL AS BIGINT) AS keys,
        CAST(NULL AS BIGINT) AS findings_fail,
        CAST(NULL AS BIGINT) AS findings_unknown,
        CAST(NULL AS BIGINT) AS calls,
        CAST(NULL AS VARCHAR) AS settings_sha256,
        CAST(NULL AS VARCHAR) AS standard_sha256,
        CAST(NULL AS VARCHAR) AS exceptions_sha256,
        CAST(NULL AS VARCHAR) AS manifest_key,
        CAST(NULL AS VARCHAR) AS manifest_sha256,
        CAST(NULL AS VARCHAR) AS dt
    WHERE FALSE
    UNION ALL BY NAME
    SELECT * FROM read_parquet(
        getvariable('lake') || '/runs/dt=*/????????T??????Z-????????-?????.parquet',
        hive_partitioning = true, hive_types = {'dt': VARCHAR}, union_by_name = true
    )
);

CREATE OR REPLACE VIEW cloudtrail_logs AS
SELECT
    CAST(NULL AS VARCHAR) AS eventtime,
    CAST(NULL AS VARCHAR) AS eventsource,
    CAST(NULL AS VARCHAR) AS eventname,
    CAST(NULL AS VARCHAR) AS awsregion,
    CAST(NULL AS VARCHAR) AS sourceipaddress,
    CAST(NULL AS VARCHAR) AS errorcode,
    CAST(NULL AS VARCHAR) AS requestparameters,
    CAST(NULL AS VARCHAR) AS responseelements,
    CAST(NULL AS VARCHAR) AS eventid,
    CAST(NULL AS VARCHAR) AS recipientaccountid,
    CAST(NULL AS STRUCT(arn VARCHAR, accountid VARCHAR)) AS useridentity
WHERE FALSE;
