//! What goes wrong, as plain data: rules, chance that is no chance, and rates.
//!
//! The simulator asks the schedule once for every call, before it looks at the operation, so that
//! no operation can be forgotten. `Schedule::random` decides by the seed, the operation, the
//! account, the Region, the resource and how many calls that resource had: the order in which
//! tasks happen to run changes nothing.

mod quota;
mod random;

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

pub use quota::{Quotas, Rate};
pub use random::Random;

use super::wire::Operation;
use atrest_core::{AccountId, glob};

/// What a fault does to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The service's own throttle.
    Throttle,
    /// The service's own status 500.
    InternalError,
    /// The service's own status 503.
    ServiceUnavailable,
    /// The connection breaks before the request is handled.
    ConnectionReset,
    /// The request is handled, and the connection breaks before the answer comes.
    AnswerLost,
    /// Nothing comes for that long, then the connection closes; the request is not handled.
    Timeout(Duration),
    /// The answer's headers come, and half of its body; an answer without a body is lost whole.
    CutBody,
    /// A proxy's HTML instead of the service's answer, with that status.
    Html(u16),
    /// The service says that the session is over.
    ExpiredToken,
    /// A listing's page with a token and nothing else; no effect elsewhere.
    EmptyPage,
    /// S3 says that a bucket which is there is not; no effect elsewhere.
    FalseNoSuchBucket,
    /// The service refuses, without a reason.
    AccessDenied,
    /// The answer takes that much longer.
    Latency(Duration),
    /// Any other error, in the service's format.
    Error {
        /// The HTTP status.
        status: u16,
        /// The error's code.
        code: String,
        /// The error's message.
        message: String,
    },
}

impl Effect {
    /// A word for the recorder.
    pub fn name(&self) -> &str {
        match self {
            Self::Throttle => "throttle",
            Self::InternalError => "internal_error",
            Self::ServiceUnavailable => "service_unavailable",
            Self::ConnectionReset => "connection_reset",
            Self::AnswerLost => "answer_lost",
            Self::Timeout(_) => "timeout",
            Self::CutBody => "cut_body",
            Self::Html(_) => "html",
            Self::ExpiredToken => "expired_token",
            Self::EmptyPage => "empty_page",
            Self::FalseNoSuchBucket => "false_no_such_bucket",
            Self::AccessDenied => "access_denied",
            Self::Latency(_) => "latency",
            Self::Error { code, .. } => code,
        }
    }

    /// Whether the effect can show on that operation, and cannot pass for a good answer.
    ///
    /// HTML with status 200 is a good answer where the body is raw or not read, so it is kept away
    /// from there: no client could notice.
    pub fn suits(&self, operation: &Operation, resource: &str) -> bool {
        match self {
            Self::EmptyPage => operation.pages,
            Self::FalseNoSuchBucket => operation.service == super::wire::Service::S3 && !resource.is_empty(),
            Self::Html(200) => operation.body == super::wire::Body::Parsed,
            _ => true,
        }
    }
}

/// Which calls a rule is about, which of them it hits, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `service:Operation` or a pattern (`service:*`); all if `None`.
    pub operation: Option<String>,
    /// The account that the call is about: the role's for AssumeRole, else the caller's.
    pub account: Option<AccountId>,
    /// The Region that the request is signed for.
    pub region: Option<String>,
    /// The bucket, `bucket/key`, key id or role ARN, or a pattern of `*` and `?`; all if `None`.
    pub resource: Option<String>,
    /// The first matching call that is hit; 1 is the first.
    pub from: u32,
    /// The last one; never ends if `None`.
    pub to: Option<u32>,
    /// Counts the calls of each operation and resource by themselves, instead of all together.
    pub each: bool,
    /// What happens.
    pub effect: Effect,
}

impl Rule {
    /// Hits every call; narrow it with the methods below.
    pub fn always(effect: Effect) -> Self {
        Self {
            operation: None,
            account: None,
            region: None,
            resource: None,
            from: 1,
            to: None,
            each: false,
            effect,
        }
    }

    /// Hits one operation, `service:Operation`, or a service's, `service:*`.
    #[must_use]
    pub fn on(mut self, operation: &str) -> Self {
        self.operation = Some(operation.to_owned());
        self
    }

