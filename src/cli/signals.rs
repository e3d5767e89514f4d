//! Ctrl-C, SIGTERM, the terminal that closes, and a line a minute, for every command: a thread of its own listens and
//! counts, from before the command line is read.
//!
//! Work that keeps all other threads busy, and the demo's clock that stands still, hold neither back. The first signal
//! tells the work to stop; a second one ends the process, and so does work that does not end in time.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};

use super::error::CliError;
use super::exit::Exit;
use super::inherited::{Ignored, ignored};
use super::work::Work;
use super::{children, print};

/// Off a terminal, progress is a line this often.
const LINE_EVERY: Duration = Duration::from_mins(1);

/// Listens from here on, until the process ends.
pub fn watch(work: &Arc<Work>) -> Result<(), CliError> {
    let ignored = ignored();
    let (sender, listens) = sync_channel(1);
    let work = Arc::clone(work);
    let thread = std::thread::Builder::new().name("signals".to_owned());
    let started = thread.spawn(move || {
        let runtime = match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return sender.send(Err(error)),
        };
        runtime.block_on(async {
            match Signals::listen(ignored) {
                Ok(signals) => {
                    let told = sender.send(Ok(()));
                    tend(&work, signals).await;
                    told
                }
                Err(error) => sender.send(Err(error)),
            }
        })
    });
    let failed = |error| CliError::internal(format!("failed to listen for signals: {error}"));
    started.map_err(failed)?;
    // Without a word it has ended, which no message explains better.
    listens.recv().map_err(|_| CliError::internal("failed to listen for signals"))?.map_err(failed)
}

/// Tells a line a minute until the first signal; then ends the process where the work does not.
async fn tend(work: &Work, mut signals: Signals) {
    let mut mouth = Mouth::default();
    tokio::select! {
        () = signals.next() => {}
        () = every_minute(work, |line| mouth.say(line)) => {}
    }
    if let Some(words) = work.ask_to_stop() {
        mouth.say(words);
        // A command that ends at once would end before its words.
        mouth.was_read().await;
    }
    work.tell_to_stop();
    tokio::select! {
        biased;
        () = signals.next() => {}
        () = sleep(work.patience()) => {}
    }
    let said = spawn_blocking({
        let error = work.interrupted();
        move || print::say(error)
    });
    work.clear();
    // Whether it is read or not.
    let _ = timeout(READ_WITHIN, said).await;
    abort();
}

/// How long a last word waits for a reader.
const READ_WITHIN: Duration = Duration::from_secs(1);

/// What is said beside the listening: a stderr that is not read must not delay a signal.
#[derive(Debug, Default)]
struct Mouth(Option<JoinHandle<()>>);

impl Mouth {
    fn say(&mut self, words: String) {
        // Who does not read one line is not told another.
        if self.0.as_ref().is_none_or(JoinHandle::is_finished) {
            self.0 = Some(spawn_blocking(move || print::say(words)));
        }
    }

    /// Waits for a reader, but not for long.
    async fn was_read(&mut self) {
        if let Some(mut said) = self.0.take()
            && timeout(READ_WITHIN, &mut said).await.is_err()
        {
            self.0 = Some(said);
        }
    }
}

/// A line every minute that says what the work is at.
async fn every_minute(work: &Work, mut say: impl FnMut(String)) {
    let mut minutes = interval_at(Instant::now() + LINE_EVERY, LINE_EVERY);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        minutes.tick().await;
        if let Some(line) = work.line() {
            say(line);
        }
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Option<Signal>,
    hang_up: Option<Signal>,
}

impl Signals {
    fn listen(ignored: Ignored) -> std::io::Result<Self> {
        let unless = |is_ignored: bool, kind| (!is_ignored).then(|| signal(kind)).transpose();
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: unless(ignored.interrupt, SignalKind::interrupt())?,
            hang_up: unless(ignored.hang_up, SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        let Self { terminate, interrupt, hang_up } = self;
        tokio::select! {
            _ = terminate.recv() => {}
            () = heard(interrupt) => {}
            () = heard(hang_up) => {}
        }
    }
}

/// Waits for a signal, for ever where it is not listened for.
async fn heard(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

#[expect(clippy::disallowed_methods, clippy::exit, reason = "work that does not rest has no other end")]
fn abort() -> ! {
    children::end();
    std::process::exit(i32::from(Exit::Interrupted.code()))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_line_comes_every_minute_without_any_event() {
        let (work, said) = (Work::new(""), RefCell::new(Vec::new()));
        work.does("judging and publishing");
        let told = every_minute(&work, |line| said.borrow_mut().push(line));
        let three = async {
            sleep(Duration::from_secs(160)).await;
            work.does("something else");
            sleep(Duration::from_secs(30)).await;
        };
        tokio::select! { () = told => {}, () = three => {} }
        let expected = ["judging and publishing (1 min)", "judging and publishing (2 min)", "something else"];
        assert_eq!(said.into_inner(), expected);
    }
}
