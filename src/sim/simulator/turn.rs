//! One request on its way through: fault, credentials, Region, operation, answer.

use tokio::time::Instant;

use super::{Ending, Simulator, State};
use crate::access::{Authorization, Credentials, Principal};
use crate::fault::Effect;
use crate::hash::mix;
use crate::message::{Reply, Request};
use crate::wire::{Call, Identified, Refusal, Service, no_such_bucket};
use crate::world::World;
use atrest_core::Region;

/// One request on its way through.
pub(super) struct Turn<'a> {
    pub simulator: &'a Simulator,
    pub identified: &'a Identified,
    pub request: &'a Request,
    pub request_id: String,
    pub at: Instant,
    pub mutated: bool,
}

impl Turn<'_> {
    /// The ending, and the error's code or the fault's name.
    pub fn play(
        &mut self,
        state: &mut State,
        authorization: Option<&Authorization>,
        effect: Option<&Effect>,
    ) -> (Ending, Option<String>) {
        let service = self.identified.service;
        let fault = effect.map(|effect| effect.name().to_owned());
        match effect {
            None | Some(Effect::Latency(_)) => self.settle(state, authorization, None),
            Some(Effect::EmptyPage) => {
                // Any number that differs from page to page will do as a salt.
                let salt = u32::try_from(mix(0, &[&self.request_id]) & 0x7fff_ffff).unwrap_or(1);
                self.settle(state, authorization, Some(salt))
            }
            Some(Effect::ConnectionReset) => (Ending::Reset, fault),
            Some(Effect::Timeout(_)) => (Ending::Silence, fault),
            Some(Effect::AnswerLost) => {
                self.settle(state, authorization, None);
                (Ending::Reset, fault)
            }
            Some(Effect::CutBody) => (cut(self.settle(state, authorization, None).0), fault),
            Some(Effect::Html(status)) => (Ending::Reply(html(*status)), fault),
            Some(Effect::Throttle) => self.refuse(&service.throttle()),
            Some(Effect::InternalError) => self.refuse(&service.internal_error()),
            Some(Effect::ServiceUnavailable) => self.refuse(&service.unavailable()),
            Some(Effect::ExpiredToken) => self.refuse(&service.expired_token()),
            Some(Effect::AccessDenied) => self.refuse(&service.access_denied("Access Denied")),
            Some(Effect::FalseNoSuchBucket) => self.refuse(&no_such_bucket(&self.identified.input.bucket)),
            Some(Effect::Error { status, code, message }) => {
                self.refuse(&Refusal::new(*status, code.as_str(), message.as_str()))
            }
        }
    }

    fn settle(
        &mut self,
        state: &mut State,
        authorization: Option<&Authorization>,
        empty_page: Option<u32>,
    ) -> (Ending, Option<String>) {
        match self.answer(state, authorization, empty_page) {
            Ok(reply) => {
                let reply = self.identified.service.identify(reply, &self.request_id);
                (Ending::Reply(reply), None)
            }
            Err(refusal) => self.refuse(&refusal),
        }
    }

    fn answer(
        &mut self,
        state: &mut State,
        authorization: Option<&Authorization>,
        empty_page: Option<u32>,
    ) -> Result<Reply, Refusal> {
        let service = self.identified.service;
        let credentials = Credentials { world: &state.world, sessions: &state.sessions, at: self.at };
        let principal = credentials.recognise(service, authorization, self.request)?;
        let signed_for = authorization.map_or("", |found| found.region.as_str());
        let region: Region = signed_for.parse().unwrap_or_else(|_| Region::global());
        check_region(&state.world, service, &principal, &region)?;
        let operation =
            self.identified.operation.ok_or_else(|| service.unknown_operation(&self.identified.name))?;
        let mut call = Call {
            operation,
            world: &mut state.world,
            sessions: &mut state.sessions,
            owners: &state.owners,
            principal,
            request: self.request,
            input: &self.identified.input,
            region,
            now: self.simulator.clock.now(),
            at: self.at,
            request_id: &self.request_id,
            empty_page,
            mutated: false,
        };
        let answer = operation.answer(&mut call);
        self.mutated = call.mutated;
        answer
    }

    fn refuse(&self, refusal: &Refusal) -> (Ending, Option<String>) {
        let service = self.identified.service;
        let mut reply = service.identify(service.render(refusal, &self.request_id), &self.request_id);
        if self.request.method == "HEAD" {
            reply.body.clear();
        }
        (Ending::Reply(reply), Some(refusal.code.clone()))
    }
}

/// A Region that the account has not: there, its credentials are unknown.
fn check_region(
    world: &World,
    service: Service,
    principal: &Principal,
    region: &Region,
) -> Result<(), Refusal> {
    if service.is_global() {
        return Ok(());
    }
    let state = world.accounts.get(&principal.account).and_then(|account| account.regions.get(region));
    if state.is_some_and(|state| state.opt_status.usable()) { Ok(()) } else { Err(service.bad_token()) }
}

/// The status that a client sees; 0 where it sees none.
pub(super) fn status_of(ending: &Ending) -> u16 {
    match ending {
        Ending::Reply(reply) | Ending::Cut(reply, _) => reply.status,
        Ending::Reset | Ending::Silence => 0,
    }
}

fn cut(ending: Ending) -> Ending {
    match ending {
        Ending::Reply(reply) if reply.body.is_empty() => Ending::Reset,
        Ending::Reply(reply) => {
            let kept = reply.body.len() / 2;
            Ending::Cut(reply, kept)
        }
        other => other,
    }
}

fn html(status: u16) -> Reply {
    let body =
        "<html><head><title>Bad Gateway</title></head><body><h1>It's not you, it's us.</h1></body></html>";
    Reply::new(status, "text/html", body)
}
