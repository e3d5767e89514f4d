//! The nights before: how the censuses of the last ninety days stood, from their manifests alone, each held to
//! the hash in its run's row.
//!
//! A night without a census is a hole, and so is one whose census said nothing of its posture: nothing is
//! drawn between. Filtered and rejudged runs are no nights.

use super::super::ReportError;
use crate::clock::{DAY_MS, Timestamp};
use crate::lake::{CommittedRun, Manifest};
use crate::model::{Posture, RunId, RunKind, RunStatus, Verdict};

/// Days that are looked back to, the run's own among them.
pub const NIGHTS: i64 = 90;

/// A census of the trend.
#[derive(Debug, Clone)]
pub struct Night {
    /// The census.
    pub run_id: RunId,
    /// Days before the run that the page is of.
    pub days_ago: i64,
    /// When it began.
    pub started_at: Timestamp,
    /// What it came to.
    pub status: RunStatus,
    /// Buckets that it listed.
    pub buckets: u64,
    /// Findings that fail, and that are unknown.
    pub findings: [u64; 2],
    /// How the resources stood. None where the census was published before that was kept.
    pub posture: Option<Posture>,
    /// The hash of the standard.
    pub standard_sha256: Option<String>,
}

impl Night {
    fn of(manifest: Manifest, today: i64) -> Self {
        Self {
            days_ago: today - day(manifest.run_id.at()),
            started_at: manifest.started_at,
            status: manifest.status,
            buckets: manifest.totals.buckets,
            findings: [manifest.totals.findings_fail, manifest.totals.findings_unknown],
            posture: manifest.posture,
            standard_sha256: manifest.standard_sha256,
            run_id: manifest.run_id,
        }
    }

    /// Buckets that meet the standard's default encryption, by that check alone.
    pub fn default_encryption(&self) -> Option<u64> {
        let posture = self.posture.as_ref()?;
        Some(posture.default_encryption.get(&Verdict::Pass).copied().unwrap_or_default())
    }
}

/// The censuses of the last ninety days, the oldest first, one a day: the day's last.
#[derive(Debug, Clone, Default)]
pub struct Trend {
    /// The nights.
    pub nights: Vec<Night>,
    /// Censuses whose manifest could not be read.
    pub unreadable: Vec<RunId>,
}

/// Reads the trend that ends with a run. A run that is no census has none.
pub async fn read(run: &CommittedRun) -> Result<Trend, ReportError> {
    let mut trend = Trend::default();
    let (own, lake) = (run.manifest(), run.lake());
    if own.kind != RunKind::Census {
        return Ok(trend);
    }
    let today = day(own.run_id.at());
    trend.add(Night::of(own.clone(), today));
    for run_id in lake.runs().rev().filter(|run_id| **run_id < own.run_id) {
        // Ids are dated, so that no manifest of an older night is read.
        if today - day(run_id.at()) >= NIGHTS {
            break;
        }
        match CommittedRun::open(lake, run_id).await {
            Ok(run) if run.manifest().kind == RunKind::Census => {
                trend.add(Night::of(run.manifest().clone(), today));
            }
            Ok(_) => {}
            Err(error) if error.is_lost_night() => trend.unreadable.push(run_id.clone()),
            Err(error) => return Err(error.into()),
        }
    }
    trend.nights.reverse();
    Ok(trend)
}

impl Trend {
    /// Adds an older night.
    fn add(&mut self, night: Night) {
        let is_new = self.nights.last().is_none_or(|newer| newer.days_ago < night.days_ago);
        if is_new && night.days_ago < NIGHTS {
            self.nights.push(night);
        }
    }
}

fn day(at: Timestamp) -> i64 {
    at.millis().div_euclid(DAY_MS)
}
