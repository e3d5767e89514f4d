//! The simulator under the real SDK clients: every operation, every kind of refusal, every fault.

mod access;
mod account;
mod every;
mod fault;
mod kms;
mod object;
mod organizations;
mod s3;
mod sts;
