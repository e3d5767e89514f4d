//! boto3 against the socket: `tests/python/conformance.py`, where a Python with boto3 is named.
//!
//! `ATREST_TEST_PYTHON` names it. Without one the test says that it was skipped: whoever tests must
//! not need the network.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::sim::support::{now, simulator};
use crate::sim::wire::operations;
use crate::sim::world::PageSizes;
use crate::sim::{Shape, environment, generate, serve};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn boto3_agrees_with_the_state() {
    #[expect(clippy::disallowed_methods, reason = "a test's switch, not the library's")]
    let Ok(python) = std::env::var("ATREST_TEST_PYTHON") else {
        eprintln!("skipped: ATREST_TEST_PYTHON names no Python with boto3");
        return;
    };
    let mut world = generate::world(&Shape::default(), now());
    world.pages = PageSizes { accounts: 5, units: 2, ..world.pages };
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    std::fs::write(&state, world.to_json().to_string()).unwrap();
    let simulator = simulator(world);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, Arc::clone(&simulator), std::future::pending()));
    let variables = environment(address, &simulator);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/conformance.py");
    let output = tokio::task::spawn_blocking(move || {
        std::process::Command::new(python)
            .arg(script)
            .arg(format!("http://{address}"))
            .arg(state)
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    server.abort();
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}\n{errors}");
    let agreed: BTreeSet<&str> = told.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    for operation in operations() {
        assert!(agreed.contains(operation.full_name().as_str()), "{operation:?} was not called\n{told}");
    }
    eprintln!("{told}");
}
