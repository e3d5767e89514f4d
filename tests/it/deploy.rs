//! What `deploy/` ships: templates that lint, deploy and judge themselves clean, roles that hold what the
//! operations table says and no more, an image that is built as CI builds, a Terraform door that parses.
//!
//! Nothing here reaches AWS. cfn-lint holds the templates against CloudFormation's own schemas, moto takes
//! them as CloudFormation would, and the simulator is given the buckets and keys that they would make.
//! The policies in the templates are generated: `ATREST_BLESS=1 cargo test deploy` writes them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use atrest::aws::ops::{Grant, actions};
use atrest::model::{AccountId, RunStatus};
use atrest::sim::World;
use atrest::sim::world::{DefaultEncryption, Encryption, EncryptionRule};
use serde_json::Value;

use crate::support::night::{NOW, Night};
use crate::support::python::{Server, Venv, venv_or_skip};
use crate::support::rust::read;
use crate::support::shell::Shell;

/// A part of a template that comes from the operations table.
struct Section {
    template: &'static str,
    name: &'static str,
    statements: fn() -> Vec<Statement>,
}

/// An IAM statement as the templates write it.
struct Statement {
    sid: &'static str,
    actions: Vec<&'static str>,
    resource: &'static str,
    condition: Option<&'static str>,
}

const SECTIONS: &[Section] = &[
    Section { template: "audit-role.yaml", name: "audit", statements: audit },
    Section { template: "census.yaml", name: "scan", statements: scan },
    Section { template: "census.yaml", name: "lake", statements: lake },
];

/// The templates that are written by hand.
const TEMPLATES: [&str; 3] = ["audit-role.yaml", "census.yaml", "standard-key.yaml"];

fn audit() -> Vec<Statement> {
    let resource = "\"*\"";
    vec![Statement { sid: "AtrestAudit", actions: actions(Grant::Audit), resource, condition: None }]
}

fn scan() -> Vec<Statement> {
    let (assume, list) = actions(Grant::Scan).into_iter().partition(|action| *action == "sts:AssumeRole");
    let role = "!Sub \"arn:${AWS::Partition}:iam::*:role${AuditRolePath}${AuditRoleName}\"";
    let ours = "StringEquals:\n  aws:ResourceOrgID: !Ref OrganizationId";
    vec![
        Statement { sid: "AtrestListOrganization", actions: list, resource: "\"*\"", condition: None },
        Statement { sid: "AtrestAssumeAuditRole", actions: assume, resource: role, condition: Some(ours) },
    ]
}

fn lake() -> Vec<Statement> {
    let (list, objects) = actions(Grant::Lake).into_iter().partition(|action| *action == "s3:ListBucket");
    let bucket = "!Sub \"arn:${AWS::Partition}:s3:::${LakeBucket}\"";
    let inside = "!Sub \"arn:${AWS::Partition}:s3:::${LakeBucket}/census/*\"";
    let prefix = "StringLike:\n  s3:prefix: [census/*]";
    vec![
        Statement { sid: "AtrestListLake", actions: list, resource: bucket, condition: Some(prefix) },
        Statement { sid: "AtrestWriteLake", actions: objects, resource: inside, condition: None },
    ]
}

impl Statement {
    fn yaml(&self) -> String {
        let Self { sid, actions, resource, condition } = self;
        let mut text = format!("- Sid: {sid}\n  Effect: Allow\n  Action:\n");
        for action in actions {
            let _ = writeln!(text, "    - {action}");
        }
        let _ = writeln!(text, "  Resource: {resource}");
        if let Some(condition) = condition {
            text.push_str("  Condition:\n");
            condition.lines().for_each(|line| {
                let _ = writeln!(text, "    {line}");
            });
        }
        text
    }
}

