//! From facts to findings: every check instance of an account's standard on each of its resources,
//! and then the exceptions. Pure: the same facts, standard, exceptions and instant give the same rows.
//!
//! Exceptions need two passes over the facts: how often one matches decides whether it applies at
//! all. [`Judge::matches`] counts in the first, [`Judge::settle`] draws the line, and the second pass
//! gives the findings. Nothing here is kept by resource, so that memory does not grow with findings.

mod account;
mod exception_index;
mod exempt;
mod subject;
mod tally;

use std::borrow::Cow;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::check::{
    self, BucketSubject, Context, ExceptionSubject, KeyAnswers, KeySubject, Outcome, PolicyReading,
};
use crate::clock::Timestamp;
use crate::glob;
use crate::model::{
    AccountFacts, AccountId, AccountScan, BucketFacts, ExceptionUse, Exceptions, Finding, HeldDestination,
    KeyFacts, Organization, Parameters, Partition, Region, ResourceType, Standard, Subject, Verdict,
};
use crate::resolve::Policies;
use crate::standard::Instance;

pub use account::{AccountRules, Rules};
pub use exempt::Matches;
pub use tally::{Example, Findings, Kind};

/// What a verdict that cannot be said asks for.
const REMEDY_OF_UNKNOWN: &str = "Let the census read what it could not: the coverage table and `atrest doctor` say what stood in the way.";

/// Characters of a reason; the policy itself has the rest.
const LONGEST_REASON: usize = 2_000;

/// Judges the resources of one run.
#[derive(Debug)]
pub struct Judge<'a> {
    standard: &'a Standard,
    organization: &'a Organization,
    as_of: Timestamp,
    exceptions: exempt::Exempter<'a>,
}

/// What is judged, as a finding names it.
struct Resource<'a> {
    account: &'a AccountRules,
    region: Option<&'a Region>,
    kind: ResourceType,
    arn: Arc<str>,
    observed_at: Option<Timestamp>,
    subject: Option<Subject>,
}

impl<'a> Judge<'a> {
    /// A judge of one run.
    pub fn new(
        standard: &'a Standard,
        exceptions: &'a Exceptions,
        organization: &'a Organization,
        as_of: Timestamp,
    ) -> Self {
        let exceptions = exempt::Exempter::new(exceptions, &standard.exceptions, as_of);
        Self { standard, organization, as_of, exceptions }
    }

    /// Whether exceptions have to be counted before findings are final.
    pub fn counts_exceptions(&self) -> bool {
        self.exceptions.any_active()
    }

    /// Which exceptions match a finding, for the count of the first pass.
    pub fn matches(&self, account: &AccountRules, finding: &Finding, counts: &mut Matches) {
        self.exceptions.count(account, finding, counts);
    }

    /// Draws the line: what matched more often than was agreed applies to nothing.
    pub fn settle(&mut self, counts: Matches) {
        self.exceptions.settle(counts);
    }

    /// A bucket's findings.
    pub fn bucket(&self, account: &AccountRules, facts: &BucketFacts, policies: &Policies) -> Vec<Finding> {
        let policy = match facts.policy.settled() {
            Ok(Some(hash)) => PolicyReading::of(policies.of_bucket(hash)),
            Ok(None) => PolicyReading::Absent,
            Err(why) => PolicyReading::Unread(why),
        };
        let policy = policy.of_bucket_at(facts, self.organization, self.as_of);
        let is_named = |held: &&HeldDestination| {
            held.destination.buckets.iter().any(|pattern| glob::matches(pattern, &facts.name))
        };
        let destinations: Vec<&HeldDestination> =
            account.effective.destinations.iter().filter(is_named).collect();
        let subject = BucketSubject { facts, policy: policy.reading(), destinations: &destinations };
        let resource = Resource {
            account,
            region: facts.region.as_ref(),
            kind: ResourceType::Bucket,
            arn: facts.arn().into(),
            observed_at: facts.observed_at,
            subject: Some(subject::of_bucket(facts)),
        };
        self.findings(&resource, |check, context| match check {
            check::Judge::Bucket(judge) => Some(judge(&subject, context)),
            _ => None,
        })
    }

