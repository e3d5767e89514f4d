//! An AWS Organization in memory, under the real SDK or behind a socket.
//!
//! [`Simulator::client`] gives an HTTP client for the SDK: signing, serialising, paging and error
//! parsing are the SDK's own, and only the network is missing. [`serve`] puts the same state machine
//! behind a socket for any other client. Time is tokio's, so that a night passes in a second on a
//! paused clock; wall time and all chance are given from outside.
//!
//! **Modelled**: the operations in [`wire::OPERATIONS`], with their wire formats, pages, errors and
//! wording; sessions, trust, external ids, session policies, boundaries, SCPs, RCPs, key and bucket
//! policies as far as `world` can say them; disabled Regions; wrong Regions; expired tokens;
//! conditional writes; faults of every kind on every operation; AWS's rates.
//!
//! **Not modelled**: signatures are not verified; policies are not evaluated from their text; S3
//! cross-account access; versions, multipart uploads, ACLs; anything that a census does not call.
//! An operation that is not there answers with the service's own "unknown operation".
//!
//! **To extend**: state goes into `world`, an operation into its service's file under `wire` (one
//! function, one row), a new kind of fault into `fault::Effect` and [`Simulator::handle`]. The
//! recorder, the faults and the credentials then apply by themselves.

pub mod access;
pub mod fault;
pub mod generate;
pub mod message;
pub mod recorder;
pub mod wire;
pub mod world;

mod connector;
mod hash;
mod server;
mod simulator;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tests;

pub use access::{CALLER_ACCESS_KEY_ID, CALLER_SECRET_ACCESS_KEY};
pub use fault::{Effect, Quotas, Random, Rate, Rule, Schedule};
pub use generate::Shape;
pub use recorder::{Record, Recorder};
pub use server::{environment, serve};
pub use simulator::{Answer, Ending, Latency, Simulator};
pub use world::World;
