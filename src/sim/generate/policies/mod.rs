//! Policy texts as organizations write them: of keys and of buckets, right, wrong and in between.

mod bucket;
mod key;

use serde_json::{Value, json};

pub(super) use bucket::{BucketPolicy, bucket_policy, endpoint_policy, tls_policy};
pub(super) use key::{KeyPolicy, barring_key_policy, key_policy};

/// An account outside of the organization: AWS's example account.
pub(super) const OUTSIDE_ACCOUNT: &str = "111122223333";

fn document(statements: Vec<Value>) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}
