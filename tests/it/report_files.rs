//! `atrest report` as far as it writes files for machines: tables as CSV and JSON, OCSF findings, the
//! report of aws-samples' script; and what becomes of the path after `-o`, whatever it is.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use atrest::lake::{CommittedRun, Lake};
use atrest::model::{Exception, Scope};
use atrest::report::{self, Format};
use atrest::sim::world::{Denial, DeniedBy, Encryption};
use atrest::sim::{Effect, Rule, Schedule};
use atrest::table;

use crate::support::night::{Morning, NOW, Night, Rules, excepting};
use crate::support::python::{Finished, finish, hermetic, venv};
use crate::support::shell::{BOUND, RUN, Shell, names};
use crate::support::worlds::{healthy, troubled};

/// What only a reader of the whole format reads right.
const HOSTILE: &str = "a,b;\"c\"\r\n'\u{2028}\u{2029}\\ =1+1\t🔐 é\u{202e}";

// The lakes

/// A shell with the demo's lake in `lake`.
fn demo() -> Shell {
    let shell = Shell::new();
    shell.atrest("demo --nights 1 --out d --accounts 8 --buckets 40 --keys 20").succeeded();
    std::fs::rename(shell.path("d/lake"), shell.path("lake")).unwrap();
    shell
}

/// A shell with a night's lake in `lake`.
fn shell_with(morning: &Morning) -> Shell {
    morning.census();
    Shell::holding(morning.store.objects())
}

/// A night with every kind of trouble, an exception, and words that somebody chose to do harm.
fn hostile() -> Morning {
    let mut world = troubled(3);
    let accounts: Vec<_> = world.accounts.keys().copied().collect();
    for id in accounts {
        let account = world.account_mut(id);
        account.name = format!("{HOSTILE}{}", account.name);
    }
    for unit in &mut world.organization.units {
        unit.name = format!("{}{HOSTILE}", unit.name);
    }
    let exception = Exception {
        id: format!("EX-{HOSTILE}"),
        check_id: "s3_tls_only",
        accepts: ["no_policy".to_owned()].into(),
        scope: Scope::default(),
        resources: Vec::new(),
        max_matches: 1_000,
        reason: "to be mended".to_owned(),
        compensating_control: None,
        owner: "payments".to_owned(),
        requested_by: "dev".to_owned(),
        approved_by: "ciso".to_owned(),
        approved_at: NOW.plus_millis(-2),
        ticket: "SEC-1".to_owned(),
        starts: NOW.plus_millis(-1),
        expires: NOW.plus_millis(86_400_000),
        supersedes: None,
        imported_without_expiry: false,
        sha256: "e".repeat(64),
    };
    let exceptions = excepting([exception]);
    Night::over(world).judged_by(Rules { exceptions, ..Rules::default() }).run()
}

