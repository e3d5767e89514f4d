//! The `runs` row held to its manifest: what one says of the run, the other says too.
//!
//! The row names the manifest by its hash, and no manifest can name the file of its row. So the row is
//! written again from the manifest, and every column has to be the same: a row that was edited by itself
//! differs from its manifest, and a manifest that was edited by itself has another hash.

use super::committed::commit_key;
use super::rows::rows_of;
use super::{LakeError, Manifest, manifest_key};
use crate::model::{OrganizationIdentity, RunFacts, RunId};
use crate::table::{self, Value};

/// Refuses the file of a run's row where it is not what the run's manifest, by its bytes' hash, tells.
pub(super) fn check(
    uri: &str,
    run_id: &RunId,
    file: Vec<u8>,
    manifest: &Manifest,
    sha256: &str,
) -> Result<(), LakeError> {
    let key = commit_key(run_id);
    let damaged = |key: &str, reason: String| LakeError::damaged(uri, key, reason);
    if manifest.run_id != *run_id {
        return Err(damaged(&manifest_key(run_id), format!("it is the manifest of run {}", manifest.run_id)));
    }
    let facts = facts(manifest, sha256);
    let table = table::find(table::runs::TABLE.name).expect("the table of runs is a table");
    let columns: Vec<&str> = table.columns().iter().map(|column| column.name).collect();
    let (mut rows, mut difference) = (0_u64, None);
    let walked = rows_of(file, table, &columns, |row| {
        rows += 1;
        let found = |name: &str| {
            let place = columns.iter().position(|column| *column == name);
            place.map_or(Value::Null, |place| row.value(place))
        };
        difference = first_difference(found, &facts, manifest);
    });
    walked.map_err(|reason| LakeError::damaged(uri, &key, reason))?;
    match (rows, difference) {
        (1, None) => Ok(()),
        (1, Some(Difference { column: "manifest_sha256", found, .. })) => Err(damaged(
            &manifest_key(run_id),
            format!("its SHA-256 is {sha256}, and the run's row of `runs` says {found}"),
        )),
        (1, Some(Difference { column, found, told })) => Err(damaged(
            &key,
            format!("its column `{column}` says {found}, and the run's manifest says {told}"),
        )),
        (rows, _) => Err(damaged(&key, format!("it has {rows} rows, and a run has one"))),
    }
}

/// The hash of the run's manifest, as the file of its row names it; none where that cannot be read.
pub(super) fn manifest_sha256(file: Vec<u8>) -> Option<String> {
    let mut found = None;
    let table = table::find(table::runs::TABLE.name)?;
    rows_of(file, table, &["manifest_sha256"], |row| found = row.text(0).map(str::to_owned)).ok()?;
    found
}

struct Difference {
    column: &'static str,
    found: String,
    told: String,
}

/// The manifest's hash comes first: where that differs, the other columns tell nothing.
fn first_difference<'a>(
    found: impl Fn(&str) -> Value<'a>,
    facts: &RunFacts,
    manifest: &Manifest,
) -> Option<Difference> {
    let told = table::runs::TABLE.columns.iter().map(|column| (column.name, (column.value)(facts)));
    let told = std::iter::once((table::RUN_ID.name, Value::from(&facts.run_id))).chain(told);
    let mut differing = told.filter_map(|(column, told)| {
        let found = found(column);
        let is_told = match column {
            // Manifests of before they were kept do not tell.
            "finished_at" => manifest.finished_at.is_some(),
            "judged_at" => manifest.judged_at.is_some(),
            _ => true,
        };
        (is_told && found != told).then(|| Difference { column, found: shown(&found), told: shown(&told) })
    });
    let first = differing.next()?;
    let of_manifest = |it: &Difference| it.column == "manifest_sha256";
    Some(if of_manifest(&first) { first } else { differing.find(of_manifest).unwrap_or(first) })
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Text(text) => format!("`{}`", text.escape_debug()),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(is) => is.to_string(),
        Value::Timestamp(at) => at.to_string(),
        Value::Texts(texts) => format!("{} texts", texts.len()),
    }
}

/// The row as the manifest tells it.
fn facts(manifest: &Manifest, sha256: &str) -> RunFacts {
    RunFacts {
        run_id: manifest.run_id.clone(),
        kind: manifest.kind,
        organization: OrganizationIdentity {
            org_id: manifest.org_id.clone(),
            management_account_id: manifest.management_account_id,
        },
        started_at: manifest.started_at,
        finished_at: manifest.finished_at.unwrap_or(manifest.started_at),
        status: manifest.status,
        source: manifest.source,
        observed_run_id: manifest.observed_run_id.clone(),
        as_of: manifest.as_of,
        judged_at: manifest.judged_at.unwrap_or(manifest.started_at),
        previous_run_id: manifest.previous_run_id.clone(),
        tool_version: manifest.tool_version.clone(),
        schema_version: manifest.schema_version,
        totals: manifest.totals,
        settings_sha256: manifest.settings_sha256.clone(),
        standard_sha256: manifest.standard_sha256.clone(),
        exceptions_sha256: manifest.exceptions_sha256.clone(),
        manifest_key: manifest_key(&manifest.run_id),
        manifest_sha256: sha256.to_owned(),
    }
}
