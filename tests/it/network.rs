//! The way out, over real sockets: proxies, trust, names, and the logins that need no network.
//!
//! The sentences go by the words of libraries (`aws/unreached.rs`); here those words are the libraries'
//! own.

use std::net::TcpListener;

use crate::support::http::serve;
use crate::support::proxy::{Answer, Proxy, authority};
use crate::support::python::Finished;
use crate::support::shell::{Shell, Simulated};

const STS: &str = "sts.eu-west-1.amazonaws.com";

/// A caller with keys, and nothing between it and AWS.
fn caller() -> Shell {
    Shell::new()
        .with("AWS_REGION", "eu-west-1")
        .with("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", "example")
        .with("ATREST_MAX_ATTEMPTS", "2")
}

fn through(proxy: &Proxy) -> Shell {
    caller().with("HTTPS_PROXY", &format!("http://{}", proxy.address))
}

#[track_caller]
fn says(finished: &Finished, words: &[&str]) {
    // The hint is wrapped: words are looked for in one line.
    let text = finished.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in words {
        assert!(text.contains(words), "{words}: {finished}");
    }
}

#[test]
fn what_a_proxy_does_with_connect_is_told_with_its_name() {
    let host = format!("{STS}:443");
    // Of a refusal the HTTP stack keeps no status: the proxy is asked for it once an attempt.
    for (answer, words, hint, asked) in [
        (
            Answer::Status("407 Proxy Authentication Required"),
            "(HTTP 407) to connect to",
            "USER:PASSWORD@",
            1,
        ),
        (Answer::Status("403 Forbidden"), "amazonaws.com:443 (HTTP 403)", "allow list", 4),
        (Answer::Status("502 Bad Gateway"), "amazonaws.com:443 (HTTP 502)", "its name servers", 4),
        (Answer::Status("503 Service Unavailable"), "amazonaws.com:443 (HTTP 503)", "is busy", 4),
        (Answer::Nothing, "was closed before the answer came", "the proxy is running", 2),
    ] {
        let proxy = Proxy::start(answer);
        let finished = through(&proxy).atrest("doctor").ended(5);
        says(&finished, &[words, &host, &format!("the proxy {}", proxy.address), "hint:", hint]);
        assert_eq!(proxy.heads().len(), asked, "what stays as it is is not tried again: {finished}");
    }
}

/// What another tool's list says holds here, too: the run goes the way that the list says, and so does its error.
#[test]
fn what_no_proxy_names_is_asked_directly() {
    let proxy = Proxy::start(Answer::Status("502 Bad Gateway"));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let with_port = closed.to_string();
    for (list, is_direct) in [
        (with_port.as_str(), true),
        ("localhost 127.0.0.1", true),
        ("x; 127.0.0.0/8", true),
        ("127.0.0.1:1", false),
        ("127.*", false),
    ] {
        let shell = caller().with("HTTPS_PROXY", &format!("http://{}", proxy.address)).with("NO_PROXY", list);
        let finished = shell.with("AWS_ENDPOINT_URL", &format!("https://{closed}")).atrest("doctor").ended(5);
        let told = match is_direct {
            true => format!("failed to reach AWS: {closed} refused the connection hint"),
            false => format!("the proxy {} refused to connect to {closed} (HTTP 502)", proxy.address),
        };
        says(&finished, &[&told]);
        let warned = finished.stderr.matches("NO_PROXY has entries that have no effect: `127.*`").count();
        assert_eq!(warned, usize::from(list == "127.*"), "{finished}");
    }
}

