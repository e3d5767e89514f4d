//! The night: list the organization, scan each account, seal what was seen.
//!
//! Accounts are scanned while the list is still coming, a bounded number at a time, in any order;
//! whatever the order, the log holds the same observations. Nothing here prints or decides what a
//! finding is; publishing is [`crate::publish`]'s.

mod account;
mod caller;
mod listing;
mod progress;
mod refusal;
mod resume;
mod seal;

use std::collections::BTreeSet;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use caller::lost_caller;
pub use progress::{Event, Progress, Silent};

use crate::aws::dates::Dates;
use crate::aws::environment::{Caller, Environment};
use crate::aws::session::{RoleAssumer, RoleSettings};
use crate::lake::{Lake, LakeError, StoreError};
use crate::log::LogError;
use crate::model::{
    Account, AccountId, ExternalId, Fault, OrganizationIdentity, Region, RotationHistory, RunHeader, Witness,
};
use crate::publish::Begun;
use crate::spelling::counted;
use caller::Doubt;
use listing::{Listed, Lister};
use refusal::{Held, Refusals};
use resume::Earlier;

/// Accounts that wait between the list and the scan.
const QUEUE: usize = 64;

/// What a scan holds of AWS, and how much it does at a time.
#[derive(Debug, Clone)]
pub struct Edge {
    /// AWS.
    pub aws: Environment,
    /// Assumes the audit role.
    pub assumer: RoleAssumer,
    /// Who calls.
    pub caller: Caller,
    /// `--region`; empty for all of an account's.
    pub regions: BTreeSet<Region>,
    /// Of which keys the history of rotations is read.
    pub history: RotationHistory,
    /// How much at a time.
    pub limits: Limits,
    /// The hex SHA-256 of this program's file, where it was hashed.
    pub build_sha256: Option<String>,
}

/// How much is done at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Accounts.
    pub accounts_in_flight: usize,
    /// Buckets, and keys per Region, of one account.
    pub resources_in_flight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { accounts_in_flight: 32, resources_in_flight: 16 }
    }
}

/// Why a scan ended without a census.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// Ctrl-C or SIGTERM. What is sealed is kept.
    #[error("interrupted: {} complete and kept; continue with --run {run_id}", counted(*sealed, "account"))]
    Interrupted {
        /// The run.
        run_id: crate::model::RunId,
        /// Accounts that are sealed, those of earlier attempts among them.
        sealed: u64,
    },
    /// The organization could not be read.
    #[error("failed to list the organization's accounts: {}", fault.said())]
    Organization {
        /// What AWS said.
        fault: Box<Fault>,
    },
    /// The caller's own credentials ran out, or cannot be had any more. What is sealed is kept.
    #[error(
        "the caller's credentials {}; nothing is published, and {} kept",
        if fault.code.is_some() { format!("are not accepted any more: STS answered {}", fault.said()) }
        else { format!("cannot be loaded any more: {}", fault.message.as_deref().unwrap_or("the provider does not say why")) },
        match sealed {
            Some(1) => "1 complete account is".to_owned(),
            Some(sealed) => format!("{sealed} complete accounts are"),
            None => "complete accounts are".to_owned(),
        }
    )]
    CallerLost {
        /// The run.
        run_id: crate::model::RunId,
        /// Accounts that are sealed, where they were counted.
        sealed: Option<u64>,
        /// What STS answered, or the provider.
        fault: Box<Fault>,
    },
    /// Every one of the first accounts refused the role alike.
    #[error(
        "{} {accounts} of the first accounts, each time with {}: nothing is published{}",
        if fault.is_refusal() { format!("the role {role_name} was refused in") }
        else { format!("STS gave no session of the role {role_name} in") },
        fault.code_or_words(),
        fault.message.as_deref().map(|message| format!("; the first time: {message}")).unwrap_or_default()
    )]
    EveryRoleRefused {
        /// The role.
        role_name: String,
        /// How many.
        accounts: usize,
        /// What STS answered to the first; the others have its code.
        fault: Box<Fault>,
    },
    /// A filter that names what is not there.
    #[error("{0}")]
    Filter(String),
    /// The run was opened with other settings.
    #[error(
        "run {run_id} was opened with other settings: {difference}; continue it with the same, or leave --run out"
    )]
    OtherSettings {
        /// The run.
        run_id: crate::model::RunId,
        /// Which.
        difference: String,
    },
    /// The lake holds something else.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The lake could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The run's log is a newer atrest's.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl ScanError {
    fn caller_lost(run_id: &crate::model::RunId, fault: Box<Fault>) -> Self {
        Self::CallerLost { run_id: run_id.clone(), sealed: None, fault }
    }
}