/// A report as the library writes it.
fn written(morning: &Morning, format: Format) -> String {
    morning.census();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut bytes = Vec::new();
    runtime
        .block_on(async {
            let lake = Lake::open(morning.store.clone()).await.unwrap();
            let run = CommittedRun::open(&lake, &morning.run_id).await.unwrap();
            report::write(&run, format, &mut bytes).await
        })
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

// Tables

#[test]
fn csv_and_json_read_back_as_the_lake_has_it() {
    let venv = venv();
    for shell in [demo(), shell_with(&hostile())] {
        std::fs::create_dir(shell.path("reports")).unwrap();
        for table in table::TABLES {
            for format in ["csv", "json"] {
                let name = table.name;
                let line =
                    format!("report --lake lake --format {format} --table {name} -o reports/{name}.{format}");
                let said = shell.atrest(&line).succeeded();
                assert_eq!(said.stdout, "", "{said}");
                assert!(said.stderr.contains(&format!("as {format} in reports/{name}.{format}")), "{said}");
                assert!(said.stderr.contains("Judged: S3 general purpose buckets and KMS keys."), "{said}");
            }
        }
        venv.run("compare_dumps.py", [shell.path("lake"), shell.path("reports")]).succeeded();
    }
}

#[test]
fn an_empty_table_is_a_header_and_an_empty_array() {
    let mut healthy = healthy();
    for id in [healthy.management, healthy.one, healthy.two] {
        healthy.world.account_mut(id).buckets.clear();
    }
    let morning = Night::over(healthy.world).run();
    let buckets = table::find("buckets").unwrap();
    let csv = written(&morning, Format::Csv(buckets));
    assert!(
        csv.starts_with("run_id,aws_partition,account_id,") && csv.ends_with(",observed_at\r\n"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 1);
    assert_eq!(written(&morning, Format::Json(buckets)), "[\n]\n");
    let audit = written(&morning, Format::S3AuditCsv);
    assert_eq!(
        audit,
        "Bucket Name,Default Encryption Mode,SSE-KMS Key Type,Bucket Key,Account,Region,Encryption,Reason\r\n"
    );
}

// OCSF

#[test]
fn every_finding_is_an_ocsf_compliance_finding() {
    let venv = venv();
    let mut verdicts = String::new();
    for shell in [demo(), shell_with(&hostile())] {
        shell.atrest("report --lake lake --format ocsf -o findings.jsonl").succeeded();
        let checked = venv.run("check_ocsf.py", [shell.path("lake"), shell.path("findings.jsonl")]);
        verdicts.push_str(&checked.succeeded().stdout);
    }
    for verdict in ["pass", "fail", "unknown", "not_applicable", "exempt"] {
        assert!(verdicts.contains(verdict), "{verdict}: {verdicts}");
    }
}

#[test]
fn a_report_follows_from_the_run_alone() {
    let morning = hostile();
    let shell = shell_with(&morning);
    let accounts = Format::Csv(table::find("accounts").unwrap());
    for (format, line) in
        [(Format::Ocsf, "ocsf"), (Format::S3AuditCsv, "s3-audit-csv"), (accounts, "csv --table accounts")]
    {
        let first = written(&morning, format);
        assert_eq!(first, written(&morning, format));
        let said = shell.atrest(&format!("report --lake lake --format {line} -o -")).succeeded();
        assert!(said.stdout == first, "{line}: the binary and the library differ");
        // The run was published by another version than the one that reports it.
        assert!(!first.contains(env!("CARGO_PKG_VERSION")), "{line}");
    }
}

// The report of aws-samples' script

#[test]
fn the_audit_of_a_troubled_organization() {
    insta::assert_snapshot!(
        "s3_audit_troubled",
        written(&Night::over(troubled(1)).run(), Format::S3AuditCsv)
    );
}

#[test]
fn the_audit_of_each_kind_of_reference_and_of_what_the_script_gets_wrong() {
    let mut healthy = healthy();
    let (one, two) = (healthy.one, healthy.two);
    let disabled = healthy.world.add_key(one, "eu-west-1");
    disabled.state = "Disabled".into();
    let disabled = disabled.id.clone();
    let going = healthy.world.add_key(two, "eu-west-1");
    going.state = "PendingDeletion".into();
    let going = format!("arn:aws:kms:eu-west-1:{two}:key/{}", going.id);
    let barred = healthy.world.add_key(one, "eu-west-1").id.clone();
    healthy.world.account_mut(one).denials.push(Denial::of(DeniedBy::Scp, "kms:DescribeKey").on(&barred));
    let shy = Denial::of(DeniedBy::ResourcePolicy, "s3:GetEncryptionConfiguration").on("z-denied");
    healthy.world.account_mut(one).denials.push(shy);
    for (name, encryption) in [
        ("z-barred", Encryption::kms(Some(&barred)).bucket_key(false)),
        ("z-denied", Encryption::sse_s3()),
        ("z-disabled", Encryption::kms(Some(&disabled))),
        ("z-dsse", Encryption::by("aws:kms:dsse", None)),
        ("z-going", Encryption::by("aws:kms:dsse", Some(&going))),
        ("z-new", Encryption::by("aws:kms:new", Some(&going))),
        ("z-throttled", Encryption::sse_s3()),
    ] {
        healthy.world.add_bucket(one, "eu-west-1", name).encryption = Some(encryption);
    }
    let throttle = Rule::always(Effect::Throttle).on("s3:GetBucketEncryption").resource("z-throttled");
    let morning = Night::over(healthy.world).with(Schedule::of([throttle])).run();
    insta::assert_snapshot!("s3_audit_kinds", written(&morning, Format::S3AuditCsv));
}

// The output

/// A lake with one run, and nothing else in the folder.
fn small() -> Shell {
    shell_with(&Night::over(healthy().world).run())
}

fn runs_to(shell: &Shell, output: &Path) -> Finished {
    let arguments = ["report", "--lake", "lake", "--format", "csv", "--table", "runs", "-o"];
    shell.run(arguments.iter().map(Path::new).chain([output]))
}

/// The folder's files outside of the lake.
fn beside_the_lake(shell: &Shell) -> Vec<String> {
    names(&shell.path("")).into_iter().filter(|name| !name.starts_with("lake/")).collect()
}

#[test]
fn an_output_is_there_whole_and_nothing_is_beside_it() {
    let shell = small();
    runs_to(&shell, Path::new("runs.csv")).succeeded();
    assert_eq!(beside_the_lake(&shell), ["runs.csv"]);
    let text = std::fs::read_to_string(shell.path("runs.csv")).unwrap();
    assert_eq!(text.matches("\r\n").count(), 2, "{text}");
    // As any file that is made here: not for its owner alone.
    let plain = shell.write("plain", "");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&shell.path("runs.csv")), mode(&plain));
    // `-` is stdout.
    let said = runs_to(&shell, Path::new("-")).succeeded();
    assert_eq!(said.stdout, text);
    assert!(said.stderr.contains("in stdout"), "{said}");
    let said = runs_to(&shell, Path::new("/dev/stdout")).succeeded();
    assert_eq!(said.stdout, text);
    assert_eq!(beside_the_lake(&shell), ["plain", "runs.csv"]);
}