#[test]
fn a_proxy_that_wants_a_password_for_a_plain_request_is_no_endpoint() {
    let proxy = Proxy::start(Answer::Status("407 Proxy Authentication Required"));
    let shell = caller().with("HTTP_PROXY", &format!("http://{}", proxy.address));
    let finished = shell.with("AWS_ENDPOINT_URL", "http://emulator.example:4566").atrest("doctor").ended(5);
    let words = format!("the proxy {} asks for a user and a password (HTTP 407)", proxy.address);
    says(&finished, &[&words, "emulator.example:4566"]);
    assert!(proxy.heads()[0].starts_with("POST http://emulator.example:4566/ "), "{:?}", proxy.heads());
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let shell = caller().with("https_proxy", &format!("http://{closed}"));
    let finished = shell.atrest("doctor").ended(5);
    says(&finished, &[&format!("the proxy {closed} refused the connection (on the way to {STS}:443)")]);
    let direct = caller().with("AWS_ENDPOINT_URL", &format!("http://{closed}")).atrest("doctor").ended(5);
    says(&direct, &[&format!("failed to reach AWS: {closed} refused the connection"), "AWS_ENDPOINT_URL"]);
    // A name without an address; where there is no name server at all, that is said.
    let unknown = caller().with("AWS_ENDPOINT_URL", "http://no-such-host.invalid").atrest("doctor").ended(5);
    says(&unknown, &["no-such-host.invalid:80", "name", "DNS"]);
    let no = caller().with("https_proxy", &format!("http://{closed}")).with("no_proxy", "*");
    let no = no.with("AWS_ENDPOINT_URL", &format!("https://{closed}")).atrest("doctor").ended(5);
    says(&no, &[&format!("failed to reach AWS: {closed} refused the connection")]);
}

#[test]
fn a_proxys_password_is_sent_and_never_shown() {
    let proxy = Proxy::start(Answer::Status("407 Proxy Authentication Required"));
    let url = format!("http://me:s3cr%40t@{}", proxy.address);
    let finished = caller().with("HTTPS_PROXY", &url).atrest("doctor -vv").ended(5);
    // printf 'me:s3cr@t' | base64
    assert!(proxy.heads()[0].contains("Proxy-Authorization: Basic bWU6czNjckB0"), "{:?}", proxy.heads());
    for secret in ["s3cr", "bWU6czNjckB0"] {
        assert!(!finished.stderr.contains(secret) && !finished.stdout.contains(secret), "{finished}");
    }
    assert!(proxy.heads().iter().all(|head| head.contains("Basic bWU6czNjckB0")), "{:?}", proxy.heads());
    for wrong in
        ["http://me:s3cr#t@proxy:1", "s3cr://proxy:1", "S3CR://me@proxy:1", "http://me:s3cr@t@proxy:1"]
    {
        let wrong = caller().with("HTTPS_PROXY", wrong).atrest("doctor").ended(2);
        says(&wrong, &["HTTPS_PROXY"]);
        assert!(!wrong.stderr.to_lowercase().contains("s3cr"), "{wrong}");
    }
}

#[test]
fn a_bundle_is_trusted_and_its_lack_is_named() {
    let (root, tls) = authority(STS);
    let identity = "<GetCallerIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'>\
                    <GetCallerIdentityResult><Arn>nothing</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";
    let proxy = Proxy::start(Answer::Inspect(tls, identity));
    let untrusted = through(&proxy).atrest("doctor").ended(5);
    let words = [&*format!("certificate of {STS}:443 is not trusted"), "AWS_CA_BUNDLE", "127.0.0.1"];
    says(&untrusted, &words);
    // What comes after TLS: the answer is read, and is none of AWS's.
    let shell = through(&proxy);
    let bundle = shell.write("company.pem", &root);
    let trusted = shell.with("AWS_CA_BUNDLE", &bundle.to_string_lossy()).atrest("doctor").ended(5);
    says(&trusted, &[&format!("{STS} does not answer like AWS")]);
    let shell = through(&proxy);
    let bundle = shell.write("company.pem", &root);
    let config = shell.write("config", &format!("[profile audit]\nca_bundle = {}\n", bundle.display()));
    let shell = shell.with("AWS_CONFIG_FILE", &config.to_string_lossy()).with("AWS_PROFILE", "audit");
    says(&shell.atrest("doctor").ended(5), &[&format!("{STS} does not answer like AWS")]);
    // One that cannot be read ends the run: without it, another trust would be used.
    let shell = shell.with("AWS_CA_BUNDLE", "missing.pem");
    says(&shell.atrest("doctor").ended(2), &["AWS_CA_BUNDLE, missing.pem: No such file"]);
}