impl Edge {
    /// What a run with this header holds.
    pub fn new(
        aws: Environment,
        caller: Caller,
        external_id: Option<ExternalId>,
        run: &RunHeader,
        limits: Limits,
    ) -> Self {
        let settings = RoleSettings {
            role_name: run.settings.role_name.clone(),
            external_id,
            session_name: format!("atrest-{}", run.run_id),
            session_policy: !run.settings.no_session_policy,
        };
        Self {
            assumer: aws.assumer(settings),
            aws,
            caller,
            regions: run.settings.filter.regions.clone(),
            history: run.settings.history,
            limits,
            build_sha256: None,
        }
    }

    /// Who observes, by the dates of these answers.
    fn witness(&self, dates: &Dates) -> Witness {
        Witness {
            caller_arn: Some(self.caller.arn.clone()),
            build_sha256: self.build_sha256.clone(),
            aws_clock: dates.seen(),
        }
    }
}

/// Scans, and leaves a log that can be finalized. Begins where an earlier attempt at the run ended.
pub async fn scan(
    edge: &Edge,
    lake: &Lake,
    run: &RunHeader,
    progress: &dyn Progress,
    stop: &CancellationToken,
) -> Result<(), ScanError> {
    if Begun::is_there(lake.store().as_ref(), &run.run_id).await? {
        // What is published is settled, and a segment more would be none of it.
        return Ok(());
    }
    let earlier = Earlier::read(lake, run).await?;
    // The times of a run are those of its first attempt.
    let run = &RunHeader { started_at: earlier.started_at.unwrap_or(run.started_at), ..run.clone() };
    lake.check(run.source, earlier.org_id().unwrap_or(None)).or_else(|error| match earlier.org_id() {
        Some(_) => Err(error),
        // The organization is not known yet; only the source can be held against the lake.
        None => error.is_about_organization().then_some(()).ok_or(error),
    })?;
    if !earlier.sealed.is_empty() {
        progress.tell(Event::Resumed(earlier.sealed.len() as u64));
    }
    let mut night = Night {
        edge,
        lake,
        run,
        progress,
        organization: earlier.identity.clone().unwrap_or_default(),
        earlier,
        refusals: Refusals::default(),
        doubt: Doubt::default(),
        again: BTreeSet::new(),
        sealed: 0,
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        result = Box::pin(night.run()) => return result.map_err(|error| night.counted(error)),
    }
    let sealed = night.sealed + night.earlier.sealed.len() as u64;
    Err(ScanError::Interrupted { run_id: run.run_id.clone(), sealed })
}

/// The state of one scan.
struct Night<'a> {
    edge: &'a Edge,
    lake: &'a Lake,
    run: &'a RunHeader,
    progress: &'a dyn Progress,
    earlier: Earlier,
    /// As the list told it; of an earlier attempt until then.
    organization: OrganizationIdentity,
    refusals: Refusals,
    doubt: Doubt,
    /// Accounts that are scanned a second time, because the caller's credentials failed them once.
    again: BTreeSet<AccountId>,
    sealed: u64,
}

/// A task's account, its place among the first, and what came of it.
type Done = (Option<usize>, Account, account::Scanned);

