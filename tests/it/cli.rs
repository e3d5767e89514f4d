//! The command line: help, mistakes, settings, exit codes, policies, estimates; and no secret in any
//! of what is written.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;

use crate::support::http::serve;
use crate::support::python::{Finished, finish, hermetic};
use crate::support::shell::{BOUND, RUN, Shell, Simulated, assert_narrow, committed, files, names};

/// A small organization without trouble.
const SMALL: &str = "--accounts 3 --buckets 12 --keys 6";

/// A mistake: its exit code, its words in one sentence, and no trace of our insides.
#[track_caller]
fn refused(finished: Finished, code: i32, words: &str) -> Finished {
    let finished = finished.ended(code);
    assert!(finished.stderr.contains("error: "), "{finished}");
    assert!(finished.stderr.contains(words), "{words}: {finished}");
    for trace in ["panicked", "RUST_BACKTRACE", "stack backtrace", ".rs:"] {
        assert!(!finished.stderr.contains(trace), "{trace}: {finished}");
    }
    assert_eq!(finished.stdout, "", "{finished}");
    finished
}

/// Nothing that a reader of the lake would see.
#[track_caller]
fn assert_unpublished(lake: &Path) {
    for table in ["runs", "manifests", "accounts", "buckets", "keys", "coverage", "calls"] {
        assert_eq!(names(&lake.join(table)), Vec::<String>::new(), "{table}");
    }
}

// Help

