//! Policies as heavy as those of real organizations are decided, however long their lists of principals are.

use atrest::clock::Timestamp;
use atrest::model::Membership;
use atrest::policy::{
    KeyUse, KeyUseAnswer, Policy, Refusal, Resource, Setting, UsedBy, admitted, key_use, plain_http,
    services_of_bucket, services_of_key, uploads,
};
use atrest::sim::generate::heavy::{SHAPES, Shape, Spread, account, of_bucket, of_key, shaped};

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

/// Lists of hundreds under conditions, as under Principal.
#[test]
fn a_policy_of_long_lists_is_decided_wherever_they_are() {
    for shape in SHAPES {
        let text = shaped(shape);
        let policy = Policy::parse_of_key(&text).unwrap();
        let of_key = policy.settled(&setting(Resource::Key(None)));
        let found = admitted(&of_key, KEY);
        let services = services_of_key(&of_key, KEY);
        // That a network lets in is all that is known of it.
        let is_open = found.undecided.as_ref().is_some_and(|why| why.contains("which names no account"));
        let counts = (found.anyone.is_some(), found.accounts.len(), is_open, services.accounts.len());
        let expected = match shape {
            Shape::PrincipalArns => (false, 500, false, 0),
            // No role is excepted from all four.
            Shape::Exceptions => (false, 0, false, 0),
            Shape::Sources => (false, 500, false, 500),
            Shape::Services => (false, 100, false, 100),
            Shape::Providers => (false, 1, false, 0),
            Shape::AllBut => (true, 0, false, 0),
            Shape::Networks => (false, 0, true, 0),
        };
        assert_eq!(counts, expected, "{shape:?}");
        assert!(found.undecided.is_none() || is_open, "{shape:?}: {:?}", found.undecided);
        assert_eq!(services.undecided, None, "{shape:?}");
        let account_id = account(0).parse().unwrap();
        let asked = KeyUse { key_arn: KEY, account_id, membership: membership(), bucket: UsedBy::Any };
        assert!(!matches!(key_use(&of_key, &asked), KeyUseAnswer::Undecided(_)), "{shape:?}");
        let of_bucket = policy.settled(&setting(Resource::Bucket));
        assert!(!matches!(plain_http(&of_bucket, BUCKET), Refusal::Undecided(_)), "{shape:?}");
        let all = uploads(&of_bucket, BUCKET);
        assert!(!all.iter().any(|(_, refusal)| matches!(refusal, Refusal::Undecided(_))), "{shape:?}");
        assert_eq!(services_of_bucket(&of_bucket, BUCKET).undecided, None, "{shape:?}");
    }
}

/// Every service of a list is named, though one of them is weighed.
#[test]
fn services_that_nothing_tells_apart_are_all_told() {
    let policy = Policy::parse_of_key(&shaped(Shape::Services)).unwrap();
    let access = services_of_key(&policy, KEY);
    assert!(access.accounts.values().all(|services| services.len() == 100));
    let policy = shaped(Shape::Services).replace(r#""Effect":"Allow""#, r#""Effect":"Deny""#);
    let allow = r#""Statement":[{"Effect":"Allow","Principal":{"Service":["s7.amazonaws.com","other.amazonaws.com"]},"Action":"kms:*","Resource":"*"},"#;
    let policy = Policy::parse_of_key(&policy.replace(r#""Statement":["#, allow)).unwrap();
    let access = services_of_key(&policy, KEY);
    let names: Vec<&str> = access.for_anyone.iter().filter_map(|it| it.name.as_deref()).collect();
    assert_eq!(names, ["other.amazonaws.com", "s7.amazonaws.com"]);
}