impl Night<'_> {
    async fn run(&mut self) -> Result<(), ScanError> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let lister = Lister {
            edge: self.edge,
            lake: self.lake,
            run: self.run,
            known: self.earlier.organization.take(),
        };
        let (edge, progress) = (self.edge, self.progress);
        let ((), ()) = futures::try_join!(lister.list(sender), self.schedule(receiver, edge, progress))?;
        for held in self.refusals.release() {
            self.write(held).await?;
        }
        Ok(())
    }

    /// Scans accounts as they come.
    async fn schedule(
        &mut self,
        mut receiver: mpsc::Receiver<Listed>,
        edge: &Edge,
        progress: &dyn Progress,
    ) -> Result<(), ScanError> {
        let mut organization = OrganizationIdentity::default();
        let mut tasks: JoinSet<Done> = JoinSet::new();
        let mut listed = false;
        loop {
            let room = tasks.len() < edge.limits.accounts_in_flight;
            tokio::select! {
                biased;
                Some(done) = tasks.join_next(), if !tasks.is_empty() => {
                    self.settle(&mut tasks, &organization, done).await?;
                }
                next = receiver.recv(), if !listed && room => match next {
                    None => {
                        listed = true;
                        progress.tell(Event::Listed);
                    }
                    Some(Listed::Organization(identity)) => {
                        self.organization = identity.clone();
                        organization = identity;
                    }
                    Some(Listed::Account(account)) => {
                        self.start(&mut tasks, &organization, account);
                    }
                },
                else => {}
            }
            if let Some(fault) = self.refusals.all_refused(listed) {
                return Err(self.every_role_refused(fault));
            }
            if listed && tasks.is_empty() {
                return Ok(());
            }
        }
    }

    fn start(&mut self, tasks: &mut JoinSet<Done>, organization: &OrganizationIdentity, account: Account) {
        if let Some(had_session) = self.earlier.sealed.get(&account.id) {
            if *had_session && account.id != self.edge.caller.account_id {
                self.refusals.had_session_before();
            }
            return;
        }
        self.progress.tell(Event::Accounts(1));
        let is_callers = account.id == self.edge.caller.account_id;
        let place = if is_callers { None } else { self.refusals.admit() };
        self.spawn(tasks, organization, place, account);
    }

    fn spawn(
        &self,
        tasks: &mut JoinSet<Done>,
        organization: &OrganizationIdentity,
        place: Option<usize>,
        account: Account,
    ) {
        self.progress.tell(Event::Begun(account.id));
        let (edge, run, organization) = (self.edge.clone(), self.run.clone(), organization.clone());
        tasks.spawn(async move {
            let scanned = account::scan_account(&edge, &run, &organization, &account).await;
            (place, account, scanned)
        });
    }

    async fn settle(
        &mut self,
        tasks: &mut JoinSet<Done>,
        organization: &OrganizationIdentity,
        done: Result<Done, tokio::task::JoinError>,
    ) -> Result<(), ScanError> {
        let (place, account, scanned) = match done {
            Ok(done) => done,
            Err(error) => {
                // The account keeps its row, as interrupted, and the run goes on.
                self.progress.tell(Event::Note(format!("an account's scan failed inside: {error}")));
                return Ok(());
            }
        };
        if let Some(fault) = &scanned.doubted {
            tracing::info!(account.id = %account.id, fault = fault.said(), "the caller's credentials failed");
            // Sealed, what failed twice stays as it is: that is asked for every time.
            self.caller_holds(self.again.contains(&account.id)).await?;
            if self.again.insert(account.id) {
                self.spawn(tasks, organization, place, account);
                return Ok(());
            }
        } else if scanned.refused.is_none() {
            self.doubt.had_session();
        }
        let refused = scanned.refused.as_ref().map(Fault::said);
        tracing::info!(account.id = %account.id, refused, "account scanned");
        self.progress.tell(Event::Done(account.id, scanned.refused.is_none()));
        let had_session = scanned.refused.is_none();
        let held = Held { account_id: account.id, bytes: scanned.bytes, had_session };
        for held in self.refusals.settle(place, scanned.refused, held) {
            self.write(held).await?;
        }
        Ok(())
    }

    async fn write(&mut self, held: Held) -> Result<(), ScanError> {
        let store = self.lake.store().as_ref();
        if let Err(error) = seal::account(store, self.run, &self.organization, &held).await {
            // A lake on S3 is written by the caller, too.
            if matches!(&error, ScanError::Store(error) if error.by_user && error.uri.starts_with("s3://")) {
                self.caller_holds(true).await?;
            }
            return Err(error);
        }
        self.sealed += 1;
        Ok(())
    }

    /// An error where STS says that the caller's credentials are the trouble.
    async fn caller_holds(&mut self, ask: bool) -> Result<(), ScanError> {
        if !self.doubt.is_to_be_asked() && !ask {
            return Ok(());
        }
        match lost_caller(&self.edge.aws).await {
            Some(fault) => Err(ScanError::caller_lost(&self.run.run_id, fault)),
            None => Ok(()),
        }
    }

    /// The error with the accounts that are sealed, those of earlier attempts among them.
    fn counted(&self, error: ScanError) -> ScanError {
        match error {
            ScanError::CallerLost { run_id, fault, .. } => {
                let sealed = Some(self.sealed + self.earlier.sealed.len() as u64);
                ScanError::CallerLost { run_id, sealed, fault }
            }
            other => other,
        }
    }

    fn every_role_refused(&self, fault: &Fault) -> ScanError {
        ScanError::EveryRoleRefused {
            role_name: self.edge.assumer.settings().role_name.clone(),
            accounts: self.refusals.places(),
            fault: Box::new(fault.clone()),
        }
    }
}