#[test]
fn help_says_what_there_is() {
    let shell = Shell::new();
    let help = shell.atrest("--help").succeeded();
    insta::assert_snapshot!("help", help.stdout);
    let help = shell.atrest("scan --help").succeeded();
    insta::assert_snapshot!("help_scan", help.stdout);
    for command in ["demo", "doctor", "finalize", "iam", "simulate", "completions", "man"] {
        let help = shell.atrest(&format!("{command} --help")).succeeded();
        assert!(help.stdout.contains(&format!("Usage: atrest {command}")), "{help}");
        assert_eq!(help.stderr, "");
    }
    let version = shell.atrest("--version").succeeded();
    assert_eq!(version.stdout, format!("atrest {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn without_a_command_the_help_is_a_mistakes_answer() {
    let finished = Shell::new().atrest("").ended(2);
    assert!(finished.stderr.contains("Usage: atrest"), "{finished}");
}

#[test]
fn what_is_almost_right_is_suggested() {
    let shell = Shell::new();
    for (line, suggestion) in [
        ("scann", "'scan'"),
        ("doctr", "'doctor'"),
        ("scan --lakes x", "'--lake'"),
        ("scan --lake x --role-nam y", "'--role-name'"),
        ("demo --account 4", "'--accounts'"),
        ("completions fishh", "'fish'"),
        ("scan --lake x --exit-zero-for coverag", "'coverage'"),
    ] {
        refused(shell.atrest(line), 2, suggestion);
    }
}

// Wrong values

#[test]
fn malformed_values_are_refused_with_how_to_write_them() {
    let simulated = Simulated::start("--accounts 1 --buckets 0 --keys 0");
    let shell = Shell::on(&simulated);
    shell.write("file", "not a lake");
    for (rest, words) in [
        (vec!["--account", "12"], "is not an account id (twelve digits, such as 111122223333)"),
        (vec!["--exclude-account", "11112222333x"], "is not an account id"),
        (vec!["--ou", "ou-x"], "an organizational unit's id looks like ou-ab12-11111111"),
        (vec!["--region", "eu"], "a Region looks like eu-west-1"),
        (vec!["--region", "global"], "`global` is not a Region"),
        (vec!["--role-name", "arn:aws:iam::111122223333:role/x"], "give the role's name, not its ARN"),
        (vec!["--role-name", "a b"], "a role's name has up to 64 letters"),
        (vec!["--external-id", "a b"], "an external id has 2 to 1,224 letters"),
        (vec!["--run", "yesterday"], "nor an instant (2026-11-21T03:00:00Z)"),
        (vec!["--run", "20261321T030000Z-0badcafe"], "it is neither a run id"),
        (vec!["--quota-share", "2"], "give a share from 0.01 to 1"),
        (vec!["--accounts-in-flight", "0"], "give a number from 1 to 10000"),
        (vec!["--max-attempts", "0"], "0 is not in 1..=20"),
        (vec!["--s3-addressing", "paths"], "'path'"),
    ] {
        let all = ["scan", "--lake", "lake"].into_iter().chain(rest);
        refused(shell.run(all), 2, words);
    }
    for (lake, words) in [
        ("s3://", "it names no bucket: write s3://bucket/prefix"),
        ("s3:///prefix", "it names no bucket"),
        ("gs://bucket", "`gs://` is not supported"),
        ("", "it is empty"),
        ("file", "failed to open the lake file: it is a file"),
        ("file/below", "failed to open the lake file/below: "),
    ] {
        refused(shell.run(["scan", "--lake", lake]), 2, words);
    }
    assert!(!shell.path("lake").exists());
    refused(shell.atrest("finalize --lake lake --run 2026"), 2, "is not a run id");
    refused(
        shell.run(["finalize", "--lake", "lake", "--run", RUN, "--as-of", "noon"]),
        2,
        "write it as 2026-11-21",
    );
}

#[test]
fn filters_that_name_what_is_not_there_are_refused() {
    let simulated = Simulated::start(SMALL);
    let shell = Shell::on(&simulated);
    refused(
        shell.atrest("scan --lake lake --account 999999999999"),
        2,
        "--account 999999999999 is not in the organization",
    );
    refused(shell.atrest("scan --lake lake --ou Nowhere"), 2, "no account is under --ou Nowhere");
    assert_unpublished(&shell.path("lake"));
}

// Region, credentials, endpoints

#[test]
fn without_a_region_it_says_which_setting_is_missing() {
    let simulated = Simulated::start("--accounts 1 --buckets 0 --keys 0");
    let shell = Shell::on(&simulated).without("AWS_REGION").without("AWS_DEFAULT_REGION");
    let finished = refused(shell.atrest("scan --lake lake"), 2, "no AWS Region is configured");
    assert!(finished.stderr.contains("hint: set AWS_REGION (such as AWS_REGION=eu-west-1)"), "{finished}");
    let shell = Shell::on(&simulated).with("AWS_REGION", "nowhere");
    refused(shell.atrest("scan --lake lake"), 2, "`nowhere` is not a Region");
}

#[test]
fn credentials_that_are_missing_broken_or_wrong_are_told_apart() {
    let simulated = Simulated::start("--accounts 1 --buckets 0 --keys 0");
    let bare = || Shell::on(&simulated).without("AWS_ACCESS_KEY_ID").without("AWS_SECRET_ACCESS_KEY");
    let finished =
        refused(bare().atrest("scan --lake lake"), 2, "failed to load AWS credentials: no credentials");
    assert!(finished.stderr.contains("hint: set AWS_PROFILE"), "{finished}");
    assert!(finished.stderr.lines().count() <= 3, "{finished}");

    let shell = bare();
    let processes = "[default]\ncredential_process = false\n\
                     [profile talks]\ncredential_process = echo not-json\n";
    let file = shell.write("config", processes);
    let shell = shell.with("AWS_CONFIG_FILE", file.to_str().unwrap());
    refused(shell.atrest("scan --lake lake"), 2, "hint: run the profile's credential_process by hand");
    let shell = shell.with("AWS_PROFILE", "talks");
    let finished = refused(shell.atrest("scan --lake lake"), 2, "hint: run the profile's credential_process");
    assert!(!finished.stderr.contains("WARN"), "{finished}");
    let shell = shell.with("AWS_PROFILE", "elsewhere");
    refused(shell.atrest("scan --lake lake"), 2, "the profile `elsewhere`, which is not defined");

    let wrong = Shell::on(&simulated).with("AWS_ACCESS_KEY_ID", "AKIANOBODYNOBODYNOBO");
    let finished = refused(wrong.atrest("scan --lake lake"), 2, "failed to use the AWS credentials: ");
    assert!(finished.stderr.contains("InvalidClientTokenId"), "{finished}");
    assert!(finished.stderr.contains("hint: export new AWS_ACCESS_KEY_ID"), "{finished}");
    assert!(!finished.stderr.contains("aws sso login"), "no profile has SSO: {finished}");
}

#[test]
fn an_endpoint_that_is_not_aws_is_said_in_a_sentence() {
    let page = "<html><body>Welcome to nginx!</body></html>";
    let at = |url: &str| {
        Shell::new()
            .with("AWS_ACCESS_KEY_ID", "AKIAANYANYANYANYANYA")
            .with("AWS_SECRET_ACCESS_KEY", "a-secret-that-nobody-may-see")
            .with("AWS_REGION", "eu-west-1")
            .with("AWS_ENDPOINT_URL", url)
    };
    // A port that was free a moment ago refuses connections.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let shell = at(&format!("http://{closed}"));
    let finished = refused(shell.atrest("scan --lake lake"), 5, &format!("{closed} refused the connection"));
    assert!(finished.stderr.contains("hint: check AWS_ENDPOINT_URL"), "{finished}");
    assert_unpublished(&shell.path("lake"));
    for (status, words) in [("200 OK", "does not answer like AWS"), ("502 Bad Gateway", "502")] {
        let address = serve(status, "text/html", page);
        let shell = at(&format!("http://{address}"));
        for command in ["scan --lake lake", "scan --lake lake --estimate", "doctor"] {
            let finished = refused(shell.atrest(command), 5, words);
            assert!(finished.stderr.contains("AWS_ENDPOINT_URL"), "{finished}");
            assert!(!finished.stderr.contains("a-secret-that-nobody-may-see"), "{finished}");
        }
        assert_unpublished(&shell.path("lake"));
    }
    // The SDK would pass over it and ask AWS itself.
    for wrong in ["127.0.0.1:4566", "localhost"] {
        refused(at(wrong).atrest("scan --lake lake"), 2, "failed to use AWS_ENDPOINT_URL: ");
    }
}

/// The HTTP stack makes another server of each of these.
#[test]
fn an_endpoint_of_another_form_is_refused_by_its_name() {
    let is_refused = |shell: &Shell, command: &str, name: &str, words: &str| {
        let finished = shell.atrest(command).ended(2);
        let said = finished.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(name) && said.contains(words), "{finished}");
        assert!(!finished.stderr.contains("S3CRET"), "{finished}");
        assert_unpublished(&shell.path("lake"));
    };
    for (url, words) in [
        ("http://127.0.0.1:99999", "its port is not a number from 1 to 65535"),
        ("http://127.0.0.1:9/?token=S3CRET", "no query and no fragment"),
        ("http://127.0.0.1:9/#S3CRET", "no query and no fragment"),
        ("http://localhost:S3CRET#x@127.0.0.1:9", "no user and no password"),
        ("http://me:S3CRET@127.0.0.1:9", "no user and no password"),
        ("https:///S3CRET", "it has no host"),
        ("ftp://127.0.0.1/S3CRET", "it does not begin with http:// or https://"),
    ] {
        let shell = || Shell::new().with("AWS_REGION", "eu-west-1").with("ATREST_MAX_ATTEMPTS", "1");
        for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL_SSO_OIDC"] {
            is_refused(&shell().with(name, url), "scan --lake lake -vv", name, words);
        }
        let profiled = shell();
        let text = format!("[profile p]\nregion = eu-west-1\nendpoint_url = {url}\n");
        let config = profiled.write("config", &text).display().to_string();
        let profiled = profiled.with("AWS_CONFIG_FILE", &config).with("AWS_PROFILE", "p");
        // A `#` after a blank begins a comment in such a file, and here there is none.
        is_refused(&profiled, "doctor -vv", "the endpoint_url of the profile `p`", words);
        is_refused(
            &shell(),
            &format!("scan --lake s3://b/p --lake-endpoint {url}"),
            "--lake-endpoint",
            words,
        );
        let by_file = shell();
        by_file.write("s.toml", &format!("lake_endpoint = '{url}'"));
        is_refused(&by_file, "scan --lake s3://b/p --config s.toml", "--lake-endpoint", words);
    }
}

