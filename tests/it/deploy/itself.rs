//! What `deploy/` makes, judged by what it deploys: the buckets and keys of the templates go into the
//! simulator, a night scans and judges them, and nothing fails and nothing stays unknown.

use atrest::model::{AccountId, RunStatus};
use atrest::sim::World;
use atrest::sim::world::{DefaultEncryption, Encryption, EncryptionRule};
use serde_json::Value;

use super::{TEMPLATES, of_type, resolved};
use crate::support::night::{NOW, Night, Row};
use crate::support::python::venv;
use crate::support::shell::Shell;

/// Puts the buckets and keys of a template into an account, as CloudFormation would make them.
fn make(world: &mut World, account: AccountId, template: &Value) -> usize {
    let region = template["Parameters"]["AWS::Region"].as_str().unwrap();
    let policies = of_type(template, "AWS::S3::BucketPolicy");
    let buckets = of_type(template, "AWS::S3::Bucket");
    let keys = of_type(template, "AWS::KMS::Key");
    for (name, bucket) in &buckets {
        let policy = policies.iter().find(|(_, it)| it["Bucket"] == bucket["BucketName"]);
        let (_, policy) = policy.unwrap_or_else(|| panic!("{name} has no policy"));
        let made = world.add_bucket(account, region, bucket["BucketName"].as_str().unwrap());
        made.encryption = Some(encryption(&bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]));
        made.policy = Some(policy["PolicyDocument"].to_string());
    }
    for (name, key) in &keys {
        let id = template["Keys"][name].as_str().unwrap();
        let mut made = world.new_key(account, region.parse().unwrap(), id);
        made.rotation.enabled = key["EnableKeyRotation"] == true;
        let days = key["RotationPeriodInDays"].as_str().map(|text| text.parse().unwrap());
        let days = days.or_else(|| key["RotationPeriodInDays"].as_u64());
        made.rotation.period_days = days.map(|days| u32::try_from(days).unwrap());
        made.rotation.next_at = Some(NOW.plus_millis(86_400_000));
        made.policy = key["KeyPolicy"].to_string();
        world.region_mut(account, region).keys.insert(id.to_owned(), made);
    }
    buckets.len() + keys.len()
}

fn encryption(rules: &Value) -> Encryption {
    let texts = |value: &Value| -> Option<Vec<_>> {
        Some(value.as_array()?.iter().map(|it| it.as_str().unwrap().to_owned().into()).collect())
    };
    let rule = |rule: &Value| {
        let default = &rule["ServerSideEncryptionByDefault"];
        EncryptionRule {
            default: default["SSEAlgorithm"].as_str().map(|algorithm| DefaultEncryption {
                algorithm: algorithm.to_owned().into(),
                key: default["KMSMasterKeyID"].as_str().map(str::to_owned),
            }),
            bucket_key: rule["BucketKeyEnabled"].as_bool(),
            blocked: texts(&rule["BlockedEncryptionTypes"]["EncryptionType"]),
        }
    };
    Encryption { rules: rules.as_array().unwrap().iter().map(rule).collect() }
}

/// The findings of a night over an account with what the templates make, as `resource check verdict reason`.
fn judged(templates: &[Value]) -> (usize, Vec<String>) {
    let mut world = World::new(NOW);
    let audit = world.add_account("audit");
    let made = templates.iter().map(|template| make(&mut world, audit, template)).sum();
    for template in templates {
        assert_eq!(
            template["Parameters"]["AWS::AccountId"],
            audit.to_string(),
            "the account is the simulator's"
        );
    }
    let morning = Night::over(world).run();
    assert_eq!(morning.census().run.status, RunStatus::Complete);
    let text = |row: &Row, name: &str| row[name].clone().unwrap_or_default();
    let rows = morning.rows("findings");
    let told = rows.iter().map(|row| {
        let words = ["verdict", "check_id", "resource_arn", "reason_code", "check_params"];
        words.map(|name| text(row, name)).join(" ")
    });
    (made, told.collect())
}

