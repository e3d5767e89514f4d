//! The objects of OCSF 1.6.0 as far as a finding fills them, in the order in which they are written.
//!
//! A field is the schema's attribute of its name; what is not known is left out, as the schema asks.
//! An id and its caption stand side by side.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::model::Arn;

/// `compliance_finding`.
#[derive(Debug, Serialize)]
pub struct Event<'a> {
    pub activity_id: u8,
    pub activity_name: &'static str,
    pub category_uid: u8,
    pub category_name: &'static str,
    pub class_uid: u16,
    pub class_name: &'static str,
    pub type_uid: u32,
    pub type_name: &'static str,
    pub time: i64,
    pub severity_id: u8,
    pub severity: &'static str,
    pub status_id: u8,
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'a str>,
    pub finding_info: FindingInfo<'a>,
    pub compliance: Compliance<'a>,
    pub resources: Vec<Resource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<Remediation<'a>>,
    pub cloud: Cloud<'a>,
    pub metadata: Metadata<'a>,
    pub unmapped: Unmapped<'a>,
}

/// `finding_info`.
#[derive(Debug, Serialize)]
pub struct FindingInfo<'a> {
    pub uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<&'a str>,
    pub types: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analytic: Option<Analytic<'a>>,
}

/// `analytic`: what found it.
#[derive(Debug, Serialize)]
pub struct Analytic<'a> {
    pub uid: &'a str,
    pub name: &'a str,
    pub type_id: u8,
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// `compliance`.
#[derive(Debug, Serialize)]
pub struct Compliance<'a> {
    pub status_id: u8,
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_code: Option<&'a str>,
    /// `status_detail`, one text, is deprecated since 1.4.0 in favour of this list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub status_details: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub control_parameters: Vec<Parameter<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub standards: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<&'a str>,
    pub checks: [Check<'a>; 1],
}

/// `key_value_object`.
#[derive(Debug, Serialize)]
pub struct Parameter<'a> {
    pub name: &'a str,
    pub value: &'a str,
}

/// `check`: what it asks and its standards stand in `compliance`.
#[derive(Debug, Serialize)]
pub struct Check<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    pub status_id: u8,
    pub status: &'static str,
}

/// `resource_details`.
#[derive(Debug, Serialize)]
pub struct Resource<'a> {
    pub uid: &'a str,
    pub name: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'a str>,
    pub role_id: u8,
    pub role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_partition: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner<'a>>,
}

impl<'a> Resource<'a> {
    /// A resource in a role of the schema's, with what its ARN tells for certain.
    pub fn of(arn: &'a str, (role_id, role): (u8, &'static str)) -> Self {
        let parts = Arn::parse(arn);
        let resource = parts.map_or(arn, |arn| arn.resource);
        Self {
            uid: arn,
            name: resource.rsplit('/').next().unwrap_or(resource),
            kind: None,
            role_id,
            role,
            cloud_partition: parts.map(|arn| arn.partition),
            region: None,
            owner: None,
        }
    }
}

/// `user`, for which the account is known and no person in it: so the account is the owner, and the schema
/// has no word for that. Readers ask for a name, an id and a type of every user.
#[derive(Debug, Serialize)]
pub struct Owner<'a> {
    pub account: Account<'a>,
    pub name: &'a str,
    pub uid: &'a str,
    pub type_id: u8,
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// `account`.
#[derive(Debug, Serialize)]
pub struct Account<'a> {
    pub uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    pub type_id: u8,
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// `remediation`.
#[derive(Debug, Serialize)]
pub struct Remediation<'a> {
    pub desc: &'a str,
}

/// `cloud`.
#[derive(Debug, Serialize)]
pub struct Cloud<'a> {
    pub provider: &'static str,
    #[serde(rename = "cloud_partition", skip_serializing_if = "Option::is_none")]
    pub partition: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<Organization<'a>>,
}

/// `organization`.
#[derive(Debug, Serialize)]
pub struct Organization<'a> {
    pub uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ou_uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ou_name: Option<&'a str>,
}

/// `metadata`.
#[derive(Debug, Serialize)]
pub struct Metadata<'a> {
    pub version: &'static str,
    pub profiles: [&'static str; 1],
    pub product: Product<'a>,
    /// Of this finding in this run.
    pub uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_code: Option<&'a str>,
    pub log_name: &'static str,
    pub log_provider: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_uid: Option<&'a str>,
}

/// `product`: the atrest that published the run, not the one that writes the report.
#[derive(Debug, Serialize)]
pub struct Product<'a> {
    pub name: &'static str,
    pub vendor_name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'a str>,
}

/// `unmapped`: the lake's own words.
#[derive(Debug, Serialize)]
pub struct Unmapped<'a> {
    pub run_id: &'a str,
    pub verdict: Option<&'a str>,
    pub verdict_before_exception: Option<&'a str>,
    pub reason_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception_expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<&'a str>,
    /// How far the check goes for each of `compliance.requirements`, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requirement_relations: Vec<&'a str>,
    /// What else there is to say of each, in their order; empty where there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requirement_notes: Vec<&'a str>,
}
