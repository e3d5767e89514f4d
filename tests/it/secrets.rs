//! A marker in every place where a secret may stand: nothing that is printed has it, and nothing panics over it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};

use atrest::model::ExternalId;
use atrest::sim::{Effect, Rule, Schedule};

use crate::support::http::serve;
use crate::support::night::Night;
use crate::support::shell::{Shell, Simulated};
use crate::support::wire::Wire;
use crate::support::worlds::healthy;

const MARKER: &str = "S3CRET";

/// What no credential has: the ends of lines of two systems, and a letter outside of ASCII.
const ODD: [&str; 3] = ["\n", "\r", "\u{e9}"];

#[test]
fn an_external_id_that_the_command_line_splits_is_not_repeated() {
    let shell = Shell::new();
    for value in [
        &["--external-id", "--S3CRET"][..],
        &["--external-id", "-S3CRET"],
        &["--external-id", "--S3CRET=x", "--role-name", "x"],
        &["--external-id", "part", "S3CRET"],
        &["--external-id=part", "S3CRET"],
        &["--external-id", "S3CRET\u{e9}"],
        &["--external-id", "S3CRET\r"],
    ] {
        for command in ["scan", "doctor"] {
            let refused =
                shell.run(["--lake", "lake"].iter().chain(value).fold(vec![command], |mut all, it| {
                    all.push(it);
                    all
                }));
            let refused = refused.ended(2);
            assert!(!refused.stderr.contains(MARKER) && !refused.stdout.contains(MARKER), "{refused}");
            assert!(refused.stderr.contains("external-id"), "{refused}");
        }
    }
    // Another flag is told as ever, and so is a value that is missing.
    let refused = shell.atrest("scan --lake lake --external-id S3CRET --no-such").ended(2);
    assert!(!refused.stderr.contains(MARKER), "{refused}");
    let refused = shell.atrest("scan --lake lake --no-such").ended(2);
    assert!(refused.stderr.contains("'--no-such'"), "{refused}");
    let refused = shell.atrest("scan --lake lake --external-id").ended(2);
    assert!(refused.stderr.contains("a value is required"), "{refused}");
    shell.write("s.toml", "external_id = 'S3CRET'");
    let help = shell.atrest("scan --config s.toml --help").succeeded();
    assert!(!help.stdout.contains(MARKER), "{help}");
    shell.write("s.toml", "External_Id = 'S3CRET");
    let refused = shell.atrest("scan --config s.toml --lake lake").ended(2);
    assert!(!refused.stderr.contains(MARKER), "{refused}");
}

/// A configuration whose profile `p` gets its credentials in a way of its own.
fn by_profile(simulated: &Simulated, text: &str) -> Shell {
    let shell = Shell::on(simulated).without("AWS_ACCESS_KEY_ID").without("AWS_SECRET_ACCESS_KEY");
    let config = shell.write("config", text).display().to_string();
    shell.with("AWS_CONFIG_FILE", &config).with("AWS_PROFILE", "p")
}

#[track_caller]
fn is_a_sentence(shell: &Shell, words: &str) {
    let refused = shell.atrest("doctor -vv").ended(2);
    let said = refused.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(words), "{refused}");
    assert!(!refused.stderr.contains(MARKER) && !refused.stdout.contains(MARKER), "{refused}");
    assert!(!refused.stderr.contains("panicked"), "{refused}");
}

