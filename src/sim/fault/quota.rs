//! Rates: a token bucket for every account, Region and operation, in virtual time.

use std::collections::{BTreeMap, HashMap};

use tokio::time::Instant;

use super::Occasion;
use atrest_core::AccountId;

/// A rate and what may come at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Calls a second.
    pub per_second: f64,
    /// Calls at once after a pause.
    pub burst: f64,
}

impl Rate {
    /// That rate, with a second's worth at once.
    pub fn of(per_second: f64) -> Self {
        Self { per_second, burst: per_second }
    }
}

/// The rates of operations, counted by the account that owns the credentials.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Quotas {
    /// By `service:Operation`.
    pub rates: BTreeMap<String, Rate>,
    /// For operations that are not listed; unlimited if `None`.
    pub others: Option<Rate>,
}

impl Quotas {
    /// The same rate for every operation.
    pub fn uniform(rate: Rate) -> Self {
        Self { rates: BTreeMap::new(), others: Some(rate) }
    }

    /// What AWS publishes: KMS, "Request quotas"; Organizations, "Quotas"; Account Management,
    /// "Quotas"; STS as seen in the field. S3 publishes none for its control plane.
    pub fn published() -> Self {
        let rates = [
            ("kms:DescribeKey", 2000.0, 2000.0),
            ("kms:GetKeyPolicy", 1000.0, 1000.0),
            ("kms:GetKeyRotationStatus", 1000.0, 1000.0),
            ("kms:ListKeys", 500.0, 500.0),
            ("kms:ListAliases", 500.0, 500.0),
            ("kms:ListKeyRotations", 100.0, 100.0),
            ("organizations:ListAccounts", 8.0, 12.0),
            ("organizations:ListParents", 5.0, 8.0),
            ("organizations:ListOrganizationalUnitsForParent", 5.0, 8.0),
            ("organizations:ListRoots", 1.0, 2.0),
            ("organizations:DescribeOrganization", 1.0, 2.0),
            ("account:ListRegions", 5.0, 5.0),
            ("sts:AssumeRole", 600.0, 600.0),
        ];
        let rates = rates.map(|(name, per_second, burst)| (name.to_owned(), Rate { per_second, burst }));
        Self { rates: rates.into(), others: None }
    }

    /// Takes one call; true where the rate has none left.
    pub(super) fn exceeded(&self, levels: &mut Levels, occasion: &Occasion<'_>) -> bool {
        let Some(rate) = self.rates.get(occasion.name).copied().or(self.others) else { return false };
        let key = (occasion.caller_account, occasion.region.to_owned(), occasion.name.to_owned());
        let level = levels.entry(key).or_insert(Level { left: rate.burst, at: occasion.at });
        let passed = occasion.at.saturating_duration_since(level.at).as_secs_f64();
        level.left = (level.left + passed * rate.per_second).min(rate.burst);
        level.at = occasion.at;
        if level.left < 1.0 {
            return true;
        }
        level.left -= 1.0;
        false
    }
}

/// What is left of one rate.
#[derive(Debug)]
pub(super) struct Level {
    left: f64,
    at: Instant,
}

pub(super) type Levels = HashMap<(Option<AccountId>, String, String), Level>;