#[test]
fn credentials_of_this_machine_are_not_fetched_through_a_proxy() {
    let proxy = Proxy::start(Answer::Status("502 Bad Gateway"));
    let given = r#"{"AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"example","Token":"t","Expiration":"2999-01-01T00:00:00Z"}"#;
    let endpoint = serve("200 OK", "application/json", given);
    let shell = Shell::new()
        .with("AWS_REGION", "eu-west-1")
        .with("ATREST_MAX_ATTEMPTS", "1")
        .with("ALL_PROXY", &format!("http://{}", proxy.address))
        .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("http://{endpoint}/credentials"));
    let finished = shell.atrest("doctor").ended(5);
    says(&finished, &["refused to connect to", STS]);
    let heads = proxy.heads();
    assert!(
        heads.iter().all(|head| head.contains(STS)),
        "the call to STS, and none for credentials: {heads:?}"
    );
}

#[test]
fn a_fips_host_that_cannot_be_had_falls_back_only_with_leave() {
    let proxy = Proxy::start(Answer::Status("503 Service Unavailable"));
    let required = through(&proxy).with("AWS_USE_FIPS_ENDPOINT", "true").atrest("doctor").ended(5);
    says(&required, &["sts-fips.eu-west-1.amazonaws.com:443"]);
    assert!(proxy.heads().iter().all(|head| head.contains("sts-fips.")), "{:?}", proxy.heads());
    let preferred = through(&proxy).atrest("doctor --fips prefer").ended(5);
    says(&preferred, &[&format!("refused to connect to {STS}:443"), "WARN"]);
    let endpoint =
        caller().with("AWS_ENDPOINT_URL", "http://127.0.0.1:9").atrest("doctor --fips require").ended(2);
    says(&endpoint, &["FIPS", "AWS_ENDPOINT_URL"]);
    let neither = caller().with("AWS_USE_FIPS_ENDPOINT", "maybe").atrest("doctor").ended(2);
    says(
        &neither,
        &["AWS_USE_FIPS_ENDPOINT is neither true nor false: `maybe`", "set AWS_USE_FIPS_ENDPOINT=true"],
    );
}

