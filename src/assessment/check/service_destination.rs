//! Buckets to which a service delivers that takes SSE-S3 only: more cannot be asked of their default encryption.
//!
//! Whoever may write a bucket's policy can make it look like one. So it is spared where its policy shows a
//! destination as AWS documents it and the standard lists it, with an approver and an end; where the policy alone says
//! so, that is a fail of its own, with the entry to add.

use super::bucket::policy;
use super::policy_reading::POLICY_UNDECIDED;
use super::support::Decided;
use super::{BucketSubject, Context, Outcome, Reason, SCOPE_NOT_KNOWN};
use crate::model::{DestinationService, Region, ServiceDestination};
use crate::policy::{LogBucket, LogWriter, sse_s3_only_writers};

pub static SERVICE_REQUIRES_SSE_S3: Reason = Reason::not_applicable(
    "service_requires_sse_s3",
    "A service that takes SSE-S3 only delivers to the bucket, which the standard lists.",
);
pub static PERHAPS: Reason = Reason::fail(
    "perhaps_service_destination",
    "A service that takes SSE-S3 only may write to the bucket, which the standard does not list as its destination.",
)
.with_remedy(
    "Where the bucket is for such logs alone, enter it among the service destinations of the standard. Where it holds other data, set the default encryption that the standard asks for with PutBucketEncryption, and deliver the logs to another bucket.",
);

/// What a bucket is to such services.
pub enum Destination {
    /// Nothing, as far as its policy shows.
    No,
    /// One may write to it, and there is no approval to ask for less; the text says so.
    Perhaps(String),
    /// It is spared.
    Listed(Outcome),
}

/// What the policy and the standard say; an error where it may be listed and the policy cannot be told.
pub fn destination(bucket: &BucketSubject<'_>, context: &Context<'_>) -> Decided<Destination> {
    let in_force = || bucket.destinations.iter().filter(|held| context.as_of < held.destination.expires);
    let policy = match policy(bucket.policy) {
        Ok(Some(policy)) => policy,
        Ok(None) => return Ok(Destination::No),
        Err(outcome) if in_force().next().is_some() => return Err(outcome),
        // Whatever it says, the standard does not list the bucket.
        Err(_) => return Ok(Destination::No),
    };
    let facts = bucket.facts;
    let of = LogBucket {
        arn: &facts.arn(),
        account_id: facts.account_id,
        region: facts.region.as_ref().map(Region::as_str),
        org_id: context.organization.membership_of(facts.account_id).org_id,
    };
    let writers = sse_s3_only_writers(policy, &of);
    let mut open = None;
    for writer in &writers {
        let held = || in_force().filter(|held| held.destination.service == writer.service);
        let known = held().find(|held| held.scope_known);
        match (known, writer.delivers) {
            (Some(held), Some(true)) => return Ok(Destination::Listed(listed(writer, &held.destination))),
            (Some(_), None) => open = Some(in_doubt(writer)),
            (None, Some(true) | None) if held().next().is_some() => {
                open.get_or_insert_with(|| Outcome::from(&SCOPE_NOT_KNOWN));
            }
            _ => {}
        }
    }
    match (open, writers.iter().max_by_key(|writer| writer.delivers)) {
        (Some(open), _) => Err(open),
        (None, Some(writer)) => Ok(Destination::Perhaps(perhaps(bucket, context, writer))),
        (None, None) => Ok(Destination::No),
    }
}

fn in_doubt(writer: &LogWriter) -> Outcome {
    Outcome::from(&POLICY_UNDECIDED).saying(format!(
        "Whether the bucket policy lets {} deliver its logs depends on what the policy does not say.",
        writer.principal
    ))
}

fn listed(writer: &LogWriter, destination: &ServiceDestination) -> Outcome {
    let ServiceDestination { reason, approver, expires, .. } = destination;
    Outcome::from(&SERVICE_REQUIRES_SSE_S3).saying(format!(
        "{} delivers to the bucket, and takes SSE-S3 only; the standard lists it until {expires} ({approver}): {}.",
        writer.principal,
        reason.trim_end_matches('.')
    ))
}

fn perhaps(bucket: &BucketSubject<'_>, context: &Context<'_>, writer: &LogWriter) -> String {
    let LogWriter { service, principal, delivers } = writer;
    let of_service = |held: &&&super::HeldDestination| held.destination.service == *service;
    let ended = bucket.destinations.iter().filter(of_service).map(|held| held.destination.expires).max();
    let ended = ended.filter(|end| *end <= context.as_of);
    let listing = ended.map_or_else(String::new, |end| format!(" any more (its entry ended at {end})"));
    match delivers {
        Some(false) => format!(
            "The policy lets {principal}, which takes SSE-S3 only, write to the bucket, and not as AWS documents it for {}.",
            spoken(*service)
        ),
        _ => format!(
            "The policy lets {principal}, which takes SSE-S3 only, deliver {} to the bucket, and the standard does not \
             list it{listing}: if it is for these alone, add [[service_destination]] service = \"{}\", buckets = \
             [\"{}\"], accounts = [\"{}\"], with reason, owner, approver and expires.",
            spoken(*service),
            service.word(),
            bucket.facts.name,
            bucket.facts.account_id
        ),
    }
}

fn spoken(service: DestinationService) -> &'static str {
    match service {
        DestinationService::S3ServerAccessLogs => "server access logs",
        DestinationService::ElbAccessLogs => "load balancers' logs",
    }
}
