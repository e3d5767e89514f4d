//! The lake's part of a visit: what a night does with it, once each, on an object that no reader looks at.
//!
//! A listing, a write, a write that must not replace what is there (which commits a run), and a read. What
//! S3, the bucket's policy, its key or another server refuses is refused here first.

use std::sync::Arc;

use super::super::error::CliError;
use super::Visit;
use crate::lake::{Lake, LakeError, Put, Store, StoreError};
use crate::model::{OrganizationIdentity, Source};
use crate::spelling::counted;

/// Where a run's log goes: the same permission, and no table's reader looks there.
const KEY: &str = "observations/doctor.txt";
/// What is written under the condition alone: the lock by which a run is committed once.
const LOCK: &str = "observations/doctor.lock";
const TEXT: &[u8] = b"atrest doctor was here\n";

/// Tries the lake.
pub async fn visit(
    visit: &Visit,
    store: Arc<dyn Store>,
    source: Source,
    organization: Option<OrganizationIdentity>,
) -> Result<(), CliError> {
    let opened = Lake::open(Arc::clone(&store)).await.map_err(of_lake)?;
    let runs = opened.runs().count();
    if let Some(identity) = organization {
        opened.check(source, identity.org_id.as_deref()).map_err(of_lake)?;
    }
    for note in opened.notes() {
        visit.note("lake", note);
    }
    store.replace(KEY, TEXT).await.map_err(refused)?;
    // Of two conditional writes of one object the second is refused, whatever became of the first.
    store.put_new(LOCK, TEXT).await.map_err(refused)?;
    for key in [LOCK, KEY] {
        if store.put_new(key, TEXT).await.map_err(refused)? == Put::Created {
            return Err(unconditional(store.uri(), key));
        }
    }
    match store.get(KEY).await.map_err(refused)? {
        Some(found) if found == TEXT => {}
        found => return Err(other(store.uri(), found.as_deref())),
    }
    visit.pass(
        "lake",
        format!("{} can be listed, written and read, {}", store.uri(), counted(runs, "committed run")),
    );
    Ok(())
}

/// What was refused, and under `fix` what a scan says to do about it.
pub fn refused(error: StoreError) -> CliError {
    let (what, advice) = (error.what(), error.advice.clone());
    let told = CliError { message: what, ..CliError::from(error) };
    match advice {
        Some(advice) => told.hint(advice),
        None => told,
    }
}

fn of_lake(error: LakeError) -> CliError {
    match error {
        LakeError::Store(error) => refused(error),
        error => CliError::from(error),
    }
}

fn unconditional(uri: &str, key: &str) -> CliError {
    CliError::usage(format!(
        "failed to write {uri}/{key}: the server replaced an object that PutObject with If-None-Match must not \
         replace"
    ))
    .hint("this condition makes sure that a run is committed once: use a server that supports it, as Amazon S3 does")
}

fn other(uri: &str, found: Option<&[u8]>) -> CliError {
    let what = match found {
        None => "it cannot be found right after it was written".to_owned(),
        Some(bytes) => format!("its {} bytes differ from what was written", bytes.len()),
    };
    CliError::usage(format!("failed to read {uri}/{KEY}: {what}"))
        .hint("a lake needs a server that reads its own writes, as Amazon S3 does")
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use futures::future::BoxFuture;

    use super::*;
    use crate::lake::MemoryStore;

    /// A server that obeys no condition, or forgets what it was given.
    #[derive(Debug)]
    struct Careless {
        inner: MemoryStore,
        forgets: bool,
    }

    impl Store for Careless {
        fn uri(&self) -> &str {
            self.inner.uri()
        }

        fn get_within<'a>(
            &'a self,
            key: &'a str,
            most: u64,
        ) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
            if self.forgets {
                return async { Ok(Some(b"older".to_vec())) }.boxed();
            }
            self.inner.get_within(key, most)
        }

        fn put_new<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<Put, StoreError>> {
            if self.forgets {
                return self.inner.put_new(key, bytes);
            }
            async move { self.inner.replace(key, bytes).await.map(|()| Put::Created) }.boxed()
        }

        fn replace<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>> {
            self.inner.replace(key, bytes)
        }

        fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
            self.inner.list(prefix)
        }
    }

    async fn tried(store: impl Store + 'static) -> Result<(), CliError> {
        visit(&Visit::default(), Arc::new(store), Source::Aws, None).await
    }

    #[tokio::test]
    async fn a_server_on_which_no_run_can_be_committed_is_told() {
        tried(MemoryStore::new()).await.unwrap();
        let careless = |forgets| Careless { inner: MemoryStore::new(), forgets };
        let error = tried(careless(false)).await.unwrap_err();
        assert!(error.message.contains("must not replace") && error.hint.is_some(), "{error}");
        let error = tried(careless(true)).await.unwrap_err();
        assert!(error.message.contains("its 5 bytes differ from what was written"), "{error}");
    }
}