#[test]
fn what_is_there_is_replaced_and_a_link_stays_a_link() {
    let shell = small();
    std::fs::create_dir(shell.path("away")).unwrap();
    shell.write("old.csv", &"x".repeat(100_000));
    shell.write("away/real.csv", "old");
    symlink("away/real.csv", shell.path("link.csv")).unwrap();
    symlink("away/new.csv", shell.path("early.csv")).unwrap();
    symlink("nowhere/new.csv", shell.path("lost.csv")).unwrap();
    let refused = runs_to(&shell, Path::new("lost.csv")).ended(2);
    assert!(refused.stderr.contains("there is no folder ./nowhere"), "{refused}");
    for output in ["old.csv", "link.csv", "early.csv"] {
        runs_to(&shell, Path::new(output)).succeeded();
    }
    let fresh = std::fs::read_to_string(shell.path("old.csv")).unwrap();
    assert!(fresh.starts_with("run_id,kind,"), "{fresh}");
    assert_eq!(std::fs::read_to_string(shell.path("away/real.csv")).unwrap(), fresh);
    assert_eq!(std::fs::read_to_string(shell.path("away/new.csv")).unwrap(), fresh);
    for link in ["link.csv", "early.csv", "lost.csv"] {
        assert!(shell.path(link).is_symlink(), "{link}");
    }
    let left = ["away/new.csv", "away/real.csv", "early.csv", "link.csv", "lost.csv", "old.csv"];
    assert_eq!(beside_the_lake(&shell), left);
}

#[test]
fn a_path_that_cannot_be_written_is_refused_before_the_lake_is_read() {
    // Without a lake: what is refused is the path.
    let shell = Shell::new();
    std::fs::create_dir(shell.path("folder")).unwrap();
    shell.write("read-only.csv", "old");
    let path = shell.path("read-only.csv");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    for (output, words) in [
        ("none/runs.csv", "there is no folder none"),
        ("folder", "it is a folder"),
        ("folder/", "it is a folder"),
        (".", "it is a folder"),
        ("..", "it is a folder"),
        ("read-only.csv", "it is read-only"),
        ("read-only.csv/runs.csv", "there is no folder read-only.csv"),
        ("none/..", "it names no file"),
    ] {
        let refused = runs_to(&shell, Path::new(output)).ended(2);
        assert!(refused.stderr.contains(&format!("failed to write {output}: ")), "{output}: {refused}");
        assert!(refused.stderr.contains(words), "{output}: {refused}");
        assert!(!refused.stderr.contains(".atrest-"), "{output}: {refused}");
    }
    assert_eq!(names(&shell.path("")), ["read-only.csv"]);
    assert_eq!(std::fs::read_to_string(path).unwrap(), "old");
}

#[test]
fn a_report_that_fails_leaves_what_was_there() {
    let shell = small();
    shell.write("runs.csv", "old");
    for line in [
        "report --lake nowhere --format csv --table runs -o runs.csv".to_owned(),
        format!("report --lake lake --run {} --format csv --table runs -o runs.csv", RUN.replace('0', "1")),
        "report --lake lake --format csv -o runs.csv".to_owned(),
        "report --lake lake --format ocsf --table runs -o runs.csv".to_owned(),
        "report --lake lake --format csv --table nothing -o runs.csv".to_owned(),
    ] {
        let refused = shell.atrest(&line).ended(2);
        assert_eq!(refused.stderr.matches("error: ").count(), 1, "{refused}");
    }
    // In the middle of the rows.
    let lake = shell.path("lake");
    let broken = names(&lake).into_iter().find(|name| name.starts_with("findings/")).unwrap();
    let bytes = std::fs::read(lake.join(&broken)).unwrap();
    std::fs::write(lake.join(&broken), &bytes[1..]).unwrap();
    let failed = shell.atrest("report --lake lake --format ocsf -o runs.csv").ended(1);
    assert!(failed.stderr.contains(&broken), "{failed}");
    assert_eq!(std::fs::read_to_string(shell.path("runs.csv")).unwrap(), "old");
    assert_eq!(beside_the_lake(&shell), ["runs.csv"]);
}

#[test]
fn a_reader_that_has_enough_is_no_mistake() {
    let shell = demo();
    for output in ["-", "/dev/stdout"] {
        let script = format!(
            "{{ {} report --lake lake --format ocsf -o {output} 2>said; echo $? >code; }} | head -c 1",
            env!("CARGO_BIN_EXE_atrest")
        );
        let mut command = Command::new("sh");
        command.env_clear().envs(hermetic()).arg("-c").arg(script).current_dir(shell.path(""));
        assert_eq!(finish(command, BOUND).succeeded().stdout, "{");
        let said = std::fs::read_to_string(shell.path("said")).unwrap();
        assert_eq!(std::fs::read_to_string(shell.path("code")).unwrap(), "0\n", "{said}");
        assert!(!said.contains("error"), "{said}");
    }
}

#[test]
fn a_full_device_is_said() {
    let shell = small();
    let refused = runs_to(&shell, Path::new("/dev/full")).ended(2);
    assert!(refused.stderr.contains("failed to write /dev/full: "), "{refused}");
}
