//! Policies as heavy as those of real organizations are decided, however long their lists of principals are.

use atrest::clock::Timestamp;
use atrest::model::Membership;
use atrest::policy::{
    KeyUse, KeyUseAnswer, Policy, Refusal, Resource, Setting, UsedBy, admitted, key_use, plain_http,
    services_of_bucket, services_of_key, uploads,
};
use atrest::sim::generate::heavy::{Spread, account, of_bucket, of_key};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const BUCKET: &str = "arn:aws:s3:::b";
const SPREADS: [Spread; 4] = [Spread::Roles(1), Spread::Roles(20), Spread::Roles(500), Spread::Accounts];

fn membership() -> Membership<'static> {
    Membership { org_id: Some("o-own1234567"), ..Membership::default() }
}

fn setting(resource: Resource<'_>) -> Setting<'_> {
    Setting {
        resource,
        account_id: "111122223333".parse().unwrap(),
        region: Some("eu-west-1"),
        membership: membership(),
        as_of: Timestamp::parse("2026-11-21T03:00:00Z").unwrap(),
    }
}

#[test]
fn a_key_policy_of_five_hundred_principals_is_decided() {
    for spread in SPREADS {
        let policy = Policy::parse_of_key(&of_key(spread)).unwrap();
        let policy = policy.settled(&setting(Resource::Key(None)));
        let admitted = admitted(&policy, KEY);
        assert_eq!(admitted.undecided, None, "{spread:?}");
        // Those of the Deny alone are let in by no statement.
        let expected = match spread {
            Spread::Roles(accounts) if accounts < 500 => accounts,
            _ => 400,
        };
        let let_in = admitted.accounts.keys().chain(admitted.members.keys().map(|(id, _)| id));
        assert_eq!(let_in.collect::<std::collections::BTreeSet<_>>().len(), expected, "{spread:?}");
        assert_eq!(services_of_key(&policy, KEY).undecided, None, "{spread:?}");
        let account_id = account(0).parse().unwrap();
        let asked = KeyUse { key_arn: KEY, account_id, membership: membership(), bucket: UsedBy::Any };
        assert_eq!(key_use(&policy, &asked), KeyUseAnswer::Admits, "{spread:?}");
    }
}

#[test]
fn a_bucket_policy_of_five_hundred_principals_is_decided() {
    for spread in SPREADS {
        let policy = Policy::parse(&of_bucket(spread)).unwrap();
        let policy = policy.settled(&setting(Resource::Bucket));
        assert!(matches!(plain_http(&policy, BUCKET), Refusal::Part(_)), "{spread:?}");
        let undecided = |refusal: &Refusal| matches!(refusal, Refusal::Undecided(_));
        assert!(!uploads(&policy, BUCKET).iter().any(|(_, refusal)| undecided(refusal)), "{spread:?}");
        assert_eq!(services_of_bucket(&policy, BUCKET).undecided, None, "{spread:?}");
    }
}
