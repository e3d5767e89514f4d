//! Who is asking, and whether they may.
//!
//! Credentials are found by the access key id in the SigV4 header, as AWS finds them, so that a
//! client that mixes up two accounts' sessions is refused here too. Signatures are not verified:
//! that the SDK signs correctly is the SDK's own test. `credentials` knows who asks, `rules` knows
//! what the policies say, and `wording` says it as AWS would.

mod credentials;
mod rules;
mod wording;

pub(crate) use credentials::{
    Authorization, Credentials, IssuedSession, Principal, PrincipalKind, SessionPolicy, Sessions,
};
pub use credentials::{CALLER_ACCESS_KEY_ID, CALLER_SECRET_ACCESS_KEY};
pub(crate) use rules::{Asked, authorize};
pub(crate) use wording::Quoting;