// Exit codes

#[test]
fn each_exit_code_is_the_contracts() {
    let whole = Simulated::start(SMALL);
    let shell = Shell::on(&whole);
    shell.run(["scan", "--lake", "lake", "--run", RUN]).ended(0);
    assert_eq!(committed(&shell.path("lake")), [RUN]);
    // 1: a committed run whose manifest is not there.
    std::fs::remove_file(shell.path("lake").join(format!("manifests/{RUN}.json"))).unwrap();
    refused(shell.run(["scan", "--lake", "lake", "--run", RUN]), 1, "its manifest is missing");
    // 5: every role refuses alike.
    let finished = refused(
        shell.run(["scan", "--lake", "other", "--run", RUN, "--role-name", "no-such-role"]),
        5,
        "the role no-such-role was refused in 2 of the first accounts, each time with AccessDenied",
    );
    assert!(finished.stderr.contains("hint: check --role-name"), "{finished}");
    assert_unpublished(&shell.path("other"));
    // What was refused is asked again once it is mended: nothing of it was sealed.
    shell.run(["scan", "--lake", "again", "--run", RUN]).ended(0);
    // 4, and 0 where it is excused.
    let troubled = Simulated::start("--accounts 11 --buckets 20 --keys 5");
    let shell = Shell::on(&troubled);
    shell.run(["scan", "--lake", "lake"]).ended(4);
    shell.run(["scan", "--lake", "lake", "--exit-zero-for", "coverage"]).ended(0);
    shell.run(["scan", "--lake", "lake", "--exit-zero-for", "coverage,findings"]).ended(0);
    shell.run(["scan", "--lake", "lake", "--exit-zero-for", "findings"]).ended(4);
    assert_eq!(committed(&shell.path("lake")).len(), 4);
}

