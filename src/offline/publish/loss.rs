//! Whether a night lost its sight: the accounts that the last census reached and this one did not.
//!
//! A census in which half of the organization suddenly refuses is one more partial night by its status,
//! and a job that excuses those would publish it as the newest. So it is held against the last census: a
//! loss of more than a share, and of more than a few accounts, is published only where a person says so.
//! An account that gives a session and refuses every listing is as little seen as one that gives none.
//! A first census has nothing to be held against, so that a role can be rolled out step by step.

use std::collections::BTreeMap;
use std::fmt;

use rayon::prelude::*;

use super::run_log::{AccountSegment, RunLog};
use crate::lake::{CommittedRun, Lake, LakeError};
use crate::log::{LogError, Record};
use crate::model::{AccountId, RunId, RunKind, ScanStatus};
use crate::table::accounts;

/// The share of accounts that may be lost where nothing else is said, in percent.
pub const MAX_LOST: u8 = 20;
/// So few accounts may be lost whatever share they are: of a small organization each is many percent.
const FEW: u64 = 5;
/// Lost accounts that are named.
const NAMED: usize = 5;
/// The listings of resources: who is given none of them sees nothing of the account.
const LISTINGS: [&str; 3] = ["s3:ListBuckets", "kms:ListKeys", "kms:ListAliases"];

/// What this run has of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Now {
    /// A session, or no need of one: the account is not active, or was not tried.
    NotLost,
    /// It is active, and there was no session, or one in which every listing was refused.
    Refused,
    /// The organization does not list it.
    Unlisted,
    /// It is active, and the scan did not come to it.
    Unscanned,
}

/// What is left of the accounts that the last census reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loss {
    /// Accounts that it reached.
    pub reached: u64,
    /// Of these, refused.
    pub refused: u64,
    /// Of these, no longer listed.
    pub unlisted: u64,
    /// Of these, not scanned: a scan that was cut short is published.
    pub unscanned: u64,
    /// Some of the lost ones.
    pub named: Vec<AccountId>,
}

impl Loss {
    /// Counts an account that the last census reached.
    fn add(&mut self, account_id: AccountId, now: Now) {
        self.reached += 1;
        match now {
            Now::NotLost => return,
            Now::Refused => self.refused += 1,
            Now::Unlisted => self.unlisted += 1,
            Now::Unscanned => self.unscanned += 1,
        }
        if self.named.len() < NAMED {
            self.named.push(account_id);
        }
    }

    const fn lost(&self) -> u64 {
        self.refused + self.unlisted + self.unscanned
    }

    /// Whether that is more than `percent` of them, and more than a few.
    pub fn exceeds(&self, percent: u8) -> bool {
        let lost = self.lost();
        lost > FEW && lost * 100 > u64::from(percent) * self.reached
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lost = self.lost();
        let named: Vec<String> = self.named.iter().map(ToString::to_string).collect();
        let more = if lost > self.named.len() as u64 { ", …" } else { "" };
        let not_scanned = match self.unscanned {
            0 => String::new(),
            count => format!(", {count} not scanned"),
        };
        write!(
            f,
            "{lost} of {} are lost: {} refused, {} no longer listed{not_scanned} ({}{more})",
            self.reached,
            self.refused,
            self.unlisted,
            named.join(", ")
        )
    }
}

/// What holding a run against the last census came to.
#[derive(Debug)]
pub(super) enum Compared {
    /// There is nothing to hold it against, or it lost little.
    Fine,
    /// It lost too much.
    Lost {
        /// The last census.
        previous: RunId,
        /// What was lost.
        loss: Loss,
    },
    /// The last census cannot be read, so that there is no limit.
    Unreadable(LakeError),
}

/// Holds a census against the one before it. A part of an organization, and a log that is judged again,
/// are not counted as lost.
pub(super) async fn compare(
    lake: &Lake,
    log: &RunLog,
    run_id: &RunId,
    max_lost: u8,
) -> Result<Compared, LogError> {
    if log.header.kind != RunKind::Census || log.header.run_id != *run_id || max_lost >= 100 {
        return Ok(Compared::Fine);
    }
    let tonight = Tonight::of(log)?;
    Ok(match against_last(lake, &tonight, run_id).await {
        Ok(Some((previous, loss))) if loss.exceeds(max_lost) => Compared::Lost { previous, loss },
        Ok(_) => Compared::Fine,
        Err(error) => Compared::Unreadable(error),
    })
}

/// What this run has of each account.
struct Tonight<'a> {
    log: &'a RunLog,
    /// Of each account that was scanned, whether nothing of it was seen.
    refused: BTreeMap<AccountId, bool>,
}

impl<'a> Tonight<'a> {
    fn of(log: &'a RunLog) -> Result<Self, LogError> {
        let refused = log.segments.par_iter().map(|it| Ok((it.scan.account_id, saw_nothing(it)?)));
        Ok(Self { log, refused: refused.collect::<Result<_, LogError>>()? })
    }

    fn has(&self, account_id: AccountId) -> Now {
        // Sorted by id, as the log reads them.
        match self.log.accounts.binary_search_by_key(&account_id, |it| it.id) {
            Err(_) => Now::Unlisted,
            Ok(at) if self.log.accounts[at].is_active() => match self.refused.get(&account_id) {
                Some(true) => Now::Refused,
                Some(false) => Now::NotLost,
                None => Now::Unscanned,
            },
            Ok(_) => Now::NotLost,
        }
    }
}

