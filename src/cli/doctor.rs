//! `atrest doctor`: each step of tonight's scan, tried once, with pass, fail and the fix.
//!
//! A step that fails does not end the visit: what can still be tried is tried. The reads are the
//! scan's own, on one account, so that a pass here is a pass tonight.

mod lake_probe;

use std::sync::Arc;

use super::args::DoctorArgs;
use super::error::{CliError, advice_or};
use super::exit::Exit;
use super::work::Work;
use super::{edge, print, summary};
use crate::aws::environment::{Caller, Environment};
use crate::aws::service::organizations::Unplaced;
use crate::aws::service::{AccountReader, account, kms, organizations, s3};
use crate::aws::session::{Renewal, RoleSettings, Session};
use crate::model::{Account, Coverage, CoverageRow, Fault, FaultKind, Reading, RotationHistory, Source};
use crate::operation::{ASSUME_ROLE, LIST_ACCOUNTS, LIST_ORGANIZATIONAL_UNITS};
use crate::spelling::counted;

/// Buckets that are read in the sample account: enough to meet a policy that bars.
const BUCKETS: usize = 20;
/// Resources that are read at the same time: a visit is in no hurry.
const READS_AT_ONCE: usize = 4;

/// The steps so far.
#[derive(Debug, Default)]
struct Visit {
    failed: u32,
    organization_failed: bool,
}

impl Visit {
    fn pass(&self, step: &str, what: impl std::fmt::Display) {
        print::say(format!("  ok    {step}: {what}"));
    }

    fn note(&self, step: &str, what: impl std::fmt::Display) {
        print::say(format!("  --    {step}: {what}"));
    }

    fn fail(&mut self, step: &str, what: impl std::fmt::Display, message: Option<&str>, fix: &str) {
        self.failed += 1;
        print::say(format!("  FAIL  {step}: {what}"));
        if let Some(message) = message {
            print::say(print::wrapped(message, "        message: "));
        }
        print::say(print::wrapped(fix, "        fix: "));
    }
}

/// Tries every step.
pub async fn run(args: &DoctorArgs, work: &Work) -> Result<Exit, CliError> {
    let environment = edge::load(args.tuning.tuning(), work).await?;
    let mut visit = Visit::default();
    let caller = edge::caller(&environment, work).await?;
    visit.pass("caller", format!("{} in {}", caller.arn, environment.home));
    if environment.source == Source::Endpoint {
        visit.note("endpoint", "an endpoint override is set: these answers are not from AWS");
    }
    work.does(format!("waiting for {}", LIST_ACCOUNTS.id));
    let accounts = organization(&mut visit, &environment).await;
    match sample(args, &caller, &accounts) {
        Some(account) => {
            work.does(format!("trying the audit role in account {}", account.id));
            audit(&mut visit, &environment, args, &caller, &account).await;
        }
        None => visit.note("audit role", "there is no account to try it in: name one with --account"),
    }
    match &args.lake {
        Some(lake) => {
            work.does(format!("trying the lake {}", lake.as_str()));
            let store = args.s3.open(lake, &environment, Some(&caller), work).await;
            let tried = match store {
                Ok(store) => {
                    let organization = accounts.iter().find_map(organizations::identity_of);
                    lake_probe::visit(&visit, store, environment.source, organization).await
                }
                Err(error) => Err(error),
            };
            if let Err(error) = tried {
                let fix = error.hint.unwrap_or_else(|| "correct what the message says".to_owned());
                visit.fail("lake", error.message, None, &fix);
            }
        }
        None => visit.note("lake", "not tested: give --lake"),
    }
    Ok(verdict(&visit))
}

fn verdict(visit: &Visit) -> Exit {
    if visit.failed == 0 {
        print::say("\nin this account, tonight's scan will work");
        return Exit::Done;
    }
    print::say(format!("\n{} to fix", counted(visit.failed, "step")));
    if visit.organization_failed { Exit::Organization } else { Exit::Usage }
}

