//! Checks, held by their truth tables.

mod accounts;
mod buckets;
mod exceptions;
mod keys;
mod policy_text;
mod truth_table;

use std::collections::BTreeSet;

use super::{Context, Organization};
use crate::clock::Timestamp;
use crate::model::{AccountId, Encryption, EncryptionRequirement, Parameters, TrustedAccount};

/// What a check may ask beside its subject. At first nothing is asked for, and nothing is known.
struct Surroundings {
    as_of: Timestamp,
    parameters: Parameters,
    encryption: EncryptionRequirement,
    organization: Organization,
    trusted_accounts: Vec<TrustedAccount>,
    critical_accounts: BTreeSet<AccountId>,
}

impl Surroundings {
    fn at(as_of: &str) -> Self {
        Self {
            as_of: Timestamp::parse(as_of).unwrap(),
            parameters: Parameters::new(),
            encryption: EncryptionRequirement {
                minimum_mode: Encryption::SseS3,
                customer_managed_key: false,
                approved_keys: BTreeSet::new(),
                approved_aliases: BTreeSet::new(),
                approved_key_accounts: BTreeSet::new(),
            },
            organization: Organization::default(),
            trusted_accounts: Vec::new(),
            critical_accounts: BTreeSet::new(),
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            as_of: self.as_of,
            parameters: &self.parameters,
            encryption: &self.encryption,
            organization: &self.organization,
            trusted_accounts: &self.trusted_accounts,
            critical_accounts: &self.critical_accounts,
        }
    }
}
