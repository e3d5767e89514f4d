-- The views that the questions stand on, for Athena, Trino and DuckDB: generated, see tests/it/generated.rs.
-- Run the statements one by one, in this order, after the tables.

CREATE OR REPLACE VIEW censuses AS
SELECT
    run_id,
    dt,
    started_at,
    lag(run_id) OVER (ORDER BY run_id ASC) AS previous_run_id,
    lag(dt) OVER (ORDER BY run_id ASC) AS previous_dt,
    row_number() OVER (ORDER BY run_id DESC) AS newest_first
FROM runs
WHERE kind = 'census';

CREATE OR REPLACE VIEW accounts_committed AS
SELECT
    t.run_id,
    t.org_id,
    t.account_id,
    t.account_name,
    t.ou_ids,
    t.ou_names,
    t.state,
    t.joined_at,
    t.access_path,
    t.scan_status,
    t.scan_reason,
    t.regions,
    t.regions_disabled,
    t.buckets,
    t.keys,
    t.calls,
    t.started_at,
    t.finished_at,
    t.dt,
    r.kind AS run_kind,
    r.started_at AS run_started_at
FROM accounts t
JOIN runs r ON r.dt = t.dt AND r.run_id = t.run_id;

CREATE OR REPLACE VIEW buckets_committed AS
SELECT
    t.run_id,
    t.aws_partition,
    t.account_id,
    t.region,
    t.bucket,
    t.bucket_arn,
    t.bucket_type,
    t.created_at,
    t.encryption,
    t.encryption_read,
    t.sse_algorithm,
    t.kms_key_ref,
    t.kms_key_ref_kind,
    t.kms_key_arn,
    t.kms_key_account_id,
    t.kms_key_link,
    t.kms_key_manager,
    t.kms_key_origin,
    t.kms_key_state,
    t.kms_key_rotation,
    t.kms_key_rotation_reason,
    t.bucket_key_enabled,
    t.blocked_encryption_types,
    t.sse_c_blocked,
    t.tls_only,
    t.policy_read,
    t.policy_sha256,
    t.observed_at,
    t.dt,
    r.kind AS run_kind,
    r.started_at AS run_started_at
FROM buckets t
JOIN runs r ON r.dt = t.dt AND r.run_id = t.run_id;

CREATE OR REPLACE VIEW keys_committed AS
SELECT
    t.run_id,
    t.aws_partition,
    t.account_id,
    t.region,
    t.key_id,
    t.key_arn,
    t.aliases,
    t.aliases_read,
    t.key_manager,
    t.key_origin,
    t.key_spec,
    t.key_usage,
    t.key_state,
    t.created_at,
    t.deletion_at,
    t.multi_region,
    t.primary_key_arn,
    t.custom_key_store_id,
    t.material_expires_at,
    t.describe_read,
    t.rotation,
    t.rotation_reason,
    t.rotation_read,
    t.rotation_period_days,
    t.next_rotation_at,
    t.last_rotation_at,
    t.last_rotation_type,
    t.on_demand_rotations,
    t.policy_read,
    t.policy_sha256,
    t.default_key_of_buckets,
    t.default_key_of_accounts,
    t.observed_at,
    t.dt,
    r.kind AS run_kind,
    r.started_at AS run_started_at
FROM keys t
JOIN runs r ON r.dt = t.dt AND r.run_id = t.run_id;

CREATE OR REPLACE VIEW findings_committed AS
SELECT
    t.run_id,
    t.finding_uid,
    t.account_id,
    t.region,
    t.resource_type,
    t.resource_arn,
    t.related_arn,
    t.check_id,
    t.check_params,
    t.check_version,
    t.category,
    t.severity,
    t.verdict,
    t.verdict_before_exception,
    t.reason_code,
    t.reason,
    t.exception_id,
    t.exception_expires_at,
    t.remedy,
    t.observed_at,
    t.subject,
    t.dt,
    r.kind AS run_kind,
    r.started_at AS run_started_at
FROM findings t
JOIN runs r ON r.dt = t.dt AND r.run_id = t.run_id;

CREATE OR REPLACE VIEW checks_committed AS
SELECT
    t.run_id,
    t.check_id,
    t.check_params,
    t.check_version,
    t.title,
    t.question,
    t.category,
    t.severity,
    t.remedy,
    t.severity_max,
    t.rationale,
    t.documentation,
    t.dt,
    r.kind AS run_kind,
    r.started_at AS run_started_at
