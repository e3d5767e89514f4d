//! What is known about a request before it is judged: enough for the faults, the recorder and the id.

use tokio::time::Instant;

use super::State;
use crate::access::{Authorization, Credentials, Principal};
use crate::fault::Occasion;
use crate::wire::{Identified, Operation, Service};
use atrest_core::AccountId;

/// What a request says of itself, true or not.
pub(super) struct Facts {
    pub service: Service,
    pub operation: Option<&'static Operation>,
    pub name: String,
    pub principal: Option<Principal>,
    pub account: Option<AccountId>,
    pub region: String,
    pub resource: String,
    pub attempt: u32,
}

impl Facts {
    pub fn gather(
        state: &mut State,
        identified: &Identified,
        authorization: Option<&Authorization>,
        at: Instant,
    ) -> Self {
        let credentials = Credentials { world: &state.world, sessions: &state.sessions, at };
        let principal = credentials.named(authorization);
        let account = identified.account.or(principal.as_ref().map(|principal| principal.account));
        let region = authorization.map(|found| found.region.clone()).unwrap_or_default();
        let resource = identified.resource.clone();
        let known = identified.operation.map_or("", |operation| operation.name);
        let attempt = state
            .attempts
            .entry((identified.service, known, account, region.clone(), resource.clone()))
            .or_default();
        *attempt += 1;
        Self {
            service: identified.service,
            operation: identified.operation,
            name: format!("{}:{}", identified.service.name(), identified.name),
            principal,
            account,
            region,
            resource,
            attempt: *attempt,
        }
    }

    pub fn caller_account(&self) -> Option<AccountId> {
        self.principal.as_ref().map(|principal| principal.account)
    }

    pub fn occasion(&self, operation: &'static Operation, at: Instant) -> Occasion<'_> {
        Occasion {
            operation,
            name: &self.name,
            account: self.account,
            caller_account: self.caller_account(),
            region: &self.region,
            resource: &self.resource,
            attempt: self.attempt,
            at,
        }
    }
}
