//! The rows of a lake as reports read them: of each table the columns that some report needs.
//!
//! A row borrows from the batch that it was decoded in, so that a table of millions costs no copy;
//! who keeps something copies that alone. Words of closed lists are texts here, parsed where a
//! decision depends on them.

use super::ReportError;
use crate::clock::Timestamp;
use crate::lake::{CommittedRun, Row};
use crate::model::{Condition, ResourceType, Severity, Subject, Verdict};
use crate::table;

/// What a column's value is in a row.
macro_rules! value {
    ($a:lifetime text) => { Option<&$a str> };
    ($a:lifetime integer) => { Option<i64> };
    ($a:lifetime boolean) => { Option<bool> };
    ($a:lifetime timestamp) => { Option<Timestamp> };
    ($a:lifetime texts) => { Option<Vec<Option<&$a str>>> };
}

/// A row type, and the function that walks its table. One list gives the fields, the columns that are
/// read and their order, so that they cannot disagree.
macro_rules! rows {
    ($(#[$doc:meta])* $name:ident of $table:ident { $($column:ident: $kind:ident,)+ }) => {
        $(#[$doc])*
        ///
        /// The columns are the lake's; `docs/src/tables.md` says what each means.
        #[derive(Debug, Clone, Default)]
        #[expect(missing_docs, reason = "a field is the column of its name")]
        pub struct $name<'a> {
            $(pub $column: value!('a $kind),)+
        }

        impl<'a> $name<'a> {
            /// The columns.
            pub const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),+];

            /// How each is read.
            #[cfg(test)]
            const KINDS: &'static [&'static str] = &[$(stringify!($kind)),+];

            fn of(row: &Row<'a>) -> Self {
                let mut columns = 0..Self::COLUMNS.len();
                let mut next = || columns.next().unwrap_or_default();
                Self { $($column: row.$kind(next()),)+ }
            }

            /// Gives every row of the run, in the lake's order.
            pub async fn each<E: From<crate::lake::LakeError>>(
                run: &CommittedRun,
                mut row: impl FnMut($name<'_>) -> Result<(), E>,
            ) -> Result<(), E> {
                let info = table::find(table::$table::TABLE.name).expect("the table is in the registry");
                run.each(info, Self::COLUMNS, |cells| row($name::of(&cells))).await
            }
        }
    };
}

rows! {
    /// A run.
    RunRow of runs {
        kind: text, org_id: text, management_account_id: text, started_at: timestamp, finished_at: timestamp,
        status: text, source: text, observed_run_id: text, as_of: text, judged_at: timestamp,
        previous_run_id: text, tool_version: text, schema_version: integer, accounts_listed: integer,
        accounts_complete: integer, accounts_partial: integer, accounts_unreachable: integer,
        accounts_not_scanned: integer, buckets: integer, keys: integer, findings_fail: integer,
        findings_unknown: integer, calls: integer,
    }
}

rows! {
    /// An account.
    AccountRow of accounts {
        account_id: text, account_name: text, ou_ids: texts, ou_names: texts, state: text, access_path: text,
        scan_status: text, scan_reason: text, regions: texts, regions_disabled: texts, buckets: integer,
        keys: integer,
    }
}

rows! {
    /// A bucket.
    BucketRow of buckets {
        aws_partition: text, account_id: text, region: text, bucket: text, bucket_arn: text, encryption: text,
        encryption_read: text, sse_algorithm: text, kms_key_ref: text, kms_key_arn: text,
        kms_key_account_id: text, kms_key_link: text, kms_key_manager: text, kms_key_state: text,
        kms_key_rotation: text, kms_key_rotation_reason: text, bucket_key_enabled: boolean, policy_read: text,
        observed_at: timestamp,
    }
}

rows! {
    /// A key.
    KeyRow of keys {
        aws_partition: text, account_id: text, region: text, key_id: text, key_arn: text, aliases: texts,
        key_manager: text, key_origin: text, key_state: text, deletion_at: timestamp,
        material_expires_at: timestamp, describe_read: text, rotation: text, rotation_reason: text,
        rotation_read: text, last_rotation_at: timestamp, next_rotation_at: timestamp, policy_read: text,
        created_at: timestamp, on_demand_rotations: integer, default_key_of_buckets: integer, default_key_of_accounts: integer,
    }
}

rows! {
    /// A finding.
    FindingRow of findings {
        finding_uid: text, account_id: text, region: text, resource_type: text, resource_arn: text,
        related_arn: text, check_id: text, check_params: text, check_version: integer, category: text,
        severity: text, verdict: text, verdict_before_exception: text, reason_code: text, reason: text,
        exception_id: text, exception_expires_at: timestamp, remedy: text, observed_at: timestamp,
        subject: text,
    }
}

rows! {
    /// A finding as far as the next night compares it.
    OutcomeRow of findings {
        finding_uid: text, account_id: text, region: text, resource_type: text, resource_arn: text,
        check_id: text, check_params: text, severity: text, verdict: text, verdict_before_exception: text,
    }
}

rows! {
    /// A finding's account alone: for the walk that counts them.
    FindingAccountRow of findings { account_id: text, }
}

rows! {
    /// A finding's verdict alone: for the walks that only look for one.
    VerdictRow of findings { finding_uid: text, verdict: text, verdict_before_exception: text, }
}

rows! {
    /// A bucket that was listed.
    ListedBucketRow of buckets { account_id: text, bucket_arn: text, }
}

rows! {
    /// A key that was listed.
    ListedKeyRow of keys { account_id: text, key_arn: text, }
}

rows! {
    /// What came of describing a key.
    DescribedKeyRow of keys { key_arn: text, describe_read: text, }
}

rows! {
    /// A check instance.
    CheckRow of checks {
        check_id: text, check_params: text, title: text, question: text, category: text, severity: text,
        remedy: text, severity_max: text, rationale: text, documentation: text,
    }
}

rows! {
    /// A control that a check instance is evidence for.
    ControlRow of controls {
        check_id: text, check_params: text, framework: text, framework_version: text, control_id: text,
        control_title: text, relation: text, source: text, condition: text, note: text,
    }
}

rows! {
    /// What became of an operation's reads in an account and Region.
    CoverageRow of coverage {
        account_id: text, region: text, operation: text, asked: integer, known: integer, absent: integer,
        gone: integer, denied: integer, throttled: integer, transport: integer, service: integer,
        protocol: integer, identity: integer, unavailable: integer, not_asked: integer, complete: boolean,
        accepted_gap: boolean, denied_by: text, deny_type: text, sample_code: text,
        sample_message: text,
    }
}

rows! {
    /// The attempts of an operation.
    CallsRow of calls {
        service: text, operation: text, calls: integer, retries: integer, throttles: integer, p50_ms: integer,
        p99_ms: integer,
    }
}

/// The verdict of a finding. A word that is not known is an error: counted under nothing, it would be
/// silently skipped.
pub fn verdict(word: Option<&str>) -> Result<Verdict, ReportError> {
    let word = word.unwrap_or_default();
    let unknown = || ReportError::Word { table: "findings", column: "verdict", word: word.to_owned() };
    Verdict::from_word(word).ok_or_else(unknown)
}

/// The subject of a finding; none where it has none, or was written before findings had one.
pub fn subject(word: Option<&str>) -> Result<Option<Subject>, ReportError> {
    let parsed = word.map(|word| {
        let unknown = || ReportError::Word { table: "findings", column: "subject", word: word.to_owned() };
        Subject::from_word(word).ok_or_else(unknown)
    });
    parsed.transpose()
}

/// The condition of a control.
pub fn condition(json: Option<&str>) -> Result<Option<Condition>, ReportError> {
    let parsed = json.map(|json| {
        let unknown = |_| ReportError::Word { table: "controls", column: "condition", word: json.to_owned() };
        serde_json::from_str(json).map_err(unknown)
    });
    parsed.transpose()
}

/// The type of a finding's resource.
pub fn resource_type(word: Option<&str>) -> Result<ResourceType, ReportError> {
    let word = word.unwrap_or_default();
    let unknown = || ReportError::Word { table: "findings", column: "resource_type", word: word.to_owned() };
    ResourceType::from_word(word).ok_or_else(unknown)
}

/// The severity of a finding or a check.
pub fn severity(word: Option<&str>) -> Result<Severity, ReportError> {
    let word = word.unwrap_or_default();
    let unknown = || ReportError::Word { table: "findings", column: "severity", word: word.to_owned() };
    Severity::from_word(word).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Kind;

    /// A column that is not the table's, or is read as what it is not, would be NULL for ever.
    fn assert_registered(table: &str, columns: &[&str], read_as: &[&str]) {
        let registered = table::find(table).unwrap().columns();
        for (column, read_as) in columns.iter().zip(read_as) {
            let info = registered.iter().find(|it| it.name == *column);
            let kinds: &[Kind] = match *read_as {
                "text" => &[Kind::String],
                "integer" => &[Kind::Bigint, Kind::Int],
                "boolean" => &[Kind::Boolean],
                "timestamp" => &[Kind::Timestamp],
                _ => &[Kind::StringArray],
            };
            assert!(info.is_some_and(|info| kinds.contains(&info.kind)), "{table}.{column}: {read_as}");
        }
    }

    #[test]
    fn a_condition_is_read_as_it_was_written_and_a_word_of_a_newer_tool_is_no_guess() {
        for row in crate::control::built_in().controls {
            let json = row.condition.as_ref().map(ToString::to_string);
            assert_eq!(condition(json.as_deref()).unwrap(), row.condition);
        }
        for wrong in [r#"{"perhaps":["sse_s3"]}"#, r#"{"pass":["quantum_key"]}"#, "sse_s3"] {
            assert!(matches!(condition(Some(wrong)), Err(ReportError::Word { .. })), "{wrong}");
        }
    }

    #[test]
    fn every_column_is_the_tables() {
        assert_registered("runs", RunRow::COLUMNS, RunRow::KINDS);
        assert_registered("accounts", AccountRow::COLUMNS, AccountRow::KINDS);
        assert_registered("buckets", BucketRow::COLUMNS, BucketRow::KINDS);
        assert_registered("keys", KeyRow::COLUMNS, KeyRow::KINDS);
        assert_registered("findings", FindingRow::COLUMNS, FindingRow::KINDS);
        assert_registered("findings", OutcomeRow::COLUMNS, OutcomeRow::KINDS);
        assert_registered("findings", VerdictRow::COLUMNS, VerdictRow::KINDS);
        assert_registered("findings", FindingAccountRow::COLUMNS, FindingAccountRow::KINDS);
        assert_registered("buckets", ListedBucketRow::COLUMNS, ListedBucketRow::KINDS);
        assert_registered("keys", ListedKeyRow::COLUMNS, ListedKeyRow::KINDS);
        assert_registered("keys", DescribedKeyRow::COLUMNS, DescribedKeyRow::KINDS);
        assert_registered("checks", CheckRow::COLUMNS, CheckRow::KINDS);
        assert_registered("controls", ControlRow::COLUMNS, ControlRow::KINDS);
        assert_registered("coverage", CoverageRow::COLUMNS, CoverageRow::KINDS);
        assert_registered("calls", CallsRow::COLUMNS, CallsRow::KINDS);
    }
}