// Lakes

#[test]
fn another_organizations_lake_is_left_alone() {
    let (first, second) = (Simulated::start(SMALL), Simulated::start("--accounts 3 --seed 2"));
    let shell = Shell::on(&first);
    shell.run(["scan", "--lake", "lake", "--run", RUN]).ended(0);
    let before = names(&shell.path("lake"));
    let other = Shell::on(&second);
    let lake = shell.path("lake");
    let refusal = other.run(["scan", "--lake", lake.to_str().unwrap()]);
    let finished = refused(refusal, 2, "it holds organization o-");
    assert!(finished.stderr.contains("choose another lake"), "{finished}");
    assert_eq!(names(&lake), before);
}

#[test]
fn a_demos_lake_takes_no_other_source() {
    let simulated = Simulated::start(SMALL);
    let shell = Shell::on(&simulated);
    shell.atrest("demo --nights 1").succeeded();
    let before = names(&shell.path("atrest-demo"));
    refused(shell.atrest("scan --lake atrest-demo/lake"), 2, "it holds answers of source `simulator`");
    assert_eq!(names(&shell.path("atrest-demo")), before);
}

#[test]
fn a_run_that_is_not_there_cannot_be_finalized() {
    let shell = Shell::new();
    let finalize = |lake: &str| shell.run(["finalize", "--lake", lake, "--run", RUN]);
    refused(finalize("nowhere"), 2, "failed to open the lake nowhere: there is no such folder");
    assert!(!shell.path("nowhere").exists(), "an error makes no lake");
    shell.atrest("demo --nights 1").succeeded();
    refused(finalize("atrest-demo/lake"), 2, &format!("failed to finalize run {RUN}: "));
}

#[test]
fn a_committed_run_is_left_alone_and_judged_again_as_another() {
    let simulated = Simulated::start(SMALL);
    let shell = Shell::on(&simulated);
    shell.run(["scan", "--lake", "lake", "--run", RUN]).ended(0);
    let before = names(&shell.path("lake"));
    let again = shell.run(["scan", "--lake", "lake", "--run", RUN]).ended(0);
    assert_eq!(again.stderr, format!("run {RUN} is already committed (complete) and is not changed\n"));
    assert_eq!(names(&shell.path("lake")), before);
    // Offline: the log is all that it needs.
    let finalize = ["finalize", "--lake", "lake", "--run", RUN];
    let mut offline = shell.command(finalize);
    offline.env_clear().envs(hermetic());
    finish(offline, BOUND).succeeded();
    assert_eq!(committed(&shell.path("lake")).len(), 2);
}

// Secrets