FROM checks t
JOIN runs r ON r.dt = t.dt AND r.run_id = t.run_id;

CREATE OR REPLACE VIEW controls_committed AS
SELECT
    t.run_id,
    t.check_id,
    t.check_params,
    t.framework,
    t.framework_version,
    t.control_id,
    t.control_title,
    t.relation,
    t.source,
    t.condition,
    t.note,
    t.dt,
    r.kind AS run_kind,
    r.started_at AS run_started_at
FROM controls t
JOIN runs r ON r.dt = t.dt AND r.run_id = t.run_id;

CREATE OR REPLACE VIEW coverage_committed AS
SELECT
    t.run_id,
    t.account_id,
    t.region,
    t.operation,
    t.asked,
    t.known,
    t.absent,
    t.gone,
    t.denied,
    t.throttled,
    t.transport,
    t.service,
    t.protocol,
    t.identity,
    t.unavailable,
    t.not_asked,
    t.complete,
    t.accepted_gap,
    t.denied_by,
    t.deny_type,
    t.sample_code,
    t.sample_message,
    t.dt,
    r.kind AS run_kind,
    r.started_at AS run_started_at
FROM coverage t
JOIN runs r ON r.dt = t.dt AND r.run_id = t.run_id;

CREATE OR REPLACE VIEW calls_committed AS
SELECT
    t.run_id,
    t.service,
    t.operation,
    t.calls,
    t.retries,
    t.throttles,
    t.p50_ms,
    t.p99_ms,
    t.dt,
    r.kind AS run_kind,
    r.started_at AS run_started_at
FROM calls t
JOIN runs r ON r.dt = t.dt AND r.run_id = t.run_id;

CREATE OR REPLACE VIEW accounts_latest AS
SELECT
    t.run_id,
    t.org_id,
    t.account_id,
    t.account_name,
    t.ou_ids,
    t.ou_names,
    t.state,
    t.joined_at,
    t.access_path,
    t.scan_status,
    t.scan_reason,
    t.regions,
    t.regions_disabled,
    t.buckets,
    t.keys,
    t.calls,
    t.started_at,
    t.finished_at,
    t.dt
FROM accounts t
WHERE t.dt = (SELECT max(dt) FROM runs WHERE kind = 'census')
    AND t.run_id = (SELECT max(run_id) FROM runs WHERE kind = 'census');

CREATE OR REPLACE VIEW buckets_latest AS
SELECT
    t.run_id,
    t.aws_partition,
    t.account_id,
    t.region,
    t.bucket,
    t.bucket_arn,
    t.bucket_type,
    t.created_at,
    t.encryption,
    t.encryption_read,
    t.sse_algorithm,
    t.kms_key_ref,
    t.kms_key_ref_kind,
    t.kms_key_arn,
    t.kms_key_account_id,
    t.kms_key_link,
    t.kms_key_manager,
    t.kms_key_origin,
    t.kms_key_state,
    t.kms_key_rotation,
    t.kms_key_rotation_reason,
    t.bucket_key_enabled,
    t.blocked_encryption_types,
    t.sse_c_blocked,
    t.tls_only,
    t.policy_read,
    t.policy_sha256,
    t.observed_at,
    t.dt
FROM buckets t
WHERE t.dt = (SELECT max(dt) FROM runs WHERE kind = 'census')
    AND t.run_id = (SELECT max(run_id) FROM runs WHERE kind = 'census');

CREATE OR REPLACE VIEW keys_latest AS
SELECT
    t.run_id,
    t.aws_partition,
    t.account_id,
    t.region,
    t.key_id,
    t.key_arn,
    t.aliases,
    t.aliases_read,
    t.key_manager,
    t.key_origin,
    t.key_spec,
    t.key_usage,
    t.key_state,
    t.created_at,
    t.deletion_at,
    t.multi_region,
    t.primary_key_arn,
    t.custom_key_store_id,
    t.material_expires_at,
    t.describe_read,
    t.rotation,
    t.rotation_reason,
    t.rotation_read,
    t.rotation_period_days,
    t.next_rotation_at,
    t.last_rotation_at,
    t.last_rotation_type,
    t.on_demand_rotations,
    t.policy_read,
    t.policy_sha256,
    t.default_key_of_buckets,
    t.default_key_of_accounts,
    t.observed_at,
    t.dt
