//! STS: AssumeRole, which opens sessions, and GetCallerIdentity.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::xml::Xml;
use super::{Call, Identified, Input, Operation, Refusal, Service, account_of};
use crate::access::{IssuedSession, Principal, PrincipalKind, SessionPolicy};
use crate::hash::mix;
use crate::message::{Reply, Request};
use crate::world::{AccountState, Role};
use atrest_core::Arn;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// What of STS is simulated.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation::read(Service::Sts, "AssumeRole", "sts:AssumeRole", assume_role),
    Operation::read(Service::Sts, "GetCallerIdentity", "", get_caller_identity),
];

pub(super) fn identify(request: &Request) -> Identified {
    let form = if request.body.is_empty() { request.query.clone() } else { request.form() };
    let member = |name: &str| form.get(name).cloned().unwrap_or_default();
    let (name, resource) = (member("Action"), member("RoleArn"));
    let account = account_of(&resource);
    Identified::new(Service::Sts, &name, Input { form, ..Input::default() }, resource).about(account)
}

fn get_caller_identity(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let principal = &call.principal;
    Ok(reply(call, "GetCallerIdentity", |xml| {
        xml.text("Arn", &principal.arn).text("UserId", &principal.unique_id);
        xml.text("Account", &principal.account.to_string());
    }))
}

fn assume_role(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let wish = Wish::read(&call.input.form)?;
    let target = Arn::parse(wish.role_arn).filter(|arn| arn.service == "iam");
    let (Some(account), Some(name)) =
        (account_of(wish.role_arn), target.and_then(|arn| arn.resource.strip_prefix("role/")))
    else {
        return Err(Service::Sts.invalid_input(format!("{} is invalid", wish.role_arn)));
    };
    let refused = || Service::Sts.access_denied(refusal_sentence(&call.principal, wish.role_arn));
    // The caller's side first: its own policies, and the policies over its account.
    call.authorize(&crate::access::Asked {
        arn: Some(wish.role_arn.to_owned()),
        ..call.question("sts:AssumeRole")
    })?;
    let active = call.world.accounts.get(&account).filter(|found| found.state == AccountState::Active);
    let role = active.and_then(|found| found.roles.get(name)).ok_or_else(refused)?;
    let id_matches = role.external_id.as_deref().is_none_or(|id| Some(id) == wish.external_id);
    if !role.trusts_callers || !id_matches {
        return Err(refused());
    }
    check_duration(&call.principal, role, wish.seconds)?;
    let principal = Principal {
        account,
        arn: format!(
            "arn:{}:sts::{account}:assumed-role/{}/{}",
            call.world.partition,
            name.rsplit('/').next().unwrap_or(name),
            wish.session_name
        ),
        unique_id: format!("AROA{:016X}:{}", mix(0, &[wish.role_arn]), wish.session_name),
        kind: PrincipalKind::Session { role: name.to_owned(), policy: wish.policy.map(Arc::new) },
    };
    let issued = call.sessions.open(principal.clone(), call.at, Duration::from_secs(wish.seconds));
    Ok(session_reply(call, &principal, &issued, wish.seconds))
}

/// STS says the same for a role that is not there, for a closed account and for a refused trust.
fn refusal_sentence(principal: &Principal, role_arn: &str) -> String {
    format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}", principal.arn)
}

/// What an AssumeRole request asks for.
struct Wish<'a> {
    role_arn: &'a str,
    session_name: &'a str,
    external_id: Option<&'a str>,
    seconds: u64,
    policy: Option<SessionPolicy>,
}

impl<'a> Wish<'a> {
    fn read(form: &'a BTreeMap<String, String>) -> Result<Self, Refusal> {
        let member = |name: &str| form.get(name).map(String::as_str);
        let session_name = member("RoleSessionName").unwrap_or_default();
        let good_name = (2..=64).contains(&session_name.len())
            && session_name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b));
        if !good_name {
            return Err(constraint(session_name, "roleSessionName", "[\\w+=,.@-]{2,64}"));
        }
        let seconds = member("DurationSeconds").map_or(Ok(3600), |text| {
            text.parse().map_err(|_| constraint(text, "durationSeconds", "a number"))
        })?;
        if !(900..=43_200).contains(&seconds) {
            return Err(constraint(&seconds.to_string(), "durationSeconds", "900 to 43200"));
        }
        let policy = member("Policy").map(read_policy).transpose()?;
        let role_arn = member("RoleArn").unwrap_or_default();
        Ok(Self { role_arn, session_name, external_id: member("ExternalId"), seconds, policy })
    }
}

fn read_policy(text: &str) -> Result<SessionPolicy, Refusal> {
    // 2,048 characters of plain text for inline and managed session policies together (STS API).
    if text.chars().count() > 2048 {
        return Err(constraint("…", "policy", "Member must have length less than or equal to 2048"));
    }
    SessionPolicy::parse(text)
        .ok_or_else(|| Refusal::new(400, "MalformedPolicyDocument", "This policy contains invalid Json"))
}

fn constraint(value: &str, member: &str, wanted: &str) -> Refusal {
    Service::Sts.invalid_input(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {wanted}"
    ))
}

fn check_duration(principal: &Principal, role: &Role, seconds: u64) -> Result<(), Refusal> {
    // A role that assumes a role gets an hour at most ("role chaining", IAM user guide).
    let chained = principal.arn.contains(":assumed-role/");
    let sentence = match (chained && seconds > 3600, seconds > role.longest_session) {
        (true, _) => {
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        }
        (_, true) => "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        _ => return Ok(()),
    };
    Err(Service::Sts.invalid_input(sentence))
}

fn session_reply(call: &Call<'_>, principal: &Principal, issued: &IssuedSession, seconds: u64) -> Reply {
    let lasting = i64::try_from(seconds * 1000).unwrap_or(i64::MAX);
    let expires = call.now.whole_seconds().plus_millis(lasting).to_string();
    reply(call, "AssumeRole", |xml| {
        xml.open("AssumedRoleUser").text("AssumedRoleId", &principal.unique_id);
        xml.text("Arn", &principal.arn).close("AssumedRoleUser");
        xml.open("Credentials").text("AccessKeyId", &issued.access_key_id);
        xml.text("SecretAccessKey", &issued.secret_access_key);
        xml.text("SessionToken", &issued.session_token).text("Expiration", &expires);
        xml.close("Credentials");
    })
}

fn reply(call: &Call<'_>, action: &str, result: impl FnOnce(&mut Xml)) -> Reply {
    let (outer, inner) = (format!("{action}Response"), format!("{action}Result"));
    let mut xml = Xml::bare();
    xml.open_in(&outer, NAMESPACE).open(&inner);
    result(&mut xml);
    xml.close(&inner).open("ResponseMetadata").text("RequestId", call.request_id);
    xml.close("ResponseMetadata").close(&outer);
    Reply::new(200, "text/xml", xml.finish())
}
