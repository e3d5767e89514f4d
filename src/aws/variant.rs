//! FIPS and dual-stack hosts, and what is used where a service has none in a Region.
//!
//! The SDK's endpoint rules name such a host for every Region, whether it exists or not, and no list
//! of them is kept up. So the first read of a service in a Region learns that there is none, and all later
//! ones know it; what is a sign of it, and what passes, [`super::endpoint`] decides. Without the user's leave (`--fips prefer`) nothing
//! falls back: then the host that does not exist is an error with its name.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::Region;

/// What the user wants of one kind of host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Nothing else will do.
    Require,
    /// Where there is one; else the standard host.
    Prefer,
}

/// What the user wants; None leaves the standard host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wishes {
    /// FIPS 140 hosts.
    pub fips: Option<Wish>,
    /// Dual-stack hosts, which have IPv6 addresses too.
    pub dual_stack: Option<Wish>,
}

/// One of a service's hosts in a Region.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Variant {
    /// The FIPS one.
    pub fips: bool,
    /// The dual-stack one.
    pub dual_stack: bool,
}

impl Wishes {
    /// The hosts that will do, the best first. FIPS is given up last.
    fn order(self) -> Vec<Variant> {
        let ways = |wish: Option<Wish>| match wish {
            Some(Wish::Require) => &[true][..],
            Some(Wish::Prefer) => &[true, false],
            None => &[false],
        };
        let of =
            |fips: bool| ways(self.dual_stack).iter().map(move |&dual_stack| Variant { fips, dual_stack });
        ways(self.fips).iter().flat_map(|&fips| of(fips)).collect()
    }
}

/// Which hosts are used, by service and Region: one for all clients of a run.
#[derive(Debug)]
pub struct Variants {
    order: Vec<Variant>,
    missing: Mutex<HashMap<(&'static str, Region), usize>>,
}

impl Variants {
    /// Nothing is known to be missing.
    pub fn new(wishes: Wishes) -> Self {
        Self { order: wishes.order(), missing: Mutex::default() }
    }

    fn missing(&self) -> std::sync::MutexGuard<'_, HashMap<(&'static str, Region), usize>> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The host that a service's next request in a Region goes to.
    pub fn of(&self, service: &'static str, region: &Region) -> Variant {
        let passed_over = self.missing().get(&(service, region.clone())).copied().unwrap_or_default();
        self.order[passed_over]
    }

    /// Whether there is another host, should that one not exist.
    pub fn may_change(&self, service: &'static str, region: &Region) -> bool {
        self.of(service, region) != self.order[self.order.len() - 1]
    }

    /// Learns that a host does not exist. True where another one is used from now on; several requests
    /// may learn the same at the same time.
    pub fn learn(&self, service: &'static str, region: &Region, tried: Variant) -> bool {
        let mut missing = self.missing();
        let passed_over = missing.entry((service, region.clone())).or_default();
        let is_news = self.order[*passed_over] == tried && *passed_over + 1 < self.order.len();
        *passed_over += usize::from(is_news);
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn variant(fips: bool, dual_stack: bool) -> Variant {
        Variant { fips, dual_stack }
    }

    #[test]
    fn only_what_is_preferred_is_given_up_and_fips_last() {
        let order = |fips, dual_stack| Wishes { fips, dual_stack }.order();
        assert_eq!(order(None, None), [variant(false, false)]);
        assert_eq!(order(Some(Wish::Require), None), [variant(true, false)]);
        assert_eq!(order(Some(Wish::Prefer), None), [variant(true, false), variant(false, false)]);
        assert_eq!(
            order(Some(Wish::Require), Some(Wish::Prefer)),
            [variant(true, true), variant(true, false)]
        );
        assert_eq!(
            order(Some(Wish::Prefer), Some(Wish::Prefer)),
            [variant(true, true), variant(true, false), variant(false, true), variant(false, false)]
        );
    }

    #[test]
    fn a_missing_host_is_learned_once_for_its_service_and_region() {
        let variants = Variants::new(Wishes { fips: Some(Wish::Prefer), dual_stack: None });
        let (here, there): (Region, Region) = ("eu-west-1".parse().unwrap(), "us-east-1".parse().unwrap());
        let fips = variants.of("sts", &here);
        assert!(fips.fips && variants.may_change("sts", &here));
        assert!(variants.learn("sts", &here, fips));
        assert!(!variants.learn("sts", &here, fips), "another request met the same");
        assert!(!variants.of("sts", &here).fips && !variants.may_change("sts", &here));
        assert!(!variants.learn("sts", &here, variants.of("sts", &here)), "there is nothing behind the last");
        assert!(variants.of("kms", &here).fips && variants.of("sts", &there).fips);
    }

    #[test]
    fn what_is_required_stays() {
        let variants = Variants::new(Wishes { fips: Some(Wish::Require), dual_stack: None });
        let here: Region = "eu-west-1".parse().unwrap();
        assert!(!variants.may_change("sts", &here));
        assert!(!variants.learn("sts", &here, variants.of("sts", &here)));
        assert!(variants.of("sts", &here).fips);
    }
}
