//! The checks: one file each, and the registry that lists them.
//!
//! A check is data and one pure function from a fact to an [`Outcome`]. Its reasons are data too:
//! each has a code, which is public and never used for anything else, and the verdict that it leads
//! to, so that a file shows at a glance what can come of it. What was not read leads to `unknown`
//! through `support`, never to `pass` or `fail`; a test walks every reading through every check.

/// [`ROTATION_FOOTNOTE`] as `concat!` takes it; above the modules, for it ends some of their texts.
macro_rules! rotation_footnote {
    () => {
        "Rotation adds key material for what is encrypted from then on; it does not re-encrypt stored data."
    };
}

mod account_scanned;
mod bucket;
mod days;
mod documentation;
mod exception_max_matches;
mod key;
mod key_policy;
mod kms_key_disabled;
mod kms_key_material_age;
mod kms_key_pending_deletion;
mod kms_material_expiring;
mod kms_policy_outside_org;
mod kms_policy_public;
mod kms_policy_service_confused_deputy;
mod kms_rotation_enabled;
mod kms_rotation_period;
mod outsiders;
mod policy_reading;
mod requirement;
mod rotation;
mod s3_bucket_key;
mod s3_default_encryption;
mod s3_encryption_standard;
mod s3_key_in_org;
mod s3_key_reference_by_arn;
mod s3_key_rotation;
mod s3_key_usable;
mod s3_policy_service_confused_deputy;
mod s3_sse_c_blocked;
mod s3_tls_only;
mod s3_upload_encryption_enforced;
mod service_deputy;
mod service_destination;
mod support;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::model::{
    AccountFacts, AccountId, BucketFacts, Category, EncryptionRequirement, FaultKind, HeldDestination,
    KeyFacts, Organization, Parameters, Severity, TrustedAccount, Undecided, Verdict,
};
use crate::policy::{Policy, PolicyError, Setting};

pub use bucket::is_aws_managed;
pub use documentation::documentation;
pub use key_policy::KeyAnswers;

/// Every check, in the order of the lake: buckets, keys, accounts.
pub static CHECKS: &[&Check] = &[
    &s3_default_encryption::CHECK,
    &s3_encryption_standard::CHECK,
    &s3_key_usable::CHECK,
    &s3_key_in_org::CHECK,
    &s3_key_rotation::CHECK,
    &s3_key_reference_by_arn::CHECK,
    &s3_bucket_key::CHECK,
    &s3_sse_c_blocked::CHECK,
    &s3_tls_only::CHECK,
    &s3_upload_encryption_enforced::CHECK,
    &s3_policy_service_confused_deputy::CHECK,
    &kms_rotation_enabled::CHECK,
    &kms_rotation_period::CHECK,
    &kms_key_material_age::CHECK,
    &kms_key_pending_deletion::CHECK,
    &kms_key_disabled::CHECK,
    &kms_material_expiring::CHECK,
    &kms_policy_public::CHECK,
    &kms_policy_outside_org::CHECK,
    &kms_policy_service_confused_deputy::CHECK,
    &account_scanned::CHECK,
    &exception_max_matches::CHECK,
];

/// The check by which a bucket meets the standard, or does not.
pub const STANDARD_CHECK: &str = "s3_encryption_standard";

/// The checks that ask what a bucket's default encryption must be.
pub const ABOUT_ENCRYPTION: [&str; 2] = [STANDARD_CHECK, "s3_upload_encryption_enforced"];

/// What any check says where it cannot be known which of the standard's entries holds. It is the judge's to
/// say, before a check is asked.
pub static SCOPE_NOT_KNOWN: Reason = Reason::unknown(
    "scope_not_known",
    "The standard has entries for organizational units, and the account's units were not all read: which \
     entry holds cannot be said.",
)
    .with_remedy(
        "Let the census read the account's organizational units: the coverage table has the reads of AWS Organizations that failed.",
    );

/// Said wherever rotation is judged (KMS Developer Guide, "Rotate AWS KMS keys").
pub const ROTATION_FOOTNOTE: &str = rotation_footnote!();

/// A check. Its texts are for people who were not there when it was written.
#[derive(Debug)]
pub struct Check {
    /// Public, and never another check's.
    pub id: &'static str,
    /// Raised when the same facts would get another verdict.
    pub version: i32,
    /// What is so where it passes.
    pub title: &'static str,
    /// What it asks of each resource.
    pub question: &'static str,
    /// What it is about.
    pub category: Category,
    /// How bad a fail is, unless the standard says otherwise.
    pub severity: Severity,
    /// The parameters of its instances.
    pub parameters: &'static [Parameter],
    /// All that it can say.
    pub reasons: &'static [&'static Reason],
    /// Why it matters, with its source.
    pub rationale: &'static str,
    /// What to do about a fail.
    pub remedy: &'static str,
    /// The function.
    pub judge: Judge,
}

