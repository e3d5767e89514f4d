//! When every door is shut: the first accounts that refuse the role with one and the same code.
//!
//! A wrong role name or a trust policy without the caller is refused in every account. Then the run
//! stops, and no empty night is published. Until this is decided, segments of refusing accounts are
//! held back, so that a run that continues after the fix asks them again.

use crate::model::{AccountId, Fault};

/// How many accounts must refuse alike (contract §5, exit code 5).
const FIRST: usize = 50;

/// A sealed segment that waits for the verdict.
#[derive(Debug)]
pub struct Held {
    /// The account.
    pub account_id: AccountId,
    /// The segment.
    pub bytes: Vec<u8>,
    /// Whether the account gave a session.
    pub had_session: bool,
}

/// The verdict so far.
#[derive(Debug, Default)]
pub struct Refusals {
    decided: bool,
    /// What each of the first accounts came to: a code, or none for a session.
    first: Vec<Option<Outcome>>,
    held: Vec<Held>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Outcome {
    refused: Option<Fault>,
}

impl Refusals {
    /// Takes an account's place in the order of the list; none after the first. The caller's own
    /// account takes no place.
    pub fn admit(&mut self) -> Option<usize> {
        if self.first.len() == FIRST {
            return None;
        }
        self.first.push(None);
        Some(self.first.len() - 1)
    }

    /// Notes what an account came to, and gives the segments that may be written now.
    pub fn settle(&mut self, place: Option<usize>, refused: Option<Fault>, segment: Held) -> Vec<Held> {
        let is_refusal = refused.is_some();
        if let Some(slot) = place.and_then(|place| self.first.get_mut(place)) {
            *slot = Some(Outcome { refused });
            self.decided |= !is_refusal || self.codes_differ();
        }
        if is_refusal && !self.decided {
            self.held.push(segment);
            return Vec::new();
        }
        let mut released = if self.decided { std::mem::take(&mut self.held) } else { Vec::new() };
        released.push(segment);
        released
    }

    /// Notes that an account gave a session in an earlier attempt at this run.
    pub fn had_session_before(&mut self) {
        self.decided = true;
    }

    fn codes_differ(&self) -> bool {
        let mut codes =
            self.first.iter().flatten().map(|outcome| outcome.refused.as_ref().map(Fault::code_or_class));
        let first = codes.next();
        codes.any(|code| Some(code) != first)
    }

    /// What the first account was refused with, where every one of the first was refused with the same code.
    /// `listed` says that no account comes any more, so that fewer than fifty are all there are.
    pub fn all_refused(&self, listed: bool) -> Option<&Fault> {
        let full = self.first.len() == FIRST || (listed && !self.first.is_empty());
        if self.decided || !full || self.first.iter().any(Option::is_none) {
            return None;
        }
        self.first.first()?.as_ref()?.refused.as_ref()
    }

    /// How many of the first accounts there are.
    pub fn places(&self) -> usize {
        self.first.len()
    }

    /// The segments that are still held, at the end of a run that was not stopped.
    pub fn release(&mut self) -> Vec<Held> {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FaultKind;

    fn held(n: usize) -> Held {
        Held { account_id: format!("{n:012}").parse().unwrap(), bytes: vec![], had_session: false }
    }

    fn run(codes: &[Option<&str>], listed: bool) -> (Option<String>, usize) {
        let mut refusals = Refusals::default();
        let places: Vec<Option<usize>> = codes.iter().map(|_| refusals.admit()).collect();
        let mut written = 0;
        for (n, code) in codes.iter().enumerate() {
            // What differs from account to account is the message.
            let fault = code.map(|code| Fault {
                code: Some(code.to_owned()),
                message: Some(format!("{code} in {n}")),
                ..Fault::new(FaultKind::Denied)
            });
            written += refusals.settle(places[n], fault, held(n)).len();
        }
        (refusals.all_refused(listed).map(|fault| fault.code_or_class().to_owned()), written)
    }

    #[test]
    fn all_that_there_are_refusing_alike_stop_the_run() {
        let denied = Some("AccessDenied");
        assert_eq!(run(&[denied; 3], true), (denied.map(str::to_owned), 0));
        assert_eq!(run(&[denied; 3], false).0, None, "more accounts may come");
        assert_eq!(run(&[denied; 50], false).0, denied.map(str::to_owned));
        assert_eq!(run(&[], true).0, None);
    }

    #[test]
    fn one_session_or_another_code_lets_the_run_go_on() {
        let denied = Some("AccessDenied");
        assert_eq!(run(&[denied, None, denied], true), (None, 3));
        assert_eq!(run(&[denied, Some("ExpiredToken"), denied], true), (None, 3));
    }
}
