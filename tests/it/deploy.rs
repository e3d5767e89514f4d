//! What `deploy/` ships: templates that lint, deploy and judge themselves clean, roles that hold what the
//! operations table says and no more, an image that is built as CI builds, a Terraform door that parses.
//!
//! Nothing here reaches AWS. cfn-lint holds the templates against CloudFormation's own schemas, moto takes
//! them as CloudFormation would, and the simulator is given the buckets and keys that they would make.
//! The policies in the templates are generated, and `athena.yaml` as a whole: `ATREST_BLESS=1 cargo test generated`
//! writes them.

mod athena;
mod image;
mod itself;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use atrest::operation::{Grant, LAKE_KEY_ACTIONS, actions};
use serde_json::Value;

use crate::support::python::{Server, Venv, venv};
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
    let key = "!GetAtt LakeKey.Arn";
    let through_s3 = "StringEquals:\n  kms:ViaService: !Sub \"s3.${AWS::Region}.${AWS::URLSuffix}\"";
    vec![
        Statement {
            sid: "AtrestLakeKey",
            actions: LAKE_KEY_ACTIONS.to_vec(),
            resource: key,
            condition: Some(through_s3),
        },
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
    let mut made = before.to_owned();
    for line in content.lines() {
        let _ = writeln!(made, "{indent}{line}");
    }
    Some(made + indent + after)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether what is generated is to be written.
fn is_blessed() -> bool {
    std::env::var_os("ATREST_BLESS").is_some_and(|it| it == "1")
}

fn deploy(name: &str) -> PathBuf {
    root().join("deploy").join(name)
}

#[test]
fn generated_policies_are_what_the_operations_table_says() {
    for template in SECTIONS.iter().map(|section| section.template).collect::<BTreeSet<_>>() {
        let old = read(&deploy(template));
        let mut new = old.clone();
        for section in SECTIONS.iter().filter(|section| section.template == template) {
            let content: String = (section.statements)().iter().map(Statement::yaml).collect();
            new = with_section(&new, section.name, &content)
                .unwrap_or_else(|| panic!("{template} has no section {}", section.name));
        }
        if new != old && is_blessed() {
            fs::write(deploy(template), &new).unwrap();
        } else {
            assert!(new == old, "{template} is stale: write it with ATREST_BLESS=1 cargo test generated");
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
    let venv = venv();
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
    let venv = venv();
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
    let venv = venv();
    let shell = Shell::new();
    let printed = |line: &str| shell.atrest(line).ended(0).json()["Statement"].clone();
    let audit = resolved(&venv, "audit-role.yaml");
    let (_, role) = of_type(&audit, "AWS::IAM::Role")[0];
    assert_eq!(statements(role, "atrest-audit"), &printed("iam --role audit"));

    let census = resolved(&venv, "census.yaml");
    let roles = of_type(&census, "AWS::IAM::Role");
    let (_, role) = roles.iter().find(|(name, _)| *name == "CensusRole").unwrap();
    assert_eq!(without_organization(statements(role, "atrest-scan")), printed("iam --role scan"));
    let [uri, key] = ["LakeUri", "LakeKeyArn"].map(|name| census["Outputs"][name]["Value"].as_str().unwrap());
    assert_eq!(
        statements(role, "atrest-lake"),
        &printed(&format!("iam --role lake --lake {uri} --lake-kms-key {key}"))
    );
}

#[test]
fn the_audit_role_holds_no_write_action() {
    let venv = venv();
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
    let venv = venv();
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
    assert_eq!(trust[0]["Action"], "sts:AssumeRole");
    // Tags and a source identity are passed on by the same caller, whose external id is AssumeRole's alone.
    let given =
        [deploy("audit-role.yaml").into_os_string(), "TaggedSessions=true".into(), "ExternalId=e-1".into()];
    let tagged = venv.run("template.py", given).succeeded().json();
    let (_, role) = of_type(&tagged, "AWS::IAM::Role")[0];
    let trust = &role["AssumeRolePolicyDocument"]["Statement"];
    assert_eq!(trust[0]["Condition"]["StringEquals"]["sts:ExternalId"], "e-1");
    assert_eq!(trust[1]["Action"], serde_json::json!(["sts:TagSession", "sts:SetSourceIdentity"]));
    assert_eq!((&trust[1]["Principal"], &trust[1]["Condition"]), (&trust[0]["Principal"], &condition));
    let roles = of_type(&census, "AWS::IAM::Role");
    let (_, made) = roles.iter().find(|(name, _)| *name == "CensusRole").unwrap();
    assert_eq!(
        format!("{}{}", made["Path"].as_str().unwrap(), made["RoleName"].as_str().unwrap()),
        "/atrest-census"
    );
}

#[test]
fn the_terraform_module_is_formatted_parses_and_fits_the_templates() {
    let venv = venv();
    venv.run("check_terraform.py", [] as [&str; 0]).succeeded();
    venv.unittest("test_terraform").succeeded();
}

#[test]
fn the_readme_has_every_parameter_and_its_commands_name_no_other() {
    let venv = venv();
    let write: &[&str] = if is_blessed() { &["--write"] } else { &[] };
    venv.run("deploy_readme.py", write).succeeded();
}