FROM keys t
WHERE t.dt = (SELECT max(dt) FROM runs WHERE kind = 'census')
    AND t.run_id = (SELECT max(run_id) FROM runs WHERE kind = 'census');

CREATE OR REPLACE VIEW findings_latest AS
SELECT
    t.run_id,
    t.finding_uid,
    t.account_id,
    t.region,
    t.resource_type,
    t.resource_arn,
    t.related_arn,
    t.check_id,
    t.check_params,
    t.check_version,
    t.category,
    t.severity,
    t.verdict,
    t.verdict_before_exception,
    t.reason_code,
    t.reason,
    t.exception_id,
    t.exception_expires_at,
    t.remedy,
    t.observed_at,
    t.subject,
    t.dt
FROM findings t
WHERE t.dt = (SELECT max(dt) FROM runs WHERE kind = 'census')
    AND t.run_id = (SELECT max(run_id) FROM runs WHERE kind = 'census');

CREATE OR REPLACE VIEW checks_latest AS
SELECT
    t.run_id,
    t.check_id,
    t.check_params,
    t.check_version,
    t.title,
    t.question,
    t.category,
    t.severity,
    t.remedy,
    t.severity_max,
    t.rationale,
    t.documentation,
    t.dt
FROM checks t
WHERE t.dt = (SELECT max(dt) FROM runs WHERE kind = 'census')
    AND t.run_id = (SELECT max(run_id) FROM runs WHERE kind = 'census');

CREATE OR REPLACE VIEW controls_latest AS
SELECT
    t.run_id,
    t.check_id,
    t.check_params,
    t.framework,
    t.framework_version,
    t.control_id,
    t.control_title,
    t.relation,
    t.source,
    t.condition,
    t.note,
    t.dt
FROM controls t
WHERE t.dt = (SELECT max(dt) FROM runs WHERE kind = 'census')
    AND t.run_id = (SELECT max(run_id) FROM runs WHERE kind = 'census');

CREATE OR REPLACE VIEW coverage_latest AS
SELECT
    t.run_id,
    t.account_id,
    t.region,
    t.operation,
    t.asked,
    t.known,
    t.absent,
    t.gone,
    t.denied,
    t.throttled,
    t.transport,
    t.service,
    t.protocol,
    t.identity,
    t.unavailable,
    t.not_asked,
    t.complete,
    t.accepted_gap,
    t.denied_by,
    t.deny_type,
    t.sample_code,
    t.sample_message,
    t.dt
FROM coverage t
WHERE t.dt = (SELECT max(dt) FROM runs WHERE kind = 'census')
    AND t.run_id = (SELECT max(run_id) FROM runs WHERE kind = 'census');

CREATE OR REPLACE VIEW calls_latest AS
SELECT
    t.run_id,
    t.service,
    t.operation,
    t.calls,
    t.retries,
    t.throttles,
    t.p50_ms,
    t.p99_ms,
    t.dt
FROM calls t
WHERE t.dt = (SELECT max(dt) FROM runs WHERE kind = 'census')
    AND t.run_id = (SELECT max(run_id) FROM runs WHERE kind = 'census');

CREATE OR REPLACE VIEW runs_latest AS
SELECT
    t.run_id,
    t.kind,
    t.org_id,
    t.management_account_id,
    t.started_at,
    t.finished_at,
    t.status,
    t.source,
    t.observed_run_id,
    t.as_of,
    t.judged_at,
    t.previous_run_id,
    t.tool_version,
    t.schema_version,
    t.accounts_listed,
    t.accounts_complete,
    t.accounts_partial,
    t.accounts_unreachable,
    t.accounts_not_scanned,
    t.buckets,
    t.keys,
    t.findings_fail,
    t.findings_unknown,
    t.calls,
    t.settings_sha256,
    t.standard_sha256,
    t.exceptions_sha256,
    t.manifest_key,
    t.manifest_sha256,
    t.dt
FROM runs t
WHERE t.dt = (SELECT max(dt) FROM runs WHERE kind = 'census')
    AND t.run_id = (SELECT max(run_id) FROM runs WHERE kind = 'census');

CREATE OR REPLACE VIEW unlisted_latest AS
SELECT
    t.account_id,
    t.region,
    CAST(t.resource_type AS varchar) AS resource_type,
    CAST(min(t.read) AS varchar) AS read