/// Whether there was no session, or no bucket, key or listing came of it.
fn saw_nothing(account: &AccountSegment) -> Result<bool, LogError> {
    if account.scan.access_path.is_none() {
        return Ok(true);
    }
    for record in account.segment.records(|name| matches!(name, "bucket" | "key" | "coverage")) {
        let is_seen = match record? {
            Record::Coverage(row) => LISTINGS.contains(&row.operation.as_str()) && row.tally.known > 0,
            record => matches!(record, Record::Bucket(_) | Record::Key(_)),
        };
        if is_seen {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The last census that can be read: one that is archived or torn is passed over for the one before it. The error
/// of the newest is given where none of them can be read.
async fn against_last(
    lake: &Lake,
    tonight: &Tonight<'_>,
    run_id: &RunId,
) -> Result<Option<(RunId, Loss)>, LakeError> {
    let (mut before, mut lost) = (run_id.clone(), None);
    while let Some(previous) = lake.census_before(Some(&before)).await? {
        match against(lake, tonight, &previous).await {
            Ok(loss) => return Ok(Some((previous, loss))),
            Err(error) if error.is_lost_night() => lost = lost.or(Some(error)),
            Err(error) => return Err(error),
        }
        before = previous;
    }
    lost.map_or(Ok(None), Err)
}

async fn against(lake: &Lake, tonight: &Tonight<'_>, previous: &RunId) -> Result<Loss, LakeError> {
    let run = CommittedRun::open(lake, previous).await?;
    let table = crate::table::find(accounts::TABLE.name).expect("it is registered");
    let mut loss = Loss::default();
    let count = |row: crate::lake::Row<'_>| {
        let status = row.text(1).and_then(ScanStatus::from_word);
        let account_id = row.text(0).and_then(|id| id.parse().ok());
        // Of what gave nothing already, nothing can be lost: neither its buckets nor its keys were a number.
        let was_seen = row.integer(2).is_some() || row.integer(3).is_some();
        if let (Some(ScanStatus::Complete | ScanStatus::Partial), Some(account_id), true) =
            (status, account_id, was_seen)
        {
            loss.add(account_id, tonight.has(account_id));
        }
        Ok::<_, LakeError>(())
    };
    run.each(table, &["account_id", "scan_status", "buckets", "keys"], count).await?;
    Ok(loss)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(reached: u64, refused: u64, unlisted: u64) -> Loss {
        let mut loss = Loss::default();
        for n in 0..reached {
            let now = match n {
                n if n < refused => Now::Refused,
                n if n < refused + unlisted => Now::Unlisted,
                _ => Now::NotLost,
            };
            loss.add(format!("{n:012}").parse().unwrap(), now);
        }
        loss
    }

    #[test]
    fn more_than_the_share_and_more_than_five_is_too_much() {
        for (reached, refused, unlisted, percent, too_much) in [
            (0, 0, 0, 20, false),
            (3, 3, 0, 20, false),
            (5, 5, 0, 0, false),
            (6, 6, 0, 20, true),
            (6, 6, 0, 99, true),
            (6, 6, 0, 100, false),
            (6, 6, 0, 0, true),
            (30, 6, 0, 20, false),
            (29, 6, 0, 20, true),
            (29, 3, 3, 20, true),
            (29, 0, 6, 20, true),
            (29, 0, 5, 0, false),
            (10_000, 2_000, 0, 20, false),
            (10_000, 1_999, 2, 20, true),
        ] {
            let loss = loss(reached, refused, unlisted);
            assert_eq!((loss.reached, loss.refused, loss.unlisted), (reached, refused, unlisted));
            assert_eq!(loss.exceeds(percent), too_much, "{loss} at {percent} %");
        }
        assert_eq!(
            loss(7, 5, 1).to_string(),
            "6 of 7 are lost: 5 refused, 1 no longer listed (000000000000, 000000000001, 000000000002, \
             000000000003, 000000000004, …)"
        );
    }

    #[test]
    fn accounts_that_a_cut_scan_did_not_come_to_are_lost() {
        let mut cut = loss(30, 2, 1);
        for n in 0..4 {
            cut.add(format!("9{n:011}").parse().unwrap(), Now::Unscanned);
        }
        assert!(cut.exceeds(20) && !cut.exceeds(21), "{cut}");
        assert!(
            cut.to_string().starts_with("7 of 34 are lost: 2 refused, 1 no longer listed, 4 not scanned (")
        );
    }

    proptest::proptest! {
        /// More losses, or a lower limit, are never reported later; nothing is lost at 100 %.
        #[test]
        fn a_greater_loss_or_a_smaller_share_is_never_better(
            reached in 0_u64..400, refused in 0_u64..400, unlisted in 0_u64..400, percent in 0_u8..=100,
        ) {
            let refused = refused.min(reached);
            let unlisted = unlisted.min(reached - refused);
            let it = loss(reached, refused, unlisted);
            proptest::prop_assert!(!it.exceeds(100));
            proptest::prop_assert_eq!(it.exceeds(percent), loss(reached, unlisted, refused).exceeds(percent));
            if it.exceeds(percent) {
                proptest::prop_assert!(it.exceeds(percent.saturating_sub(1)));
                let more = loss(reached, refused, (unlisted + 1).min(reached - refused));
                proptest::prop_assert!(more.exceeds(percent));
            }
        }
    }
}
