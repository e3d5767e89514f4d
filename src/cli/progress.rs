//! A scan's progress: a bar on a terminal, one line a minute off it. The demo's, in nights.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::print;
#[cfg(feature = "sim")]
use crate::clock::Timestamp;
use crate::model::RunId;
use crate::scan::{Event, Progress};

/// Off a terminal, progress is a line this often.
const LINE_EVERY: Duration = Duration::from_mins(1);

/// Shows a scan's events.
#[derive(Debug)]
pub struct Watch {
    bar: ProgressBar,
    counts: Mutex<Counts>,
}

#[derive(Debug)]
struct Counts {
    accounts: u64,
    done: u64,
    refused: u64,
    listed: bool,
    next_line: Instant,
}

impl Watch {
    /// Begins, and names the run, so that an interrupted one can be continued.
    pub fn start(run_id: &RunId) -> Self {
        print::say(format!("run {run_id}"));
        let bar = ProgressBar::with_draw_target(Some(0), target());
        let style = ProgressStyle::with_template("{elapsed_precise} {wide_bar} {pos}/{len} accounts {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let counts = Counts {
            accounts: 0,
            done: 0,
            refused: 0,
            listed: false,
            next_line: Instant::now() + LINE_EVERY,
        };
        Self { bar, counts: Mutex::new(counts) }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn line(&self, counts: &mut Counts) {
        if self.bar.is_hidden() && Instant::now() >= counts.next_line {
            counts.next_line = Instant::now() + LINE_EVERY;
            let more = if counts.listed { "" } else { " so far" };
            print::say(format!(
                "{} of {}{more} accounts done, {} without a session",
                counts.done, counts.accounts, counts.refused
            ));
        }
    }
}

/// Shows the nights of a demo.
#[cfg(feature = "sim")]
#[derive(Debug)]
pub struct Nights {
    bar: ProgressBar,
}

#[cfg(feature = "sim")]
impl Nights {
    /// Begins, and says how many there will be.
    pub fn start(nights: &[Timestamp]) -> Self {
        let bar = ProgressBar::with_draw_target(Some(nights.len() as u64), target());
        let style = ProgressStyle::with_template("{elapsed_precise} {wide_bar} {pos}/{len} nights");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        if let [first, .., last] = nights {
            print::say(format!("taking {} censuses, {} to {}", nights.len(), first.date(), last.date()));
        }
        bar.tick();
        Self { bar }
    }

    /// One is published.
    pub fn one_more(&self) {
        self.bar.inc(1);
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
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
            Event::Done(_, had_session) => {
                counts.done += 1;
                counts.refused += u64::from(!had_session);
                self.bar.set_position(counts.done);
            }
            Event::Resumed(sealed) => {
                print::say(format!("{sealed} account(s) are sealed already and are kept"));
            }
            Event::Note(note) => print::say(format!("note: {note}")),
        }
        self.line(&mut counts);
    }
}