    /// A key's findings. `buckets` are some of those whose default names it.
    pub fn key(
        &self,
        account: &AccountRules,
        facts: &KeyFacts,
        policies: &Policies,
        buckets: &[String],
    ) -> Vec<Finding> {
        let observation = &facts.observation;
        let policy = match observation.policy.reading.settled() {
            Ok(Some(hash)) => PolicyReading::of(policies.of_key(hash)),
            Ok(None) => PolicyReading::Absent,
            Err(why) => PolicyReading::Unread(why),
        };
        let policy = policy.of_key_at(facts, self.organization, self.as_of);
        let answers = KeyAnswers::default();
        let subject = KeySubject { facts, policy: policy.reading(), buckets, answers: &answers };
        let resource = Resource {
            account,
            region: Some(&observation.region),
            kind: ResourceType::Key,
            arn: observation.key_arn.as_str().into(),
            observed_at: observation.describe.at,
            subject: Some(subject::of_key(facts)),
        };
        self.findings(&resource, |check, context| match check {
            check::Judge::Key(judge) => Some(judge(&subject, context)),
            _ => None,
        })
    }

    /// An account's findings.
    pub fn account(&self, account: &AccountRules, facts: &AccountFacts) -> Vec<Finding> {
        let resource = self.account_resource(account, facts);
        self.findings(&resource, |check, context| match check {
            check::Judge::Account(judge) => Some(judge(facts, context)),
            _ => None,
        })
    }

    /// The findings about exceptions that broke their bounds: of the account that answers for the
    /// organization.
    pub fn exceptions(&self, account: &AccountRules, facts: &AccountFacts) -> Vec<Finding> {
        let mut findings = Vec::new();
        for used in self.exception_uses() {
            let subject =
                ExceptionSubject { id: &used.id, matches: used.matches, max_matches: used.max_matches };
            let resource = self.account_resource(account, facts);
            let judged = self.findings(&resource, |check, context| match check {
                check::Judge::Exception(judge) => Some(judge(&subject, context)),
                _ => None,
            });
            findings.extend(judged.into_iter().filter(|finding| finding.verdict == Verdict::Fail).map(
                |finding| Finding {
                    // Several exceptions of one run must not share a uid.
                    uid: digest(&format!("{}\n{}", finding.uid, used.id)),
                    exception_id: Some(used.id.as_str().into()),
                    ..finding
                },
            ));
        }
        findings
    }

    /// What each exception came to.
    pub fn exception_uses(&self) -> Vec<ExceptionUse> {
        self.exceptions.uses()
    }

    fn account_resource<'r>(&self, account: &'r AccountRules, facts: &AccountFacts) -> Resource<'r> {
        Resource {
            account,
            region: None,
            kind: ResourceType::Account,
            arn: account_arn(facts).into(),
            observed_at: facts.scan.as_ref().map(|scan| scan.finished_at),
            subject: None,
        }
    }

    fn findings(
        &self,
        resource: &Resource<'_>,
        judge: impl Fn(&check::Judge, &Context<'_>) -> Option<Outcome>,
    ) -> Vec<Finding> {
        let instances = resource.account.effective.instances.iter();
        let wanted = instances.filter(|instance| self.exceptions.wants(instance.check.id));
        let judged = wanted.filter_map(|instance| {
            let context = self.context(resource.account, &instance.parameters);
            let outcome = judge(&instance.check.judge, &context)?;
            let outcome = if instance.scope_known { outcome } else { Outcome::from(&check::SCOPE_NOT_KNOWN) };
            Some(self.finding(resource, instance, outcome))
        });
        judged.collect()
    }

    fn context<'c>(&'c self, account: &'c AccountRules, parameters: &'c Parameters) -> Context<'c> {
        Context {
            as_of: self.as_of,
            parameters,
            encryption: &account.effective.encryption,
            organization: self.organization,
            trusted_accounts: &self.standard.trusted_accounts,
            critical_accounts: &self.standard.critical_accounts,
        }
    }

    fn finding(&self, resource: &Resource<'_>, instance: &Instance, outcome: Outcome) -> Finding {
        let check = instance.check;
        let verdict = outcome.reason.verdict;
        let mut finding = Finding {
            uid: self.uid(check.id, instance.params_json.as_deref(), resource),
            account_id: resource.account.account_id,
            region: resource.region.cloned(),
            resource_type: resource.kind,
            resource_arn: Arc::clone(&resource.arn),
            related_arn: outcome.related_arn,
            check_id: check.id,
            check_params: instance.params_json.clone(),
            check_version: check.version,
            category: check.category,
            severity: outcome.at_least.map_or(instance.severity, |least| least.max(instance.severity)),
            verdict,
            verdict_before_exception: verdict,
            reason_code: outcome.reason.code,
            reason: bounded(outcome.text),
            exception_id: None,
            exception_expires_at: None,
            remedy: match verdict {
                Verdict::Fail => Some(outcome.reason.remedy.unwrap_or(check.remedy)),
                Verdict::Unknown => Some(outcome.reason.remedy.unwrap_or(REMEDY_OF_UNKNOWN)),
                _ => None,
            },
            observed_at: resource.observed_at,
            subject: resource.subject,
        };
        self.exceptions.apply(resource.account, &mut finding);
        finding
    }

    /// 128 bits of a SHA-256 over what the finding is about, and over nothing that a night may change.
    fn uid(&self, check_id: &str, params: Option<&str>, resource: &Resource<'_>) -> String {
        let account_id: AccountId = resource.account.account_id;
        let org_id = self.organization.org_id.as_deref().unwrap_or_default();
        let params = params.unwrap_or_default();
        let text = format!("{org_id}\n{check_id}\n{params}\n{account_id}\n{}", resource.arn);
        digest(&text)
    }
}

