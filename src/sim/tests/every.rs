//! What must hold for every operation alike: it is allowed by its action and by nothing less, every
//! fault reaches it, and no other test needs to remember the list.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::message::{Reply, Request};
use crate::support::{faulty, simulator, world};
use crate::wire::{Operation, Service, operations};
use crate::world::{Actions, Object, Role};
use crate::{CALLER_ACCESS_KEY_ID, Effect, Ending, Rule, Schedule, Simulator, World};

const KEY: &str = "00000001-0000-4000-8000-100000000001";
const ROLE: &str = "arn:aws:iam::100000000001:role/atrest-audit";

/// A world in which every request below has something to answer.
fn full() -> World {
    let mut world = world();
    let management = world.organization.management_account;
    let bucket = world.add_bucket(management, "eu-west-1", "bucket");
    bucket.policy = Some("{}".to_owned());
    bucket.objects.insert("object".to_owned(), Object::new(b"content", crate::support::now()));
    assert_eq!(world.add_key(management, "eu-west-1").id, KEY);
    world
}

/// A good request for an operation: method, target, extra header, body.
fn request(operation: &Operation) -> Request {
    let sts = |rest: &str| ("POST", "/", format!("Version=2011-06-15&Action={}{rest}", operation.name));
    let (method, target, body) = match (operation.service, operation.name) {
        (Service::S3, "ListBuckets") => ("GET", "/?max-buckets=10", String::new()),
        (Service::S3, "GetBucketLocation") => ("GET", "/bucket?location", String::new()),
        (Service::S3, "GetBucketEncryption") => ("GET", "/bucket?encryption", String::new()),
        (Service::S3, "GetBucketPolicy") => ("GET", "/bucket?policy", String::new()),
        (Service::S3, "HeadBucket") => ("HEAD", "/bucket", String::new()),
        (Service::S3, "ListObjectsV2") => ("GET", "/bucket?list-type=2", String::new()),
        (Service::S3, "GetObject") => ("GET", "/bucket/object", String::new()),
        (Service::S3, "HeadObject") => ("HEAD", "/bucket/object", String::new()),
        (Service::S3, "PutObject") => ("PUT", "/bucket/object", "content".to_owned()),
        (Service::S3, "DeleteObject") => ("DELETE", "/bucket/object", String::new()),
        (Service::Sts, "AssumeRole") => sts(&format!("&RoleArn={ROLE}&RoleSessionName=every")),
        (Service::Sts, _) => sts(""),
        (Service::Account, _) => ("POST", "/listRegions", "{}".to_owned()),
        (Service::Kms, "ListKeys" | "ListAliases") => ("POST", "/", "{}".to_owned()),
        (Service::Kms, _) => ("POST", "/", format!("{{\"KeyId\":\"{KEY}\"}}")),
        (Service::Organizations, "ListParents") => ("POST", "/", "{\"ChildId\":\"100000000001\"}".to_owned()),
        (Service::Organizations, "ListOrganizationalUnitsForParent") => {
            ("POST", "/", "{\"ParentId\":\"r-ab12\"}".to_owned())
        }
        (Service::Organizations, _) => ("POST", "/", "{}".to_owned()),
        (Service::S3, other) => panic!("write a request for {other}"),
    };
    let scope = format!("Credential={CALLER_ACCESS_KEY_ID}/20261121/eu-west-1/{}", operation.service.name());
    let authorization = format!("AWS4-HMAC-SHA256 {scope}/aws4_request, SignedHeaders=host, Signature=0");
    let headers = [
        ("host", "127.0.0.1"),
        ("authorization", authorization.as_str()),
        ("x-amz-target", &format!("Service.{}", operation.name)),
    ];
    Request::new(method, target, headers.into_iter(), body.into_bytes())
}

fn reply(simulator: &Simulator, operation: &Operation) -> Reply {
    match simulator.handle(&request(operation)).ending {
        Ending::Reply(reply) => reply,
        other => panic!("{operation:?} gave {other:?}"),
    }
}

#[test]
fn every_operation_answers_and_is_recorded_as_itself() {
    let simulator = simulator(full());
    let mut names = Vec::new();
    // What it reads is deleted last.
    let mut ordered: Vec<&Operation> = operations().collect();
    ordered.sort_by_key(|operation| operation.name == "DeleteObject");
    for operation in ordered {
        let answered = reply(&simulator, operation);
        assert!(matches!(answered.status, 200 | 204), "{operation:?} {answered:?}");
        names.push(operation.full_name());
    }
    let recorded: Vec<String> = simulator.recorder().records().iter().map(|record| record.name()).collect();
    assert_eq!(recorded, names);
    let mutating: BTreeSet<String> = simulator.recorder().mutating().iter().map(|r| r.name()).collect();
    assert_eq!(mutating, BTreeSet::from(["s3:DeleteObject", "s3:PutObject"].map(str::to_owned)));
}

