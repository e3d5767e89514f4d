//! What to do about a read that failed: a sentence, and where there is one, the text to paste.
//!
//! Who denied comes from AWS's message (IAM User Guide, "Troubleshoot access denied error messages"):
//! it decides no verdict, and here it decides only which policy a person opens first.

use serde_json::{Value, json};

use super::coverage::Gap;
use crate::advice::{self, Said};
use crate::operation;

pub use crate::advice::Cause;

/// Advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What to do.
    pub words: String,
    /// What to paste, and what that is.
    pub paste: Option<(&'static str, String)>,
}

impl Fix {
    fn words(words: impl Into<String>) -> Self {
        Self { words: words.into(), paste: None }
    }

    fn paste(mut self, what: &'static str, value: &Value) -> Self {
        let text = serde_json::to_string_pretty(value).expect("plain data with text keys is always JSON");
        self.paste = Some((what, text));
        self
    }
}

/// The audit role, as policies name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRole {
    /// The partition of its ARN.
    pub partition: String,
    /// Its account, where the advice is for one.
    pub account_id: Option<String>,
    /// Its name, with its path.
    pub name: String,
    /// Whether the run gave an external id.
    pub has_external_id: bool,
}

impl AuditRole {
    /// As a principal, where no wildcard may stand.
    fn principal(&self) -> String {
        self.arn(self.account_id.as_deref().unwrap_or("ACCOUNT_ID"))
    }

    /// As a condition on `aws:PrincipalArn` names it.
    fn pattern(&self) -> String {
        self.arn(self.account_id.as_deref().unwrap_or("*"))
    }

    fn arn(&self, account_id: &str) -> String {
        format!("arn:{}:iam::{account_id}:role/{}", self.partition, self.name)
    }
}

/// What a message says that code, class and who denied do not: another action than the read's own, a
/// wrong clock, a session that is too large.
pub fn cause(operation: &str, code: Option<&str>, message: &str) -> Option<Cause> {
    match advice::cause(Said { operation, code, message: Some(message), clock_ahead: None })? {
        // By how much is in each account's own message.
        Cause::Clock(_) => Some(Cause::Clock(None)),
        Cause::Denied { action: None, .. } => None,
        other => Some(other),
    }
}

/// The advice for a gap.
pub fn fix(gap: &Gap, role: &AuditRole) -> Fix {
    if let Some(cause) = &gap.cause {
        return Fix::words(sentence(&cause.advice(&gap.operation)));
    }
    match gap.word {
        "denied" => denied(gap, role),
        "throttled" => Fix::words(
            "AWS throttled every attempt. Scan again at a quieter time, or with a smaller --quota-share.",
        ),
        "transport" => Fix::words(
            "No answer came. Check the network between the job and the Region's endpoint: DNS, routes, VPC endpoints, proxies.",
        ),
        "service" => Fix::words(
            "The service failed, or returned an error code that this version does not know. Scan again. If the code stays, update atrest.",
        ),
        "protocol" => Fix::words(
            "The answer was not what the API promises. Look for a proxy or an emulator between the job and AWS.",
        ),
        "identity" => Fix::words(
            "AWS did not accept the credentials. If this happens in all Regions, the session expired. If it happens in one Region, that Region needs version 2 tokens of STS.",
        ),
        "unavailable" => Fix::words(
            "The Region is not available to the account. Enable it, or accept the gap in the standard.",
        ),
        _ => Fix::words(
            "The read was planned but not sent: a read that it depends on failed, or the run was interrupted. Fix that first.",
        ),
    }
}

