//! The AWS edge: the only room that names the SDK.
//!
//! Every call goes through one door ([`call::Door`]), driven by the operations table ([`crate::operation`]).
//! Collectors ([`service`]) turn SDK answers into observations of plain types; nothing else sees
//! the SDK. This room decides nothing about policy, prints nothing and reads no environment.

use std::time::Duration;

mod answer;
pub mod call;
mod caught;
pub mod causes;
pub mod class_advice;
pub mod classify;
pub mod clients;
pub mod dates;
pub mod endpoint;
pub mod endpoint_url;
pub mod environment;
pub mod login_client;
pub mod message;
pub mod network;
pub mod no_proxy;
pub mod pace;
pub mod promise;
pub mod provider;
pub mod s3_lake;
pub mod secrets;
pub mod service;
pub mod session;
pub mod trust;
pub mod tunnel;
pub mod unreached;
pub mod variant;
pub mod walk;

/// The SDK's own default (behavior version 2026-01-12).
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);
