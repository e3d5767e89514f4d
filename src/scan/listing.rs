//! The organization's accounts: listed, filtered, sent to be scanned, sealed in a log of their own.
//!
//! Accounts are sent while the list is still coming, unless the filter needs the whole list to be
//! understood: units by name, or accounts that must be there.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::mpsc;

use super::caller::lost_caller;
use super::resume::KnownOrganization;
use super::{Edge, ScanError, seal};
use crate::aws::call::Door;
use crate::aws::service::organizations::{self, OrganizationsClient, Unplaced};
use crate::lake::{Lake, LakeError};
use crate::log::OrganizationWriter;
use crate::model::{
    Account, AccountId, Fault, FaultKind, Observation, OrganizationIdentity, OrganizationalUnit, Reading,
    RunHeader, ScanFilter, Source,
};
use crate::spelling::{counted, nearest};

/// What the lister sends to the scheduler.
pub(super) enum Listed {
    /// The organization, before its accounts.
    Organization(OrganizationIdentity),
    /// An account to scan.
    Account(Account),
}

/// Lists the organization, sends the accounts to be scanned, and seals the organization's log.
pub(super) struct Lister<'a> {
    pub(super) edge: &'a Edge,
    pub(super) lake: &'a Lake,
    pub(super) run: &'a RunHeader,
    /// The list of an earlier attempt, where it was sealed.
    pub(super) known: Option<KnownOrganization>,
}

