//! The fixed caller, the sessions of AssumeRole, and how a request names one of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::message::Request;
use crate::wire::{Refusal, Service};
use crate::world::{Role, World};
use atrest_core::AccountId;

/// The access key id of the caller: an identity of the management account unless a test says otherwise.
pub const CALLER_ACCESS_KEY_ID: &str = "AKIAATRESTSIMULATOR1";

/// The caller's secret, which is never checked.
pub const CALLER_SECRET_ACCESS_KEY: &str = "atrest-simulator-secret-access-key-0000000";

/// What the SigV4 header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub access_key_id: String,
    pub region: String,
    pub service: String,
}

impl Authorization {
    /// Reads `AWS4-HMAC-SHA256 Credential=AKID/date/region/service/aws4_request, …`.
    pub fn of(request: &Request) -> Option<Self> {
        let (_, rest) = request.header("authorization")?.split_once("Credential=")?;
        let mut parts = rest.split(',').next()?.trim().split('/');
        let access_key_id = parts.next()?.to_owned();
        let _date = parts.next()?;
        let region = parts.next()?.to_owned();
        Some(Self { access_key_id, region, service: parts.next()?.to_owned() })
    }
}

/// A caller who was recognised.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    pub account: AccountId,
    pub arn: String,
    pub unique_id: String,
    pub kind: PrincipalKind,
}

/// Where a principal's permissions come from.
#[derive(Debug, Clone)]
pub(crate) enum PrincipalKind {
    Caller,
    Session { role: String, policy: Option<Arc<SessionPolicy>> },
}

impl Principal {
    /// The caller of the world.
    pub fn caller(world: &World) -> Self {
        Self {
            account: world.caller.account,
            arn: world.caller.arn.clone(),
            unique_id: "AIDAATRESTSIMULATOR1".to_owned(),
            kind: PrincipalKind::Caller,
        }
    }

    /// The role behind a session, while it exists.
    pub fn role<'a>(&self, world: &'a World) -> Option<&'a Role> {
        let PrincipalKind::Session { role, .. } = &self.kind else { return None };
        world.accounts.get(&self.account)?.roles.get(role)
    }
}

/// The actions that an inline session policy leaves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SessionPolicy {
    pub allowed: Vec<String>,
    pub denied: Vec<String>,
}

impl SessionPolicy {
    /// Reads the actions of a policy document; `None` where it is not one.
    ///
    /// Resources and conditions are not evaluated: the scan's own policy has `*` and none.
    pub fn parse(text: &str) -> Option<Self> {
        let document: Value = serde_json::from_str(text).ok()?;
        let statements = match document.get("Statement")? {
            Value::Array(list) => list.clone(),
            one @ Value::Object(_) => vec![one.clone()],
            _ => return None,
        };
        let mut policy = Self::default();
        for statement in &statements {
            let actions = match statement.get("Action")? {
                Value::String(one) => vec![one.clone()],
                Value::Array(list) => list.iter().filter_map(|a| Some(a.as_str()?.to_owned())).collect(),
                _ => return None,
            };
            match statement.get("Effect")?.as_str()? {
                "Allow" => policy.allowed.extend(actions),
                "Deny" => policy.denied.extend(actions),
                _ => return None,
            }
        }
        Some(policy)
    }
}

/// What AssumeRole hands out.
#[derive(Debug, Clone)]
pub(crate) struct IssuedSession {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: String,
}

#[derive(Debug)]
struct Session {
    principal: Principal,
    token: String,
    expires: Instant,
}

/// Every session handed out so far.
///
/// Expired ones are kept, because AWS too tells an expired token from an unknown key.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_key: HashMap<String, Session>,
    issued: BTreeMap<AccountId, u32>,
}

impl Sessions {
    /// Opens a session; ids are a function of the account and of how many it had before.
    pub fn open(&mut self, principal: Principal, at: Instant, lasting: Duration) -> IssuedSession {
        let count = self.issued.entry(principal.account).or_default();
        *count += 1;
        let serial = format!("{}{count}", principal.account);
        let access_key_id = format!("ASIA{serial:A>16}");
        let session_token = format!("IQoJb3JpZ2luX2VjSIMULATED{serial}=");
        let session = Session { principal, token: session_token.clone(), expires: at + lasting };
        self.by_key.insert(access_key_id.clone(), session);
        IssuedSession {
            access_key_id,
            secret_access_key: format!("simulated-secret-{serial}"),
            session_token,
        }
    }
}

/// Finds the principal of a request.
#[derive(Debug)]
pub(crate) struct Credentials<'a> {
    pub world: &'a World,
    pub sessions: &'a Sessions,
    pub at: Instant,
}

impl Credentials<'_> {
    /// Who sends that request, in that service's words where no caller is recognised.
    pub fn recognise(
        &self,
        service: Service,
        authorization: Option<&Authorization>,
        request: &Request,
    ) -> Result<Principal, Refusal> {
        let key = &authorization.ok_or_else(|| service.unsigned())?.access_key_id;
        if key == CALLER_ACCESS_KEY_ID {
            return Ok(Principal::caller(self.world));
        }
        let session = self.sessions.by_key.get(key).ok_or_else(|| service.unknown_access_key())?;
        if request.header("x-amz-security-token") != Some(session.token.as_str()) {
            return Err(service.bad_token());
        }
        if session.expires <= self.at {
            return Err(service.expired_token());
        }
        Ok(session.principal.clone())
    }

    /// The principal that an access key id names, valid or not: for the recorder and the faults.
    pub fn named(&self, authorization: Option<&Authorization>) -> Option<Principal> {
        let key = &authorization?.access_key_id;
        if key == CALLER_ACCESS_KEY_ID {
            return Some(Principal::caller(self.world));
        }
        Some(self.sessions.by_key.get(key)?.principal.clone())
    }
}
