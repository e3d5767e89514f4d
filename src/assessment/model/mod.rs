//! Plain data that every other room speaks in. No I/O, no AWS types, no time of its own.
//!
//! Four words, four types, never mixed. An *observation* is what a call answered
//! ([`Observation`]). A *fact* is what follows for one resource after the org-wide join
//! ([`BucketFacts`], [`KeyFacts`], [`AccountFacts`]). A *finding* is a check's verdict on a fact. A
//! *step* is a change that would clear a finding.

pub mod account;
pub mod bucket;
pub mod calls;
pub mod condition;
pub mod control;
pub mod coverage;
pub mod exception;
pub mod external_id;
pub mod finding;
pub mod key;
pub mod organization;
pub mod policy;
pub mod posture;
pub mod reading;
pub mod run;
pub mod standard;

pub use account::{
    AccessPath, Account, AccountScan, OrganizationalUnit, RegionsFrom, ScanReason, ScanStatus, membership,
};
pub use atrest_core::ids::{self, AccountId, Arn, Malformed, Partition, Region, RunId};
pub use bucket::{
    BucketEncryption, BucketFacts, BucketObservation, DefaultEncryption, Encryption, EncryptionConfiguration,
    EncryptionRule, KeyAdmission, KeyJoin, KeyLink, KeyRefKind, MODE_UNKNOWN, TlsOnly,
};
pub use calls::{CallTally, Calls};
pub use condition::{Condition, Evidence};
pub use control::{Control, Relation};
pub use coverage::{Coverage, CoverageRow, Tally};
pub use exception::{Exception, ExceptionState, ExceptionUse, Exceptions};
pub use external_id::ExternalId;
pub use finding::{Category, Finding, ResourceType, Severity, Subject, Verdict};
pub use key::{
    AliasObservation, CompletedRotation, KeyFacts, KeyMetadata, KeyObservation, KeyRotation, MultiRegion,
    RotationFacts, RotationReason, RotationRule, RotationStatus,
};
pub use organization::{Membership, Organization};
pub use policy::PolicyHash;
pub use posture::{Posture, Standing, Standings};
pub use reading::{DeniedBy, DenyType, Ended, Fault, FaultKind, NotAsked, Observation, Reading, Undecided};
pub use run::{
    AccountFacts, AwsClock, OrganizationIdentity, RotationHistory, RunFacts, RunHeader, RunKind, RunStatus,
    RunTotals, ScanFilter, ScanSettings, Source, Witness,
};
pub use standard::{
    AcceptedGap, CheckEntry, DestinationService, EncryptionEntry, EncryptionRequirement, ExceptionRules,
    HeldDestination, Parameters, Place, Scope, ServiceDestination, Specificity, Standard, TrustedAccount,
};