/// A busy proxy is no proof that a service has no FIPS host.
#[test]
fn a_refusal_that_passes_gives_no_fips_host_up() {
    // Twice: an attempt, and the question for its status. What comes then ends the run.
    let busy = |head: &str, before: usize| match before {
        0 | 1 if head.contains("sts-fips.") => "503 Service Unavailable",
        _ => "407 Proxy Authentication Required",
    };
    let passing = |head: &str, before: usize| match before {
        0 if head.contains("sts-fips.") => "504 Gateway Timeout",
        1 => "200 Connection established",
        _ => "407 Proxy Authentication Required",
    };
    let answers: [fn(&str, usize) -> &'static str; 2] = [busy, passing];
    for answer in answers {
        let proxy = Proxy::start(Answer::By(answer));
        let finished =
            through(&proxy).with("ATREST_MAX_ATTEMPTS", "3").atrest("doctor --fips prefer").ended(5);
        says(&finished, &["(HTTP 407) to connect to sts-fips.eu-west-1.amazonaws.com:443"]);
        assert!(proxy.heads().iter().all(|head| head.contains("sts-fips.")), "{:?}", proxy.heads());
    }
}

/// Two proxies' documented ways to say that a name does not exist; these need no second attempt.
#[test]
fn a_proxy_that_knows_of_no_such_host_is_believed_at_once() {
    let answer = |head: &str, _: usize| match head.contains("sts-fips.") {
        true => "502 Bad Gateway\r\nProxy-Status: p; error=dns_error; rcode=\"NXDOMAIN\"",
        false => "407 Proxy Authentication Required",
    };
    let proxy = Proxy::start(Answer::By(answer));
    let finished = through(&proxy).with("ATREST_MAX_ATTEMPTS", "6").atrest("doctor --fips prefer").ended(5);
    says(&finished, &["it says that there is no such host", &format!("(HTTP 407) to connect to {STS}:443")]);
    assert_eq!(proxy.heads().len(), 3, "FIPS, its status, and the standard host: {:?}", proxy.heads());
}

/// Where no host of the lake is, its own name is told, and not the one of AWS.
#[test]
fn a_lake_that_is_not_there_is_named() {
    let simulator = Simulated::start("--accounts 3 --buckets 12 --keys 6");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let line = format!("doctor --lake s3://b/p --lake-endpoint http://{closed}");
    let finished = Shell::on(&simulator).with("ATREST_MAX_ATTEMPTS", "1").atrest(&line).ended(2);
    says(&finished, &[&format!("{closed} refused the connection"), "a server listens there"]);
}

// Logins

/// A caller of a simulator whose keys are in no variable, but in what a profile leads to.
fn logged_in(simulator: &Simulated, config: &str) -> Shell {
    let shell = Shell::on(simulator).without("AWS_ACCESS_KEY_ID").without("AWS_SECRET_ACCESS_KEY");
    let config = shell.write("config", config);
    shell.with("AWS_CONFIG_FILE", &config.to_string_lossy()).with("AWS_PROFILE", "audit")
}

#[test]
fn a_console_login_and_a_process_are_credentials() {
    let simulator = Simulated::start("--accounts 3 --buckets 12 --keys 6");
    let (key, secret) =
        (simulator.variable("AWS_ACCESS_KEY_ID"), simulator.variable("AWS_SECRET_ACCESS_KEY"));
    let shell = logged_in(&simulator, "[profile audit]\nlogin_session = arn:aws:iam::111122223333:user/me\n");
    let missing = shell.with("AWS_LOGIN_CACHE_DIRECTORY", "cache");
    let told = "failed to load AWS credentials of the `aws login` session of the profile `audit`: there is no cached login";
    says(&missing.atrest("doctor").ended(2), &[told, "aws login --profile audit"]);
    std::fs::create_dir(missing.path("cache")).unwrap();
    // printf 'arn:aws:iam::111122223333:user/me' | sha256sum
    let name = "cache/6eeec053fe13079aaf7fd81065ec5ecbdb93674f20700e51842d0c769b240c8a.json";
    let token = format!(
        r#"{{"accessToken":{{"accessKeyId":"{key}","secretAccessKey":"{secret}","sessionToken":"t","accountId":"111122223333","expiresAt":"2999-01-01T00:00:00Z"}},"tokenType":"urn:aws:params:oauth:token-type:access_token_sigv4","refreshToken":"r","clientId":"arn:aws:signin:::devtools/same-device","dpopKey":"k"}}"#
    );
    missing.write(name, &token);
    missing.atrest("doctor").succeeded();

    let process = format!(r#"{{"Version":1,"AccessKeyId":"{key}","SecretAccessKey":"{secret}"}}"#);
    let shell = logged_in(&simulator, "[profile audit]\ncredential_process = cat credentials.json\n");
    shell.write("credentials.json", &process);
    shell.atrest("doctor").succeeded();
}

#[test]
fn an_sso_session_is_credentials_while_its_token_lasts() {
    let simulator = Simulated::start("--accounts 3 --buckets 12 --keys 6");
    let (key, secret) =
        (simulator.variable("AWS_ACCESS_KEY_ID"), simulator.variable("AWS_SECRET_ACCESS_KEY"));
    let given = format!(
        r#"{{"roleCredentials":{{"accessKeyId":"{key}","secretAccessKey":"{secret}","sessionToken":"t","expiration":32503680000000}}}}"#
    );
    let portal = serve("200 OK", "application/json", given.leak());
    let config = "[profile audit]\nsso_session = company\nsso_account_id = 111122223333\nsso_role_name = Audit\n\
                  [sso-session company]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n";
    let shell = logged_in(&simulator, config);
    let home = shell.path("home").to_string_lossy().into_owned();
    let shell = shell.with("HOME", &home).with("AWS_ENDPOINT_URL_SSO", &format!("http://{portal}"));
    std::fs::create_dir_all(shell.path("home/.aws/sso/cache")).unwrap();
    let token = |ends: &str| {
        let text = format!(r#"{{"accessToken":"token","expiresAt":"{ends}","region":"eu-west-1"}}"#);
        // printf company | sha1sum
        shell.write("home/.aws/sso/cache/71b21161ffa1e6516bcc072aaf5ef38cbe85b511.json", &text);
    };
    token("2999-01-01T00:00:00Z");
    shell.atrest("doctor").succeeded();
    token("2020-01-01T00:00:00Z");
    says(
        &shell.atrest("doctor").ended(2),
        &["failed to load AWS credentials", "aws sso login --profile audit"],
    );
    // A session that was revoked has a token that is good by its date.
    token("2999-01-01T00:00:00Z");
    let revoked = serve(
        "403 Forbidden",
        "application/json",
        r#"{"message":"No access","__type":"ForbiddenException"}"#,
    );
    let shell = shell.with("AWS_ENDPOINT_URL_SSO", &format!("http://{revoked}"));
    let told = "credentials of the SSO login of the profile `audit`: ForbiddenException: No access";
    let words = [told, "aws sso login --profile audit", "sso_role_name"];
    says(&shell.atrest("doctor").ended(2), &words);
}

#[test]
fn an_endpoint_of_credentials_that_is_gone_is_told_with_its_own_variable() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let shell = Shell::new()
        .with("AWS_REGION", "eu-west-1")
        .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("http://{closed}/credentials"));
    let finished = shell.atrest("doctor").ended(2);
    let told =
        format!("failed to load AWS credentials: the credentials' endpoint {closed} refused the connection");
    says(&finished, &[&told, "AWS_CONTAINER_CREDENTIALS_FULL_URI"]);
    assert!(!finished.stderr.contains("AWS_ENDPOINT_URL"), "{finished}");
}

#[test]
fn half_a_login_says_which_half() {
    let half = caller().without("AWS_SECRET_ACCESS_KEY").atrest("doctor").ended(2);
    says(&half, &["AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not", "export both"]);
    let nobody = Shell::new().with("AWS_REGION", "eu-west-1");
    let undefined = nobody.with("AWS_PROFILE", "nope").atrest("doctor").ended(2);
    says(
        &undefined,
        &["AWS_PROFILE names the profile `nope`, which is not defined", "no profile is defined there"],
    );
    let shell = Shell::new().with("AWS_REGION", "eu-west-1").with("AWS_PROFILE", "audit");
    let config = shell.write("config", "[profile audit]\naws_access_key_id = AKIDEXAMPLE\n");
    let half = shell.with("AWS_CONFIG_FILE", &config.to_string_lossy()).atrest("doctor").ended(2);
    says(&half, &["the profile `audit` has aws_access_key_id, but no aws_secret_access_key"]);
}

/// A mounted secret ends with a line end, and a file of Windows' has more of them. It is told, and not shown.
#[test]
fn a_key_that_cannot_be_sent_is_told() {
    for (name, what) in [
        ("AWS_ACCESS_KEY_ID", "access key id"),
        ("AWS_SECRET_ACCESS_KEY", "secret access key"),
        ("AWS_SESSION_TOKEN", "session token"),
    ] {
        for odd in ["S3\nCR", "S3\rCR", "S3CR\u{e9}", "S3CR\n", "S3CR\r"] {
            let shell =
                caller().with("AWS_ENDPOINT_URL", "http://127.0.0.1:9").with("ATREST_MAX_ATTEMPTS", "1");
            let finished = shell.with(name, odd).atrest("doctor");
            assert!(!finished.stderr.contains("S3CR"), "{finished}");
            // The SDK takes white space from the ends of some.
            if odd.trim() == odd || !finished.stderr.contains("failed to reach AWS") {
                says(&finished.ended(2), &[&format!("the {what} has a character that is not allowed")]);
            }
        }
    }
}

#[test]
fn credentials_that_end_before_the_scan_are_told_before_it_starts() {
    let simulator = Simulated::start("--accounts 3 --buckets 12 --keys 6");
    let (key, secret) =
        (simulator.variable("AWS_ACCESS_KEY_ID"), simulator.variable("AWS_SECRET_ACCESS_KEY"));
    let soon = |seconds: u64| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        atrest::clock::Timestamp::from_millis(i64::try_from((now + seconds) * 1000).unwrap()).to_string()
    };
    let shell = Shell::on(&simulator).with("AWS_CREDENTIAL_EXPIRATION", &soon(1_200));
    let first = shell.atrest("scan --lake lake").succeeded();
    says(
        &first,
        &["warning: the AWS credentials expire at", "in 20 minutes", "no census in this lake shows"],
    );
    // The census took less than a minute: now that is known, and the credentials do.
    let second = shell.atrest("scan --lake lake").succeeded();
    assert!(!second.stderr.contains("credentials expire"), "{second}");
    // What has ended already begins no scan: no account is asked, and no lake is made.
    let ended = Shell::on(&simulator).with("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z");
    for line in ["scan --lake lake", "scan --lake lake --estimate", "doctor"] {
        let finished = ended.atrest(line).ended(5);
        says(&finished, &["the AWS credentials expired at 2020-01-01T00:00:00Z", "export new ones"]);
    }
    assert!(!ended.path("lake/observations").exists());
    let later = Shell::on(&simulator).with("AWS_CREDENTIAL_EXPIRATION", &soon(36_000));
    let later = later.atrest("scan --lake lake --estimate").succeeded();
    assert!(!later.stderr.contains("credentials expire"), "{later}");

    let (ends, config) = (soon(600), "[profile audit]\ncredential_process = cat credentials.json\n");
    let process = format!(
        r#"{{"Version":1,"AccessKeyId":"{key}","SecretAccessKey":"{secret}","Expiration":"{ends}"}}"#
    );
    let shell = logged_in(&simulator, config);
    shell.write("credentials.json", &process);
    let finished = shell.atrest("scan --lake lake").succeeded();
    says(&finished, &["the credential_process of the profile `audit` is run again"]);
    shell.write("credentials.json", &process.replace(&ends, "2020-01-01T00:00:00Z"));
    let words =
        ["expired at 2020-01-01T00:00:00Z", "the credential_process of the profile `audit` gave them"];
    says(&shell.atrest("scan --lake lake").ended(5), &words);
}

