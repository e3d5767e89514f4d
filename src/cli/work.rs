//! A command while it runs: what it does or waits for, what an interruption leaves of it, and whether a signal asked it
//! to stop.
//!
//! One place for every command. What waits is dropped at the first signal, whatever it waits for; a scan ends its
//! accounts in order, and a commit that has begun is not broken off.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::error::CliError;
use super::exit::Exit;
use crate::lake::Interrupt;

/// How long a command may take after the first signal that has nothing to put in order, and still does not rest.
const AT_ONCE: Duration = Duration::from_secs(2);
/// The same for one that puts something in order. The contract gives 30 seconds (§5).
const IN_ORDER: Duration = Duration::from_secs(20);

/// A command's work.
#[derive(Debug)]
pub struct Work {
    stop: CancellationToken,
    publish: Interrupt,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    does: String,
    since: Instant,
    left: String,
    order: Option<&'static str>,
    is_quiet: bool,
    unfinished: Vec<PathBuf>,
}

impl Work {
    /// Begins. `left` is what an interruption leaves, and how to go on.
    pub fn new(left: impl Into<String>) -> Self {
        let now = Now {
            does: "starting".to_owned(),
            since: Instant::now(),
            left: left.into(),
            order: None,
            is_quiet: false,
            unfinished: Vec::new(),
        };
        Self { stop: CancellationToken::new(), publish: Interrupt::default(), now: Mutex::new(now) }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it does from now on, or waits for.
    pub fn does(&self, what: impl Into<String>) {
        let mut now = self.now();
        (now.does, now.since) = (what.into(), Instant::now());
    }

    /// How far that has come: it is done since as long as before.
    pub fn has_come(&self, far: impl Into<String>) {
        self.now().does = far.into();
    }

    /// What an interruption leaves from now on, and how to go on.
    pub fn leaves(&self, left: impl Into<String>) {
        self.now().left = left.into();
    }

    /// What is put in order after a signal, where something is.
    pub fn puts_in_order(&self, order: Option<&'static str>) {
        self.now().order = order;
    }

    /// Whether no line is to come every minute: a bar shows it, or nothing is waited for.
    pub fn is_quiet(&self, is_quiet: bool) {
        self.now().is_quiet = is_quiet;
    }

    /// A file or folder that an end at once would leave behind.
    pub fn unfinished(&self, path: PathBuf) {
        self.now().unfinished.push(path);
    }

    /// What was unfinished is put in its place.
    pub fn finishes(&self) {
        self.now().unfinished.clear();
    }

    /// For whoever ends in order by itself.
    pub const fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// For a publish, which keeps its thread busy and is not stopped in its commit.
    pub const fn publish(&self) -> &Interrupt {
        &self.publish
    }

    /// Whether a signal asked it to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Asks a publish to stop. Gives the sentence to print before the rest stops, if the publish does not end at once.
    pub fn ask_to_stop(&self) -> Option<String> {
        let is_stopped_before_commit = self.publish.ask();
        let order = match is_stopped_before_commit {
            true => self.now().order?,
            false => "the run is being committed, and a commit is completed",
        };
        Some(format!("stopping: {order}; a second signal stops it at once"))
    }

    /// Tells it to stop.
    pub fn tell_to_stop(&self) {
        self.stop.cancel();
    }

    /// How long it may take after the first signal.
    pub fn patience(&self) -> Duration {
        let is_in_order = self.now().order.is_some() || self.publish.is_committing();
        if is_in_order { IN_ORDER } else { AT_ONCE }
    }

    /// Takes away what an end at once would leave behind.
    pub fn clear(&self) {
        for path in self.now().unfinished.drain(..) {
            // It may be gone already.
            let _ = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        }
    }

    /// How an interrupted command ends.
    pub fn interrupted(&self) -> CliError {
        let message = match self.publish.is_committing() {
            true => {
                "interrupted in the commit of the run: it is not known whether the run is committed. To find out, \
                 start it again with the same --run, or use `atrest report --run`"
                    .to_owned()
            }
            false => format!("interrupted: {}", self.now().left),
        };
        CliError { exit: Exit::Interrupted, message, hint: None }
    }

    /// The error, or how an interrupted command ends where it is one of an interruption.
    pub fn or_interrupted(&self, error: CliError) -> CliError {
        if error.exit == Exit::Interrupted { self.interrupted() } else { error }
    }

    /// What is printed every minute.
    pub fn line(&self) -> Option<String> {
        let now = self.now();
        let minutes = (now.since.elapsed().as_secs() + 30) / 60;
        let long = if minutes > 0 { format!(" ({minutes} min)") } else { String::new() };
        (!now.is_quiet).then(|| format!("{}{long}", now.does))
    }

    /// Runs a command to its end, or drops it where it waits when a signal stops it.
    pub async fn race<T>(&self, command: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
        let (mut command, mut told) = (std::pin::pin!(command), std::pin::pin!(self.stop.cancelled()));
        std::future::poll_fn(|context| {
            // The command comes first: who has ended in order says it better.
            if let Poll::Ready(ended) = command.as_mut().poll(context) {
                return Poll::Ready(ended);
            }
            match told.as_mut().poll(context) {
                Poll::Ready(()) if !self.publish.is_committing() => Poll::Ready(Err(self.interrupted())),
                _ => Poll::Pending,
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_dropped_and_says_what_is_kept() {
        let work = Work::new("nothing is written; start it again");
        let never = work.race(std::future::pending::<Result<(), CliError>>());
        let (ended, said) = tokio::join!(never, async {
            let said = work.ask_to_stop();
            work.tell_to_stop();
            said
        });
        let error = ended.unwrap_err();
        assert_eq!((error.exit, said), (Exit::Interrupted, None));
        assert_eq!(error.message, "interrupted: nothing is written; start it again");
    }

    #[tokio::test(start_paused = true)]
    async fn who_ends_in_order_ends_by_itself() {
        let work = Work::new("");
        work.puts_in_order(Some("accounts that are being scanned are dropped"));
        let orderly = work.race(async {
            work.stop().cancelled().await;
            Err::<(), _>(CliError::internal("in order"))
        });
        let (ended, said) = tokio::join!(orderly, async {
            let said = work.ask_to_stop();
            work.tell_to_stop();
            said
        });
        assert_eq!(ended.unwrap_err().message, "in order");
        assert_eq!(
            said.unwrap(),
            "stopping: accounts that are being scanned are dropped; a second signal stops it \
                                   at once"
        );
        assert_eq!(work.patience(), IN_ORDER);
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_says_what_is_waited_for_and_how_long() {
        let work = Work::new("");
        work.does("waiting for sts:GetCallerIdentity");
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(work.line().unwrap(), "waiting for sts:GetCallerIdentity");
        tokio::time::advance(Duration::from_secs(99)).await;
        assert_eq!(work.line().unwrap(), "waiting for sts:GetCallerIdentity (2 min)");
        work.has_come("as far as that");
        assert_eq!(work.line().unwrap(), "as far as that (2 min)");
        work.is_quiet(true);
        assert_eq!(work.line(), None);
    }

    #[test]
    fn an_end_at_once_leaves_no_unfinished_file() {
        let folder = tempfile::tempdir().unwrap();
        let (file, pages) = (folder.path().join("file"), folder.path().join("pages"));
        std::fs::write(&file, "half").unwrap();
        std::fs::create_dir_all(pages.join("more")).unwrap();
        let work = Work::new("");
        work.unfinished(folder.path().to_owned());
        work.finishes();
        for path in [file, pages, folder.path().join("gone")] {
            work.unfinished(path);
        }
        work.clear();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