async fn organization(visit: &mut Visit, environment: &Environment) -> Vec<Account> {
    let (door, client) = (&environment.door, environment.factory.organizations(&environment.home));
    let (mut accounts, mut unplaced) = (Vec::new(), Unplaced::default());
    let (observation, listed) =
        organizations::list_accounts(door, &client, &environment.home, &mut unplaced, async |page| {
            accounts.extend(page);
        })
        .await;
    organizations::agree(&mut accounts, &mut unplaced);
    match &observation.reading {
        Reading::Known(()) => {
            let identity = accounts.iter().find_map(organizations::identity_of).unwrap_or_default();
            let org_id = identity.org_id.unwrap_or_else(|| "an organization without an id".to_owned());
            visit.pass("organization", format!("{org_id}, {}", counted(listed.kept, "account")));
        }
        reading => {
            visit.organization_failed = true;
            let fix = "run as the management account or a delegated administrator for Organizations, with the \
                       policy of `atrest iam --role scan`; or scan named accounts with --account";
            let fix = advised(LIST_ACCOUNTS.id, reading, fix);
            visit.fail(
                "organization",
                format!("organizations:ListAccounts {}", said(reading)),
                message(reading),
                &fix,
            );
        }
    }
    if let Some(sentence) = unplaced.sentence() {
        visit.note("units", sentence);
    }
    if observation.reading.known().is_some() {
        let (_, listings) = organizations::unit_names(door, &client, &environment.home, &accounts).await;
        if let Some((denied, _)) = listings.iter().find(|(listing, _)| listing.reading.known().is_none()) {
            let fix = "add organizations:ListOrganizationalUnitsForParent (`atrest iam --role scan`); without it \
                       ou_names stay empty";
            let fix = advised(LIST_ORGANIZATIONAL_UNITS.id, &denied.reading, fix);
            visit.fail("unit names", said(&denied.reading), message(&denied.reading), &fix);
        }
    }
    accounts
}

fn said<T>(reading: &Reading<T>) -> String {
    match reading {
        Reading::Unread(fault) => {
            let by = fault.denied_by.map(summary::by).unwrap_or_default();
            format!("{}{by} ({})", fault.kind.word(), fault.code.as_deref().unwrap_or("no code"))
        }
        other => other.word().to_owned(),
    }
}

/// AWS's message.
fn message<T>(reading: &Reading<T>) -> Option<&str> {
    match reading {
        Reading::Unread(fault) => fault.message.as_deref(),
        _ => None,
    }
}

/// What to do about a read that failed: by AWS's message if it says so, else the step's own advice.
fn advised<T>(operation: &str, reading: &Reading<T>, usual: &str) -> String {
    match reading {
        Reading::Unread(fault) => advice_or(operation, fault, usual),
        _ => usual.to_owned(),
    }
}

fn sample(args: &DoctorArgs, caller: &Caller, accounts: &[Account]) -> Option<Account> {
    if let Some(id) = args.account {
        let listed = accounts.iter().find(|account| account.id == id);
        return Some(listed.cloned().unwrap_or_else(|| Account::unlisted(id)));
    }
    accounts.iter().find(|account| account.is_active() && account.id != caller.account_id).cloned()
}