#[test]
fn credentials_that_no_header_can_hold_are_a_sentence_and_no_panic() {
    let simulated = Simulated::start("--accounts 1 --buckets 1 --keys 1");
    let role = "role_arn = arn:aws:iam::111122223333:role/x\nexternal_id = S3CRET";
    for odd in ODD {
        let pair = |key: &str, token: &str| {
            let pair = serde_json::json!({
                "Version": 1, "AccessKeyId": key, "SecretAccessKey": MARKER, "SessionToken": token
            });
            pair.to_string()
        };
        // A process's, alone and as the source of a role.
        for (key, token) in
            [(format!("S3CRET{odd}x"), MARKER.to_owned()), (MARKER.to_owned(), format!("{MARKER}{odd}x"))]
        {
            let program = |text: &str| {
                let shell = by_profile(&simulated, text);
                shell.write("pair.json", &pair(&key, &token));
                shell
            };
            let process = "credential_process = cat pair.json";
            is_a_sentence(&program(&format!("[profile p]\n{process}\n")), "a character that is not allowed");
            let chain = format!("[profile p]\n{role}\nsource_profile = q\n[profile q]\n{process}\n");
            // What a header can hold, STS refuses.
            let words = if odd == "\u{e9}" {
                "failed to load AWS credentials"
            } else {
                "a character that is not allowed"
            };
            is_a_sentence(&program(&chain), words);
        }
        // The environment's.
        let shell = Shell::on(&simulated).with("AWS_ACCESS_KEY_ID", &format!("S3CRET{odd}x"));
        is_a_sentence(&shell, "a character that is not allowed");
        // The token for the container's endpoint, in a variable and in a file.
        if odd != "\u{e9}" {
            let container = by_profile(&simulated, "[default]\n")
                .without("AWS_PROFILE")
                .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/c");
            let file = container.write("token", &format!("S3CRET{odd}x"));
            let by_file =
                container.with("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &file.display().to_string());
            is_a_sentence(
                &by_file,
                "the token for the container's endpoint has a character that is not allowed",
            );
            fs::remove_file(&file).unwrap();
            let by_variable = by_file
                .without("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
                .with("AWS_CONTAINER_AUTHORIZATION_TOKEN", &format!("S3CRET{odd}x"));
            is_a_sentence(
                &by_variable,
                "the token for the container's endpoint has a character that is not allowed",
            );
        }
    }
    // A profile's own keys, alone and as the source of a role: a file cannot hold the end of a line in one.
    for odd in &ODD[1..] {
        let keys = format!("aws_access_key_id = S3CRET{odd}x\naws_secret_access_key = S3CRET\n");
        let chain = format!("[profile p]\n{role}\nsource_profile = q\n[profile q]\n{keys}");
        for (text, profile) in [(format!("[profile p]\n{keys}"), "p"), (chain, "q")] {
            let words = format!(
                "the aws_access_key_id of the profile `{profile}` has a character that is not allowed"
            );
            is_a_sentence(&by_profile(&simulated, &text), &words);
        }
    }
}

#[test]
fn an_external_id_that_sts_repeats_is_not_kept() {
    let message = format!("not with external id {MARKER}, ExternalId={MARKER}%3D1");
    let denied = Effect::Error { status: 403, code: "AccessDenied".to_owned(), message };
    let healthy = healthy();
    let refused = Schedule::of([Rule::always(denied).on("sts:AssumeRole").account(healthy.one)]);
    let mut night = Night::over(healthy.world).with(refused);
    night.external_id = ExternalId::new(MARKER);
    let morning = night.run();
    assert_eq!(morning.status(healthy.one), "unreachable/role_not_assumable");
    let told = morning.rows("coverage").into_iter().filter_map(|row| row["sample_message"].clone());
    let told: Vec<String> = told.collect();
    assert!(told.iter().any(|it| it.contains("not with external id [removed]")), "{told:?}");
    for (key, bytes) in morning.store.objects() {
        let bytes = zstd::decode_all(&bytes[..]).unwrap_or(bytes);
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(MARKER), "{key}");
    }
}

#[test]
fn a_request_id_that_repeats_a_secret_or_is_none_is_not_kept() {
    for (id, kept) in [
        ("id-of-S3CRET-1", Some("id-of-[removed]-1")),
        ("0123456789ABCDEF", Some("0123456789ABCDEF")),
        ("two words", None),
        (&"9".repeat(4_000), None),
    ] {
        let mut night = Night::over(healthy().world);
        (night.external_id, night.wire) = (ExternalId::new(MARKER), Some(Wire::with_request_id(id)));
        let morning = night.run();
        morning.census();
        let logs = morning.store.objects().into_iter().filter(|(key, _)| key.ends_with(".jsonl.zst"));
        let logs: String = logs
            .map(|(_, bytes)| String::from_utf8_lossy(&zstd::decode_all(&bytes[..]).unwrap()).into_owned())
            .collect();
        assert!(!logs.contains(MARKER) && !logs.contains("two words") && !logs.contains(&"9".repeat(200)));
        let known = kept.map(|kept| format!("\"{kept}\""));
        assert!(known.is_none_or(|known| logs.contains(&known)), "{kept:?}");
    }
}

/// What STS refuses, with all that it knows of the caller.
const REPEATS: &str = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not allowed: zq7-id zq7-secret \
                       zq7-token zq7%2Dtoken zq7-token/x zq7-token%2Fx zq7-token%2fx</Message></Error></ErrorResponse>";

#[test]
fn credentials_that_sts_repeats_are_not_shown() {
    let simulated = Simulated::start("--accounts 1 --buckets 1 --keys 1");
    let sts = format!("http://{}", serve("403 Forbidden", "text/xml", REPEATS));
    let keys = |shell: Shell| {
        let shell = shell.with("AWS_ACCESS_KEY_ID", "zq7-id").with("AWS_SECRET_ACCESS_KEY", "zq7-secret");
        shell.with("AWS_SESSION_TOKEN", "zq7-token/x").with("AWS_ENDPOINT_URL_STS", &sts)
    };
    let by_profile = |text: &str| by_profile(&simulated, text).with("AWS_ENDPOINT_URL_STS", &sts);
    let role = "[profile p]\nrole_arn = arn:aws:iam::111122223333:role/x\n";
    let pair = "[profile q]\naws_access_key_id = zq7-id\naws_secret_access_key = zq7-secret\n\
                aws_session_token = zq7-token/x\n";
    let process =
        by_profile(&format!("{role}source_profile = q\n[profile q]\ncredential_process = cat pair\n"));
    process.write(
        "pair",
        r#"{"Version":1,"AccessKeyId":"zq7-id","SecretAccessKey":"zq7-secret","SessionToken":"zq7-token/x"}"#,
    );
    for (shell, is_known_whole) in [
        // The caller's own.
        (keys(Shell::on(&simulated)), true),
        (by_profile(&pair.replace("profile q", "profile p")), true),
        // Those with which the SDK assumes a profile's role.
        (by_profile(&format!("{role}source_profile = q\n{pair}")), true),
        // Of a process that stands before a role, what is sent: no more is told.
        (process, false),
    ] {
        for line in ["doctor -vv", "scan --lake lake -vv"] {
            let refused = shell.atrest(line).ended(2);
            assert!(refused.stderr.contains("not allowed: "), "{refused}");
            let secrets: &[&str] = if is_known_whole {
                &["zq7-id", "zq7-secret", "token/x", "token%2"]
            } else {
                &["token/x", "token%2"]
            };
            for secret in secrets {
                assert!(!refused.stderr.contains(secret), "{secret}: {refused}");
            }
        }
    }
}

#[test]
fn a_token_of_a_file_that_sts_repeats_is_not_shown() {
    let simulated = Simulated::start("--accounts 1 --buckets 1 --keys 1");
    let sts = format!("http://{}", serve("403 Forbidden", "text/xml", REPEATS));
    let shell = by_profile(&simulated, "[profile p]\nregion = eu-west-1\n");
    let token = shell.write("token", "zq7-token/x").display().to_string();
    let shell = shell.without("AWS_PROFILE").with("AWS_ENDPOINT_URL_STS", &sts);
    let shell = shell.with("AWS_WEB_IDENTITY_TOKEN_FILE", &token);
    let shell = shell.with("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/x");
    for line in ["doctor -vv", "scan --lake lake -vv"] {
        let refused = shell.atrest(line).ended(2);
        assert!(refused.stderr.contains("not allowed: "), "{refused}");
        assert!(["token/x", "token%2"].iter().all(|it| !refused.stderr.contains(it)), "{refused}");
    }
}

/// As the simulator gives them to the first session of an account, and to the caller.
#[test]
fn credentials_that_a_service_repeats_are_not_kept() {
    let healthy = healthy();
    let session = format!("{}1", healthy.one);
    let secrets = [
        format!("IQoJb3JpZ2luX2VjSIMULATED{session}="),
        format!("IQoJb3JpZ2luX2VjSIMULATED{session}%3D"),
        format!("simulated-secret-{session}"),
        "atrest-simulator-secret-access-key-0000000".to_owned(),
    ];
    let message = format!("not allowed: {}", secrets.join(" "));
    let denied = Effect::Error { status: 400, code: "AccessDeniedException".to_owned(), message };
    let refused = Schedule::of([Rule::always(denied).on("kms:ListKeys").account(healthy.one)]);
    let morning = Night::over(healthy.world).with(refused).run();
    let told: Vec<String> =
        morning.rows("coverage").iter().filter_map(|row| row["sample_message"].clone()).collect();
    let left = format!("not allowed: {}", ["[removed]"; 4].join(" "));
    assert!(told.iter().any(|it| it.contains(&left)), "{told:?}");
    for (key, bytes) in morning.store.objects() {
        let bytes = zstd::decode_all(&bytes[..]).unwrap_or(bytes);
        let text = String::from_utf8_lossy(&bytes);
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{key}");
    }
}

/// An endpoint of a container that does not end its answer.
fn endless() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4_096]);
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{\"x\": \"";
            // Until the client has enough of it, or a gigabyte.
            let mut all =
                std::iter::once(head.as_bytes().to_vec()).chain((0..16_384).map(|_| vec![b' '; 65_536]));
            while all.next().is_some_and(|bytes| stream.write_all(&bytes).is_ok()) {}
        }
    });
    address
}

#[test]
fn an_answer_without_end_gives_no_credentials() {
    let simulated = Simulated::start("--accounts 1 --buckets 1 --keys 1");
    let url = format!("http://{}/c", endless());
    let container = by_profile(&simulated, "[default]\n").without("AWS_PROFILE");
    is_a_sentence(
        &container.with("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url),
        "the answer is longer than 256 KiB, which no credentials are",
    );
    let role = "[profile p]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = q\n\
                [profile q]\naws_access_key_id = x\naws_secret_access_key = x\n";
    let sts = by_profile(&simulated, role);
    is_a_sentence(
        &sts.with("AWS_ENDPOINT_URL_STS", &url),
        "the answer is longer than 256 KiB, which no credentials are",
    );
}
