//! A run that another process committed, while this one scanned or judged it: what the lake holds is printed, and decides
//! how this process ends.

use super::error::CliError;
use super::exit::Exit;
use super::print;
use crate::lake::{CommittedRun, Lake, LakeError, Published};
use crate::model::{RunId, RunStatus, Severity, Verdict};
use crate::publish::{Census, FinalizeError};
use crate::table;

/// What was printed about a committed run.
pub struct Told {
    status: RunStatus,
    /// Fails at or above the severity that was asked for.
    fails: u64,
}

impl Told {
    /// How a process ends that finds this run.
    pub const fn exit(&self, is_partial_excused: bool) -> Exit {
        match self.status {
            RunStatus::Partial if !is_partial_excused => Exit::Partial,
            _ if self.fails > 0 => Exit::Findings,
            _ => Exit::Done,
        }
    }
}

/// The census; none where the lake holds another process's of the same run.
pub fn unless_by_another(census: Result<Census, FinalizeError>) -> Result<Option<Census>, FinalizeError> {
    match census {
        Err(FinalizeError::CommittedByAnother(_)) => Ok(None),
        Ok(census) if census.published == Published::AlreadyCommitted => Ok(None),
        census => census.map(Some),
    }
}

/// Says that another process came first, with the very same census.
pub fn tell_same(run_id: &RunId) {
    print::say(format!(
        "run {run_id} was committed already, with the same content, by another process or by a write of this one \
         whose answer was lost: this is its census"
    ));
}

/// Tells the run as the lake has it, where that is not what this process would have published.
pub async fn tell(lake: &Lake, run_id: &RunId, at_least: Option<Severity>) -> Result<Told, CliError> {
    // The lake that was opened before may not know it yet.
    let lake = Lake::open(std::sync::Arc::clone(lake.store())).await?;
    let run = CommittedRun::open(&lake, run_id).await?;
    let (manifest, totals) = (run.manifest(), run.manifest().totals);
    print::say(format!("run {run_id} was committed by another process: this is what it holds"));
    let organization = manifest.org_id.as_deref().unwrap_or("no organization");
    print::say(format!(
        "\nEncryption at rest of {organization}, {}\nrun {run_id} · {} · {} · source {}",
        manifest.started_at,
        manifest.kind.word(),
        manifest.status.word().replace('_', " "),
        manifest.source.word()
    ));
    let rows = [
        (totals.accounts_listed, "accounts listed"),
        (totals.accounts_complete, "of them complete"),
        (totals.accounts_partial, "partial"),
        (totals.accounts_unreachable, "unreachable"),
        (totals.accounts_not_scanned, "not scanned"),
        (totals.buckets, "buckets"),
        (totals.keys, "keys"),
        (totals.findings_fail, "findings that fail"),
        (totals.findings_unknown, "that are unknown"),
    ];
    for (count, words) in rows {
        print::say(format!("{count:>8} {words}"));
    }
    let fails = match at_least {
        Some(severity) => fails(&run, severity).await?,
        None => 0,
    };
    Ok(Told { status: manifest.status, fails })
}

async fn fails(run: &CommittedRun, at_least: Severity) -> Result<u64, LakeError> {
    let findings = table::find("findings").expect("it is registered");
    let mut fails = 0;
    let count = |row: crate::lake::Row<'_>| {
        let severity = row.text(0).and_then(Severity::from_word);
        let verdict = row.text(1).and_then(Verdict::from_word);
        fails += u64::from(verdict == Some(Verdict::Fail) && severity.is_some_and(|it| it >= at_least));
        Ok::<_, LakeError>(())
    };
    run.each(findings, &["severity", "verdict"], count).await?;
    Ok(fails)
}
