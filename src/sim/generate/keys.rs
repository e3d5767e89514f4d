//! The keys of an account: what each is follows from the account's profile.

use super::buckets::Way;
use super::policies::{barring_key_policy, key_policy};
use super::{DAY, DISABLED_REGION, Shape, Site};
use crate::hash::uuid;
use crate::world::{Account, Alias, CompletedRotation, Key, MultiRegion, Rotation};
use atrest_core::Region;

/// What a customer key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Rotates by itself, that many days.
    Rotating(u32),
    /// Rotates by itself, and was rotated on demand too.
    RotatedOnDemand,
    /// A rotation on demand is under way.
    OnDemandUnderWay,
    /// Could rotate, and does not.
    Still,
    /// The primary of a multi-Region key.
    Primary,
    /// Not symmetric: spec and usage.
    Other(&'static str, &'static str),
    /// Imported material that expires soon.
    ImportedExpiring,
    /// Imported material that stays.
    Imported,
    /// Waits for its material.
    PendingImport,
    /// In a CloudHSM key store.
    CloudHsm,
    /// In an external key store.
    External,
    /// In an external key store that does not answer.
    Unavailable,
    /// Disabled.
    Disabled,
    /// Waits for its deletion.
    PendingDeletion,
}

/// Where a customer key is and what it is, without making it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub index: usize,
    pub region: Region,
    pub id: String,
    pub kind: Kind,
}

impl Site<'_> {
    /// How many customer keys the account has.
    pub fn key_count(&self) -> usize {
        self.shape.portion(self.shape.keys, self.index, |profile| profile.keys)
    }

    /// The customer key of that number.
    pub fn key_place(&self, index: usize) -> Place {
        let kinds = self.profile().kinds;
        let kind = kinds[index % kinds.len()];
        let others = self.regions.len() - 1;
        let at = if others > 0 && index % 3 == 2 { 1 + index / 3 % others } else { 0 };
        let region = self.regions[(at + usize::from(self.index % 5 == 3)) % self.regions.len()].clone();
        let words = [self.id.to_string(), index.to_string()];
        let id = uuid(self.shape.seed, &["key", &words[0], &words[1]]);
        let id = if kind == Kind::Primary { format!("mrk-{}", id.replace('-', "")) } else { id };
        Place { index, region, id, kind }
    }

    pub fn key_arn(&self, place: &Place) -> String {
        self.key_arn_of(place.region.as_str(), &place.id)
    }

    pub fn key_arn_of(&self, region: &str, id: &str) -> String {
        format!("arn:{}:kms:{region}:{}:key/{id}", Shape::partition(), self.id)
    }

    /// The id of the key behind `alias/aws/s3`, where the Region has one.
    pub fn managed_key(&self, region: &Region) -> Option<String> {
        let used = !self.number(&["aws/s3", region.as_str()]).is_multiple_of(3);
        let words = [self.id.to_string(), region.to_string()];
        used.then(|| uuid(self.shape.seed, &["managed", &words[0], &words[1]]))
    }
}

/// The alias of a customer key; one in four has none.
pub(super) fn alias_of(place: &Place) -> Option<String> {
    const USES: [&str; 6] = ["data", "app", "logs", "backup", "reports", "secrets"];
    let name = format!("alias/{}-{}", USES[place.index % USES.len()], place.index);
    (place.index % 4 != 3).then_some(name)
}

/// Puts all keys and aliases into an account.
pub(super) fn fill(site: &Site<'_>, account: &mut Account) {
    for index in 0..site.key_count() {
        add_customer_key(site, account, &site.key_place(index));
    }
    for region in site.regions {
        add_managed(site, account, region);
    }
    // Keys continue to exist when their Region is disabled; no read shows them there.
    if site.profile().ways.contains(&Way::ClosedRegion) {
        let region: Region = DISABLED_REGION.parse().expect("a Region's name");
        let place = Place { index: 0, region, id: disabled_region_key(site), kind: Kind::Still };
        add_customer_key(site, account, &place);
    }
}

/// The id of the key in the disabled Region.
pub(super) fn disabled_region_key(site: &Site<'_>) -> String {
    uuid(site.shape.seed, &["disabled", &site.id.to_string()])
}

fn add_customer_key(site: &Site<'_>, account: &mut Account, place: &Place) {
    let key = customer_key(site, place);
    let siblings = key.multi_region.as_ref().map(|part| part.replicas.clone()).unwrap_or_default();
    for region in siblings {
        let replica = Key { region: region.clone(), ..key.clone() };
        let state = account.regions.get_mut(&region).expect("a Region of the shape");
        state.keys.insert(replica.id.clone(), replica);
    }
    let state = account.regions.get_mut(&place.region).expect("a Region of every account");
    if let Some(name) = alias_of(place) {
        let alias =
            Alias { name: name.clone(), target: Some(key.id.clone()), created_at: Some(key.created_at) };
        state.aliases.insert(name, alias);
    }
    state.keys.insert(key.id.clone(), key);
}