#[test]
fn no_secret_is_written_anywhere() {
    let simulated = Simulated::start("");
    let external_id = "an-external-id-that-is-a-secret";
    let shell = Shell::on(&simulated).with("ATREST_EXTERNAL_ID", external_id);
    let secrets =
        [external_id, simulated.variable("AWS_SECRET_ACCESS_KEY"), simulated.variable("AWS_ACCESS_KEY_ID")];
    let mut said = String::new();
    for line in
        ["scan --lake lake -vv", "doctor --lake lake -vv", "scan --help", "scan --lake lake --estimate -vv"]
    {
        let finished = shell.atrest(line);
        said += &finished.stdout;
        said += &finished.stderr;
    }
    assert!(said.contains("Accounts"), "{said}");
    let mut texts = vec![("the output".to_owned(), said)];
    texts.extend(files(&shell.path("lake")).into_iter().map(|(name, path)| (name, text_of(&path))));
    assert!(texts.len() > 10);
    for (name, text) in &texts {
        for secret in secrets {
            assert!(!text.contains(secret), "{name} holds {secret}");
        }
    }
    let (_, header) = texts.iter().find(|(name, _)| name.ends_with("organization.jsonl.zst")).unwrap();
    assert!(header.contains("external_id_sha256"), "that there was one is kept, as a hash: {header}");
}

/// A lake file's contents as text, out of its compression.
fn text_of(path: &Path) -> String {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("zst") => String::from_utf8(zstd::decode_all(File::open(path).unwrap()).unwrap()).unwrap(),
        Some("parquet") => {
            let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
            let metadata = format!("{:?}", reader.metadata().file_metadata());
            let rows = reader.get_row_iter(None).unwrap();
            rows.map(|row| row.unwrap().to_string()).fold(metadata, |all, row| all + "\n" + &row)
        }
        _ => String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned(),
    }
}

#[test]
fn an_error_does_not_repeat_a_secret_that_was_typed() {
    let shell = Shell::new();
    let lines = [
        "external_id = S3CRET",
        "external_id = 'S3CRET'x",
        "external_id = ['S3CRET']",
        "external_id = 'S3CRET id'",
        "external_id = \"\"\"\nS3CRET\\q",
        "external_id='S3CRET'\nexternal_id='S3CRET'",
        "lake_endpoint = 'https://key:S3CRET@host'",
    ];
    let by_file = lines.iter().map(|text| {
        shell.write("s.toml", text);
        shell.run(["scan", "--lake", "lake", "--config", "s.toml"])
    });
    let by_file: Vec<_> = by_file.collect();
    let by_flag = [
        shell.run(["scan", "--lake", "lake", "--external-id", "S3CRET id"]),
        shell.run(["doctor", "--external-id=S3CRET id"]),
        shell.run(["scan", "--lake", "lake", "--lake-endpoint", "https://key:S3CRET@host"]),
    ];
    let shell = shell.with("ATREST_EXTERNAL_ID", "S3CRET\n").with("AWS_REGION", "eu-west-1");
    let by_environment = shell.run(["scan", "--lake", "lake"]);
    let endpoints = ["me:S3CRET@host:1", "ftp://me:S3CRET@host", "http://me:S3CRET@", "S3CRET@host"];
    let by_endpoint: Vec<_> = endpoints
        .into_iter()
        .map(|url| {
            Shell::new().with("AWS_REGION", "eu-west-1").with("AWS_ENDPOINT_URL", url).atrest("doctor")
        })
        .collect();
    for finished in by_file.into_iter().chain(by_flag).chain([by_environment]).chain(by_endpoint) {
        let finished = finished.ended(2);
        assert!(!finished.stderr.contains("S3CRET") && !finished.stderr.is_empty(), "{finished}");
    }
}

// Settings file

