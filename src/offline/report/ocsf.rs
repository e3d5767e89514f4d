//! `ocsf`: every finding as a Compliance Finding of the Open Cybersecurity Schema Framework, one JSON
//! object a line.
//!
//! Version 1.6.0, class 2003, with the profile `cloud`: what Security Hub and Security Lake read. The
//! schema has a word for what a census may not guess: `Warning`, "did not yield a result due to missing
//! information", is our `unknown`. A finding that an exception accepts stays a `Fail` and is `Suppressed`.
//! What the schema has no place for is in `unmapped`. The standards and requirements are those that the
//! finding is evidence for: a control whose condition does not hold is not among them.
//!
//! A line follows from the run's rows alone. So it has no `created_time` or `first_seen_time`, which a
//! run does not know of a finding that has the same uid every night.

mod objects;

use std::collections::BTreeMap;
use std::io::Write;

use objects::{
    Account, Analytic, Check, Cloud, Compliance, Event, FindingInfo, Metadata, Organization, Owner,
    Parameter, Product, Remediation, Resource, Unmapped,
};

use super::ReportError;
use super::rows::{self, AccountRow, CheckRow, ControlRow, FindingRow, RunRow};
use crate::lake::CommittedRun;
use crate::model::{Arn, Condition, Evidence, Severity, Subject, Verdict};

/// Writes a line a finding, as they are read. The rows that many findings share are read first.
pub async fn write(run: &CommittedRun, out: &mut dyn Write) -> Result<(), ReportError> {
    let shared = Shared::of(run).await?;
    FindingRow::each(run, |finding| {
        let event = shared.event(&finding)?;
        serde_json::to_writer(&mut *out, &event).map_err(|error| ReportError::Write(error.into()))?;
        Ok::<(), ReportError>(out.write_all(b"\n")?)
    })
    .await
}

/// What many findings share.
#[derive(Debug, Default)]
struct Shared {
    run_id: String,
    org_id: Option<String>,
    tool_version: Option<String>,
    /// Milliseconds.
    started_at: i64,
    accounts: BTreeMap<String, Member>,
    /// By check, then by parameters, which are empty where there are none.
    instances: BTreeMap<String, BTreeMap<String, Instance>>,
}

/// An account of the organization.
#[derive(Debug, Default)]
struct Member {
    name: Option<String>,
    /// The unit that it is in: the last of its path.
    unit_id: Option<String>,
    unit_name: Option<String>,
}

/// A check instance, and the controls that it is evidence for.
#[derive(Debug, Default)]
struct Instance {
    title: Option<String>,
    question: Option<String>,
    parameters: Vec<(String, String)>,
    requirements: Vec<Requirement>,
}

/// A control that a check instance is evidence for.
#[derive(Debug)]
struct Requirement {
    /// `PCI DSS 4.0.1`.
    standard: String,
    /// `PCI DSS 4.0.1 3.7.4`.
    uid: String,
    /// How far the check goes.
    relation: String,
    /// What else there is to say of it; empty where there is nothing.
    note: String,
    /// Of which findings it is evidence.
    condition: Option<Condition>,
}

impl Shared {
    async fn of(run: &CommittedRun) -> Result<Self, ReportError> {
        let mut shared = Self { run_id: run.manifest().run_id.to_string(), ..Self::default() };
        RunRow::each(run, |row| {
            shared.org_id = row.org_id.map(str::to_owned);
            shared.tool_version = row.tool_version.map(str::to_owned);
            shared.started_at = row.started_at.map_or(0, |at| at.millis());
            Ok::<(), ReportError>(())
        })
        .await?;
        AccountRow::each(run, |row| {
            let id = row.account_id.unwrap_or_default().to_owned();
            shared.accounts.insert(id, Member::of(&row));
            Ok::<(), ReportError>(())
        })
        .await?;
        CheckRow::each(run, |row| {
            let instance = shared.instance_mut(row.check_id, row.check_params);
            instance.title = row.title.map(str::to_owned);
            instance.question = row.question.map(str::to_owned);
            instance.parameters = parameters(row.check_params);
            Ok::<(), ReportError>(())
        })
        .await?;
        ControlRow::each(run, |row| shared.instance_mut(row.check_id, row.check_params).add(&row)).await?;
        Ok(shared)
    }

    fn instance_mut(&mut self, check_id: Option<&str>, params: Option<&str>) -> &mut Instance {
        let of_check = self.instances.entry(check_id.unwrap_or_default().to_owned()).or_default();
        of_check.entry(params.unwrap_or_default().to_owned()).or_default()
    }