fn denied(gap: &Gap, role: &AuditRole) -> Fix {
    let explicit = gap.deny_type.as_deref() == Some("explicit");
    let named = gap.denied_by.as_deref().is_some_and(|who| !["unstated", "resource_policy"].contains(&who));
    if gap.operation == operation::ASSUME_ROLE.id && !named {
        return assume(role);
    }
    let action = iam_action(&gap.operation);
    match gap.denied_by.as_deref() {
        Some("identity") if explicit => exempt_from_deny("the role's own policy", &action, role),
        Some("identity") => allow(
            "Add the action to the audit role's policy (`atrest iam --role audit` prints all of it).",
            &action,
        ),
        Some("boundary") if explicit => exempt_from_deny("the role's permissions boundary", &action, role),
        Some("boundary") => {
            allow("The role's permissions boundary does not allow the action. Add it there.", &action)
        }
        Some("session") => Fix::words(
            "The session policy denied the read. Check what limits the caller's session: atrest's own session policy allows exactly the audit actions.",
        ),
        Some("vpc_endpoint") if explicit => exempt_from_deny("the VPC endpoint's policy", &action, role),
        Some("vpc_endpoint") => endpoint(&action, role),
        Some("scp") => organization("A service control policy", &action, role, explicit),
        Some("rcp") => organization("A resource control policy", &action, role, explicit),
        Some("resource_policy") => resource(gap, &action, role, explicit),
        _ => allow(
            "AWS does not say which policy denied the read. Check the role's own policies first, then the resource's policy, then SCPs.",
            &action,
        ),
    }
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

fn iam_action(operation: &str) -> String {
    let known = operation::OPERATIONS.iter().find(|known| known.id == operation);
    known.map_or(operation, |known| known.iam_action).to_owned()
}

fn assume(role: &AuditRole) -> Fix {
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:{}:iam::AUDIT_ACCOUNT_ID:role/CENSUS_ROLE", role.partition)},
        "Action": "sts:AssumeRole"
    });
    if role.has_external_id {
        statement["Condition"] = json!({"StringEquals": {"sts:ExternalId": "EXTERNAL_ID"}});
    }
    let trust = json!({"Version": "2012-10-17", "Statement": [statement]});
    Fix::words(format!(
        "The role {} does not exist in the account, or does not trust the census role, or the census role may not assume it. AWS \
         gives the same message for all three. Deploy the role with the StackSet, and check that its units include the account. The role's trust policy:",
        role.name
    ))
    .paste("trust policy", &trust)
}

fn allow(words: &str, action: &str) -> Fix {
    let statement = json!({"Effect": "Allow", "Action": action, "Resource": "*"});
    Fix::words(words).paste("policy statement", &statement)
}

fn exempt_from_deny(whose: &str, action: &str, role: &AuditRole) -> Fix {
    let condition = json!({"Condition": {"ArnNotLike": {"aws:PrincipalArn": role.pattern()}}});
    Fix::words(format!(
        "A Deny statement in {whose} matches {action}. Remove the action from the statement, or exempt the audit role with the condition below. \
         The condition also exempts other roles with that name: use an SCP to control who may create one."
    ))
    .paste("condition of the Deny statement", &condition)
}

/// An endpoint's policy names principals. The condition limits the statement to the audit role.
fn endpoint(action: &str, role: &AuditRole) -> Fix {
    let statement = json!({
        "Effect": "Allow",
        "Principal": "*",
        "Action": action,
        "Resource": "*",
        "Condition": {"ArnLike": {"aws:PrincipalArn": role.pattern()}}
    });
    Fix::words("The VPC endpoint's policy does not allow the action. Add this statement:")
        .paste("policy statement", &statement)
}

fn organization(what: &str, action: &str, role: &AuditRole, explicit: bool) -> Fix {
    if explicit {
        return exempt_from_deny(&what.to_lowercase(), action, role);
    }
    let words = format!("{what} does not allow the action. Add it there, or accept the gap in the standard.");
    // AWS takes no Allow in an RCP but its own.
    if what.starts_with("A resource") { Fix::words(words) } else { allow(&words, action) }
}

fn resource(gap: &Gap, action: &str, role: &AuditRole, explicit: bool) -> Fix {
    let is_key = gap.operation.starts_with("kms:");
    let whose = if is_key { "the key's policy" } else { "the bucket's policy" };
    if explicit {
        return exempt_from_deny(whose, action, role);
    }
    let actions = if is_key { key_actions() } else { vec![action] };
    // A bucket's policy names the bucket; a key's policy is of its key alone.
    let resource = if is_key { "*".to_owned() } else { format!("arn:{}:s3:::BUCKET_NAME", role.partition) };
    let statement = json!({
        "Sid": "AllowEncryptionCensus",
        "Effect": "Allow",
        "Principal": {"AWS": role.principal()},
        "Action": actions,
        "Resource": resource
    });
    let words = if is_key {
        "The key's policy allows neither the audit role nor the account's IAM policies. Ask the key's owner to add this statement:"
    } else {
        "The bucket's policy denies the read. Ask the bucket's owner to add this statement:"
    };
    Fix::words(words).paste("policy statement", &statement)
}

/// What a key's policy can allow: an action on a key. Listings are not its to allow.
fn key_actions() -> Vec<&'static str> {
    let of_a_key = |operation: &&&operation::Operation| {
        operation.service == operation::Service::Kms && operation.scope == operation::Scope::Resource
    };
    operation::OPERATIONS.iter().filter(of_a_key).map(|operation| operation.iam_action).collect()
}