/// The text with what stands between `# generated: NAME` and `# end` made anew, as deep as that line is.
fn with_section(text: &str, name: &str, content: &str) -> Option<String> {
    let start = format!("# generated: {name}\n");
    let at = text.find(&start)?;
    let indent = text[..at].rsplit('\n').next()?;
    let (before, rest) = text.split_at(at + start.len());
    let after = &rest[rest.find("# end\n")?..];
    let content: String = content.lines().map(|line| format!("{indent}{line}\n")).collect();
    Some(format!("{before}{content}{indent}{after}"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn deploy(name: &str) -> PathBuf {
    root().join("deploy").join(name)
}

#[test]
fn the_policies_are_what_the_operations_table_says() {
    let bless = std::env::var_os("ATREST_BLESS").is_some_and(|it| it == "1");
    for template in SECTIONS.iter().map(|section| section.template).collect::<BTreeSet<_>>() {
        let old = read(&deploy(template));
        let mut new = old.clone();
        for section in SECTIONS.iter().filter(|section| section.template == template) {
            let content: String = (section.statements)().iter().map(Statement::yaml).collect();
            new = with_section(&new, section.name, &content)
                .unwrap_or_else(|| panic!("{template} has no section {}", section.name));
        }
        if new != old && bless {
            fs::write(deploy(template), &new).unwrap();
        } else {
            assert!(new == old, "{template} is stale: write it with ATREST_BLESS=1 cargo test deploy");
        }
    }
}

#[test]
fn only_the_section_is_written() {
    let text = "a:\n  # generated: x\n  old\n  # end\nb:\n";
    let made = with_section(text, "x", "- new\n  more\n").unwrap();
    assert_eq!(made, "a:\n  # generated: x\n  - new\n    more\n  # end\nb:\n");
    assert_eq!(with_section(&made, "x", "- new\n  more\n").unwrap(), made, "making it twice changes nothing");
    assert_eq!(with_section(text, "y", ""), None);
}

#[test]
fn the_templates_lint() {
    let Some(venv) = venv_or_skip() else { return };
    venv.run("lint_templates.py", yaml_files()).succeeded();
    venv.unittest("test_template").succeeded();
}

fn yaml_files() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("deploy")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|it| it.extension().is_some_and(|it| it == "yaml")).collect();
    files.sort();
    files
}

#[test]
fn the_templates_deploy_into_an_emulator() {
    let Some(venv) = venv_or_skip() else { return };
    let server = Server::start(venv.script("serve_moto.py"));
    venv.run("deploy_templates.py", [&server.endpoint]).succeeded();
}

/// What a template would make, with every reference resolved: the audit account's, in one Region.
fn resolved(venv: &Venv, template: &str) -> Value {
    venv.run("template.py", [deploy(template)]).succeeded().json()
}

/// The resources of one type, by logical name.
fn of_type<'a>(template: &'a Value, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let resources = template["Resources"].as_object().unwrap();
    let of_kind = resources.iter().filter(|(_, resource)| resource["Type"] == kind);
    of_kind.map(|(name, resource)| (name.as_str(), &resource["Properties"])).collect()
}

/// The policy documents of a role's own policies.
fn statements<'a>(role: &'a Value, policy: &str) -> &'a Value {
    let policies = role["Policies"].as_array().unwrap();
    let found = policies.iter().find(|it| it["PolicyName"] == policy);
    &found.unwrap_or_else(|| panic!("no policy {policy}"))["PolicyDocument"]["Statement"]
}

/// The statements without the conditions that only the template knows: an organization, an account.
fn without_organization(statements: &Value) -> Value {
    let mut statements = statements.clone();
    for statement in statements.as_array_mut().unwrap() {
        if statement["Condition"]["StringEquals"]["aws:ResourceOrgID"].is_string() {
            statement.as_object_mut().unwrap().remove("Condition");
        }
    }
    statements
}

#[test]
fn the_policies_are_what_atrest_iam_prints() {
    let Some(venv) = venv_or_skip() else { return };
    let shell = Shell::new();
    let printed = |line: &str| shell.atrest(line).ended(0).json()["Statement"].clone();
    let audit = resolved(&venv, "audit-role.yaml");
    let (_, role) = of_type(&audit, "AWS::IAM::Role")[0];
    assert_eq!(statements(role, "atrest-audit"), &printed("iam --role audit"));

    let census = resolved(&venv, "census.yaml");
    let roles = of_type(&census, "AWS::IAM::Role");
    let (_, role) = roles.iter().find(|(name, _)| *name == "CensusRole").unwrap();
    assert_eq!(without_organization(statements(role, "atrest-scan")), printed("iam --role scan"));
    let uri = census["Outputs"]["LakeUri"]["Value"].as_str().unwrap();
    assert_eq!(statements(role, "atrest-lake"), &printed(&format!("iam --role lake --lake {uri}")));
}

#[test]
fn the_audit_role_holds_no_write_action() {
    let Some(venv) = venv_or_skip() else { return };
    let template = resolved(&venv, "audit-role.yaml");
    let kinds: Vec<_> = template["Resources"].as_object().unwrap().values().map(|it| &it["Type"]).collect();
    assert_eq!(kinds, ["AWS::IAM::Role"], "one role, and nothing beside it");
    let (_, role) = of_type(&template, "AWS::IAM::Role")[0];
    assert_eq!(
        role["ManagedPolicyArns"],
        Value::Null,
        "what AWS puts into a managed policy is not ours to say"
    );
    let mut held = BTreeSet::new();
    for policy in role["Policies"].as_array().unwrap() {
        for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
            assert!(statement["NotAction"].is_null() && statement["Effect"] == "Allow", "{statement}");
            held.extend(statement["Action"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()));
        }
    }
    for action in &held {
        let name = action.split_once(':').unwrap().1;
        assert!(["Get", "List", "Describe"].iter().any(|verb| name.starts_with(verb)), "{action} writes");
        assert!(!action.contains('*') && *action != "s3:GetObject", "{action} is more than the census reads");
    }
    assert_eq!(held.into_iter().collect::<Vec<_>>(), actions(Grant::Audit));
}

