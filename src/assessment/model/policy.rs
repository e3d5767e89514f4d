//! Resource policies, of buckets and of keys alike: known by the hash of their text.

use serde::{Deserialize, Serialize};

/// The lower-case hex SHA-256 of a policy's text as the service returned it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyHash(pub String);