fn customer_key(site: &Site<'_>, place: &Place) -> Key {
    let created_at = site.days_ago(&["key", &place.id], 400, 1800);
    // One key of payments-prod, and its like later, is open only to its own application.
    let barred = place.index == 0 && site.index % 24 == 4;
    let policies = site.profile().key_policies;
    let policy = policies[place.index % policies.len()];
    let mut key = Key {
        id: place.id.clone(),
        region: place.region.clone(),
        account: site.id,
        manager: "CUSTOMER".into(),
        origin: "AWS_KMS".into(),
        spec: "SYMMETRIC_DEFAULT".into(),
        usage: "ENCRYPT_DECRYPT".into(),
        state: "Enabled".into(),
        description: String::new(),
        created_at,
        deletion_at: None,
        multi_region: None,
        custom_key_store_id: None,
        valid_to: None,
        rotation: Rotation::default(),
        history: Vec::new(),
        policy: if barred { barring_key_policy(site) } else { key_policy(site, policy) },
        admits_account: !barred,
    };
    apply(site, place, &mut key);
    key
}

fn apply(site: &Site<'_>, place: &Place, key: &mut Key) {
    match place.kind {
        Kind::Still => {}
        Kind::Rotating(days) => rotate(site, key, days),
        Kind::RotatedOnDemand => {
            rotate(site, key, 365);
            let at = site.days_ago(&["on-demand", &key.id], 5, 100);
            key.history.push(CompletedRotation { at, kind: "ON_DEMAND".into() });
        }
        Kind::OnDemandUnderWay => {
            rotate(site, key, 365);
            key.rotation.on_demand_started_at = Some(site.now.whole_seconds().plus_millis(-600_000));
        }
        Kind::Primary => {
            rotate(site, key, 365);
            let others = site.regions.iter().filter(|region| **region != place.region);
            let replicas = others.take(1).cloned().collect();
            key.multi_region = Some(MultiRegion { primary: place.region.clone(), replicas });
        }
        Kind::Other(spec, usage) => (key.spec, key.usage) = (spec.into(), usage.into()),
        Kind::ImportedExpiring => {
            key.origin = "EXTERNAL".into();
            key.valid_to = Some(site.now.whole_seconds().plus_millis(12 * DAY));
        }
        Kind::Imported => key.origin = "EXTERNAL".into(),
        Kind::PendingImport => (key.origin, key.state) = ("EXTERNAL".into(), "PendingImport".into()),
        Kind::CloudHsm => in_store(key, "AWS_CLOUDHSM", "cks-1234567890abcdef0"),
        Kind::External => in_store(key, "EXTERNAL_KEY_STORE", "cks-0fedcba0987654321"),
        Kind::Unavailable => {
            in_store(key, "EXTERNAL_KEY_STORE", "cks-0fedcba0987654321");
            key.state = "Unavailable".into();
        }
        Kind::Disabled => {
            rotate(site, key, 365);
            key.state = "Disabled".into();
        }
        Kind::PendingDeletion => {
            rotate(site, key, 365);
            key.state = "PendingDeletion".into();
            key.deletion_at = Some(site.now.whole_seconds().plus_millis(9 * DAY));
        }
    }
}

fn in_store(key: &mut Key, origin: &'static str, store: &str) {
    key.origin = origin.into();
    key.custom_key_store_id = Some(store.to_owned());
}

/// Turns rotation on, with the history and the next date that follow from the key's age.
fn rotate(site: &Site<'_>, key: &mut Key, days: u32) {
    let period = i64::from(days) * DAY;
    let mut next = key.created_at.plus_millis(period);
    while next < site.now {
        key.history.push(CompletedRotation { at: next, kind: "AUTOMATIC".into() });
        next = next.plus_millis(period);
    }
    key.rotation =
        Rotation { enabled: true, period_days: Some(days), next_at: Some(next), on_demand_started_at: None };
}

/// The predefined aliases, and the key behind `alias/aws/s3` where it was ever used.
fn add_managed(site: &Site<'_>, account: &mut Account, region: &Region) {
    let target = site.managed_key(region);
    let created_at = site.days_ago(&["managed", region.as_str()], 100, 1800);
    let key = target.clone().map(|id| {
        let place = Place { index: usize::MAX, region: region.clone(), id, kind: Kind::Still };
        let mut key = Key { created_at, manager: "AWS".into(), ..customer_key(site, &place) };
        key.description =
            String::from("Default key that protects my S3 objects when no other key is defined");
        rotate(site, &mut key, 365);
        key
    });
    let state = account.regions.get_mut(region).expect("a Region of the shape");
    for (name, target) in [("alias/aws/ebs", None), ("alias/aws/rds", None), ("alias/aws/s3", target)] {
        let created_at = target.as_ref().map(|_| created_at);
        let alias = Alias { name: name.to_owned(), target, created_at };
        state.aliases.insert(name.to_owned(), alias);
    }
    state.keys.extend(key.map(|key| (key.id.clone(), key)));
}