impl Check {
    /// The highest severity of a fail, where the standard gives the instance `severity`.
    pub fn severity_max(&self, severity: Severity) -> Severity {
        let raised = self.reasons.iter().filter_map(|reason| reason.at_most).max();
        raised.map_or(severity, |raised| raised.max(severity))
    }

    /// What to do about a fail for that reason; the check's own remedy where the reason has none.
    pub fn remedy_of(&self, reason_code: &str) -> &'static str {
        let reason = self.reasons.iter().find(|reason| reason.code == reason_code);
        reason.and_then(|reason| reason.remedy).unwrap_or(self.remedy)
    }
}

/// A whole number that an instance of a check is given.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it means, with its unit.
    pub doc: &'static str,
    /// The least that makes sense.
    pub minimum: i64,
    /// The most that makes sense.
    pub maximum: i64,
    /// Whether an instance may leave it out; `doc` says what holds then.
    pub optional: bool,
}

/// A reason code: public, with the verdict that it leads to.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// Lower snake case.
    pub code: &'static str,
    /// The verdict.
    pub verdict: Verdict,
    /// The reason in words, where a check has no more to say.
    pub meaning: &'static str,
    /// Whether an exception may accept it without the standard's leave.
    pub exemptible: bool,
    /// What to do about it, where the check's own remedy does not fit.
    pub remedy: Option<&'static str>,
    /// The highest severity that the facts may raise it to, where they may.
    pub at_most: Option<Severity>,
}

impl Reason {
    /// A reason to pass.
    pub const fn pass(code: &'static str, meaning: &'static str) -> Self {
        Self { code, verdict: Verdict::Pass, meaning, exemptible: false, remedy: None, at_most: None }
    }

    /// A reason to fail, which an exception may accept.
    pub const fn fail(code: &'static str, meaning: &'static str) -> Self {
        Self { code, verdict: Verdict::Fail, meaning, exemptible: true, remedy: None, at_most: None }
    }

    /// A reason to fail that is too grave for an exception, unless the standard says otherwise.
    pub const fn grave(code: &'static str, meaning: &'static str) -> Self {
        Self { code, verdict: Verdict::Fail, meaning, exemptible: false, remedy: None, at_most: None }
    }

    /// A reason why it cannot be said.
    pub const fn unknown(code: &'static str, meaning: &'static str) -> Self {
        Self { code, verdict: Verdict::Unknown, meaning, exemptible: false, remedy: None, at_most: None }
    }

    /// A reason why the check does not apply.
    pub const fn not_applicable(code: &'static str, meaning: &'static str) -> Self {
        Self {
            code,
            verdict: Verdict::NotApplicable,
            meaning,
            exemptible: false,
            remedy: None,
            at_most: None,
        }
    }

    /// The same with a remedy of its own.
    pub const fn with_remedy(self, remedy: &'static str) -> Self {
        Self { remedy: Some(remedy), ..self }
    }

    /// The same, which the facts may raise as far as that.
    pub const fn at_most(self, severity: Severity) -> Self {
        Self { at_most: Some(severity), ..self }
    }
}

/// What a check is a function of.
#[derive(Debug, Clone, Copy)]
pub enum Judge {
    /// Of a bucket.
    Bucket(fn(&BucketSubject<'_>, &Context<'_>) -> Outcome),
    /// Of a key.
    Key(fn(&KeySubject<'_>, &Context<'_>) -> Outcome),
    /// Of an account.
    Account(fn(&AccountFacts, &Context<'_>) -> Outcome),
    /// Of an exception in force; a finding only where it fails.
    Exception(fn(&ExceptionSubject<'_>, &Context<'_>) -> Outcome),
}

/// An exception as a check sees it.
#[derive(Debug, Clone, Copy)]
pub struct ExceptionSubject<'a> {
    /// Its id.
    pub id: &'a str,
    /// Findings that it matches.
    pub matches: u64,
    /// The most that was agreed.
    pub max_matches: u64,
}

/// A bucket as a check sees it.
#[derive(Debug, Clone, Copy)]
pub struct BucketSubject<'a> {
    /// The facts.
    pub facts: &'a BucketFacts,
    /// The bucket's policy.
    pub policy: PolicyReading<'a>,
    /// The standard's service destinations that name the bucket.
    pub destinations: &'a [&'a HeldDestination],
}

/// A key as a check sees it.
#[derive(Debug, Clone, Copy)]
pub struct KeySubject<'a> {
    /// The facts.
    pub facts: &'a KeyFacts,
    /// The key's policy.
    pub policy: PolicyReading<'a>,
    /// Some of the buckets whose default names it, in order; `facts` has how many there are.
    pub buckets: &'a [String],
    /// What its policy has answered so far.
    pub answers: &'a KeyAnswers,
}

