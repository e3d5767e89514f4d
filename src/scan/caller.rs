//! Whether the caller's own credentials still hold.
//!
//! A session that runs out in the middle of a night refuses every account that is left, and such a
//! night would read as an organization that lost its audit role. So an account that failed for the
//! caller's credentials is not sealed before STS was asked whether they are good: once for all accounts
//! in flight, and again after accounts had sessions since, or where one fails for the second time.

use crate::aws::environment::Environment;
use crate::model::{Fault, FaultKind, Reading};

/// What STS says of the caller's credentials; none where it takes them, or did not answer at all.
pub async fn lost_caller(aws: &Environment) -> Option<Box<Fault>> {
    match aws.identify().await.reading {
        Reading::Unread(fault) if fault.kind == FaultKind::Identity => Some(Box::new(fault)),
        _ => None,
    }
}

/// What is known of the caller while accounts are scanned.
#[derive(Debug, Default)]
pub struct Doubt {
    /// Accounts that had a session, and whose reads were not refused for the caller's sake.
    good: u64,
    /// How many there were when STS was asked last.
    asked_at: Option<u64>,
}

impl Doubt {
    /// Notes an account that gave a session to credentials that are valid.
    pub fn had_session(&mut self) {
        self.good += 1;
    }

    /// Whether STS is to be asked, and then notes that it is.
    pub fn is_to_be_asked(&mut self) -> bool {
        let asked = self.asked_at == Some(self.good);
        self.asked_at = Some(self.good);
        !asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sts_is_asked_once_for_accounts_that_fail_together() {
        let mut doubt = Doubt::default();
        assert_eq!([doubt.is_to_be_asked(), doubt.is_to_be_asked()], [true, false]);
        doubt.had_session();
        doubt.had_session();
        assert_eq!([doubt.is_to_be_asked(), doubt.is_to_be_asked()], [true, false]);
    }
}