    fn instance(&self, finding: &FindingRow<'_>) -> Option<&Instance> {
        self.instances.get(finding.check_id?)?.get(finding.check_params.unwrap_or_default())
    }

    fn event<'a>(&'a self, finding: &FindingRow<'a>) -> Result<Event<'a>, ReportError> {
        let verdict = rows::verdict(finding.verdict)?;
        let severity = severity(rows::severity(finding.severity)?);
        let subject = rows::subject(finding.subject)?;
        let instance = self.instance(finding);
        let requirements: Vec<&Requirement> =
            instance.map(|it| it.evidence(verdict, subject).collect()).unwrap_or_default();
        let status = match verdict {
            Verdict::Exempt => (3, "Suppressed"),
            _ => (1, "New"),
        };
        Ok(Event {
            activity_id: 1,
            activity_name: "Create",
            category_uid: 2,
            category_name: "Findings",
            class_uid: 2003,
            class_name: "Compliance Finding",
            type_uid: 200_301,
            type_name: "Compliance Finding: Create",
            time: finding.observed_at.map_or(self.started_at, |at| at.millis()),
            severity_id: severity.0,
            severity: severity.1,
            status_id: status.0,
            status: status.1,
            message: finding.reason,
            finding_info: finding_info(finding, instance),
            compliance: compliance(finding, instance, &requirements, verdict),
            resources: self.resources(finding),
            remediation: finding.remedy.map(|desc| Remediation { desc }),
            cloud: self.cloud(finding),
            metadata: self.metadata(finding),
            unmapped: self.unmapped(finding, &requirements),
        })
    }

    fn resources<'a>(&'a self, finding: &FindingRow<'a>) -> Vec<Resource<'a>> {
        let judged = finding.resource_arn.map(|arn| Resource {
            kind: finding.resource_type,
            region: finding.region,
            owner: self.owner(finding.account_id),
            ..Resource::of(arn, (1, "Target"))
        });
        let related = finding.related_arn.map(|arn| {
            let parts = Arn::parse(arn);
            Resource {
                kind: parts.filter(|arn| arn.service == "kms").map(|_| "AWS::KMS::Key"),
                region: parts.map(|arn| arn.region).filter(|region| !region.is_empty()),
                owner: self.owner(parts.map(|arn| arn.account).filter(|account| !account.is_empty())),
                ..Resource::of(arn, (4, "Related"))
            }
        });
        judged.into_iter().chain(related).collect()
    }

    fn owner<'a>(&'a self, account_id: Option<&'a str>) -> Option<Owner<'a>> {
        let account = self.account(account_id?);
        let (name, uid) = (account.name.unwrap_or(account.uid), account.uid);
        Some(Owner { name, uid, type_id: 99, kind: account.kind, account })
    }

    fn account<'a>(&'a self, uid: &'a str) -> Account<'a> {
        let name = self.accounts.get(uid).and_then(|member| member.name.as_deref());
        Account { uid, name, type_id: 10, kind: "AWS Account" }
    }

    fn cloud<'a>(&'a self, finding: &FindingRow<'a>) -> Cloud<'a> {
        let member = finding.account_id.and_then(|id| self.accounts.get(id));
        Cloud {
            provider: "AWS",
            partition: finding.resource_arn.and_then(Arn::parse).map(|arn| arn.partition),
            region: finding.region,
            account: finding.account_id.map(|id| self.account(id)),
            org: self.org_id.as_deref().map(|uid| Organization {
                uid,
                ou_uid: member.and_then(|member| member.unit_id.as_deref()),
                ou_name: member.and_then(|member| member.unit_name.as_deref()),
            }),
        }
    }

    fn metadata<'a>(&'a self, finding: &FindingRow<'a>) -> Metadata<'a> {
        let version = self.tool_version.as_deref();
        Metadata {
            version: "1.6.0",
            profiles: ["cloud"],
            product: Product { name: "atrest", vendor_name: "atrest", version },
            uid: format!("{}/{}", self.run_id, finding.finding_uid.unwrap_or_default()),
            event_code: finding.check_id,
            log_name: "findings",
            log_provider: "atrest",
            tenant_uid: self.org_id.as_deref(),
        }
    }