#[test]
fn the_trust_is_the_census_role_of_the_organization_alone() {
    let Some(venv) = venv_or_skip() else { return };
    let template = resolved(&venv, "audit-role.yaml");
    let (_, role) = of_type(&template, "AWS::IAM::Role")[0];
    let census = resolved(&venv, "census.yaml");
    let (account, organization) = (&census["Parameters"]["AWS::AccountId"], "o-a1b2c3d4e5");
    let account = account.as_str().unwrap();
    let trust = &role["AssumeRolePolicyDocument"]["Statement"];
    assert_eq!(trust.as_array().unwrap().len(), 1);
    assert_eq!(trust[0]["Principal"]["AWS"], format!("arn:aws:iam::{account}:root"));
    let census_role = format!("arn:aws:iam::{account}:role/atrest-census");
    let condition = serde_json::json!({
        "ArnEquals": { "aws:PrincipalArn": census_role },
        "StringEquals": { "aws:PrincipalOrgID": organization },
    });
    assert_eq!(trust[0]["Condition"], condition);
    let roles = of_type(&census, "AWS::IAM::Role");
    let (_, made) = roles.iter().find(|(name, _)| *name == "CensusRole").unwrap();
    assert_eq!(
        format!("{}{}", made["Path"].as_str().unwrap(), made["RoleName"].as_str().unwrap()),
        "/atrest-census"
    );
}

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
    let text = |row: &crate::support::night::Row, name: &str| row[name].clone().unwrap_or_default();
    let rows = morning.rows("findings");
    let told = rows.iter().map(|row| {
        let words = ["verdict", "check_id", "resource_arn", "reason_code", "check_params"];
        words.map(|name| text(row, name)).join(" ")
    });
    (made, told.collect())
}

#[test]
fn what_is_deployed_judges_itself_clean() {
    let Some(venv) = venv_or_skip() else { return };
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
    let Some(venv) = venv_or_skip() else { return };
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

/// The instructions of a Dockerfile by stage, continued lines joined, comments left out.
fn stages(text: &str) -> Vec<Vec<(String, String)>> {
    let lines: String =
        text.lines().filter(|line| !line.trim_start().starts_with('#')).fold(String::new(), |text, line| {
            match line.strip_suffix('\\') {
                Some(begun) => text + begun,
                None => text + line + "\n",
            }
        });
    let mut stages = Vec::new();
    for line in lines.lines() {
        let Some((word, rest)) = line.split_once(' ') else { continue };
        if word == "FROM" {
            stages.push(Vec::new());
        }
        if let Some(stage) = stages.last_mut() {
            stage.push((word.to_owned(), rest.trim().to_owned()));
        }
    }
    stages
}

#[test]
fn the_image_is_built_as_ci_builds() {
    let stages = stages(&read(&deploy("Dockerfile")));
    let ci = read(&root().join(".ci/run"));
    let runs = stages[0].iter().filter(|(word, _)| word == "RUN");
    let commands = runs.flat_map(|(_, command)| command.split("&&")).map(str::trim);
    let cargo: Vec<_> = commands.filter(|command| command.starts_with("cargo ")).collect();
    assert!(!cargo.is_empty(), "the build stage builds nothing");
    for command in cargo {
        assert!(ci.lines().any(|line| line == command), ".ci/run does not run `{command}`");
        assert!(command.contains("--locked") && command.contains("--no-default-features"), "{command}");
    }
}

#[test]
fn the_image_runs_the_binary_alone_and_not_as_root() {
    let stages = stages(&read(&deploy("Dockerfile")));
    let last = stages.last().unwrap();
    let of = |word: &str| last.iter().filter(|it| it.0 == word).map(|it| it.1.as_str()).collect::<Vec<_>>();
    // In exec form no shell stands between the task's SIGTERM and the process.
    assert_eq!(of("ENTRYPOINT"), [r#"["/usr/local/bin/atrest"]"#]);
    assert_eq!((of("USER"), of("VOLUME")), (vec!["65532:65532"], vec![r#"["/scratch"]"#]));
    assert_eq!(of("RUN"), Vec::<&str>::new(), "the base has no shell to run anything in");
    assert!(of("COPY").contains(&"--from=build --chown=65532:65532 /build/image/scratch /scratch"));
    let census = read(&deploy("census.yaml"));
    for held in ["ReadonlyRootFilesystem: true", "ContainerPath: /scratch", "StopTimeout: 120"] {
        assert!(census.contains(held), "census.yaml has no `{held}`");
    }
}

#[test]
fn the_image_has_what_it_is_built_from() {
    let ignore = read(&root().join(".dockerignore"));
    let kept: BTreeSet<_> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(ignore.lines().any(|line| line == "*"), "all is left out but what is named");
    for needed in ["Cargo.lock", "Cargo.toml", "LICENSE", "queries", "src"] {
        assert!(kept.contains(needed), ".dockerignore leaves {needed} out");
    }
}

#[test]
fn the_dockerfile_lints() {
    let Some(venv) = venv_or_skip() else { return };
    venv.run("lint_dockerfile.py", [deploy("Dockerfile")]).succeeded();
}

#[test]
fn the_terraform_module_is_formatted_parses_and_fits_the_templates() {
    let Some(venv) = venv_or_skip() else { return };
    venv.run("check_terraform.py", [] as [&str; 0]).succeeded();
    venv.unittest("test_terraform").succeeded();
}