async fn audit(
    visit: &mut Visit,
    environment: &Environment,
    args: &DoctorArgs,
    caller: &Caller,
    sample: &Account,
) {
    let now = environment.shared.clock.now();
    let settings = RoleSettings {
        role_name: args.role.role_name.clone(),
        external_id: args.role.external_id.clone(),
        session_name: format!("atrest-doctor-{}", now.compact()),
        session_policy: !args.role.no_session_policy,
    };
    let assumer = environment.assumer(settings);
    let role_arn = assumer.role_arn(&caller.partition, sample.id);
    let (observation, credentials) = assumer.assume(&role_arn).await;
    let Some(credentials) = credentials else {
        let fix = format!(
            "deploy the role in {} with a trust policy for {}, or name another with --role-name; a first try \
             can use --role-name OrganizationAccountAccessRole",
            sample.id, caller.arn
        );
        let fix = advised(ASSUME_ROLE.id, &observation.reading, &fix);
        visit.fail(
            "audit role",
            format!("{role_arn} {}", said(&observation.reading)),
            message(&observation.reading),
            &fix,
        );
        return;
    };
    visit.pass("audit role", &role_arn);
    let probe = environment.factory.session_probe(&assumer);
    let session = Session::new(assumer, Renewal::Role(role_arn), credentials, probe);
    let session = Arc::new(session);
    let reader = AccountReader::new(
        environment,
        caller.account_id,
        sample.id,
        session,
        READS_AT_ONCE,
        RotationHistory::default(),
    );
    let coverage = read_sample(visit, environment, &reader).await;
    for row in coverage.rows(sample.id) {
        tell(visit, &row);
    }
}

/// Reads the sample account's Regions, some of its buckets, and its keys at home.
async fn read_sample(visit: &Visit, environment: &Environment, reader: &AccountReader) -> Coverage {
    let home = &environment.home;
    let (observation, regions) = account::list_regions(reader, home).await;
    if observation.reading.known().is_some() {
        let (enabled, disabled) = (regions.enabled.len(), regions.disabled.len());
        visit.pass("Regions", format!("{enabled} enabled, {disabled} not"));
    }
    let (_, mut buckets) = s3::list_buckets(reader, home, None).await;
    visit.note("buckets", format!("{} listed, {} read here", buckets.len(), buckets.len().min(BUCKETS)));
    buckets.truncate(BUCKETS);
    let located = s3::locate(reader, home, buckets).await;
    s3::collect(reader, home, located, |_| None).await;
    kms::collect(reader, home).await;
    std::mem::take(reader.segment().coverage())
}

/// One operation's coverage in the sample account.
fn tell(visit: &mut Visit, row: &CoverageRow) {
    let step = format!("{} {}", row.operation, row.region);
    if row.tally.complete() {
        visit.pass(&step, format!("{} read", row.tally.asked()));
        return;
    }
    let code = row.tally.sample_code().unwrap_or("no code");
    let by = row.tally.denial().map(|(by, _)| format!(": access denied{}", summary::by(by)));
    let what = format!(
        "{} of {} not read{} ({code})",
        row.tally.asked() - row.tally.known - row.tally.absent - row.tally.gone,
        row.tally.asked(),
        by.unwrap_or_default(),
    );
    visit.fail(&step, what, row.tally.sample_message(), &fix(row));
}

/// What to do about it, by what AWS said.
fn fix(row: &CoverageRow) -> String {
    let operation = row.operation.as_str();
    let (code, message) = (row.tally.sample_code(), row.tally.sample_message());
    let is_there = |kind: &&FaultKind| row.tally.faults_of(**kind) > 0;
    let Some(kind) = FaultKind::ALL.iter().find(is_there) else {
        return "what this read depends on was not read: see the steps above".to_owned();
    };
    let fault =
        Fault { code: code.map(str::to_owned), message: message.map(str::to_owned), ..Fault::new(*kind) };
    let usual = match kind {
        FaultKind::Denied => {
            format!("give the audit role the policy of `atrest iam --role audit`; it lacks {operation}")
        }
        _ => "try again; if it stays, look at the service's health and the network".to_owned(),
    };
    advice_or(operation, &fault, &usual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{NotAsked, Observation, Region};

    #[test]
    fn an_observation_is_told_with_its_code() {
        let region = Region::global();
        let not_sent: Observation<()> = Observation::not_asked("s3:ListBuckets", region, NotAsked::NoSession);
        assert_eq!(said(&not_sent.reading), "not_asked");
    }
}