    fn unmapped<'a>(&'a self, finding: &FindingRow<'a>, requirements: &[&'a Requirement]) -> Unmapped<'a> {
        Unmapped {
            run_id: &self.run_id,
            verdict: finding.verdict,
            verdict_before_exception: finding.verdict_before_exception,
            reason_code: finding.reason_code,
            exception_id: finding.exception_id,
            exception_expires_at: finding.exception_expires_at,
            subject: finding.subject,
            requirement_relations: requirements.iter().map(|it| it.relation.as_str()).collect(),
            requirement_notes: requirements.iter().map(|it| it.note.as_str()).collect(),
        }
    }
}

impl Member {
    fn of(row: &AccountRow<'_>) -> Self {
        let last = |path: &Option<Vec<Option<&str>>>| {
            path.as_ref().and_then(|path| path.last().copied().flatten()).map(str::to_owned)
        };
        Self {
            name: row.account_name.map(str::to_owned),
            unit_id: last(&row.ou_ids),
            unit_name: last(&row.ou_names),
        }
    }
}

impl Instance {
    /// Adds a control.
    fn add(&mut self, control: &ControlRow<'_>) -> Result<(), ReportError> {
        let (framework, version) = (control.framework.unwrap_or_default(), control.framework_version);
        let standard = format!("{framework} {}", version.unwrap_or_default()).trim_end().to_owned();
        self.requirements.push(Requirement {
            uid: format!("{standard} {}", control.control_id.unwrap_or_default()),
            standard,
            relation: control.relation.unwrap_or_default().to_owned(),
            note: control.note.unwrap_or_default().to_owned(),
            condition: rows::condition(control.condition)?,
        });
        Ok(())
    }

    /// The controls that a finding is evidence for, as the pass or fail that it is. One that names others
    /// would be read as their pass.
    fn evidence(&self, verdict: Verdict, subject: Option<Subject>) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter().filter(move |requirement| {
            Condition::evidence(requirement.condition.as_ref(), verdict, subject) == Evidence::from(verdict)
        })
    }
}

/// A check's parameters, each by its name; a text as it is, anything else as JSON.
fn parameters(params: Option<&str>) -> Vec<(String, String)> {
    let parsed: BTreeMap<String, serde_json::Value> =
        params.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let value = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    parsed.into_iter().map(|(name, it)| (name, value(it))).collect()
}

fn finding_info<'a>(finding: &FindingRow<'a>, instance: Option<&'a Instance>) -> FindingInfo<'a> {
    FindingInfo {
        uid: finding.finding_uid.unwrap_or_default(),
        title: instance.and_then(|it| it.title.as_deref()),
        desc: instance.and_then(|it| it.question.as_deref()),
        types: finding.category.into_iter().collect(),
        last_seen_time: finding.observed_at.map(|at| at.millis()),
        analytic: finding.check_id.map(|check_id| Analytic {
            uid: check_id,
            name: check_id,
            type_id: 1,
            kind: "Rule",
            version: finding.check_version.map(|version| version.to_string()),
        }),
    }
}

fn compliance<'a>(
    finding: &FindingRow<'a>,
    instance: Option<&'a Instance>,
    requirements: &[&'a Requirement],
    verdict: Verdict,
) -> Compliance<'a> {
    // Rows come by framework, so that a standard that is there twice is the last one.
    let mut standards: Vec<&str> = requirements.iter().map(|it| it.standard.as_str()).collect();
    standards.dedup();
    let (status_id, status) = compliance_status(verdict);
    let parameter = |(name, value): &'a (String, String)| Parameter { name, value };
    Compliance {
        status_id,
        status,
        status_code: finding.reason_code,
        status_details: finding.reason.into_iter().collect(),
        control: finding.check_id,
        desc: instance.and_then(|it| it.question.as_deref()),
        category: finding.category,
        control_parameters: instance.map_or(&[][..], |it| &it.parameters).iter().map(parameter).collect(),
        standards,
        requirements: requirements.iter().map(|it| it.uid.as_str()).collect(),
        checks: [Check {
            uid: finding.check_id,
            name: instance.and_then(|it| it.title.as_deref()),
            version: finding.check_version.map(|version| version.to_string()),
            status_id,
            status,
        }],
    }
}

/// The schema's captions; of what it has none for, our own word.
fn compliance_status(verdict: Verdict) -> (u8, &'static str) {
    match verdict {
        Verdict::Pass => (1, "Pass"),
        Verdict::Unknown => (2, "Warning"),
        Verdict::Fail | Verdict::Exempt => (3, "Fail"),
        Verdict::NotApplicable => (99, Verdict::NotApplicable.word()),
    }
}

fn severity(severity: Severity) -> (u8, &'static str) {
    match severity {
        Severity::Informational => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

#[cfg(test)]
mod tests;