#[test]
fn mistakes_in_the_settings_file_are_named() {
    let shell = Shell::new();
    for (text, words) in [
        ("lakee = \"x\"", "has the unknown key `lakee`\n  hint: did you mean `lake`?"),
        ("role-name = \"x\"", "did you mean `role_name`?"),
        ("zzzzzzzzzzzz = 1", "every long flag is a key, with _ for -"),
        ("lake = 5", "failed to use `lake` of the settings file s.toml: it takes a text in quotes"),
        ("account = [111122223333]", "`account` of the settings file s.toml: it takes a text in quotes"),
        ("role_name = [\"a\"]", "it takes one value, not a list"),
        ("quota_share = \"half\"", "it takes a number"),
        ("no_rotation_history = 1", "it takes true or false"),
        ("max_lost = \"20\"", "`max_lost` of the settings file s.toml: it takes a number"),
        ("max_lost = 101", "101 is not in 0..=100"),
        ("max_lost = 300", "300 is not in 0..=100"),
        ("max_lost = -1", "-1 is not in 0..=100"),
        ("max_lost = 2.5", "invalid digit"),
        ("account = \"12\"", "note: values may also come from the settings file s.toml"),
        ("lake = ", "failed to read the settings file s.toml: TOML parse error at line 1, column 8"),
        ("[scan]\nlake = \"x\"", "has the unknown key `scan`"),
    ] {
        shell.write("s.toml", text);
        refused(shell.atrest("scan --config s.toml --lake lake"), 2, words);
    }
    refused(
        shell.atrest("scan --config none.toml --lake lake"),
        2,
        "failed to read the settings file none.toml: ",
    );
    assert!(!shell.path("lake").exists());
}

#[test]
fn a_flag_is_over_the_environment_and_that_over_the_file() {
    let simulated = Simulated::start(SMALL);
    let shell = Shell::on(&simulated);
    shell.write(
        "s.toml",
        "role_name = \"from-file\"\nlake = \"lake\"\n# for another command\nout = \"demo\"\n",
    );
    // The role that was asked for is in the refusal.
    let asked = |shell: &Shell, line: &str| refused(shell.atrest(line), 5, "the role from-").stderr;
    assert!(asked(&shell, "scan --config s.toml").contains("from-file"));
    let shell = shell.with("ATREST_CONFIG", "s.toml");
    assert!(asked(&shell, "scan").contains("from-file"));
    let shell = shell.with("ATREST_ROLE_NAME", "from-environment");
    assert!(asked(&shell, "scan").contains("from-environment"));
    assert!(asked(&shell, "scan --role-name from-flag").contains("from-flag"));
    assert!(shell.path("lake").is_dir(), "the lake is the file's");
    // Lists, numbers, instants and switches; a list in the environment is parted by commas.
    let account = simulated.account(|account| account["roles"]["atrest-audit"].is_object());
    let text = format!(
        "account = [\"{account}\"]\nquota_share = 1\nmax_attempts = 3\nno_rotation_history = true\n\
         run = 2026-11-21T03:00:00Z\nexit_zero_for = [\"coverage\"]\n"
    );
    shell.write("t.toml", &text);
    let shell = shell.without("ATREST_ROLE_NAME").without("ATREST_CONFIG");
    let finished = shell.atrest("scan --lake filtered --config t.toml").ended(0);
    assert!(finished.stderr.contains(" · filtered · complete · "), "{finished}");
    let manifest = names(&shell.path("filtered/manifests"));
    assert!(manifest[0].starts_with("20261121T030000Z-"), "{manifest:?}");
    let text = std::fs::read_to_string(shell.path("filtered/manifests").join(&manifest[0])).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(manifest["settings"]["rotation_history"], false, "{manifest}");
    let both = format!("{account},{}", simulated.state()["caller"]["account"].as_str().unwrap());
    let shell = shell.with("ATREST_ACCOUNT", &both);
    let finished = shell.atrest("scan --lake two").ended(0);
    assert!(finished.stderr.contains("2 complete"), "{finished}");
}

#[test]
fn verbosity_tells_of_accounts_and_then_of_calls() {
    let simulated = Simulated::start(SMALL);
    let shell = Shell::on(&simulated);
    let caller = simulated.state()["caller"]["account"].as_str().unwrap();
    let told = |line: &str| shell.atrest(line).ended(0).stderr;
    let (quiet, accounts, calls) =
        (told("scan --lake a"), told("scan --lake b -v"), told("scan --lake c -vv"));
    let account = format!("account.id={caller}");
    assert!(!quiet.contains(&account), "{quiet}");
    assert!(accounts.contains(&account) && !accounts.contains("s3:ListBuckets"), "{accounts}");
    assert!(calls.contains(&account) && calls.contains("s3:ListBuckets"), "{calls}");
}

