//! The services that deliver logs by a bucket's policy and take SSE-S3 only: server access logs of S3, and the logs of
//! Application and Classic Load Balancers.
//!
//! A policy shows a destination where the service may write what it writes: objects under names that nobody knows
//! beforehand, as AWS documents them (Amazon S3 User Guide, "Enabling Amazon S3 server access logging"; Elastic Load
//! Balancing, "Access logs for your Application Load Balancer"). A statement that lets it write one object, or
//! somewhere else, makes no destination.

use std::collections::BTreeSet;

use super::bucket::{CUSTOMER_KEY, PUT_OBJECT, TLS, objects};
use super::budget::Budget;
use super::cover::{Class, Passed, passing};
use super::glob::Glob;
use super::parse::{Effect, Policy, Statement};
use super::principal::{Caller, Principal};
use super::values::{Bounds, Domain};
use crate::model::{AccountId, DestinationService};

/// The service principal of S3's server access logs.
const S3_LOGS: &str = "logging.s3.amazonaws.com";

/// The service principals of load balancers' logs, in Regions since August 2022 and in Outposts.
const ELB_SERVICES: [&str; 2] =
    ["logdelivery.elasticloadbalancing.amazonaws.com", "logdelivery.elb.amazonaws.com"];

/// The accounts that deliver load balancers' access logs in older Regions, as the Application Load
/// Balancer guide lists them: one a Region, from Virginia to the partitions of GovCloud and China.
const ELB_ACCOUNTS: [&str; 26] = [
    "127311923021",
    "033677994240",
    "027434742980",
    "797873946194",
    "098369216593",
    "754344448648",
    "589379963580",
    "718504428378",
    "383597477331",
    "600734575887",
    "114774131450",
    "783225319266",
    "582318560864",
    "985666609251",
    "054676820928",
    "156460612806",
    "652711504416",
    "635631232127",
    "009996457667",
    "897822967062",
    "076674570225",
    "507241528517",
    "048591011584",
    "190560391635",
    "638102146993",
    "037604701340",
];

/// The name of an object that no policy knows beforehand: a server access log's, and the end of a load balancer's.
const LOG: &str = "2026-11-21-03-14-15-7B4C09A2F1D6E853";

/// The folders of a load balancer's log below `AWSLogs/` and the account.
const ELB_FOLDERS: [&str; 5] = ["elasticloadbalancing", "eu-west-1", "2026", "11", "21"];

/// A service that takes SSE-S3 only and that a policy lets write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogWriter {
    /// The service.
    pub service: DestinationService,
    /// Its principal: a service's name, or an account.
    pub principal: String,
    /// Whether it may deliver its logs; none where the policy leaves that open.
    pub delivers: Option<bool>,
}

/// The services that take SSE-S3 only and may write to a bucket of this account, each once.
/// `delivery.logs.amazonaws.com` takes SSE-KMS.
pub fn sse_s3_only_writers(policy: &Policy, bucket_arn: &str, account_id: AccountId) -> Vec<LogWriter> {
    let question = Question { policy, denies: policy.with(Effect::Deny), bucket_arn, account_id };
    let mut writers: Vec<LogWriter> = Vec::new();
    for allow in policy.with(Effect::Allow) {
        for (service, principal) in named(allow) {
            let Some(writer) = question.writer(allow, service, principal) else { continue };
            match writers.iter_mut().find(|known| known.service == service) {
                Some(known) if rank(known) < rank(&writer) => *known = writer,
                Some(_) => {}
                None => writers.push(writer),
            }
        }
    }
    writers
}

fn rank(writer: &LogWriter) -> u8 {
    match writer.delivers {
        Some(false) => 0,
        None => 1,
        Some(true) => 2,
    }
}

/// The log writers that a statement names.
fn named(allow: &Statement) -> impl Iterator<Item = (DestinationService, &Principal)> {
    let named = if allow.principals.negated { &[][..] } else { &allow.principals.entries };
    let is_elb = |principal: &Principal| match principal {
        Principal::Service(name) => ELB_SERVICES.contains(&name.as_str()),
        other => other.account().is_some_and(|id| ELB_ACCOUNTS.contains(&id.to_string().as_str())),
    };
    named.iter().filter_map(move |principal| match principal {
        Principal::Service(name) if name == S3_LOGS => {
            Some((DestinationService::S3ServerAccessLogs, principal))
        }
        other => is_elb(other).then_some((DestinationService::ElbAccessLogs, other)),
    })
}

struct Question<'a> {
    policy: &'a Policy,
    denies: Vec<&'a Statement>,
    bucket_arn: &'a str,
    account_id: AccountId,
}

