//! The wire: which operation a request is, and each operation's reply in its service's own format.
//!
//! An operation is one row of its service's `OPERATIONS` and one function. To add one: write the
//! function, add the row, and, where its protocol is REST, the line that recognises it. Faults,
//! access to credentials, the recorder and the request ids then apply to it without another line.

mod account;
mod kms;
mod organizations;
mod paging;
mod s3;
mod service;
mod sts;
mod xml;

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use tokio::time::Instant;

pub(crate) use s3::no_such_bucket;
pub(crate) use service::Refusal;
pub use service::Service;

use super::access::{Asked, Authorization, Principal, Quoting, Sessions, authorize};
use super::message::{Reply, Request};
use super::world::World;
use atrest_core::clock::Timestamp;
use atrest_core::{AccountId, Arn, Region};

/// An operation that the simulator answers.
#[derive(Clone, Copy)]
pub struct Operation {
    /// Its service.
    pub service: Service,
    /// Its name in the API.
    pub name: &'static str,
    /// The IAM action that it needs; empty where it needs none.
    pub action: &'static str,
    /// Whether it changes state.
    pub mutating: bool,
    /// Whether it answers in pages.
    pub pages: bool,
    /// What its answer's body is to a client.
    pub body: Body,
    handler: Handler,
}

/// What the body of a good answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// XML or JSON that the client parses, and whose absence it notices.
    Parsed,
    /// Bytes that the client passes on.
    Raw,
    /// Nothing, or nothing that a client reads.
    Nothing,
}

type Handler = fn(&mut Call<'_>) -> Result<Reply, Refusal>;

impl Operation {
    const fn read(service: Service, name: &'static str, action: &'static str, handler: Handler) -> Self {
        Self { service, name, action, mutating: false, pages: false, body: Body::Parsed, handler }
    }

    const fn listing(service: Service, name: &'static str, action: &'static str, handler: Handler) -> Self {
        Self { pages: true, ..Self::read(service, name, action, handler) }
    }

    /// `service:Name`.
    pub fn full_name(&self) -> String {
        format!("{}:{}", self.service.name(), self.name)
    }

    pub(crate) fn answer(&self, call: &mut Call<'_>) -> Result<Reply, Refusal> {
        (self.handler)(call)
    }
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.full_name())
    }
}

/// Every operation that the simulator answers, service by service.
pub const OPERATIONS: &[&[Operation]] =
    &[s3::OPERATIONS, kms::OPERATIONS, sts::OPERATIONS, organizations::OPERATIONS, account::OPERATIONS];

/// Every operation that the simulator answers.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().copied().flatten()
}

fn find(service: Service, name: &str) -> Option<&'static Operation> {
    operations().find(|operation| operation.service == service && operation.name == name)
}

/// A request's parameters, wherever its protocol puts them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Input {
    /// The JSON protocols' members.
    pub json: Value,
    /// The query protocol's members.
    pub form: BTreeMap<String, String>,
    /// S3's bucket, or nothing.
    pub bucket: String,
    /// S3's key, or nothing.
    pub key: String,
}

impl Input {
    /// A text member.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.json.get(name).and_then(Value::as_str)
    }

    /// A count.
    pub fn count(&self, name: &str) -> Option<usize> {
        self.json.get(name).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok())
    }
}

/// What a request turned out to be, before anybody looked at whether it is allowed.
#[derive(Debug, Clone)]
pub(crate) struct Identified {
    pub service: Service,
    pub operation: Option<&'static Operation>,
    /// The operation's name, or what the request calls it.
    pub name: String,
    pub input: Input,
    /// What faults and the recorder know the resource by.
    pub resource: String,
    /// The account that the resource's name holds, where it is another's.
    pub account: Option<AccountId>,
}

impl Identified {
    /// Reads a request; `None` where the service is not a simulated one.
    pub fn of(request: &Request, authorization: Option<&Authorization>) -> Option<Self> {
        let service = match authorization {
            Some(authorization) => Service::named(&authorization.service)?,
            None => service_of_unsigned(request),
        };
        Some(match service {
            Service::S3 => s3::identify(request),
            Service::Sts => sts::identify(request),
            Service::Account => account::identify(request),
            Service::Kms => Self::of_json(service, request, "KeyId", kms::short_name),
            Service::Organizations => {
                Self::of_json(service, request, "ParentId", str::to_owned).or_resource("ChildId")
            }
        })
    }