#[test]
fn what_is_deployed_judges_itself_clean() {
    let venv = venv();
    let templates: Vec<Value> = TEMPLATES.iter().map(|template| resolved(&venv, template)).collect();
    let (made, findings) = judged(&templates);
    assert_eq!(made, 5, "two buckets and three keys");
    let bad: Vec<_> =
        findings.iter().filter(|it| it.starts_with("fail") || it.starts_with("unknown")).collect();
    assert_eq!(bad, Vec::<&String>::new());
    assert!(findings.iter().filter(|it| it.starts_with("pass")).count() > 20, "{findings:#?}");
}

#[test]
fn what_would_be_wrong_is_seen() {
    let venv = venv();
    let mut census = resolved(&venv, "census.yaml");
    let resources = &mut census["Resources"];
    resources["LakeKey"]["Properties"]["EnableKeyRotation"] = false.into();
    resources["LakeBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]["Effect"] = "Allow".into();
    let rules = &mut resources["ResultsBucket"]["Properties"]["BucketEncryption"];
    rules["ServerSideEncryptionConfiguration"][0]["BlockedEncryptionTypes"] = Value::Null;
    let (_, findings) = judged(&[census]);
    for check in ["kms_rotation_enabled", "s3_tls_only", "s3_sse_c_blocked"] {
        let found = findings.iter().any(|it| !it.starts_with("pass") && it.contains(check));
        assert!(found, "{check} has nothing to say: {findings:#?}");
    }
}

#[test]
fn the_evidence_is_kept_and_closed() {
    let venv = venv();
    let census = resolved(&venv, "census.yaml");
    for (name, resource) in census["Resources"].as_object().unwrap() {
        let kind = resource["Type"].as_str().unwrap();
        if ["AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::KMS::Key"].contains(&kind) {
            assert_eq!(resource["DeletionPolicy"], "Retain", "{name}");
            assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{name}");
        }
    }
    for (name, bucket) in of_type(&census, "AWS::S3::Bucket") {
        assert_eq!(bucket["VersioningConfiguration"]["Status"], "Enabled", "{name}");
        let closed = bucket["PublicAccessBlockConfiguration"].as_object().unwrap();
        assert!(
            closed.len() == 4 && closed.values().all(|it| it == true),
            "{name} is not closed: {closed:?}"
        );
        let current = bucket["LifecycleConfiguration"]["Rules"].as_array().unwrap();
        let expires = current.iter().any(|rule| !rule["ExpirationInDays"].is_null());
        assert_eq!(expires, name == "ResultsBucket", "{name}: what is current in the lake never expires");
    }
}

/// How an attempt ended, as Batch keeps it.
#[derive(Debug, Clone, Copy, Default)]
struct Ended {
    status_reason: &'static str,
    reason: Option<&'static str>,
    exit_code: Option<i32>,
}

/// Batch's own rule (API reference, "EvaluateOnExit" and "RetryStrategy"): the first entry whose patterns
/// all match decides; where none does, the job is retried.
fn is_retried(rules: &[Value], ended: Ended) -> bool {
    let code = ended.exit_code.map(|code| code.to_string());
    let fits = |rule: &&Value| {
        let of = |name: &str, value: Option<&str>| match rule[name].as_str() {
            Some(pattern) => value.is_some_and(|value| glob(pattern, value)),
            None => true,
        };
        of("OnStatusReason", Some(ended.status_reason))
            && of("OnReason", ended.reason)
            && of("OnExitCode", code.as_deref())
    };
    rules.iter().find(fits).is_none_or(|rule| rule["Action"].as_str().unwrap().eq_ignore_ascii_case("RETRY"))
}

/// An asterisk counts at the end alone; letter case does not.
fn glob(pattern: &str, value: &str) -> bool {
    let (pattern, value) = (pattern.to_ascii_lowercase(), value.to_ascii_lowercase());
    pattern.strip_suffix('*').map_or(pattern == value, |start| value.starts_with(start))
}

/// The letters that a pattern may have, by the same page.
fn is_pattern(name: &str, pattern: &str) -> bool {
    let start = pattern.strip_suffix('*').unwrap_or(pattern);
    let may = |c: char| match name {
        "OnExitCode" => c.is_ascii_digit(),
        _ => c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | ' ' | '\t'),
    };
    (1..=512).contains(&pattern.len()) && start.chars().all(may)
}