#[test]
fn an_operation_is_allowed_by_its_action_and_by_nothing_less() {
    for operation in operations().filter(|operation| !operation.action.is_empty()) {
        let mut world = full();
        world.caller.actions = Actions::only([operation.action]);
        let allowed = reply(&simulator(world.clone()), operation);
        assert_ne!(denied(&allowed), Some(true), "{operation:?} {allowed:?}");
        world.caller.actions = Actions::only([]);
        let refused = reply(&simulator(world), operation);
        let expected = if request(operation).method == "HEAD" { None } else { Some(true) };
        assert_eq!(denied(&refused), expected, "{operation:?} {refused:?}");
        assert!(matches!(refused.status, 400 | 403), "{operation:?} {refused:?}");
    }
}

/// Whether a reply is a refusal by policy; `None` for those to a HEAD, which say nothing.
fn denied(reply: &Reply) -> Option<bool> {
    if reply.body.is_empty() && reply.status >= 400 {
        return None;
    }
    let body = String::from_utf8_lossy(&reply.body);
    Some(body.contains("because no identity-based policy allows the"))
}

#[test]
fn every_fault_reaches_every_operation() {
    let effects = [
        Effect::Throttle,
        Effect::InternalError,
        Effect::ServiceUnavailable,
        Effect::ConnectionReset,
        Effect::AnswerLost,
        Effect::Timeout(Duration::from_secs(1)),
        Effect::CutBody,
        Effect::Html(200),
        Effect::Html(502),
        Effect::ExpiredToken,
        Effect::EmptyPage,
        Effect::FalseNoSuchBucket,
        Effect::AccessDenied,
        Effect::Latency(Duration::from_secs(1)),
        Effect::Error { status: 409, code: "ConditionalRequestConflict".to_owned(), message: String::new() },
    ];
    for operation in operations() {
        for effect in &effects {
            let simulator = faulty(full(), Schedule::of([Rule::always(effect.clone())]));
            let answer = simulator.handle(&request(operation));
            let record = simulator.recorder().records()[0].clone();
            let suits = effect.suits(operation, &record.resource);
            assert_eq!(record.faulted, suits, "{operation:?} {effect:?}");
            let clean = crate::support::simulator(full()).handle(&request(operation));
            assert_eq!(answer != clean, suits, "{operation:?} {effect:?} {answer:?}");
        }
    }
}

#[test]
fn a_service_that_is_not_there_says_so() {
    let mut request = request(operations().next().unwrap());
    let authorization = request.headers["authorization"].replace("/s3/", "/ec2/");
    request.headers.insert("authorization".to_owned(), authorization);
    let Ending::Reply(reply) = simulator(full()).handle(&request).ending else { panic!("no reply") };
    assert_eq!(reply.status, 404);
}

#[test]
fn a_role_that_is_taken_away_takes_its_sessions_rights_along() {
    let simulator = simulator(full());
    let assume = operations().find(|operation| operation.name == "AssumeRole").unwrap();
    let body = String::from_utf8(reply(&simulator, assume).body).unwrap();
    let part = |tag: &str| {
        let (_, rest) = body.split_once(&format!("<{tag}>")).unwrap();
        rest.split_once('<').unwrap().0.to_owned()
    };
    let list = operations().find(|operation| operation.name == "ListKeys").unwrap();
    let mut request = request(list);
    let authorization = request.headers["authorization"].replace(CALLER_ACCESS_KEY_ID, &part("AccessKeyId"));
    request.headers.insert("authorization".to_owned(), authorization);
    let status = |request: &Request| match simulator.handle(request).ending {
        Ending::Reply(reply) => reply.status,
        _ => 0,
    };
    // Without its token a session is no known caller.
    assert_eq!(status(&request), 400);
    request.headers.insert("x-amz-security-token".to_owned(), part("SessionToken"));
    assert_eq!(status(&request), 200);
    let management = simulator.look(|world| world.organization.management_account);
    let nothing = Role { actions: Actions::only([]), ..Role::default() };
    simulator.change(|world| world.account_mut(management).roles.insert("atrest-audit".to_owned(), nothing));
    assert_eq!(status(&request), 400);
}
