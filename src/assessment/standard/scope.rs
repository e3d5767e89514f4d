//! What of a standard holds in one account: the entries that name it most closely.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::file::quoted;
use crate::check::{ABOUT_ENCRYPTION, CHECKS, Check};
use crate::clock::Timestamp;
use crate::glob;
use crate::model::control::params_json;
use crate::model::{
    AcceptedGap, AccountId, CheckEntry, CoverageRow, EncryptionEntry, EncryptionRequirement, HeldDestination,
    Parameters, Place, Scope, ServiceDestination, Severity, Standard,
};

/// What holds in one account.
#[derive(Debug, Clone)]
pub struct Effective {
    /// What a bucket's default encryption must be.
    pub encryption: EncryptionRequirement,
    /// The check instances that run, in the order of [`CHECKS`], then of their parameters.
    pub instances: Vec<Instance>,
    /// The service destinations that hold there, or may.
    pub destinations: Vec<HeldDestination>,
}

/// A check with its parameters.
#[derive(Debug, Clone)]
pub struct Instance {
    /// The check.
    pub check: &'static Check,
    /// Every parameter that it takes.
    pub parameters: Parameters,
    /// The same in canonical JSON; none where it takes none.
    pub params_json: Option<Arc<str>>,
    /// How bad a fail is.
    pub severity: Severity,
    /// Whether it is known that it holds, and by which requirement: false where an entry for a unit may
    /// hold instead, and the account's units were not all read.
    pub scope_known: bool,
}

impl Instance {
    pub(super) fn new(check: &'static Check, parameters: &Parameters, severity: Severity) -> Self {
        let params_json = params_json(parameters).map(Into::into);
        Self { check, parameters: parameters.clone(), params_json, severity, scope_known: true }
    }
}

/// Two entries that name an account equally closely, and say different things.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "account {account_id} is named equally closely by two entries of {subject}: {} and {}; name it, or a unit \
     closer to it, in one of them",
    .scopes[0], .scopes[1]
)]
pub struct Tie {
    /// The account.
    pub account_id: AccountId,
    /// What the entries are of: `[[encryption]]`, or a `[[check]]` with its id.
    pub subject: String,
    /// What the two scopes name.
    pub scopes: [String; 2],
}

fn shown(scope: &Scope) -> String {
    let accounts = scope.accounts.iter().map(ToString::to_string);
    let all: Vec<String> = scope.ous.iter().cloned().chain(accounts).map(|name| quoted(&name)).collect();
    all.join(", ")
}

/// An entry that holds in a scope.
pub(super) trait Scoped {
    /// Which entries it competes with, as a problem names them.
    fn subject(&self) -> String;
    /// Where it holds.
    fn scope(&self) -> &Scope;
    /// Why it cannot stand beside another of the same scope: "… the entry of line 5".
    fn clash(&self, other: &Self) -> Option<&'static str>;
}

impl Scoped for EncryptionEntry {
    fn subject(&self) -> String {
        "[[encryption]]".to_owned()
    }

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn clash(&self, _: &Self) -> Option<&'static str> {
        Some("has the scope of")
    }
}

impl Scoped for CheckEntry {
    fn subject(&self) -> String {
        format!("[[check]] `{}`", self.check_id)
    }

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn clash(&self, other: &Self) -> Option<&'static str> {
        let turns_all_off = |entry: &Self| !entry.enabled && entry.parameters.is_empty();
        if self.parameters == other.parameters {
            Some("has the scope and the parameters of")
        } else if turns_all_off(self) || turns_all_off(other) {
            Some("turns the whole check off, or is turned off, in the scope of")
        } else {
            None
        }
    }
}

/// The entries that hold in an account.
struct Closest<'a, T> {
    /// Those that name it most closely: all of one scope.
    held: Vec<&'a T>,
    /// Those that may name it more closely still, for its units were not all read.
    possible: Vec<&'a T>,
}