#[test]
fn what_is_no_verdict_of_atrest_is_retried() {
    let venv = venv();
    let census = resolved(&venv, "census.yaml");
    let (_, job) = of_type(&census, "AWS::Batch::JobDefinition")[0];
    let rules = job["RetryStrategy"]["EvaluateOnExit"].as_array().unwrap();
    assert!((1..=5).contains(&rules.len()), "Batch takes five");
    for (name, pattern) in rules.iter().flat_map(|rule| rule.as_object().unwrap()) {
        assert!(name == "Action" || is_pattern(name, pattern.as_str().unwrap()), "{name}: {pattern}");
    }
    let essential = "Essential container in task exited";
    for (code, retried) in
        [(1, true), (130, true), (2, false), (3, false), (4, false), (5, false), (101, true), (143, true)]
    {
        let ended = Ended { status_reason: essential, exit_code: Some(code), ..Ended::default() };
        assert_eq!(is_retried(rules, ended), retried, "exit code {code}");
    }
    for (status_reason, reason) in [
        (
            "Task failed to start",
            Some("CannotPullContainerError: pull image manifest has been retried 5 time(s)"),
        ),
        (
            "Task failed to start",
            Some("ResourceInitializationError: unable to pull secrets or registry auth"),
        ),
        ("Task failed to start - CannotPullContainerError: context canceled", None),
        ("Timeout waiting for network interface provisioning to complete.", None),
        ("ECS is performing maintenance on the underlying infrastructure hosting the task.", None),
        ("Host EC2 (instance i-0123456789abcdef0) terminated.", None),
        ("Your Spot Task was interrupted.", None),
    ] {
        let ended = Ended { status_reason, reason, exit_code: None };
        assert!(is_retried(rules, ended), "{ended:?}");
    }
}

#[test]
fn a_night_is_submitted_once_retried_where_it_helps_and_may_finish() {
    let venv = venv();
    let census = resolved(&venv, "census.yaml");
    let (_, job) = of_type(&census, "AWS::Batch::JobDefinition")[0];
    let container = &job["EcsProperties"]["TaskProperties"][0]["Containers"][0];
    assert_eq!(
        (&container["StopTimeout"], &container["ReadonlyRootFilesystem"]),
        (&120.into(), &true.into())
    );
    let uri = &census["Outputs"]["LakeUri"]["Value"];
    let command: Vec<_> =
        container["Command"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(
        command.join(" "),
        format!(
            "scan --lake {} --lake-kms-key {} --role-name /atrest-audit --exit-zero-for coverage,findings",
            uri.as_str().unwrap(),
            census["Outputs"]["LakeKeyArn"]["Value"].as_str().unwrap()
        )
    );

    let (_, night) = of_type(&census, "AWS::Scheduler::Schedule")[0];
    let input: Value = serde_json::from_str(night["Target"]["Input"].as_str().unwrap()).unwrap();
    let override_ = &input["EcsPropertiesOverride"]["TaskProperties"][0]["Containers"][0];
    assert_eq!(override_["Name"], container["Name"]);
    assert_eq!(override_["Environment"][0]["Name"], "ATREST_RUN", "the twin of --run");
    assert_eq!(override_["Environment"][0]["Value"], "<aws.scheduler.scheduled-time>");
    let committed =
        of_type(&census, "AWS::Events::Rule").into_iter().find(|(name, _)| *name == "NightCommitted");
    assert_eq!(
        committed.unwrap().1["EventPattern"]["detail"]["jobName"][0],
        input["JobName"],
        "the alarm's night"
    );
}

/// The job's own command line, as the binary takes it: `--estimate` stops it before it writes.
#[test]
fn the_jobs_command_is_one_that_atrest_takes() {
    let venv = venv();
    let census = resolved(&venv, "census.yaml");
    let (_, job) = of_type(&census, "AWS::Batch::JobDefinition")[0];
    let container = &job["EcsProperties"]["TaskProperties"][0]["Containers"][0];
    let command = container["Command"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned());
    let shell = Shell::new().with("ATREST_RUN", "2026-11-21T03:00:00Z");
    let ended = shell.run(command.chain(["--estimate".to_owned()])).ended(2);
    assert!(
        ended.stderr.contains("no AWS Region is configured"),
        "past the command line, at the first setting: {ended}"
    );
}
