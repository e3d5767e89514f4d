//! What a request says of who sends it: the one table of the condition keys that the kind of its sender decides.
//!
//! AWS has two kinds of sender. A principal of an account sends requests with its own permissions, by itself or
//! through a service that acts with them; a service sends them for itself, on behalf of some source. Most keys are in
//! the requests of one kind alone (IAM User Guide, "AWS global condition context keys"). Every question about a kind
//! of sender asks here first, so that no question takes for open what another knows.

use super::glob::{Glob, Syntax};
use super::values::{Bounds, Domain};
use crate::model::AccountId;

/// Keys that say what a service acts for.
const OF_SOURCE: [&str; 5] =
    ["aws:sourceaccount", "aws:sourcearn", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths"];

/// Keys that say who a principal of an account is, or by which VPC endpoint it comes. A service calls from AWS's own
/// networks, through no endpoint of a customer.
const OF_PRINCIPAL: [&str; 17] = [
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:federatedprovider",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgmasteraccountid",
    "aws:principalorgpaths",
    "aws:sourceidentity",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:tokenissuetime",
    "aws:username",
    "aws:vpcsourceip",
];

/// The same of every key that begins so.
const OF_PRINCIPAL_BY_START: [&str; 2] = ["aws:principaltag/", "aws:vpce"];

const SERVICE_NAME: &str = "aws:principalservicename";
const SERVICE_NAMES: &str = "aws:principalservicenameslist";

/// What a service puts into the encryption context by itself: the ARN that it encrypts for.
const OWN_CONTEXT: &str = "kms:encryptioncontext:aws:";

/// The same of the delivery of logs: `arn:aws:logs:eu-west-1:111122223333:*` (Amazon `CloudWatch` Logs User Guide,
/// "Enable logging from AWS services"; Amazon `EventBridge` User Guide, "Encrypting event bus logs").
pub(super) const LOG_SOURCE: &str = "kms:encryptioncontext:sourcearn";

/// The account of a table (Amazon `DynamoDB` Developer Guide, "`DynamoDB` encryption context").
const TABLE_ACCOUNT: &str = "kms:encryptioncontext:aws:dynamodb:subscriberid";

/// What a key of a service's request says of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfSource {
    /// The number of its account.
    Account,
    /// The id of its organization, or its path in it.
    Organization,
    /// Its ARN.
    Arn,
}

/// What a key of a service's request says of its source; of every other key, nothing.
pub(super) fn of_source(key: &str) -> Option<OfSource> {
    match key {
        "aws:sourceaccount" | "aws:sourceowner" | TABLE_ACCOUNT => Some(OfSource::Account),
        "aws:sourceorgid" | "aws:sourceorgpaths" => Some(OfSource::Organization),
        "aws:sourcearn" | LOG_SOURCE => Some(OfSource::Arn),
        _ => key.starts_with(OWN_CONTEXT).then_some(OfSource::Arn),
    }
}

/// Whether a key holds the names of the service that asks.
pub(super) fn is_service_name(key: &str) -> bool {
    [SERVICE_NAME, SERVICE_NAMES].contains(&key)
}

/// What a service's own request holds of a key that its kind decides.
pub(super) fn of_service(key: &str) -> Option<Domain> {
    let is_of_principal =
        OF_PRINCIPAL.contains(&key) || OF_PRINCIPAL_BY_START.iter().any(|start| key.starts_with(start));
    match key {
        "aws:principalisawsservice" => Some(Domain::always("true")),
        _ => is_of_principal.then(Domain::never),
    }
}

/// What a service calls itself, where its name is known.
pub(super) fn service_name(name: &str, key: &str) -> Option<Domain> {
    match key {
        SERVICE_NAME => Some(Domain::always(name)),
        // The list has the service's name of one Region and its name of all.
        SERVICE_NAMES => {
            Some(Domain::among([name.to_owned()].into_iter().chain(without_region(name)).collect()))
        }
        _ => None,
    }
}

/// What the request of a principal of some account holds of a key that its kind decides.
pub(super) fn of_principal(key: &str) -> Option<Domain> {
    match key {
        "aws:principalisawsservice" => Some(Domain::always("false")),
        _ => is_service_name(key).then(Domain::never),
    }
}

/// What the request of a principal holds that S3 or another service sends on with the principal's permissions: no
/// source of its own, for nothing but the principal asks.
pub(super) fn of_principal_through_service(key: &str) -> Option<Domain> {
    match key {
        "aws:viaawsservice" | "aws:securetransport" => Some(Domain::always("true")),
        _ if OF_SOURCE.contains(&key) => Some(Domain::never()),
        _ => of_principal(key),
    }
}

/// Keys whose value is one for every request, and was not read: tags, and which services call on others' behalf.
pub(super) fn is_not_read(key: &str) -> bool {
    ["aws:resourcetag/", "s3:buckettag/", "aws:calledvia"].iter().any(|start| key.starts_with(start))
        || key == "kms:resourcealiases"
}

/// An ARN of anything in an account.
pub(super) fn in_account(id: &str) -> Glob {
    Glob::new(&format!("arn:*:*:*:{id}:*"), Syntax::Arn, false)
}

/// An ARN of any identity of an account.
pub(super) fn identity_of(account_id: AccountId) -> Domain {
    like(in_account(&account_id.to_string()))
}

/// Any value of that pattern.
pub(super) fn like(glob: Glob) -> Domain {
    Domain::within(Bounds { like: vec![glob], ..Bounds::default() })
}

/// `logs.amazonaws.com` of `logs.eu-west-1.amazonaws.com`.
fn without_region(name: &str) -> Option<String> {
    let mut labels = name.splitn(3, '.');
    let (service, region, rest) = (labels.next()?, labels.next()?, labels.next()?);
    (region.contains('-') && rest.starts_with("amazonaws.")).then(|| format!("{service}.{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_kinds_of_sender_share_no_key_of_their_own() {
        for key in OF_PRINCIPAL {
            assert_eq!(of_service(key), Some(Domain::never()), "{key}");
            assert_eq!(of_principal(key), None, "{key}");
        }
        for key in OF_SOURCE {
            assert_eq!(of_principal_through_service(key), Some(Domain::never()), "{key}");
            assert_eq!(of_service(key), None, "{key}");
        }
        assert_eq!(of_service("aws:principaltag/team"), Some(Domain::never()));
        assert_eq!(of_service("aws:vpceorgid"), Some(Domain::never()));
        assert_eq!(of_principal("aws:principalservicename"), Some(Domain::never()));
    }

    #[test]
    fn a_service_of_a_region_has_two_names() {
        let names = |name: &str| service_name(name, "aws:principalservicenameslist").unwrap();
        let both = ["logs.eu-west-1.amazonaws.com", "logs.amazonaws.com"].map(str::to_owned).to_vec();
        assert_eq!(names("logs.eu-west-1.amazonaws.com"), Domain::among(both));
        assert_eq!(names("s3.amazonaws.com"), Domain::among(vec!["s3.amazonaws.com".to_owned()]));
        assert_eq!(without_region("delivery.logs.amazonaws.com"), None);
    }
}
