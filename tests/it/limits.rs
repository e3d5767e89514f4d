//! Limits hold: whatever goes wrong, no quota owner's API passes rate and burst in any second, and
//! every task ends.

use std::time::Duration;

use atrest::aws::pace::Pace;
use atrest::operation::{OPERATIONS, Quota, QuotaOwner};
use atrest::sim::{Effect, Quotas, Rate, Rule, Schedule, World};

use crate::laws::{agrees_with_itself, clean, same_bytes};
use crate::support::night::{Morning, Night};
use crate::support::worlds::{healthy, troubled};

/// Holds the calls against the operations table at a share of its quotas.
fn within_limits(morning: &Morning, share: f64) {
    let recorder = morning.recorder();
    // A member account's own pace is one; the caller's is counted over all that the caller sends.
    let busiest = recorder.busiest_second(|record| {
        let operation = OPERATIONS.iter().find(|operation| operation.id == record.name());
        let owner = match operation.expect("only operations of the table are sent").owner {
            QuotaOwner::Caller => None,
            QuotaOwner::Member => record.caller_account,
        };
        (owner, record.region.clone(), record.name())
    });
    for ((owner, region, name), calls) in busiest {
        let operation = OPERATIONS.iter().find(|operation| operation.id == name).unwrap();
        if let Quota::Rate { per_second, burst } = operation.quota {
            let most = per_second * share + (burst * share).max(1.0);
            let calls = f64::from(u32::try_from(calls).unwrap());
            assert!(
                calls <= most,
                "{calls} calls of {name} by {owner:?} in {region} in a second, more than {most}"
            );
        }
    }
}

/// Accounts with so many keys that the pace of KMS's slowest APIs is felt.
fn with_many_keys() -> World {
    let mut healthy = healthy();
    for _ in 0..150 {
        healthy.world.add_key(healthy.two, "eu-west-1").rotation.enabled = true;
    }
    healthy.world
}

#[test]
fn no_second_passes_rate_and_burst_whatever_goes_wrong() {
    for seed in 0..12 {
        let world = if seed % 3 == 0 { troubled(seed) } else { healthy().world };
        let density = [0.0, 0.1, 0.4, 0.9][usize::try_from(seed).unwrap() % 4];
        let schedule = Schedule::random(seed, density, None).with_quotas(Quotas::published());
        let morning = Night::over(world).with(schedule).at_once(64, 64).run();
        within_limits(&morning, 0.5);
        if morning.scan.is_ok() {
            agrees_with_itself(&morning);
        }
    }
}

#[test]
fn at_half_of_the_published_quotas_nothing_is_throttled() {
    let world = with_many_keys();
    let expected = clean(&world).bytes();
    let schedule = Schedule::none().with_quotas(Quotas::published());
    let morning = Night::over(world).with(schedule).at_once(64, 64).run();
    within_limits(&morning, 0.5);
    let recorder = morning.recorder();
    let slowest = recorder.busiest_second_by_quota();
    let slowest =
        slowest.iter().filter(|((_, _, name), _)| name == "kms:ListKeyRotations").map(|(_, calls)| *calls);
    assert!(slowest.max().unwrap() >= 50, "the pace was felt");
    for code in ["ThrottlingException", "TooManyRequestsException", "Throttling", "SlowDown"] {
        assert_eq!(recorder.with_code(code).count(), 0, "{code}");
    }
    same_bytes(&expected, &morning.bytes());
}

/// Sockets are scarcer than tokens: calls that waited for one must not all leave at once.
#[test]
fn no_second_passes_rate_and_burst_where_sockets_are_few() {
    let slow = Rule::always(Effect::Latency(Duration::from_secs(9))).on("kms:GetKeyPolicy");
    let mut night = Night::over(with_many_keys()).with(Schedule::of([slow])).at_once(64, 64);
    night.tuning.sockets = 12;
    night.tuning.pace = Pace { quota_share: 0.1, in_flight: 20 };
    let morning = night.run();
    agrees_with_itself(&morning);
    within_limits(&morning, 0.1);
}

#[test]
fn tighter_quotas_than_published_slow_a_night_down_and_take_nothing_from_it() {
    let world = healthy().world;
    let expected = clean(&world).bytes();
    let quotas = Quotas::uniform(Rate { per_second: 3.0, burst: 2.0 });
    let mut night = Night::over(world).with(Schedule::none().with_quotas(quotas)).at_once(2, 1);
    night.tuning.max_attempts = 12;
    let morning = night.run();
    assert!(morning.recorder().with_code("SlowDown").count() > 0, "the quotas were felt");
    same_bytes(&expected, &morning.bytes());
}

#[test]
fn every_task_ends_where_nothing_ever_works() {
    let world = healthy().world;
    for effect in [
        Effect::Throttle,
        Effect::Timeout(Duration::from_secs(3_600)),
        Effect::Latency(Duration::from_secs(3_600)),
        Effect::EmptyPage,
        Effect::ExpiredToken,
        Effect::CutBody,
    ] {
        println!("{effect:?}");
        // The list of accounts works, so that there is a night at all.
        let rules = ["sts:*", "account:*", "s3:*", "kms:*"].map(|name| Rule::always(effect.clone()).on(name));
        let members = Schedule::of(rules[1..].to_vec());
        let morning = Night::over(world.clone()).with(members).run();
        agrees_with_itself(&morning);
        within_limits(&morning, 0.5);
        let morning = Night::over(world.clone()).with(Schedule::of(rules)).run();
        within_limits(&morning, 0.5);
    }
}