    /// The JSON 1.1 protocol: the operation is in `x-amz-target`, after a dot.
    fn of_json(
        service: Service,
        request: &Request,
        resource_member: &str,
        shorten: fn(&str) -> String,
    ) -> Self {
        let target = request.header("x-amz-target").unwrap_or_default();
        let name = target.rsplit('.').next().unwrap_or_default();
        let json = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let input = Input { json, ..Input::default() };
        let resource = input.text(resource_member).map(shorten).unwrap_or_default();
        Self::new(service, name, input, resource)
    }

    fn new(service: Service, name: &str, input: Input, resource: String) -> Self {
        let operation = find(service, name);
        Self { service, operation, name: name.to_owned(), input, resource, account: None }
    }

    fn or_resource(mut self, member: &str) -> Self {
        if self.resource.is_empty() {
            self.resource = self.input.text(member).unwrap_or_default().to_owned();
        }
        self
    }

    fn about(mut self, account: Option<AccountId>) -> Self {
        self.account = account;
        self
    }
}

fn service_of_unsigned(request: &Request) -> Service {
    let named = request.host.split('.').find_map(Service::named);
    let target = request.header("x-amz-target").unwrap_or_default();
    named.unwrap_or(match target.split('.').next() {
        Some("TrentService") => Service::Kms,
        Some(service) if service.starts_with("AWSOrganizations") => Service::Organizations,
        _ => Service::S3,
    })
}

/// One call in the hands of its operation.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub operation: &'static Operation,
    pub world: &'a mut World,
    pub sessions: &'a mut Sessions,
    pub owners: &'a HashMap<String, AccountId>,
    pub principal: Principal,
    pub request: &'a Request,
    pub input: &'a Input,
    pub region: Region,
    pub now: Timestamp,
    pub at: Instant,
    pub request_id: &'a str,
    /// The salt of an empty page, where a fault or the world asks for one.
    pub empty_page: Option<u32>,
    /// Set by a read that turned out to change something.
    pub mutated: bool,
}

impl Call<'_> {
    /// Asks the policies about an action on no resource in particular.
    pub fn authorize_account_wide(&self, arn: Option<&str>) -> Result<(), Refusal> {
        self.authorize(&Asked {
            arn: arn.map(str::to_owned),
            owner: self.principal.account,
            ..self.question(self.operation.action)
        })
    }

    /// A question about an action, to be completed with the resource.
    pub fn question<'q>(&'q self, action: &'q str) -> Asked<'q> {
        Asked {
            action,
            region: &self.region,
            arn: None,
            name: "",
            owner: self.principal.account,
            denied_actions: &[],
            admits_account: true,
            quoting: if self.operation.service == Service::S3 { Quoting::Quoted } else { Quoting::Bare },
        }
    }

    /// Puts a question to the policies.
    pub fn authorize(&self, asked: &Asked<'_>) -> Result<(), Refusal> {
        authorize(self.world, &self.principal, asked)
            .map_err(|sentence| self.operation.service.access_denied(sentence))
    }
}

/// The account in an ARN, where it has one.
fn account_of(arn: &str) -> Option<AccountId> {
    Arn::parse(arn)?.account.parse().ok()
}

/// Seconds since the epoch with milliseconds, as the JSON protocols write instants.
fn epoch(at: Timestamp) -> Value {
    if at.millis() % 1000 == 0 {
        return Value::from(at.millis() / 1000);
    }
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this millennium fit a double")]
    let seconds = at.millis() as f64 / 1000.0;
    Value::from(seconds)
}

/// An answer of the JSON 1.1 protocol.
fn json_reply(value: &Value) -> Result<Reply, Refusal> {
    Ok(Reply::new(200, "application/x-amz-json-1.1", value.to_string()))
}