FROM (
    SELECT a.account_id, nullif(c.region, 'global') AS region, o.resource_type,
        CASE
            WHEN c.denied > 0 THEN 'denied'
            WHEN c.throttled > 0 THEN 'throttled'
            WHEN c.transport > 0 THEN 'transport'
            WHEN c.service > 0 THEN 'service'
            WHEN c.protocol > 0 THEN 'protocol'
            WHEN c.identity > 0 THEN 'identity'
            WHEN c.unavailable > 0 THEN 'unavailable'
            ELSE 'not_asked'
        END AS read
    FROM accounts_latest a
    CROSS JOIN (
        VALUES ('AWS::S3::Bucket', 's3:ListBuckets'), ('AWS::KMS::Key', 'kms:ListKeys'),
            ('AWS::KMS::Key', 'account:ListRegions')
    ) AS o (resource_type, operation)
    LEFT JOIN coverage_latest c ON c.account_id = a.account_id AND c.operation = o.operation
    WHERE CASE WHEN c.operation IS NULL THEN o.operation <> 'account:ListRegions'
        ELSE NOT (c.complete AND c.known > 0) END
) t
GROUP BY t.account_id, t.region, t.resource_type;

CREATE OR REPLACE VIEW control_evidence_latest AS
SELECT
    t.run_id,
    t.check_id,
    t.check_params,
    t.framework,
    t.framework_version,
    t.control_id,
    t.control_title,
    t.relation,
    t.source,
    t.condition,
    t.note,
    t.dt,
    CAST(t.subject AS varchar) AS subject,
    CAST(t.verdict AS varchar) AS verdict,
    CAST(CASE
        WHEN t.is_about = 'no' OR t.is_of_verdict = 'no' THEN 'not_evidence'
        WHEN t.verdict IN ('unknown', 'not_applicable') THEN t.verdict
        WHEN t.is_about = 'open' OR t.is_of_verdict = 'open' THEN 'unknown'
        ELSE t.verdict
    END AS varchar) AS evidence
FROM (
    SELECT l.*,
        CASE WHEN l.about IS NULL OR json_array_contains(l.about, l.subject) THEN 'yes'
            WHEN json_array_length(l.about) = 0 THEN 'no'
            WHEN l.subject IN ('none', 'unknown') THEN 'open'
            WHEN l.subject = 'kms_key' AND (json_array_contains(l.about, 'aws_managed_key')
                OR json_array_contains(l.about, 'customer_managed_key')) THEN 'open' ELSE 'no' END AS is_about,
        CASE WHEN l.of_verdict IS NULL OR json_array_contains(l.of_verdict, l.subject) THEN 'yes'
            WHEN json_array_length(l.of_verdict) = 0 THEN 'no'
            WHEN l.subject IN ('none', 'unknown') THEN 'open'
            WHEN l.subject = 'kms_key' AND (json_array_contains(l.of_verdict, 'aws_managed_key')
                OR json_array_contains(l.of_verdict, 'customer_managed_key')) THEN 'open' ELSE 'no' END AS is_of_verdict
    FROM (
        SELECT c.*, s.subject, v.verdict, json_extract(c.condition, '$.about') AS about,
            CASE WHEN v.verdict = 'pass' THEN json_extract(c.condition, '$.pass')
                WHEN v.verdict IN ('fail', 'exempt') THEN json_extract(c.condition, '$.fail') END AS of_verdict
        FROM controls_latest c
        CROSS JOIN (VALUES ('aws_managed_key'), ('customer_managed_key'), ('kms_key'), ('not_configured'), ('sse_s3'), ('unknown'), ('none')) AS s (subject)
        CROSS JOIN (VALUES ('pass'), ('fail'), ('unknown'), ('not_applicable'), ('exempt')) AS v (verdict)
    ) l
) t;

CREATE OR REPLACE VIEW accounts_last_known AS
SELECT
    t.run_id,
    t.org_id,
    t.account_id,
    t.account_name,
    t.ou_ids,
    t.ou_names,
    t.state,
    t.joined_at,
    t.access_path,
    t.scan_status,
    t.scan_reason,
    t.regions,
    t.regions_disabled,
    t.buckets,
    t.keys,
    t.calls,
    t.started_at,
    t.finished_at,
    t.dt,
    t.newest_run_id,
    t.age_days
FROM (
    SELECT c.*, n.run_id AS newest_run_id,
        date_diff('day', CAST(c.run_started_at AS date), CAST(n.started_at AS date)) AS age_days,
        row_number() OVER (
            PARTITION BY c.account_id
            ORDER BY CASE WHEN c.scan_status IN ('complete', 'partial') THEN 0 ELSE 1 END ASC, c.run_id DESC
        ) AS place
    FROM accounts_committed c
    CROSS JOIN runs_latest n
    WHERE c.run_kind = 'census'
) t
WHERE t.place = 1;