fn closest<'a, T: Scoped>(
    entries: impl Iterator<Item = &'a T> + Clone,
    place: &Place<'_>,
) -> Result<Closest<'a, T>, Tie> {
    let mut best = None;
    let mut held: Vec<&T> = Vec::new();
    for entry in entries.clone() {
        let specificity = entry.scope().specificity(place);
        if specificity.is_none() || specificity < best {
            continue;
        }
        if specificity > best {
            held.clear();
            best = specificity;
        }
        held.push(entry);
    }
    if let Some(other) = held.iter().find(|other| other.scope() != held[0].scope()) {
        let scopes = [shown(held[0].scope()), shown(other.scope())];
        return Err(Tie { account_id: place.account_id, subject: other.subject(), scopes });
    }
    let is_held = |scope: &Scope| held.first().is_some_and(|entry| entry.scope() == scope);
    let may_be_closer = |scope: &Scope| scope.possible_specificity(place).is_some_and(|may| Some(may) > best);
    let possible = entries.filter(|entry| !is_held(entry.scope()) && may_be_closer(entry.scope())).collect();
    Ok(Closest { held, possible })
}

/// What of a standard holds in an account; an error where two entries are equally close to it.
pub fn effective(standard: &Standard, place: &Place<'_>) -> Result<Effective, Tie> {
    let encryption = closest(standard.encryption.iter(), place)?;
    let requirement = encryption.held.first().expect("a standard has an entry for the whole organization");
    let mut instances = Vec::new();
    for check in CHECKS.iter().copied() {
        let entries = standard.checks.iter().filter(|entry| entry.check_id == check.id);
        let Closest { held, possible } = closest(entries, place)?;
        let requirement_known = encryption.possible.is_empty() || !ABOUT_ENCRYPTION.contains(&check.id);
        let scope_known = possible.is_empty() && requirement_known;
        let mut enabled: Vec<&CheckEntry> =
            held.into_iter().chain(possible).filter(|entry| entry.enabled).collect();
        enabled.sort_by_key(|entry| &entry.parameters);
        enabled.dedup_by_key(|entry| &entry.parameters);
        instances.extend(enabled.into_iter().map(|entry| Instance {
            scope_known,
            ..Instance::new(check, &entry.parameters, entry.severity.unwrap_or(check.severity))
        }));
    }
    let destinations = standard.service_destinations.iter().filter_map(|it| held_destination(it, place));
    Ok(Effective {
        encryption: requirement.requirement.clone(),
        instances,
        destinations: destinations.collect(),
    })
}

fn held_destination(destination: &ServiceDestination, place: &Place<'_>) -> Option<HeldDestination> {
    let scope_known = destination.scope.specificity(place).is_some();
    let held = scope_known || destination.scope.possible_specificity(place).is_some();
    held.then(|| HeldDestination { destination: destination.clone(), scope_known })
}

/// Every check with parameters that runs anywhere, with its highest severity: the `checks` table.
pub fn all_instances(standard: &Standard) -> Vec<Instance> {
    let of_check = |check: &'static Check| {
        let mut severities: BTreeMap<&Parameters, Severity> = BTreeMap::new();
        for entry in standard.checks.iter().filter(|entry| entry.enabled && entry.check_id == check.id) {
            let severity = entry.severity.unwrap_or(check.severity);
            let held = severities.entry(&entry.parameters).or_insert(severity);
            *held = severity.max(*held);
        }
        severities.into_iter().map(move |(parameters, severity)| Instance::new(check, parameters, severity))
    };
    CHECKS.iter().copied().flat_map(of_check).collect::<Vec<_>>()
}

/// Whether a gap, at that instant, accepts that a coverage row of the account is incomplete.
///
/// A gap that names who denies accepts nothing but those denials: one time-out among them, or one
/// read that was never sent, is another matter.
pub fn gap_accepts(gap: &AcceptedGap, row: &CoverageRow, place: &Place<'_>, as_of: Timestamp) -> bool {
    row.account_id == place.account_id
        && !row.tally.complete()
        && as_of < gap.expires
        && gap.scope.names(place)
        && gap.region.as_ref().is_none_or(|region| *region == row.region)
        && gap.operation.as_ref().is_none_or(|operation| glob::matches(operation, &row.operation))
        && gap.denied_by.is_none_or(|who| row.tally.only_denied_by(who))
}
