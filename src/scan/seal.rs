//! What is sealed stays: a part of the log is written where none is, and never in the place of another.
//!
//! A scheduler delivers at least once, so two processes may scan one run. Of two that seal the same account, the first
//! one's segment is the account's, and the other takes it as it is.

use super::ScanError;
use super::refusal::Held;
use crate::lake::{Put, Store, StoreError, StoreFault, sha256_hex};
use crate::log::{self, LogError, Segment};
use crate::model::{OrganizationIdentity, RunHeader};

/// Segments of one account: it refused each of these times but the last.
const MOST: u32 = 100;

/// How often a place is looked at that others write, too.
const ROUNDS: usize = 10;

/// What lies in the place of a log.
enum Place {
    /// What was written now, or the same.
    Ours,
    /// Another process's, whole and of this run.
    Theirs(Box<Segment>),
}

/// Seals an account's segment, or takes another process's.
pub async fn account(
    store: &dyn Store,
    run: &RunHeader,
    organization: &OrganizationIdentity,
    held: &Held,
) -> Result<(), ScanError> {
    for nth in 0..MOST {
        let key = log::later_segment_key(&run.run_id, held.account_id, nth);
        match put(store, run, organization, &key, &held.bytes).await? {
            Place::Ours => return Ok(()),
            Place::Theirs(theirs) => {
                let is_refusal = theirs.header().scan.as_ref().is_some_and(|scan| scan.access_path.is_none());
                // A refusal stays in the log; a session that came after it stands beside it.
                if !is_refusal || !held.had_session {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// Seals the account list; gives another process's, where that was first.
pub async fn organization(
    store: &dyn Store,
    run: &RunHeader,
    identity: &OrganizationIdentity,
    bytes: &[u8],
) -> Result<Option<Segment>, ScanError> {
    match put(store, run, identity, &log::organization_key(&run.run_id), bytes).await? {
        Place::Ours => Ok(None),
        Place::Theirs(theirs) => Ok(Some(*theirs)),
    }
}

async fn put(
    store: &dyn Store,
    run: &RunHeader,
    organization: &OrganizationIdentity,
    key: &str,
    bytes: &[u8],
) -> Result<Place, ScanError> {
    for _ in 0..ROUNDS {
        if store.put_new(key, bytes).await? == Put::Created {
            return Ok(Place::Ours);
        }
        let found = match store.get(key).await {
            // What went to an archive is as what was never sealed. It cannot be compared: where two processes find it
            // so, one of them writes, and the other finds that one's segment in the next round.
            Err(error) if error.fault == StoreFault::Archived => {
                if store.replace_archived(key, bytes).await? == Put::Created {
                    return Ok(Place::Ours);
                }
                continue;
            }
            // Where it was taken away meanwhile, the next round writes it.
            found => match found? {
                Some(found) => found,
                None => continue,
            },
        };
        if found == bytes {
            return Ok(Place::Ours);
        }
        let sha256 = sha256_hex(&found);
        match Segment::open(key, found) {
            // It was cut short, so it is not sealed. Where two processes find it so, one of them writes: the other may
            // be publishing by then. The later one finds the first one's segment in the next round.
            Err(LogError::NotSealed { .. }) => {
                if store.replace_found(key, &sha256, bytes).await? == Put::Created {
                    return Ok(Place::Ours);
                }
            }
            opened => {
                let theirs = opened?;
                theirs.belongs(run, organization)?;
                return Ok(Place::Theirs(Box::new(theirs)));
            }
        }
    }
    Err(ScanError::Store(StoreError {
        action: "write",
        uri: format!("{}/{key}", store.uri()),
        reason:
            "what is there is cut short or archived and cannot be replaced, or changes each time that it is \
                 read"
                .into(),
        advice: Some(
            "delete it where no other atrest process scans this run, then continue the run".to_owned(),
        ),
        by_user: true,
        fault: StoreFault::Other,
    }))
}