CREATE OR REPLACE VIEW buckets_last_known AS
SELECT
    t.run_id,
    t.aws_partition,
    t.account_id,
    t.region,
    t.bucket,
    t.bucket_arn,
    t.bucket_type,
    t.created_at,
    t.encryption,
    t.encryption_read,
    t.sse_algorithm,
    t.kms_key_ref,
    t.kms_key_ref_kind,
    t.kms_key_arn,
    t.kms_key_account_id,
    t.kms_key_link,
    t.kms_key_manager,
    t.kms_key_origin,
    t.kms_key_state,
    t.kms_key_rotation,
    t.kms_key_rotation_reason,
    t.bucket_key_enabled,
    t.blocked_encryption_types,
    t.sse_c_blocked,
    t.tls_only,
    t.policy_read,
    t.policy_sha256,
    t.observed_at,
    t.dt,
    t.newest_run_id,
    t.age_days
FROM (
    SELECT c.*, n.run_id AS newest_run_id,
        date_diff('day', CAST(c.run_started_at AS date), CAST(n.started_at AS date)) AS age_days,
        row_number() OVER (
            PARTITION BY c.account_id, c.bucket_arn
            ORDER BY CASE WHEN c.encryption_read IN ('known', 'absent') THEN 0 ELSE 1 END ASC, c.run_id DESC
        ) AS place
    FROM buckets_committed c
    CROSS JOIN runs_latest n
    WHERE c.run_kind = 'census'
) t
WHERE t.place = 1;

CREATE OR REPLACE VIEW keys_last_known AS
SELECT
    t.run_id,
    t.aws_partition,
    t.account_id,
    t.region,
    t.key_id,
    t.key_arn,
    t.aliases,
    t.aliases_read,
    t.key_manager,
    t.key_origin,
    t.key_spec,
    t.key_usage,
    t.key_state,
    t.created_at,
    t.deletion_at,
    t.multi_region,
    t.primary_key_arn,
    t.custom_key_store_id,
    t.material_expires_at,
    t.describe_read,
    t.rotation,
    t.rotation_reason,
    t.rotation_read,
    t.rotation_period_days,
    t.next_rotation_at,
    t.last_rotation_at,
    t.last_rotation_type,
    t.on_demand_rotations,
    t.policy_read,
    t.policy_sha256,
    t.default_key_of_buckets,
    t.default_key_of_accounts,
    t.observed_at,
    t.dt,
    t.newest_run_id,
    t.age_days
FROM (
    SELECT c.*, n.run_id AS newest_run_id,
        date_diff('day', CAST(c.run_started_at AS date), CAST(n.started_at AS date)) AS age_days,
        row_number() OVER (
            PARTITION BY c.account_id, c.key_arn
            ORDER BY CASE WHEN c.describe_read = 'known' THEN 0 ELSE 1 END ASC, c.run_id DESC
        ) AS place
    FROM keys_committed c
    CROSS JOIN runs_latest n
    WHERE c.run_kind = 'census'
) t
WHERE t.place = 1;

CREATE OR REPLACE VIEW findings_last_known AS
SELECT
    t.run_id,
    t.finding_uid,
    t.account_id,
    t.region,
    t.resource_type,
    t.resource_arn,
    t.related_arn,
    t.check_id,
    t.check_params,
    t.check_version,
    t.category,
    t.severity,
    t.verdict,
    t.verdict_before_exception,
    t.reason_code,
    t.reason,
    t.exception_id,
    t.exception_expires_at,
    t.remedy,
    t.observed_at,
    t.subject,
    t.dt,
    t.newest_run_id,
    t.age_days
FROM (
    SELECT c.*, n.run_id AS newest_run_id,
        date_diff('day', CAST(c.run_started_at AS date), CAST(n.started_at AS date)) AS age_days,
        row_number() OVER (
            PARTITION BY c.finding_uid
            ORDER BY CASE WHEN c.verdict <> 'unknown' THEN 0 ELSE 1 END ASC, c.run_id DESC
        ) AS place
    FROM findings_committed c
    CROSS JOIN runs_latest n
    WHERE c.run_kind = 'census'
) t
WHERE t.place = 1;
