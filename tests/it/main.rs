//! The one integration binary: a module a subject, so that everything links once.

#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "the tests are outside the house: they start processes, read the environment and fail by panic"
)]

mod support {
    pub mod http;
    pub mod iam;
    pub mod mutate;
    pub mod night;
    pub mod proxy;
    pub mod python;
    pub mod relay;
    pub mod rust;
    pub mod shell;
    pub mod tree;
    pub mod wire;
    pub mod worlds;
}

mod answers;
mod answers_law;
mod at_once;
mod athena;
mod bodies_law;
mod cli;
mod cut_answers;
mod demo;
mod dependencies;
mod deploy;
mod doctor;
mod files_law;
mod future;
mod generated;
mod given;
mod golden;
mod join;
mod judgement;
mod kept;
mod lake_bounds;
mod lake_bucket;
mod lake_law;
mod lake_s3;
mod laws;
mod least_privilege;
mod limits;
mod listing_law;
mod moto;
mod network;
mod old_nights;
mod pages;
mod policy;
mod policy_heavy;
mod policy_laws;
mod policy_service_laws;
mod policy_services;
mod policy_verdicts;
mod query;
mod questions;
mod refused;
mod report;
mod report_change;
mod report_files;
mod rules;
mod secrets;
mod signals;
mod simulate;
mod stdout;
mod stopped;
mod survive;
mod tidy;
mod units_law;
