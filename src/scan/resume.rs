//! What an earlier attempt at the same run left: sealed segments, and perhaps the account list.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};

use super::ScanError;
use crate::clock::Timestamp;
use crate::lake::{Lake, StoreError, StoreFault};
use crate::log::{self, Header, LogError, Record, Segment};
use crate::model::{Account, AccountId, OrganizationIdentity, RunHeader};

/// Logs that are fetched at the same time: on S3 each is a round trip.
const FETCHES: usize = 16;

/// The earlier attempts' log.
#[derive(Debug, Default)]
pub struct Earlier {
    /// When the first attempt began.
    pub started_at: Option<Timestamp>,
    /// Accounts that are not scanned again; true where there was a session.
    pub sealed: BTreeMap<AccountId, bool>,
    /// The account list, where it was sealed.
    pub organization: Option<KnownOrganization>,
    /// The organization that the log names.
    pub identity: Option<OrganizationIdentity>,
}

/// A sealed account list.
#[derive(Debug, Default)]
pub struct KnownOrganization {
    /// The organization.
    pub identity: OrganizationIdentity,
    /// Its accounts.
    pub accounts: Vec<Account>,
    /// The names of its units.
    pub unit_names: BTreeMap<String, String>,
}

impl Earlier {
    /// Reads the run's log, and refuses one that was opened with other settings.
    pub async fn read(lake: &Lake, run: &RunHeader) -> Result<Self, ScanError> {
        let mut earlier = Self::default();
        let organization = log::organization_key(&run.run_id);
        let keys = lake.store().list(&log::prefix(&run.run_id)).await?;
        let fetch = async |key: String| {
            match lake.store().get(&key).await {
                // What went to an archive is scanned again, as what was never sealed.
                Err(error) if error.fault == StoreFault::Archived => Ok((key, None)),
                bytes => Ok::<_, StoreError>((key, bytes?)),
            }
        };
        let mut fetched = stream::iter(keys).map(fetch).buffered(FETCHES);
        while let Some((key, bytes)) = fetched.try_next().await? {
            let Some(bytes) = bytes else { continue };
            let segment = match Segment::open(&key, bytes) {
                Err(LogError::NotSealed { .. }) => continue,
                opened => opened?,
            };
            same_settings(segment.header(), run)?;
            segment.belongs(run, &earlier.identity.clone().unwrap_or_default())?;
            earlier.started_at = Some(segment.header().run.started_at);
            earlier.identity = Some(segment.header().organization.clone());
            if key == organization {
                earlier.organization = Some(KnownOrganization::read(&segment)?);
            } else if let Some(scan) = &segment.header().scan {
                *earlier.sealed.entry(scan.account_id).or_default() |= scan.access_path.is_some();
            }
        }
        // Who was refused is asked again, for the role may be there by now.
        earlier.sealed.retain(|_, had_session| *had_session);
        Ok(earlier)
    }

    /// The organization that the log names; the outer option says whether there is a log.
    #[expect(clippy::option_option, reason = "no log and a log without an organization are two answers")]
    pub fn org_id(&self) -> Option<Option<&str>> {
        self.identity.as_ref().map(|identity| identity.org_id.as_deref())
    }
}

impl KnownOrganization {
    pub(super) fn read(segment: &Segment) -> Result<Self, LogError> {
        let mut known = Self { identity: segment.header().organization.clone(), ..Self::default() };
        for record in segment.records(|name| matches!(name, "account" | "organizational_unit")) {
            match record? {
                Record::Account(account) => known.accounts.push(account),
                Record::OrganizationalUnit(unit) => drop(known.unit_names.insert(unit.id, unit.name)),
                _ => {}
            }
        }
        Ok(known)
    }
}

/// Settings that change what the log would hold.
fn same_settings(header: &Header, run: &RunHeader) -> Result<(), ScanError> {
    if header.run.run_id != run.run_id {
        // The error names its owner and its key.
        return Ok(());
    }
    match header.run.difference(run) {
        Some(name) => Err(ScanError::OtherSettings {
            run_id: run.run_id.clone(),
            difference: format!("{name} differs"),
        }),
        None => Ok(()),
    }
}