// Pipes and completions

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let shell = Shell::new();
    for line in ["iam --role audit", "completions bash", "--help", "scan --help"] {
        // A pipe whose other end is closed before anything is written.
        let mut closed = Command::new("true");
        closed.env_clear().envs(hermetic());
        let mut reader = closed.stdin(Stdio::piped()).spawn().unwrap();
        let pipe = reader.stdin.take().unwrap();
        reader.wait().unwrap();
        let output = shell
            .command(line.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::from(pipe))
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{line}: {errors}");
        assert_eq!(errors, "", "{line}");
    }
}

#[test]
fn completions_are_there_for_the_common_shells() {
    let shell = Shell::new();
    for name in ["bash", "zsh", "fish"] {
        let finished = shell.atrest(&format!("completions {name}")).succeeded();
        for word in ["scan", "doctor", "role-name"] {
            assert!(finished.stdout.contains(word), "{name}: {word}");
        }
        shell.write(name, &finished.stdout);
    }
    let mut bash = Command::new("bash");
    bash.env_clear().envs(hermetic()).arg("-n").arg(shell.path("bash"));
    finish(bash, BOUND).succeeded();
}

/// The names of a help's list: two blanks, a word, and blanks again.
fn listed(help: &str) -> Vec<&str> {
    let lines = help.lines().filter_map(|line| line.strip_prefix("  "));
    lines
        .filter_map(|line| line.split_whitespace().next().filter(|_| !line.starts_with([' ', '-'])))
        .collect()
}

#[test]
fn manual_pages_are_there_for_every_command_with_every_flag() {
    let shell = Shell::new().with("ATREST_EXTERNAL_ID", "secret-of-the-caller");
    let written = shell.atrest("man share/man/man1").succeeded();
    assert_eq!((&*written.stdout, &*written.stderr), ("", ""));
    let folder = shell.path("share/man/man1");
    let help = shell.atrest("--help").succeeded().stdout;
    let commands: Vec<_> = listed(&help).into_iter().filter(|name| *name != "help").collect();
    assert!(commands.contains(&"scan") && commands.contains(&"man"), "{commands:?}");
    let mut pages: Vec<_> = commands.iter().map(|name| format!("atrest-{name}.1")).collect();
    pages.push("atrest.1".to_owned());
    pages.sort();
    assert_eq!(names(&folder), pages);
    for command in commands {
        let page = std::fs::read_to_string(folder.join(format!("atrest-{command}.1"))).unwrap();
        assert!(!page.contains("secret-of-the-caller"), "{command}");
        // The pages write a hyphen as `\-`.
        let page = page.replace('\\', "");
        let help = shell.atrest(&format!("{command} --help")).succeeded().stdout;
        let flags: Vec<_> = help.split_whitespace().filter(|word| word.starts_with("--")).collect();
        for flag in flags.iter().map(|flag| flag.trim_end_matches(|it: char| !it.is_alphanumeric())) {
            assert!(page.contains(flag), "{command}: {flag}");
        }
    }
    shell.atrest("man again").succeeded();
    for (name, path) in files(&folder) {
        let again = shell.path("again").join(&name);
        assert!(std::fs::read(path).unwrap() == std::fs::read(again).unwrap(), "{name} differs");
    }
    shell.write("file", "");
    refused(shell.atrest("man file"), 2, "failed to write the manual pages to file");
}

// Policies

/// The actions of every statement, as they stand.
fn actions(policy: &Value) -> Vec<Vec<String>> {
    let statements = policy["Statement"].as_array().unwrap().iter();
    let words =
        |list: &Value| list.as_array().unwrap().iter().map(|a| a.as_str().unwrap().to_owned()).collect();
    statements.map(|statement| words(&statement["Action"])).collect()
}