    /// Hits the calls about one account.
    #[must_use]
    pub fn account(mut self, account: AccountId) -> Self {
        self.account = Some(account);
        self
    }

    /// Hits the calls in one Region.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// Hits the calls that name a resource.
    #[must_use]
    pub fn resource(mut self, resource: &str) -> Self {
        self.resource = Some(resource.to_owned());
        self
    }

    /// Hits the `from`-th to the `to`-th matching call.
    #[must_use]
    pub fn calls(mut self, from: u32, to: u32) -> Self {
        (self.from, self.to) = (from, Some(to));
        self
    }

    /// Hits the first `count` calls of every operation and resource.
    #[must_use]
    pub fn first_of_each(mut self, count: u32) -> Self {
        self.each = true;
        self.calls(1, count)
    }

    fn matches(&self, occasion: &Occasion<'_>) -> bool {
        let is_met = |pattern: &Option<String>, text: &str| {
            pattern.as_deref().is_none_or(|pattern| glob::matches(pattern, text))
        };
        is_met(&self.operation, occasion.name)
            && is_met(&self.resource, occasion.resource)
            && self.account.is_none_or(|wanted| occasion.account == Some(wanted))
            && self.region.as_deref().is_none_or(|wanted| wanted == occasion.region)
            && self.effect.suits(occasion.operation, occasion.resource)
    }
}

/// All that goes wrong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schedule {
    /// The first rule that hits decides.
    pub rules: Vec<Rule>,
    /// Decides where no rule hit.
    pub random: Option<Random>,
    /// Answers throttles above a rate, where nothing else hit.
    pub quotas: Option<Quotas>,
}

impl Schedule {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// These rules.
    pub fn of(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self { rules: rules.into_iter().collect(), ..Self::default() }
    }

    /// A share of all calls, `density` of 0 to 1, in a way that depends on the seed and the call alone.
    ///
    /// With `heal_after`, an operation on a resource has faults among its first calls only, that
    /// many at most, and only faults that a patient client gets over.
    pub fn random(seed: u64, density: f64, heal_after: Option<u32>) -> Self {
        Self { random: Some(Random::new(seed, density, heal_after)), ..Self::default() }
    }

    /// The same with rates.
    #[must_use]
    pub fn with_quotas(mut self, quotas: Quotas) -> Self {
        self.quotas = Some(quotas);
        self
    }

    /// Decides about one call and counts it.
    pub(crate) fn decide(&self, counters: &mut Counters, occasion: &Occasion<'_>) -> Option<Effect> {
        let by_rule = self.by_rule(counters, occasion);
        let effect = by_rule.or_else(|| self.random.as_ref()?.decide(occasion));
        effect.or_else(|| {
            let over = self.quotas.as_ref()?.exceeded(&mut counters.rates, occasion);
            over.then_some(Effect::Throttle)
        })
    }

    fn by_rule(&self, counters: &mut Counters, occasion: &Occasion<'_>) -> Option<Effect> {
        let mut hit = None;
        // Every matching rule counts the call, also behind the one that hits.
        for (index, rule) in self.rules.iter().enumerate().filter(|(_, rule)| rule.matches(occasion)) {
            let count = if rule.each {
                occasion.attempt
            } else {
                let count = counters.rules.entry(index).or_default();
                *count += 1;
                *count
            };
            if hit.is_none() && count >= rule.from && rule.to.is_none_or(|to| count <= to) {
                hit = Some(rule.effect.clone());
            }
        }
        hit
    }
}

/// A call as the schedule sees it.
#[derive(Debug)]
pub(crate) struct Occasion<'a> {
    pub operation: &'static Operation,
    /// `service:Operation`.
    pub name: &'a str,
    pub account: Option<AccountId>,
    pub caller_account: Option<AccountId>,
    pub region: &'a str,
    pub resource: &'a str,
    /// How many calls of that operation, account, Region and resource there were, this one included.
    pub attempt: u32,
    pub at: Instant,
}

/// What the schedule remembers from call to call.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    rules: HashMap<usize, u32>,
    rates: quota::Levels,
}
