//! What a call answered, with "we could not see it" as a value.
//!
//! This type decides everything: a check reaches the value only through [`Reading::settled`], which
//! is an error for all that is not known, so that a denied, throttled or broken read can become
//! `unknown` and never `pass` or `fail`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Region;
use crate::clock::Timestamp;

/// What a read of one attribute came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading<T> {
    /// The service gave the value.
    Known(T),
    /// The service said that nothing is configured.
    Absent,
    /// The service said that the resource is no longer there.
    Gone,
    /// The read was sent, or tried, and gave no answer that can be trusted.
    Unread(Fault),
    /// The read was never sent.
    NotAsked(NotAsked),
}

/// Why a value is not known: what [`Reading::settled`] gives instead of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Undecided {
    /// The resource was gone when it was read.
    Gone,
    /// The read failed.
    Unread(FaultKind),
    /// The read was not sent.
    NotAsked(NotAsked),
}

impl Undecided {
    /// The *read* word of the lake's `…_read` columns.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Unread(kind) => kind.word(),
            Self::NotAsked(_) => "not_asked",
        }
    }

    /// What a sentence ends with: "The policy was not read: access was denied."
    pub const fn spoken(self) -> &'static str {
        match self {
            Self::Gone => "it was gone",
            Self::NotAsked(_) => "the read was not sent",
            Self::Unread(FaultKind::Denied) => "access was denied",
            Self::Unread(FaultKind::Throttled) => "AWS throttled every attempt",
            Self::Unread(FaultKind::Transport) => "no answer came",
            Self::Unread(FaultKind::Service) => "the service failed",
            Self::Unread(FaultKind::Protocol) => "the answer was not what the API promises",
            Self::Unread(FaultKind::Identity) => "the credentials were not accepted",
            Self::Unread(FaultKind::Unavailable) => "the Region is not available to the account",
        }
    }
}

/// How a read ended, without its value: what the lake's `…_read` columns say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The service gave a value.
    Known,
    /// The service said that nothing is configured.
    Absent,
    /// Neither.
    Undecided(Undecided),
}

impl Ended {
    /// The *read* word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Absent => "absent",
            Self::Undecided(why) => why.word(),
        }
    }
}

impl<T> Reading<T> {
    /// The value, or `None` where the service said "not configured"; anything else is not a value.
    pub fn settled(&self) -> Result<Option<&T>, Undecided> {
        match self {
            Self::Known(value) => Ok(Some(value)),
            Self::Absent => Ok(None),
            Self::Gone => Err(Undecided::Gone),
            Self::Unread(fault) => Err(Undecided::Unread(fault.kind)),
            Self::NotAsked(why) => Err(Undecided::NotAsked(*why)),
        }
    }

    /// How the read ended.
    pub fn ended(&self) -> Ended {
        match self.settled() {
            Ok(Some(_)) => Ended::Known,
            Ok(None) => Ended::Absent,
            Err(why) => Ended::Undecided(why),
        }
    }

    /// The value, where it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// The *read* word of the lake's `…_read` columns.
    pub fn word(&self) -> &'static str {
        self.ended().word()
    }

    /// The same reading of a value made from this one's.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reading<U> {
        self.and_then(|value| Reading::Known(change(value)))
    }

    /// What the value leads to, where it is known; else the same reading.
    pub fn and_then<U>(self, next: impl FnOnce(T) -> Reading<U>) -> Reading<U> {
        match self {
            Self::Known(value) => next(value),
            Self::Absent => Reading::Absent,
            Self::Gone => Reading::Gone,
            Self::Unread(fault) => Reading::Unread(fault),
            Self::NotAsked(why) => Reading::NotAsked(why),
        }
    }
}

/// The same undecided, of a value that stands on the one that was not read. What AWS said stays with that one.
impl<T> From<Undecided> for Reading<T> {
    fn from(why: Undecided) -> Self {
        match why {
            Undecided::Gone => Self::Gone,
            Undecided::Unread(kind) => Self::Unread(Fault::new(kind)),
            Undecided::NotAsked(why) => Self::NotAsked(why),
        }
    }
}

/// A read that gave no answer that can be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The class, which decides retries and the coverage column.
    pub kind: FaultKind,
    /// AWS's own error code, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The HTTP status, where there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The kind of policy that denied, from AWS's message. Helps a reader; decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied_by: Option<DeniedBy>,
    /// Whether a statement denied, or none allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deny_type: Option<DenyType>,
    /// AWS's message, bounded, printable and without secrets. Helps a reader; decides nothing. None in
    /// logs of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Seconds that this host's clock was ahead of the date of an answer that did not accept the
    /// credentials (negative: behind); none where that is too little to matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ahead_seconds: Option<i64>,
}

impl Fault {
    /// A fault that no code of AWS's goes with.
    pub const fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            code: None,
            status: None,
            denied_by: None,
            deny_type: None,
            message: None,
            clock_ahead_seconds: None,
        }
    }

    /// A fault of our own finding, and what was found.
    pub fn saying(kind: FaultKind, message: Option<String>) -> Self {
        Self { message, ..Self::new(kind) }
    }

    /// AWS's code, or the class where there is none.
    pub fn code_or_class(&self) -> &str {
        self.code.as_deref().unwrap_or(self.kind.word())
    }

    /// AWS's code, or the class in words for people, where there is none.
    pub fn code_or_words(&self) -> &str {
        self.code.as_deref().unwrap_or(self.kind.in_words())
    }

    /// Whether AWS said no to the request itself, as against a service that was busy, out of reach, or did not know
    /// the caller.
    pub fn is_refusal(&self) -> bool {
        let has_failed = self.status.is_some_and(|status| status >= 500);
        self.kind == FaultKind::Denied || (self.kind == FaultKind::Service && !has_failed)
    }

    /// AWS's code, or the class in words; then the message.
    pub fn said(&self) -> String {
        let code = self.code_or_words();
        match &self.message {
            // A sentence goes on behind it.
            Some(message) => format!("{code}: {}", message.trim_end_matches('.')),
            None => code.to_owned(),
        }
    }
}

