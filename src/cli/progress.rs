//! A scan's progress: a bar on a terminal, and off it the words of the line that comes every minute. The demo's, in
//! nights.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::print;
use super::work::Work;
#[cfg(feature = "sim")]
use crate::clock::Timestamp;
use crate::model::{AccountId, RunId};
use crate::operation::LIST_ACCOUNTS;
use crate::scan::{Event, Progress};
use crate::spelling::counted;

/// Shows a scan's events.
#[derive(Debug)]
pub struct Watch {
    bar: ProgressBar,
    counts: Mutex<Counts>,
    work: Arc<Work>,
}

#[derive(Debug, Default)]
struct Counts {
    accounts: u64,
    done: u64,
    refused: u64,
    listed: bool,
    /// Those that are scanned now, and since when.
    begun: BTreeMap<AccountId, Instant>,
}

impl Watch {
    /// Begins, and names the run, so that an interrupted one can be continued.
    pub fn start(run_id: &RunId, work: Arc<Work>) -> Self {
        print::say(format!("run {run_id}"));
        let bar = ProgressBar::with_draw_target(Some(0), target());
        let style = ProgressStyle::with_template("{elapsed_precise} {wide_bar} {pos}/{len} accounts {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        work.does(Counts::default().line());
        work.puts_in_order(Some("accounts that are being scanned are dropped, complete accounts are kept"));
        work.is_quiet(!bar.is_hidden());
        Self { bar, counts: Mutex::default(), work }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
        self.work.puts_in_order(None);
        self.work.is_quiet(false);
    }
}

impl Counts {
    /// What is waited for: the list, or the account that takes longest.
    fn line(&self) -> String {
        let Self { accounts, done, refused, listed, begun } = self;
        if *accounts == 0 && !listed {
            return format!("waiting for {}", LIST_ACCOUNTS.id);
        }
        let more = if *listed { "" } else { " so far" };
        let line = format!("{done} of {accounts}{more} accounts done, {refused} without a session");
        match begun.iter().min_by_key(|(_, since)| **since) {
            Some((account_id, _)) => format!("{line}, {} in flight, the longest {account_id}", begun.len()),
            None => line,
        }
    }
}

/// Shows the nights of a demo.
#[cfg(feature = "sim")]
#[derive(Debug)]
pub struct Nights<'a> {
    bar: ProgressBar,
    count: usize,
    work: &'a Work,
}

#[cfg(feature = "sim")]
impl<'a> Nights<'a> {
    /// Begins, and says how many there will be.
    pub fn start(nights: &[Timestamp], work: &'a Work) -> Self {
        let bar = ProgressBar::with_draw_target(Some(nights.len() as u64), target());
        let style = ProgressStyle::with_template("{elapsed_precise} {wide_bar} {pos}/{len} nights");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        if let [first, .., last] = nights {
            print::say(format!("taking {} censuses, {} to {}", nights.len(), first.date(), last.date()));
        }
        bar.tick();
        work.is_quiet(!bar.is_hidden());
        let started = Self { bar, count: nights.len(), work };
        started.tell();
        started
    }

    fn tell(&self) {
        let done = format!("{} of {} censuses published", self.bar.position(), self.count);
        self.work.leaves(format!("{done}, and no page; `atrest demo` replaces the folder"));
        self.work.has_come(done);
    }

    /// One is published.
    pub fn one_more(&self) {
        self.bar.inc(1);
        self.tell();
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
        self.work.is_quiet(false);
    }
}

fn target() -> ProgressDrawTarget {
    if print::is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
}

impl Progress for Watch {
    fn tell(&self, event: Event) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Accounts(more) => {
                counts.accounts += more;
                self.bar.set_length(counts.accounts);
            }
            Event::Listed => counts.listed = true,
            Event::Begun(account_id) => {
                counts.begun.insert(account_id, Instant::now());
            }
            Event::Done(account_id, had_session) => {
                counts.begun.remove(&account_id);
                counts.done += 1;
                counts.refused += u64::from(!had_session);
                self.bar.set_position(counts.done);
            }
            Event::Resumed(sealed) => {
                print::say(format!("{} already complete, not scanned again", counted(sealed, "account")));
            }
            Event::Note(note) => print::say(format!("note: {note}")),
        }
        self.work.has_come(counts.line());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_line_says_how_far_it_came_and_which_account_is_slow() {
        let (work, run_id) = (Arc::new(Work::new("")), "20261121T030000Z-0badcafe".parse().unwrap());
        let watch = Watch::start(&run_id, Arc::clone(&work));
        let [slow, fast]: [AccountId; 2] = ["111111111111", "222222222222"].map(|id| id.parse().unwrap());
        work.is_quiet(false);
        assert_eq!(work.line().unwrap(), "waiting for organizations:ListAccounts");
        watch.tell(Event::Accounts(1));
        watch.tell(Event::Begun(slow));
        tokio::time::advance(Duration::from_secs(1)).await;
        watch.tell(Event::Accounts(1));
        watch.tell(Event::Begun(fast));
        let far = "0 of 2 so far accounts done, 0 without a session, 2 in flight, the longest 111111111111";
        assert_eq!(work.line().unwrap(), far);
        watch.tell(Event::Listed);
        watch.tell(Event::Done(fast, false));
        tokio::time::advance(Duration::from_secs(120)).await;
        let far = "1 of 2 accounts done, 1 without a session, 1 in flight, the longest 111111111111 (2 min)";
        assert_eq!(work.line().unwrap(), far);
        watch.tell(Event::Done(slow, true));
        assert_eq!(work.line().unwrap(), "2 of 2 accounts done, 1 without a session (2 min)");
    }
}