/// A resource's policy, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub enum PolicyReading<'a> {
    /// It was read and understood.
    Known(&'a Policy),
    /// There is none.
    Absent,
    /// It was read and not understood.
    Unparsed(&'a PolicyError),
    /// It was not read.
    Unread(Undecided),
}

impl<'a> PolicyReading<'a> {
    /// The policy that a hash stands for; none where the log has no text of it, which a sealed segment has.
    pub fn of(parsed: Option<Result<&'a Policy, &'a PolicyError>>) -> Self {
        match parsed {
            Some(Ok(policy)) => Self::Known(policy),
            Some(Err(error)) => Self::Unparsed(error),
            None => Self::Unread(Undecided::Unread(FaultKind::Protocol)),
        }
    }

    /// The same as it holds for a bucket of the organization at an instant.
    pub fn of_bucket_at(
        self,
        facts: &BucketFacts,
        organization: &Organization,
        as_of: Timestamp,
    ) -> SettledReading<'a> {
        self.settled(&Setting::of_bucket(facts.account_id, facts.region.as_ref(), organization, as_of))
    }

    /// The same for a key.
    pub fn of_key_at(
        self,
        facts: &KeyFacts,
        organization: &Organization,
        as_of: Timestamp,
    ) -> SettledReading<'a> {
        self.settled(&Setting::of_key(facts.account_id, &facts.observation, organization, as_of))
    }

    fn settled(self, setting: &Setting<'_>) -> SettledReading<'a> {
        match self {
            Self::Known(policy) => SettledReading::Known(policy.settled(setting)),
            other => SettledReading::Other(other),
        }
    }
}

/// A resource's policy as it holds at an instant, as far as it is known.
#[derive(Debug)]
pub enum SettledReading<'a> {
    /// It was read and understood.
    Known(Cow<'a, Policy>),
    /// It was not, or there is none.
    Other(PolicyReading<'a>),
}

impl SettledReading<'_> {
    /// As a check takes it.
    pub fn reading(&self) -> PolicyReading<'_> {
        match self {
            Self::Known(policy) => PolicyReading::Known(policy),
            Self::Other(reading) => *reading,
        }
    }
}

/// What a check may ask beside its subject.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The instant that dates are judged at.
    pub as_of: Timestamp,
    /// The instance's parameters.
    pub parameters: &'a Parameters,
    /// What default encryption must be in the subject's account.
    pub encryption: &'a EncryptionRequirement,
    /// The organization.
    pub organization: &'a Organization,
    /// Accounts outside the organization that are trusted with keys.
    pub trusted_accounts: &'a [TrustedAccount],
    /// Accounts whose scan matters most.
    pub critical_accounts: &'a BTreeSet<AccountId>,
}

impl Context<'_> {
    /// The trust in an account outside the organization, with its latest end; it may be over.
    pub fn trust_in(&self, account_id: AccountId) -> Option<&TrustedAccount> {
        let trusted = self.trusted_accounts.iter().filter(|trusted| trusted.account_id == account_id);
        trusted.max_by_key(|trusted| trusted.expires)
    }

    /// A parameter of the instance. The standard gives each instance every parameter of its check that is not
    /// optional.
    pub fn parameter(&self, name: &str) -> i64 {
        self.optional_parameter(name).unwrap_or_default()
    }

    /// A parameter that an instance may leave out.
    pub fn optional_parameter(&self, name: &str) -> Option<i64> {
        self.parameters.get(name).copied()
    }
}

/// What a check says of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The reason, and with it the verdict.
    pub reason: &'static Reason,
    /// The reason in words.
    pub text: Cow<'static, str>,
    /// A severity that the facts raise it to; never a lower one.
    pub at_least: Option<Severity>,
    /// Another resource that the verdict stands on.
    pub related_arn: Option<String>,
}

impl From<&'static Reason> for Outcome {
    fn from(reason: &'static Reason) -> Self {
        Self { reason, text: Cow::Borrowed(reason.meaning), at_least: None, related_arn: None }
    }
}

impl Outcome {
    /// The same with words of its own: one sentence, with what was seen.
    pub fn saying(self, text: impl Into<Cow<'static, str>>) -> Self {
        Self { text: text.into(), ..self }
    }

    /// The same, at least so severe.
    pub fn at_least(self, severity: Severity) -> Self {
        Self { at_least: Some(severity), ..self }
    }

    /// The same, standing on another resource too.
    pub fn related(self, arn: Option<&str>) -> Self {
        Self { related_arn: arn.map(str::to_owned), ..self }
    }
}

/// Finds a check by its id.
pub fn find(id: &str) -> Option<&'static Check> {
    CHECKS.iter().copied().find(|check| check.id == id)
}
