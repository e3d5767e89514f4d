//! A resource's policy, a bucket's or a key's: reached where it was read and understood, else why not.

use super::support::Decided;
use super::{Outcome, PolicyReading, Reason};
use crate::clock::Timestamp;
use crate::model::{Undecided, Verdict};
use crate::policy::Policy;

/// The policy was not read.
pub static POLICY_NOT_READ: Reason = Reason::unknown("policy_not_read", "The policy could not be read.");
/// The policy was read, and is no policy as far as this version can tell.
pub static POLICY_NOT_UNDERSTOOD: Reason =
    Reason::unknown("policy_not_understood", "The policy was read and not understood.");
/// The policy was understood, and does not answer the question either way.
pub static POLICY_UNDECIDED: Reason =
    Reason::unknown("policy_undecided", "What the policy comes to depends on what it does not say.");

/// The policy of a bucket or a key, where it was read and understood; none where there is none.
pub fn policy<'a>(
    reading: PolicyReading<'a>,
    resource: &str,
    gone: &'static Reason,
) -> Decided<Option<&'a Policy>> {
    match reading {
        PolicyReading::Known(policy) => Ok(Some(policy)),
        PolicyReading::Absent => Ok(None),
        PolicyReading::Unparsed(error) => {
            let text = format!("The {resource} policy was read and not understood: {error}.");
            Err(Outcome::from(&POLICY_NOT_UNDERSTOOD).saying(text))
        }
        PolicyReading::Unread(Undecided::Gone) => Err(Outcome::from(gone)),
        PolicyReading::Unread(why) => Err(Outcome::from(&POLICY_NOT_READ)
            .saying(format!("The {resource} policy was not read: {}.", why.spoken()))),
    }
}

/// What is said of a policy at the instant of judgement.
///
/// A statement that has ended or has not begun does not count. Where a pass ends at a later instant that the
/// policy names, the sentence says when and why: the verdict is of now, and its reader can act before.
pub fn now_and_later(policy: &Policy, as_of: Timestamp, judge: &dyn Fn(&Policy) -> Outcome) -> Outcome {
    let now = judge(policy);
    if now.reason.verdict != Verdict::Pass {
        return now;
    }
    let later = policy.later(as_of).into_iter().map(|(at, policy)| (at, judge(&policy)));
    match later.into_iter().find(|(_, then)| then.reason.verdict != Verdict::Pass) {
        Some((at, then)) => {
            let text = format!("{} This changes at {at}: {}", now.text, then.text);
            now.saying(text)
        }
        None => now,
    }
}
