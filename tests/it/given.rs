//! What a user gives: a file without an end, a variable that is no text. Each is one sentence with exit code 2.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;

use crate::support::python::{Finished, finish};
use crate::support::shell::{BOUND, Shell, Simulated};

/// One sentence that has these words, in a line.
#[track_caller]
fn assert_told(finished: &Finished, words: &[&str]) {
    let said = finished.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in words {
        assert!(said.contains(words), "{words}: {finished}");
    }
    assert_eq!(finished.stderr.matches("error: ").count(), 1, "{finished}");
    assert!(!finished.stderr.contains("panicked"), "{finished}");
}

#[test]
fn a_file_that_a_user_names_is_read_within_a_bound() {
    let simulated = Simulated::start("--accounts 1 --buckets 1 --keys 1");
    let shell = Shell::on(&simulated);
    File::create(shell.path("long")).unwrap().set_len(17 << 20).unwrap();
    for line in [
        "checks --standard long",
        "checks --exceptions long",
        "checks --import-exceptions long",
        "scan --lake lake --exceptions long",
        "finalize --lake lake --run 20261121T030000Z-0badcafe --standard long",
        "scan --lake lake --config long",
        "doctor --config long",
    ] {
        let refused = shell.atrest(line).ended(2);
        assert_told(&refused, &["long: it is longer than 16 MiB", "name the file itself"]);
    }
    for variable in [
        "AWS_CA_BUNDLE",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ] {
        let shell = Shell::on(&simulated).with(variable, &shell.path("long").display().to_string());
        let refused = shell.atrest("doctor").ended(2);
        assert_told(&refused, &[variable, "long: it is longer than 16 MiB"]);
    }
    // A pipe is a file like any other.
    let piped = std::process::Command::new("sh");
    let mut piped = piped;
    piped.current_dir(shell.path("")).env_clear().envs([("PATH", "/usr/bin:/bin")]);
    piped.args(["-c", "head -c 17000000 /dev/zero | $0 checks --standard /dev/stdin"]);
    piped.arg(env!("CARGO_BIN_EXE_atrest"));
    assert_told(&finish(piped, BOUND).ended(2), &["/dev/stdin: it is longer than 16 MiB"]);
}

/// A value that is no text, and a marker in it.
fn odd() -> &'static OsStr {
    OsStr::from_bytes(b"Zq7\xff")
}

#[test]
fn a_variable_that_is_no_text_is_named_and_not_passed_over() {
    let simulated = Simulated::start("--accounts 1 --buckets 1 --keys 1");
    let shell = Shell::on(&simulated);
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_ENDPOINT_URL_STS",
        "AWS_CA_BUNDLE",
        "AWS_CREDENTIAL_EXPIRATION",
        "HTTPS_PROXY",
        "no_proxy",
        "ATREST_EXTERNAL_ID",
        "ATREST_LAKE",
        "ATREST_ROLE_NAME",
    ] {
        for line in ["doctor", "scan --lake lake --estimate"] {
            if name == "ATREST_LAKE" && line.contains("--lake") {
                continue;
            }
            let mut command = shell.command(line.split(' '));
            command.env(name, odd());
            let refused = finish(command, BOUND).ended(2);
            assert_told(&refused, &[name, "not text in UTF-8"]);
            assert!(!refused.stderr.contains("Zq7") && !refused.stdout.contains("Zq7"), "{refused}");
        }
    }
}

#[test]
fn a_flag_that_is_no_text_is_named_without_its_value() {
    let shell = Shell::new();
    for flag in ["--external-id", "--lake", "--role-name", "--region"] {
        let refused = shell.run([OsStr::new("scan"), OsStr::new(flag), odd()]).ended(2);
        assert_told(&refused, &[&format!("the value of {flag} is not text in UTF-8")]);
        assert!(!refused.stderr.contains("Zq7"), "{refused}");
    }
}

#[test]
fn a_wrong_value_is_shown_in_short_and_as_a_terminal_obeys_none_of_it() {
    let shell = Shell::new();
    for (name, flag) in [("ATREST_ESTIMATE", "--estimate"), ("ATREST_MAX_ATTEMPTS", "--max-attempts")] {
        let mut command = shell.command(["scan", "--lake", "lake"]);
        command.env(name, "9\r\u{7}\u{9b}31m\u{202e}".to_owned() + &"9".repeat(10_000));
        let refused = finish(command, BOUND).ended(2);
        assert_told(&refused, &["invalid value '9\\u{d}\\u{7}\\u{9b}31m", flag]);
        assert!(refused.stderr.len() < 600, "{refused}");
    }
    let mut command = shell.command(["scan", "--lake", "lake"]);
    command.env("ATREST_ESTIMATE", odd());
    let refused = finish(command, BOUND).ended(2);
    assert!(!refused.stderr.contains("Zq7") && refused.stderr.contains("not text in UTF-8"), "{refused}");
}
