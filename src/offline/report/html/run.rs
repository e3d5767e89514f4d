//! Which run this is, and what a reader must know before any number.

use maud::{Markup, html};

use super::super::page::{Page, Run};
use crate::model::{RunKind, RunStatus, Source};

/// The section.
pub fn section(page: &Page) -> Markup {
    let run = &page.run;
    let manifest = &run.manifest;
    html! {
        @for band in bands(&page.run) { p.band { (band) } }
        dl.facts {
            div { dt { "Organization" } dd { (super::shared::organization(page)) } }
            @if let Some(account) = manifest.management_account_id {
                div { dt { "Management account" } dd { code { (account) } } }
            }
            div {
                dt { "Observed (UTC)" }
                dd { (manifest.started_at) @if let Some(end) = run.finished_at { " to " (end) } }
            }
            div { dt { "Run" } dd { code { (manifest.run_id) } " · " (status(manifest.status)) } }
            div { dt { "Standard" } dd { (standard(page)) } }
            div { dt { "Tool" } dd { "atrest " (manifest.tool_version) ", schema " (manifest.schema_version) } }
        }
    }
}

/// The standard's id and version.
pub fn standard(page: &Page) -> String {
    match &page.run.manifest.standard {
        Some(standard) => format!("{}, version {}", standard.id, standard.version),
        None => "not recorded in the run".to_owned(),
    }
}

fn status(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Complete => "complete",
        RunStatus::CompleteWithAcceptedGaps => "complete, with accepted gaps",
        RunStatus::Partial => "partial: some reads failed, see Coverage",
    }
}

/// What a reader must know before any number.
pub fn bands(run: &Run) -> Vec<String> {
    let manifest = &run.manifest;
    let mut bands = Vec::new();
    match manifest.source {
        Source::Aws => {}
        Source::Simulator => {
            bands.push(
                "Simulated: these accounts, buckets and keys are invented. No request went to AWS."
                    .to_owned(),
            );
        }
        Source::Endpoint => {
            bands.push(
                "Not AWS: the answers came from an endpoint that the environment configured.".to_owned(),
            );
        }
    }
    match manifest.kind {
        RunKind::Census => {}
        RunKind::Filtered => bands.push(format!(
            "Filtered: this run covers a part of the organization and is not a census. Filters: {}.",
            filters(&manifest.settings)
        )),
        RunKind::Rejudged => {
            let judged = run.judged_at.map(|at| format!(" on {at}")).unwrap_or_default();
            bands.push(format!(
                "Re-judged: the observations of run {} were judged again{judged}. Date of judgement: {}.",
                manifest.observed_run_id, manifest.as_of
            ));
        }
    }
    bands
}

/// The filters of the settings, as their flags.
fn filters(settings: &serde_json::Value) -> String {
    let flags = [
        ("accounts", "--account"),
        ("exclude_accounts", "--exclude-account"),
        ("ous", "--ou"),
        ("regions", "--region"),
    ];
    let mut said = Vec::new();
    for (key, flag) in flags {
        let values = settings[key].as_array().into_iter().flatten();
        said.extend(values.filter_map(|value| value.as_str()).map(|value| format!("{flag} {value}")));
    }
    if said.is_empty() { "not recorded in the run".to_owned() } else { said.join(" ") }
}
