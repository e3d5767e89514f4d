//! boto3 against the socket: `tests/python/conformance.py`, where a Python with boto3 is named.
//!
//! `ATREST_TEST_PYTHON` names it. Without one nothing is judged: whoever tests must not need the
//! network to install boto3.

use std::collections::BTreeSet;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::sim::support::{now, simulator};
use crate::sim::wire::operations;
use crate::sim::world::PageSizes;
use crate::sim::{Shape, World, environment, generate, serve};

/// What the script says to a served world and a told state, if there is a Python to ask.
async fn judge(served: World, told: &World) -> Option<Output> {
    #[expect(clippy::disallowed_methods, reason = "a test's switch, not the library's")]
    let python = std::env::var("ATREST_TEST_PYTHON").ok()?;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    std::fs::write(&state, told.to_json().to_string()).unwrap();
    let simulator = simulator(served);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, Arc::clone(&simulator), std::future::pending()));
    let variables = environment(address, &simulator);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/conformance.py");
    let mut command = Command::new(python);
    command.arg(script).arg(format!("http://{address}")).arg(state).env_clear().envs(variables);
    let run = move || command.stdin(Stdio::null()).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    server.abort();
    Some(output)
}

fn generated() -> World {
    let mut world = generate::world(&Shape::default(), now());
    world.pages = PageSizes { accounts: 5, units: 2, ..world.pages };
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_agrees_with_the_state() {
    let Some(output) = judge(generated(), &generated()).await else { return };
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}\n{errors}");
    let agreed: BTreeSet<&str> = told.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    for operation in operations() {
        assert!(agreed.contains(operation.full_name().as_str()), "{operation:?} was not called\n{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_notices_a_state_that_is_not_so() {
    let mut other = generated();
    let id = other.caller.account;
    let bucket = other.account_mut(id).buckets.values_mut().next().unwrap();
    bucket.encryption = Some(crate::sim::world::Encryption::by("aws:never", None));
    let Some(output) = judge(generated(), &other).await else { return };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.contains("disagree: s3:GetBucketEncryption"), "{errors}");
}