impl Question<'_> {
    /// The writer by one statement; none where it can write nothing.
    fn writer(
        &self,
        allow: &Statement,
        service: DestinationService,
        principal: &Principal,
    ) -> Option<LogWriter> {
        let budget = Budget::of_question();
        let logs = self.starts(allow).into_iter().map(|start| self.log(service, &start)).collect();
        let delivers = self.writes(allow, principal, logs, &|key| self.of_delivery(service, key), &budget);
        let delivers = match (delivers.some, delivers.in_doubt) {
            (true, _) => Some(true),
            (false, true) => None,
            (false, false) => {
                let any = objects(self.policy, self.bucket_arn, &budget).ok()?;
                let writes = self.writes(allow, principal, any, &any_upload, &budget);
                (writes.some || writes.in_doubt).then_some(false)?.into()
            }
        };
        Some(LogWriter { service, principal: principal.to_string(), delivers })
    }

    fn writes(
        &self,
        allow: &Statement,
        principal: &Principal,
        resources: Vec<String>,
        domain: &dyn Fn(&str) -> Domain,
        budget: &Budget,
    ) -> Passed {
        let callers = BTreeSet::from([Caller::by(principal)]);
        let class = Class { callers, actions: vec![PUT_OBJECT.to_owned()], resources, domain, budget };
        passing(Some(allow), &self.denies, &class)
    }

    /// How the names of objects may begin that the statement is about: with what its patterns begin with.
    fn starts(&self, allow: &Statement) -> BTreeSet<String> {
        let objects = format!("{}/", self.bucket_arn);
        let patterns = allow.resources.entries.iter().filter(|_| !allow.resources.negated);
        let starts =
            patterns.map(|glob| glob.fixed_start().strip_prefix(&objects).unwrap_or_default().to_owned());
        starts.chain([String::new()]).collect()
    }

    /// The ARN of a log that the service may deliver under names that begin so.
    fn log(&self, service: DestinationService, start: &str) -> String {
        let bucket = self.bucket_arn;
        if service == DestinationService::S3ServerAccessLogs {
            return format!("{bucket}/{start}{LOG}");
        }
        let (prefix, given) = start.split_once("AWSLogs/").unwrap_or((start, ""));
        let account = self.account_id.to_string();
        let documented = [account.as_str()].into_iter().chain(ELB_FOLDERS);
        // The folders that the pattern names whole, in place of any.
        let given: Vec<&str> =
            given.rsplit_once('/').map_or(Vec::new(), |(whole, _)| whole.split('/').collect());
        let folders: Vec<&str> = documented
            .enumerate()
            .map(|(at, folder)| match given.get(at) {
                Some(given) if folder != ELB_FOLDERS[0] => given,
                _ => folder,
            })
            .collect();
        format!("{bucket}/{prefix}AWSLogs/{}/{LOG}.log.gz", folders.join("/"))
    }

    /// What a condition key of a delivery may be. The source of a server access log is a bucket of the same account.
    fn of_delivery(&self, service: DestinationService, key: &str) -> Domain {
        let like = |text: &str| Domain::within(Bounds { like: vec![Glob::wild(text)], ..Bounds::default() });
        match (key, service) {
            ("aws:sourceaccount", DestinationService::S3ServerAccessLogs) => {
                Domain::always(&self.account_id.to_string())
            }
            ("aws:sourcearn", DestinationService::S3ServerAccessLogs) => like("arn:*:s3:::?*"),
            ("aws:sourceaccount", DestinationService::ElbAccessLogs) => like("????????????").or_absent(),
            ("aws:sourcearn", DestinationService::ElbAccessLogs) => {
                like("arn:*:elasticloadbalancing:*").or_absent()
            }
            _ => any_upload(key),
        }
    }
}

fn any_upload(key: &str) -> Domain {
    match key {
        CUSTOMER_KEY => Domain::never(),
        TLS => Domain::always("true"),
        _ => Domain::free(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: &str = "arn:aws:s3:::logs";
    const S3: &str = r#"{"Service":"logging.s3.amazonaws.com"}"#;
    const ELB: &str = r#"{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"}"#;
    const IRELAND: &str = r#"{"AWS":"arn:aws:iam::156460612806:root"}"#;

    fn delivers(principal: &str, name: &str, rest: &str) -> &'static str {
        let text = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"s3:PutObject","Resource":"{BUCKET}/{name}"{rest}}}]}}"#
        );
        let policy = Policy::parse(&text).unwrap();
        match sse_s3_only_writers(&policy, BUCKET, "111122223333".parse().unwrap()).as_slice() {
            [] => "no writer",
            [LogWriter { delivers: Some(true), .. }] => "delivers",
            [LogWriter { delivers: Some(false), .. }] => "writes",
            [LogWriter { delivers: None, .. }] => "undecided",
            more => panic!("{more:?}"),
        }
    }

    #[test]
    fn a_destination_takes_names_that_nobody_knows() {
        let source = |account: &str| {
            format!(
                r#","Condition":{{"ArnLike":{{"aws:SourceArn":"arn:aws:s3:::source"}},"StringEquals":{{"aws:SourceAccount":"{account}"}}}}"#
            )
        };
        let cases = [
            (S3, "*", String::new(), "delivers"),
            (S3, "prefix*", source("111122223333"), "delivers"),
            (S3, "a/b/*", source("444455556666"), "writes"),
            (S3, "one-object", String::new(), "writes"),
            (S3, "reports/?", String::new(), "writes"),
            (S3, "*", r#","Condition":{"StringFoo":{"aws:SourceAccount":"1"}}"#.to_owned(), "undecided"),
            (ELB, "*", String::new(), "delivers"),
            (ELB, "AWSLogs/111122223333/*", String::new(), "delivers"),
            (ELB, "alb/AWSLogs/444455556666/*", String::new(), "delivers"),
            (ELB, "alb/AWSLogs/444455556666/elasticloadbalancing/us-east-1/*", String::new(), "delivers"),
            (ELB, "AWSLogs/444455556666/vpcflowlogs/*", String::new(), "writes"),
            (IRELAND, "alb/AWSLogs/*", String::new(), "delivers"),
            (IRELAND, "alb/report.csv", String::new(), "writes"),
            (r#"{"Service":"delivery.logs.amazonaws.com"}"#, "*", String::new(), "no writer"),
            (r#"{"AWS":"111122223333"}"#, "*", String::new(), "no writer"),
        ];
        for (principal, name, rest, expected) in cases {
            assert_eq!(delivers(principal, name, &rest), expected, "{principal} {name} {rest}");
        }
    }
}