impl Lister<'_> {
    /// Lists to the end.
    pub(super) async fn list(self, sender: mpsc::Sender<Listed>) -> Result<(), ScanError> {
        let filter = self.run.settings.filter.clone();
        if let Some(known) = self.known {
            let _ = sender.send(Listed::Organization(known.identity)).await;
            send_admitted(&sender, &filter, &known.unit_names, known.accounts).await;
            return Ok(());
        }
        let door = &self.edge.aws.door;
        let client = self.edge.aws.factory.organizations(&self.edge.aws.home);
        // Units may be given by name, which only the whole list can tell.
        let at_once = filter.ous.is_empty() && filter.accounts.is_empty();
        let (mut found, mut unplaced) = (Organization::default(), Unplaced::default());
        let (observation, listed) = {
            let (lake, source) = (self.lake, self.run.source);
            let (found, sender, filter) = (&mut found, &sender, &filter);
            let (mut refused, home) = (None, &self.edge.aws.home);
            let result = organizations::list_accounts(door, &client, home, &mut unplaced, async |page| {
                if refused.is_some() {
                    return;
                }
                if let Err(error) = found.take_page(lake, source, sender, &page).await {
                    refused = Some(error);
                    return;
                }
                if at_once {
                    send_admitted(sender, filter, &BTreeMap::new(), page).await;
                }
            })
            .await;
            if let Some(error) = refused {
                return Err(error.into());
            }
            result
        };
        let mut writer = OrganizationWriter::default();
        writer.listing(&observation, listed);
        self.caller_holds(&observation.reading).await?;
        if let Some(fault) = found.lacks(self.edge.caller.account_id, &observation.reading) {
            return Err(ScanError::Organization { fault: Box::new(fault) });
        }
        if observation.reading.known().is_none() {
            found.without_organization(&observation, &filter, self.lake, self.run.source)?;
        }
        organizations::agree(&mut found.accounts, &mut unplaced);
        if let Some(sentence) = unplaced.sentence() {
            tracing::warn!("{sentence}");
        }
        self.name_units(door, &client, &mut found, &mut writer).await?;
        check_filter(&filter, &found)?;
        if !at_once {
            send_admitted(&sender, &filter, &found.unit_names(), found.accounts.clone()).await;
        }
        for account in found.accounts.clone() {
            writer.account(account);
        }
        let witness = self.edge.witness(self.edge.aws.factory.dates());
        let bytes = writer.seal(self.run, &found.identity, &door.take_calls(), &witness);
        let theirs =
            seal::organization(self.lake.store().as_ref(), self.run, &found.identity, &bytes).await?;
        if let Some(theirs) = theirs {
            // The list that was sealed first is the run's: what it has beyond ours is to be scanned, too.
            let known = KnownOrganization::read(&theirs)?;
            let ours: BTreeSet<AccountId> = found.accounts.iter().map(|account| account.id).collect();
            let more = known.accounts.into_iter().filter(|account| !ours.contains(&account.id)).collect();
            send_admitted(&sender, &filter, &known.unit_names, more).await;
        }
        Ok(())
    }

    async fn name_units(
        &self,
        door: &Door,
        client: &OrganizationsClient,
        found: &mut Organization,
        writer: &mut OrganizationWriter,
    ) -> Result<(), ScanError> {
        let (units, listings) =
            organizations::unit_names(door, client, &self.edge.aws.home, &found.accounts).await;
        for (observation, listed) in &listings {
            writer.listing(observation, *listed);
        }
        let failed = listings.iter().find(|(observation, _)| observation.reading.known().is_none());
        if let Some((Observation { reading: Reading::Unread(fault), .. }, _)) = failed {
            self.caller_holds(&Reading::Unread(fault.clone())).await?;
            // Which units an account is in came with the accounts: names alone are lost, and the run's log has why.
            tracing::warn!(fault = fault.said(), "the names of organizational units were not all read");
        }
        for unit in &units {
            writer.unit(unit.clone());
        }
        found.units = units;
        Ok(())
    }

    /// A list that ends because the caller's session did is no list to go on with, or to keep.
    async fn caller_holds(&self, reading: &Reading<()>) -> Result<(), ScanError> {
        match reading {
            Reading::Unread(fault) if fault.kind == FaultKind::Identity => {
                match lost_caller(&self.edge.aws).await {
                    Some(fault) => Err(ScanError::caller_lost(&self.run.run_id, fault)),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// What the listing gave.
#[derive(Debug, Default)]
struct Organization {
    identity: OrganizationIdentity,
    accounts: Vec<Account>,
    units: Vec<OrganizationalUnit>,
}

impl Organization {
    /// Keeps a page; the first one tells the organization, which must be the lake's.
    async fn take_page(
        &mut self,
        lake: &Lake,
        source: Source,
        sender: &mpsc::Sender<Listed>,
        page: &[Account],
    ) -> Result<(), LakeError> {
        if self.identity.org_id.is_none()
            && let Some(identity) = page.iter().find_map(organizations::identity_of)
        {
            lake.check(source, identity.org_id.as_deref())?;
            self.identity = identity.clone();
            let _ = sender.send(Listed::Organization(identity)).await;
        }
        self.accounts.extend(page.iter().cloned());
        Ok(())
    }

    /// Who lists an organization is in it: a list that ran to its end without the caller's account is no list of
    /// it, and neither is an empty one.
    fn lacks(&self, caller: AccountId, reading: &Reading<()>) -> Option<Fault> {
        let has_caller = self.accounts.iter().any(|account| account.id == caller);
        if has_caller || reading.known().is_none() {
            return None;
        }
        let (listed, of) =
            (self.accounts.len(), self.identity.org_id.as_deref().unwrap_or("no organization"));
        let message = format!(
            "the answer lists {} of {of}, and the caller's own account, {caller}, is not among them",
            counted(listed, "account")
        );
        Some(Fault::saying(FaultKind::Protocol, Some(message)))
    }

    /// No organization, or no right to list it: the accounts that were asked for by id, if any.
    fn without_organization(
        &mut self,
        observation: &Observation<()>,
        filter: &ScanFilter,
        lake: &Lake,
        source: Source,
    ) -> Result<(), ScanError> {
        let Reading::Unread(fault) = &observation.reading else { return Ok(()) };
        let is_there_none = fault.code.as_deref() == Some("AWSOrganizationsNotInUseException")
            || fault.kind == FaultKind::Denied;
        if !is_there_none || filter.accounts.is_empty() {
            return Err(ScanError::Organization { fault: Box::new(fault.clone()) });
        }
        lake.check(source, None)?;
        *self = Self::default();
        self.accounts = filter.accounts.iter().copied().map(Account::unlisted).collect();
        Ok(())
    }

    fn unit_names(&self) -> BTreeMap<String, String> {
        self.units.iter().map(|unit| (unit.id.clone(), unit.name.clone())).collect()
    }
}

async fn send_admitted(
    sender: &mpsc::Sender<Listed>,
    filter: &ScanFilter,
    unit_names: &BTreeMap<String, String>,
    accounts: Vec<Account>,
) {
    for account in accounts {
        if account.is_active() && filter.admits(&account, unit_names) {
            // A closed channel means that the run ends; the reason comes from the other side.
            let _ = sender.send(Listed::Account(account)).await;
        }
    }
}

/// A filter that matches nothing is a mistake, and is an error before it can make an empty night.
fn check_filter(filter: &ScanFilter, found: &Organization) -> Result<(), ScanError> {
    let listed: BTreeSet<AccountId> = found.accounts.iter().map(|account| account.id).collect();
    if let Some(unknown) = filter.accounts.iter().find(|id| !listed.contains(id)) {
        return Err(ScanError::Filter(format!("--account {unknown} is not in the organization")));
    }
    let names = found.unit_names();
    for unit in &filter.ous {
        let only = ScanFilter { ous: BTreeSet::from([unit.clone()]), ..ScanFilter::default() };
        let known = names.iter().any(|(id, name)| id == unit || name == unit);
        if !known && !found.accounts.iter().any(|account| only.admits(account, &names)) {
            return Err(ScanError::Filter(unknown_unit(unit, found, &names)));
        }
    }
    Ok(())
}

fn unknown_unit(unit: &str, found: &Organization, names: &BTreeMap<String, String>) -> String {
    if found.accounts.iter().all(|account| account.ou_ids.is_none()) {
        return format!(
            "--ou {unit} cannot be applied: ListAccounts reports no paths here that are understood; use --account \
             instead"
        );
    }
    let candidates = names.iter().flat_map(|(id, name)| [id, name]);
    match nearest(unit, candidates.map(String::as_str)) {
        Some(near) => format!("no account is under --ou {unit}; did you mean {near}?"),
        None => format!("no account is under --ou {unit}"),
    }
}
