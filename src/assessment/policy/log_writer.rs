//! The services that deliver logs by a bucket's policy and take SSE-S3 only: server access logs of S3, and the logs of
//! Application and Classic Load Balancers.
//!
//! A policy shows a destination where the service may write what it writes: objects under names that are not known
//! beforehand, as AWS documents them (Amazon S3 User Guide, "Enabling Amazon S3 server access logging"; Elastic Load
//! Balancing, "Access logs for your Application Load Balancer"). A statement that lets it write one object, or
//! somewhere else, makes no destination.

use std::collections::BTreeSet;

use super::bucket::{CUSTOMER_KEY, ENCRYPTION, KEY_ID, PUT_OBJECT, TLS, objects};
use super::budget::Budget;
use super::candidate::{Candidate, Named};
use super::cover::{Class, Passed, passing};
use super::glob::{Glob, Syntax};
use super::log_paths::ELB_SERVICES;
use super::parse::{Effect, Policy, Statement};
use super::principal::{Caller, Principal};
use super::request::{self, like};
use super::values::{Bounds, Domain};
use crate::model::{AccountId, DestinationService};

/// The service principal of S3's server access logs.
const S3_LOGS: &str = "logging.s3.amazonaws.com";

/// The accounts that deliver load balancers' access logs in older Regions, as the Application Load
/// Balancer guide lists them: one a Region, from Virginia to the partitions of GovCloud and China. A
/// load balancer's logs go to a bucket in its own Region.
const ELB_ACCOUNTS: [(&str, &str); 26] = [
    ("127311923021", "us-east-1"),
    ("033677994240", "us-east-2"),
    ("027434742980", "us-west-1"),
    ("797873946194", "us-west-2"),
    ("098369216593", "af-south-1"),
    ("754344448648", "ap-east-1"),
    ("589379963580", "ap-southeast-3"),
    ("718504428378", "ap-south-1"),
    ("383597477331", "ap-northeast-3"),
    ("600734575887", "ap-northeast-2"),
    ("114774131450", "ap-southeast-1"),
    ("783225319266", "ap-southeast-2"),
    ("582318560864", "ap-northeast-1"),
    ("985666609251", "ca-central-1"),
    ("054676820928", "eu-central-1"),
    ("156460612806", "eu-west-1"),
    ("652711504416", "eu-west-2"),
    ("635631232127", "eu-south-1"),
    ("009996457667", "eu-west-3"),
    ("897822967062", "eu-north-1"),
    ("076674570225", "me-south-1"),
    ("507241528517", "sa-east-1"),
    ("048591011584", "us-gov-west-1"),
    ("190560391635", "us-gov-east-1"),
    ("638102146993", "cn-north-1"),
    ("037604701340", "cn-northwest-1"),
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
    /// Its principal: a service's name, or an account of AWS's.
    pub principal: String,
    /// Whether it may deliver its logs; none where the policy leaves that open.
    pub delivers: Option<bool>,
}

/// The bucket that is asked about.
#[derive(Debug, Clone, Copy)]
pub struct LogBucket<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// Its account.
    pub account_id: AccountId,
    /// Its Region, where it is known.
    pub region: Option<&'a str>,
    /// The organization that the account belongs to, where it is known.
    pub org_id: Option<&'a str>,
}