impl FaultKind {
    /// The class as a sentence names it. The lake has a word for each, which is for queries.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Denied => "a refusal",
            Self::Throttled => "throttling on every attempt",
            Self::Transport => "no answer",
            Self::Service => "a failure of the service",
            Self::Protocol => "an answer that the AWS API does not have",
            Self::Identity => "credentials that are not accepted",
            Self::Unavailable => "a Region that is not available",
        }
    }
}

/// A closed list of words of the lake as an enum: its variants, each with its word.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every variant, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The lake's word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The variant that the lake has that word for.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.word() == word)
            }
        }
    };
}
pub use words;

words! {
    /// The classes of fault; a coverage column each.
    FaultKind {
        /// AWS refused this principal. Not retried.
        Denied = "denied",
        /// AWS asked for a slower pace, on every attempt.
        Throttled = "throttled",
        /// No answer: connection, TLS, DNS, time-out, a body cut short.
        Transport = "transport",
        /// The service failed, or gave a code that this version does not know.
        Service = "service",
        /// An answer that is not what the API promises: not XML or JSON, a member that is missing, a token that
        /// loops, an answer about another resource.
        Protocol = "protocol",
        /// The credentials were not accepted.
        Identity = "identity",
        /// The Region is not there for this account, while its session works elsewhere.
        Unavailable = "unavailable",
    }
}

words! {
    /// The kinds of policy that AWS names in a denial.
    DeniedBy {
        /// An identity-based policy.
        Identity = "identity",
        /// A resource-based policy: a key policy, a bucket policy, a trust policy.
        ResourcePolicy = "resource_policy",
        /// A service control policy.
        Scp = "scp",
        /// A resource control policy.
        Rcp = "rcp",
        /// A permissions boundary.
        Boundary = "boundary",
        /// A session policy.
        Session = "session",
        /// A VPC endpoint policy.
        VpcEndpoint = "vpc_endpoint",
        /// The message names none.
        Unstated = "unstated",
    }
}

words! {
    /// How a policy denied.
    DenyType {
        /// A Deny statement matched.
        Explicit = "explicit",
        /// No statement allowed.
        Implicit = "implicit",
    }
}

words! {
    /// Why a read was not sent.
    NotAsked {
        /// The plan has no such read: it cannot apply to this resource.
        DoesNotApply = "does_not_apply",
        /// A setting turned the read off.
        TurnedOff = "turned_off",
        /// `--region` left the Region out.
        RegionFiltered = "region_filtered",
        /// The Region was not scanned: disabled, or not known.
        RegionNotScanned = "region_not_scanned",
        /// What this read depends on was not read.
        DependencyUnread = "dependency_unread",
        /// There was no session in the account.
        NoSession = "no_session",
    }
}

impl NotAsked {
    /// True where the plan called for the read, so that it counts in `coverage.not_asked`.
    pub const fn planned(self) -> bool {
        !matches!(self, Self::DoesNotApply | Self::TurnedOff)
    }

    /// True where the missing read stands against `coverage.complete`.
    pub const fn leaves_a_gap(self) -> bool {
        self.planned() && !matches!(self, Self::RegionFiltered)
    }
}

/// One logical read: the operation, where and when it was answered, and the reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation<T> {
    /// `service:Operation`, such as `s3:GetBucketEncryption`.
    pub operation: Cow<'static, str>,
    /// The Region asked, or `global` for account-wide operations.
    pub region: Region,
    /// When the last answer came; none where the read was not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The host that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// AWS's request id of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Attempts sent, retries and further pages included.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// What the read came to.
    pub reading: Reading<T>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl<T> Observation<T> {
    /// A read that was not sent, and why.
    pub fn not_asked(operation: &'static str, region: Region, why: NotAsked) -> Self {
        Self {
            operation: Cow::Borrowed(operation),
            region,
            at: None,
            endpoint: None,
            request_id: None,
            attempts: 0,
            reading: Reading::NotAsked(why),
        }
    }

    /// The same observation of a value made from this one's.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Observation<U> {
        self.and_then(|value| Reading::Known(change(value)))
    }

    /// The same observation of what the value leads to.
    pub fn and_then<U>(self, next: impl FnOnce(T) -> Reading<U>) -> Observation<U> {
        Observation {
            operation: self.operation,
            region: self.region,
            at: self.at,
            endpoint: self.endpoint,
            request_id: self.request_id,
            attempts: self.attempts,
            reading: self.reading.and_then(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_and_absent_settle() {
        assert_eq!(Reading::Known(1).settled(), Ok(Some(&1)));
        assert_eq!(Reading::<i32>::Absent.settled(), Ok(None));
        assert!(Reading::<i32>::Gone.settled().is_err());
        for kind in FaultKind::ALL {
            assert!(Reading::<i32>::Unread(Fault::new(*kind)).settled().is_err(), "{kind:?}");
        }
        for why in NotAsked::ALL {
            assert!(Reading::<i32>::NotAsked(*why).settled().is_err(), "{why:?}");
        }
    }

    #[test]
    fn a_filter_counts_but_leaves_no_gap() {
        assert!(NotAsked::RegionFiltered.planned() && !NotAsked::RegionFiltered.leaves_a_gap());
        assert!(NotAsked::DependencyUnread.leaves_a_gap());
        assert!(!NotAsked::DoesNotApply.planned() && !NotAsked::TurnedOff.planned());
    }
}
