//! The organization as it was on an earlier night: what had not happened yet is undone.
//!
//! The last night's state holds the dates of most that has happened (accounts that joined, buckets and
//! keys that were made, rotations, deletions that were scheduled), so going back is leaving out what is
//! later. What leaves no date in the state is the story's.

use super::{DAY, Shape, story};
use crate::world::{Account, Key, World};
use atrest_core::clock::Timestamp;

/// Days between a key's scheduling for deletion and its deletion: KMS's default.
const WAITING_PERIOD: i64 = 30;

/// The organization at `at`, given how it is at the last night.
pub fn on_night(last: &World, shape: &Shape, at: Timestamp) -> World {
    let mut world = last.clone();
    world.accounts.retain(|_, account| account.joined_at <= at);
    for account in world.accounts.values_mut() {
        rewind(account, at);
    }
    let days = (last.made_at.millis() - at.millis()) / DAY;
    story::tell(&mut world, shape, last.made_at, days);
    world
}

fn rewind(account: &mut Account, at: Timestamp) {
    account.buckets.retain(|_, bucket| bucket.created_at <= at);
    for region in account.regions.values_mut() {
        region.keys.retain(|_, key| key.created_at <= at);
        region.keys.values_mut().for_each(|key| rewind_key(key, at));
        region.aliases.retain(|_, alias| alias.created_at.is_none_or(|created_at| created_at <= at));
    }
}

fn rewind_key(key: &mut Key, at: Timestamp) {
    let later = key.history.iter().find(|rotation| rotation.at > at && rotation.kind == "AUTOMATIC");
    if let Some(later) = later {
        key.rotation.next_at = Some(later.at);
    }
    key.history.retain(|rotation| rotation.at <= at);
    key.rotation.on_demand_started_at = key.rotation.on_demand_started_at.filter(|started| *started <= at);
    let scheduled_at = key.deletion_at.map(|deletion| deletion.plus_millis(-WAITING_PERIOD * DAY));
    if scheduled_at.is_some_and(|scheduled_at| scheduled_at > at) {
        key.state = "Enabled".into();
        key.deletion_at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;
    use crate::support::now;

    fn nights(shape: &Shape, days: &[i64]) -> Vec<World> {
        let last = generate::world(shape, now());
        days.iter().map(|days| on_night(&last, shape, now().plus_millis(-days * DAY))).collect()
    }

    #[test]
    fn the_last_night_is_the_organization_as_it_was_generated() {
        let shape = Shape::default();
        let last = generate::world(&shape, now());
        assert_eq!(on_night(&last, &shape, now()).to_json(), last.to_json());
    }

    #[test]
    fn nothing_is_there_before_it_was_made() {
        let shape = Shape::default();
        let last = generate::world(&shape, now());
        for days in [1, 10, 29, 300] {
            let at = now().plus_millis(-days * DAY);
            let world = on_night(&last, &shape, at);
            for account in world.accounts.values() {
                assert!(account.joined_at <= at);
                assert!(account.buckets.values().all(|bucket| bucket.created_at <= at));
                let keys = || account.regions.values().flat_map(|region| region.keys.values());
                assert!(keys().all(|key| key.created_at <= at));
                assert!(keys().flat_map(|key| &key.history).all(|rotation| rotation.at <= at));
                assert!(keys().all(|key| key.rotation.next_at.is_none_or(|next| at < next)));
            }
        }
    }

    #[test]
    fn every_night_of_a_month_differs_from_the_one_before() {
        for shape in [Shape::default(), Shape { seed: 7, ..Shape::default() }] {
            let days: Vec<i64> = (0..=30).collect();
            let nights = nights(&shape, &days);
            let alike = nights.windows(2).filter(|two| two[0].to_json() == two[1].to_json()).count();
            assert!(alike < 10, "{alike} nights are as the one before");
        }
    }

    #[test]
    fn any_size_has_earlier_nights() {
        for (accounts, buckets, keys, regions) in
            [(1, 0, 0, 1), (2, 1, 0, 2), (4, 9, 3, 1), (12, 40, 24, 2), (60, 700, 90, 3)]
        {
            let shape = Shape { seed: 5, accounts, buckets, keys, regions };
            for world in nights(&shape, &[0, 1, 9, 30, 365]) {
                assert!(world.accounts.contains_key(&world.organization.management_account));
            }
        }
    }
}