/// What a program prints for a person may be its secret.
#[test]
fn what_a_credential_process_prints_is_not_repeated() {
    let simulator = Simulated::start("--accounts 3 --buckets 12 --keys 6");
    let shell = logged_in(&simulator, "[profile audit]\ncredential_process = sh process.sh\n");
    for script in [
        "echo 'login failed: S3CRET' >&2; exit 3",
        "echo S3CRET; echo S3CRET >&2; exit 3",
        "echo S3CRET",
        r#"echo '{"Version":1,"AccessKeyId":"S3CRET","SecretAccessKey":"S3CRET","Expiration":"S3CRET"}'"#,
    ] {
        shell.write("process.sh", script);
        let finished = shell.atrest("doctor -vv").ended(2);
        says(&finished, &["of the credential_process of the profile `audit`", "by hand (profile `audit`)"]);
        assert!(!finished.stderr.contains("S3CRET") && !finished.stdout.contains("S3CRET"), "{finished}");
    }
}

#[test]
fn a_login_that_cannot_be_used_says_what_to_run() {
    let simulator = Simulated::start("--accounts 3 --buckets 12 --keys 6");
    let session =
        "[sso-session company]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n";
    let role = "sso_account_id = 111122223333\nsso_role_name = Audit\n";
    for (config, words) in [
        (format!("[profile audit]\nsso_session = company\n{role}{session}"), "aws sso login --profile audit"),
        (
            format!(
                "[profile audit]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n{role}"
            ),
            "aws sso login --profile audit",
        ),
        (
            "[profile audit]\ncredential_process = false\n".to_owned(),
            "credential_process by hand (profile `audit`)",
        ),
        (
            "[profile audit]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = base\n\
             mfa_serial = arn:aws:iam::111122223333:mfa/me\n[profile base]\naws_access_key_id = a\n\
             aws_secret_access_key = b\n"
                .to_owned(),
            "assumes its role with MFA (mfa_serial), and atrest cannot ask for a code",
        ),
    ] {
        let shell = logged_in(&simulator, &config);
        let home = shell.path("home").to_string_lossy().into_owned();
        says(&shell.with("HOME", &home).atrest("doctor").ended(2), &[words]);
    }
}