/// A reason as far as a person reads it: a policy can make 20 KB of one.
fn bounded(text: Cow<'static, str>) -> Cow<'static, str> {
    match text.char_indices().nth(LONGEST_REASON) {
        Some((end, _)) => Cow::Owned(format!("{} …", &text[..end])),
        None => text,
    }
}

/// The first half of a text's SHA-256: the uid of a finding.
fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}

/// The account's ARN as Organizations gave it; one of its form where none was given.
fn account_arn(facts: &AccountFacts) -> String {
    facts.account.arn.clone().unwrap_or_else(|| {
        let organization = facts.org_id.as_deref().unwrap_or_default();
        let partition = facts.scan.as_ref().and_then(AccountScan::partition);
        let partition = partition.as_ref().map_or("aws", Partition::as_str);
        format!("arn:{partition}:organizations:::account/{organization}/{}", facts.account.id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Account, RegionsFrom, ScanStatus};

    #[test]
    fn a_reason_has_an_end() {
        assert_eq!(bounded(Cow::Borrowed("é")), "é");
        let whole = "é".repeat(LONGEST_REASON);
        assert_eq!(bounded(Cow::Owned(whole.clone())), whole);
        assert_eq!(bounded(Cow::Owned(whole.clone() + "x")), whole + " …");
    }

    #[test]
    fn an_account_that_nobody_listed_has_an_arn_of_its_own_partition() {
        let account = Account::unlisted("111122223333".parse().unwrap());
        let scan = AccountScan {
            account_id: account.id,
            role_arn: Some("arn:aws-us-gov:iam::111122223333:role/atrest-audit".to_owned()),
            access_path: None,
            regions: Vec::new(),
            regions_disabled: Vec::new(),
            regions_from: RegionsFrom::NoSession,
            started_at: Timestamp::from_millis(0),
            finished_at: Timestamp::from_millis(0),
        };
        let facts = AccountFacts {
            org_id: None,
            account,
            ou_names: None,
            scan: Some(scan),
            status: ScanStatus::Unreachable,
            reason: None,
            buckets: None,
            keys: None,
            calls: 0,
            gaps_accepted: false,
        };
        assert!(account_arn(&facts).starts_with("arn:aws-us-gov:organizations:"), "{}", account_arn(&facts));
        let given = "arn:aws-cn:organizations::999988887777:account/o-ex/111122223333";
        let account = Account { arn: Some(given.to_owned()), ..facts.account.clone() };
        assert_eq!(account_arn(&AccountFacts { account, ..facts }), given);
    }
}