#[test]
fn the_policies_are_least_privilege() {
    let shell = Shell::new();
    for (line, name) in [
        ("iam --role audit", "iam_audit"),
        ("iam --role scan --role-name security/census --partition aws-cn", "iam_scan"),
        ("iam --role lake --lake s3://census-lake/prod/", "iam_lake"),
        ("iam --role lake --lake s3://census-lake", "iam_lake_whole_bucket"),
        (
            "iam --role lake --lake s3://census-lake --lake-kms-key arn:aws:kms:eu-west-1:111122223333:key/1a2b-3c4d",
            "iam_lake_key",
        ),
    ] {
        let finished = shell.atrest(line).succeeded();
        let policy = finished.json();
        assert_eq!(policy["Version"], "2012-10-17");
        for list in actions(&policy) {
            assert!(!list.is_empty() && list.is_sorted(), "{list:?}");
            let reads = ["Get", "List", "Describe"];
            let is_read = |action: &String| {
                reads.iter().any(|verb| action.split(':').nth(1).unwrap().starts_with(verb))
            };
            assert!(name != "iam_audit" || list.iter().all(is_read), "{list:?}");
            assert!(list.iter().all(|action| !action.contains('*')), "{list:?}");
        }
        insta::assert_snapshot!(name, finished.stdout);
    }
    let finished = refused(shell.atrest("iam --role lake"), 2, "the lake's policy is for one lake");
    assert!(finished.stderr.contains("hint: add --lake s3://bucket/prefix"), "{finished}");
    refused(shell.atrest("iam --role lake --lake folder"), 2, "the lake's policy is for one lake");
    for wide in ["s3://*/p", "s3://census-lake/${aws:username}", "s3://census-lake/?"] {
        let line = format!("iam --role lake --lake {wide}");
        refused(shell.atrest(&line), 2, "it would allow more than one lake");
    }
    refused(shell.atrest("iam --role remediation"), 2, "is reserved");
    refused(shell.atrest("iam --role admin"), 2, "invalid value 'admin'");
}

// Estimates

/// The rows of an estimate, by operation.
fn predicted(finished: &Finished) -> Vec<(String, u64)> {
    let lines = finished.stdout.lines().skip_while(|line| !line.starts_with("operation"));
    lines
        .skip(1)
        .map(|line| {
            let (operation, calls) = line.rsplit_once(' ').unwrap();
            (operation.trim().to_owned(), calls.parse().unwrap())
        })
        .collect()
}

/// The attempts that a census took, first ones only, by operation, from its `calls` table.
fn made(lake: &Path) -> Vec<(String, u64)> {
    let mut made = Vec::new();
    for (_, path) in files(&lake.join("calls")) {
        let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let field = |column: &str| row.get_column_iter().find(|(name, _)| *name == column).unwrap().1;
            let text = |column: &str| match field(column) {
                Field::Str(text) => text.clone(),
                other => panic!("{column} is {other}"),
            };
            let count = |column: &str| match field(column) {
                Field::Long(count) => u64::try_from(*count).unwrap(),
                other => panic!("{column} is {other}"),
            };
            let operation = format!("{}:{}", text("service"), text("operation"));
            made.push((operation, count("calls") - count("retries")));
        }
    }
    made.sort();
    made
}

#[test]
fn an_estimate_says_what_it_assumes_and_then_what_it_knows() {
    let simulated = Simulated::start("");
    let shell = Shell::on(&simulated);
    let first = shell.atrest("scan --lake lake --estimate").succeeded();
    assert_narrow(&first.stdout);
    insta::assert_snapshot!("estimate_first_night", first.stdout);
    assert_unpublished(&shell.path("lake"));
    shell.run(["scan", "--lake", "lake", "--run", RUN]).ended(4);
    // A filtered run is not what a whole night is predicted from.
    shell.run(["scan", "--lake", "lake", "--region", "eu-west-1"]).ended(4);
    let later = shell.atrest("scan --lake lake --estimate").succeeded();
    assert!(later.stdout.starts_with(&format!("From the calls of the census {RUN},")), "{later}");
    assert_narrow(&later.stdout);
    let (mut predicted, census) = (predicted(&later), {
        let whole = Shell::on(&simulated);
        whole.run(["scan", "--lake", "lake", "--run", RUN]).ended(4);
        made(&whole.path("lake"))
    });
    let (name, total) = predicted.pop().unwrap();
    assert_eq!(name, "total");
    assert_eq!(total, predicted.iter().map(|(_, calls)| calls).sum::<u64>());
    let made: u64 = census.iter().map(|(_, calls)| calls).sum();
    assert!(total.abs_diff(made) * 10 <= made, "predicted {total}, made {made}\n{later}");
    let operations = |rows: &[(String, u64)]| rows.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(operations(&predicted), operations(&census));
    // With a Region given, the estimate says that it is too high.
    let one = shell.atrest("scan --lake lake --estimate --region eu-west-1").succeeded();
    assert!(one.stdout.contains("with --region there are fewer calls"), "{one}");
}