/// The services that take SSE-S3 only and may write to a bucket, each once. `delivery.logs.amazonaws.com` takes
/// SSE-KMS.
pub fn sse_s3_only_writers(policy: &Policy, bucket: &LogBucket<'_>) -> Vec<LogWriter> {
    let named = Named::of(policy, bucket.arn);
    let question = Question { policy, denies: policy.with(Effect::Deny), bucket, named };
    let mut writers: Vec<LogWriter> = Vec::new();
    for allow in policy.with(Effect::Allow) {
        for (service, principal) in log_writers(allow) {
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
fn log_writers(allow: &Statement) -> impl Iterator<Item = (DestinationService, &Principal)> {
    let named = if allow.principals.negated { &[][..] } else { &allow.principals.entries };
    let is_elb = |principal: &Principal| match principal {
        Principal::Service(name) => ELB_SERVICES.contains(&name.as_str()),
        other => elb_region(other).is_some(),
    };
    named.iter().filter_map(move |principal| match principal {
        Principal::Service(name) if name == S3_LOGS => {
            Some((DestinationService::S3ServerAccessLogs, principal))
        }
        other => is_elb(other).then_some((DestinationService::ElbAccessLogs, other)),
    })
}

/// A writer as a person names it.
fn spoken(principal: &Principal) -> String {
    match elb_region(principal) {
        Some(region) => format!("account {principal} of Elastic Load Balancing ({region})"),
        None => principal.to_string(),
    }
}

/// The Region whose load balancers an account of AWS's writes for.
fn elb_region(principal: &Principal) -> Option<&'static str> {
    let id = principal.account()?.to_string();
    ELB_ACCOUNTS.iter().find(|(account, _)| *account == id).map(|(_, region)| *region)
}

struct Question<'a> {
    policy: &'a Policy,
    denies: Vec<&'a Statement>,
    bucket: &'a LogBucket<'a>,
    named: Named<'a>,
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
        let of_delivery = |key: &str| self.of_delivery(service, principal, key);
        let delivers = self.writes(allow, principal, logs, &of_delivery, &budget);
        let delivers = match (delivers.some, delivers.in_doubt) {
            (true, _) => self.is_of_its_region(principal),
            (false, true) => None,
            (false, false) => {
                let any = objects(self.policy, self.bucket.arn, &budget).ok()?;
                let of_upload = |key: &str| self.of_upload(principal, key);
                let writes = self.writes(allow, principal, any, &of_upload, &budget);
                (writes.some || writes.in_doubt).then_some(false)?.into()
            }
        };
        Some(LogWriter { service, principal: spoken(principal), delivers })
    }

    /// Whether the writer's load balancers are in the bucket's Region; those of a service principal are.
    fn is_of_its_region(&self, principal: &Principal) -> Option<bool> {
        match (elb_region(principal), self.bucket.region) {
            (None, _) => Some(true),
            (Some(_), None) => None,
            (Some(region), Some(of_bucket)) => Some(region == of_bucket),
        }
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
        let objects = format!("{}/", self.bucket.arn);
        let patterns = allow.resources.entries.iter().filter(|_| !allow.resources.negated);
        let starts =
            patterns.map(|glob| glob.fixed_start().strip_prefix(&objects).unwrap_or_default().to_owned());
        // Where a pattern leaves the prefix open: none, and some.
        starts.chain([String::new(), "logs/".to_owned()]).collect()
    }

    /// The ARN of a log that the service may deliver under names that begin so.
    fn log(&self, service: DestinationService, start: &str) -> String {
        let bucket = self.bucket.arn;
        if service == DestinationService::S3ServerAccessLogs {
            return format!("{bucket}/{start}{LOG}");
        }
        let (prefix, given) = start.split_once("AWSLogs/").unwrap_or((start, ""));
        let account = self.bucket.account_id.to_string();
        let documented = [account.as_str()].into_iter().chain(ELB_FOLDERS);
        // The folders that the pattern names whole, in place of any; an account's number is whole by itself.
        let whole = match given.rsplit_once('/') {
            Some((whole, _)) => whole,
            None if given.parse::<AccountId>().is_ok() => given,
            None => "",
        };
        let given: Vec<&str> = whole.split('/').filter(|_| !whole.is_empty()).collect();
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
    fn of_delivery(&self, service: DestinationService, principal: &Principal, key: &str) -> Domain {
        let is_service = matches!(principal, Principal::Service(_));
        match (key, service) {
            ("aws:sourceaccount", DestinationService::S3ServerAccessLogs) => {
                Domain::always(&self.bucket.account_id.to_string())
            }
            ("aws:sourcearn", DestinationService::S3ServerAccessLogs) => a_bucket(),
            ("aws:sourceorgid", _) if is_service => match self.bucket.org_id {
                Some(id) => Domain::always(id).or_absent(),
                None => Domain::not_read(),
            },
            ("aws:sourceaccount", DestinationService::ElbAccessLogs) if is_service => {
                like(Glob::wild("????????????")).or_absent()
            }
            ("aws:sourcearn", DestinationService::ElbAccessLogs) if is_service => {
                like(Glob::new("arn:*:elasticloadbalancing:*:*:*", Syntax::Arn, false)).or_absent()
            }
            _ => self.of_upload(principal, key),
        }
    }

    /// What a condition key of an upload by such a service may be, for whatever source. Such a service sends no header
    /// that asks for a KMS key, which it does not take.
    fn of_upload(&self, principal: &Principal, key: &str) -> Domain {
        if request::is_not_read(key) {
            return Domain::not_read();
        }
        match key {
            CUSTOMER_KEY | KEY_ID => return Domain::never(),
            ENCRYPTION => return Domain::always("AES256").or_absent(),
            TLS => return Domain::always("true"),
            // From a network of AWS's own.
            "aws:sourceip" => return self.named.around(&Candidate::Outsider, key),
            _ => {}
        }
        match principal {
            Principal::Service(name) => request::of_service(key)
                .or_else(|| request::service_name(name, key))
                .unwrap_or_else(|| Domain::free(key)),
            of_aws => self.of_elb_account(of_aws, key),
        }
    }

    /// The same of an account of AWS's, which belongs to no organization of a customer and uses no VPC endpoint of one.
    fn of_elb_account(&self, principal: &Principal, key: &str) -> Domain {
        match (key, principal.account()) {
            ("aws:sourcevpc" | "aws:sourcevpce" | "aws:vpcsourceip", _) => {
                self.named.around(&Candidate::Outsider, key)
            }
            ("aws:sourceaccount" | "aws:sourcearn" | "aws:sourceorgid" | "aws:sourceorgpaths", _) => {
                Domain::never()
            }
            (_, Some(id)) => self.named.of_principal(&Candidate::Account(id), key),
            (_, None) => Domain::free(key),
        }
    }
}

/// The ARN of a bucket, which has no Region and no account, and no object.
fn a_bucket() -> Domain {
    let unlike = ["arn:*:s3:::*:*", "arn:*:s3:::*/*"].map(Glob::wild).to_vec();
    Domain::within(Bounds {
        like: vec![Glob::new("arn:*:s3:::?*", Syntax::Arn, false)],
        unlike,
        ..Bounds::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: &str = "arn:aws:s3:::logs";
    const S3: &str = r#"{"Service":"logging.s3.amazonaws.com"}"#;
    const ELB: &str = r#"{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"}"#;
    const IRELAND: &str = r#"{"AWS":"arn:aws:iam::156460612806:root"}"#;

    fn bucket() -> LogBucket<'static> {
        let account_id = "111122223333".parse().unwrap();
        LogBucket { arn: BUCKET, account_id, region: Some("eu-west-1"), org_id: Some("o-own1234567") }
    }

    fn delivers(principal: &str, name: &str, rest: &str) -> &'static str {
        let text = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"s3:PutObject","Resource":"{BUCKET}/{name}"{rest}}}]}}"#
        );
        let policy = Policy::parse(&text).unwrap();
        match sse_s3_only_writers(&policy, &bucket()).as_slice() {
            [] => "no writer",
            [LogWriter { delivers: Some(true), .. }] => "delivers",
            [LogWriter { delivers: Some(false), .. }] => "writes",
            [LogWriter { delivers: None, .. }] => "undecided",
            more => panic!("{more:?}"),
        }
    }

    fn deny(condition: &str) -> String {
        format!(
            r#"}},{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["{BUCKET}","{BUCKET}/*"],"Condition":{{{condition}}}"#
        )
    }

    #[test]
    fn a_delivery_that_is_refused_makes_no_destination() {
        let only = |condition: &str| format!(r#","Condition":{{{condition}}}"#);
        let other_network = r#""NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}"#;
        let perimeter = r#""StringNotEquals":{"aws:PrincipalOrgID":"o-own1234567"}"#;
        let but_services = r#""Bool":{"aws:PrincipalIsAWSService":"false"}"#;
        let header = "s3:x-amz-server-side-encryption";
        let cases = [
            (S3, deny(perimeter), "no writer"),
            (S3, deny(&format!("{perimeter},{but_services}")), "delivers"),
            (S3, deny(r#""Bool":{"aws:PrincipalIsAWSService":"true"}"#), "no writer"),
            (S3, deny(r#""StringNotEquals":{"aws:SourceVpce":"vpce-1"}"#), "no writer"),
            (S3, deny(r#""Null":{"aws:SourceVpce":"false"}"#), "delivers"),
            (S3, deny(r#""StringNotEquals":{"aws:SourceAccount":"111122223333"}"#), "delivers"),
            (S3, deny(r#""StringNotEquals":{"aws:SourceAccount":"444455556666"}"#), "writes"),
            (S3, deny(&format!(r#""StringNotEquals":{{"{header}":"aws:kms"}}"#)), "no writer"),
            (S3, deny(&format!(r#""Null":{{"{header}-aws-kms-key-id":"true"}}"#)), "no writer"),
            (S3, only(&format!(r#""StringEquals":{{"{header}":"aws:kms"}}"#)), "no writer"),
            (S3, only(r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}"#), "no writer"),
            (S3, only(r#""StringEquals":{"aws:SourceOrgID":"o-other12345"}"#), "writes"),
            (S3, only(r#""StringEquals":{"aws:SourceOrgID":"o-own1234567"}"#), "delivers"),
            (
                S3,
                only(r#""ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:111122223333:trail/*"}"#),
                "writes",
            ),
            (S3, only(r#""StringLike":{"aws:SourceArn":"arn:aws:s3:::a:b"}"#), "writes"),
            (S3, only(r#""StringEquals":{"aws:ResourceTag/logs":"yes"}"#), "undecided"),
            (S3, deny(other_network), "no writer"),
            (IRELAND, deny(perimeter), "no writer"),
            (IRELAND, deny(r#""StringNotEquals":{"aws:PrincipalAccount":"156460612806"}"#), "delivers"),
            (IRELAND, deny(r#""StringNotEquals":{"aws:PrincipalAccount":"111122223333"}"#), "no writer"),
            // Of Virginia, whose load balancers write to no bucket in Ireland.
            (r#"{"AWS":"arn:aws:iam::127311923021:root"}"#, String::new(), "writes"),
        ];
        for (principal, rest, expected) in cases {
            assert_eq!(delivers(principal, "*", &rest), expected, "{principal} {rest}");
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
