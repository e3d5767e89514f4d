//! A client's host: which one it is, and which other one will do where it does not exist.
//!
//! A host is given up where its name does not exist. That a proxy did not go there says less: it may be
//! busy. That is believed only of a call whose every attempt ends so, and that was refused twice at least.

use std::sync::{Arc, OnceLock};

use super::unreached::Existence;
use super::variant::{Variant, Variants};
use crate::model::Region;

/// How often a proxy has to refuse one and the same call.
const BELIEVED: u32 = 2;

/// A client's host.
#[derive(Debug, Clone)]
pub struct Endpoint(Arc<Hosts>);

#[derive(Debug)]
struct Hosts {
    /// Learned from the first request that is sent.
    host: OnceLock<String>,
    service: &'static str,
    region: Region,
    variants: Arc<Variants>,
}

/// The attempts of one call at one host.
#[derive(Debug, Clone, Copy)]
pub struct Tries {
    /// Which host.
    pub variant: Variant,
    /// Attempts.
    pub sent: u32,
    refused: u32,
}

/// What to do after an attempt that did not reach its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// As after any other failure.
    AsEver,
    /// One more attempt at this host, and soon: a proxy refused, and is not believed yet. Where it goes on, all of a
    /// service's Regions wait for it.
    Again,
    /// Another host is used from now on, `is_news` by this call.
    Another {
        /// Whether this call gave the host up; other calls may meet the same at the same time.
        is_news: bool,
    },
}

impl Endpoint {
    /// A client's host in a Region.
    pub fn new(service: &'static str, region: &Region, variants: &Arc<Variants>) -> Self {
        let (region, variants) = (region.clone(), Arc::clone(variants));
        Self(Arc::new(Hosts { host: OnceLock::new(), service, region, variants }))
    }

    /// The host, once a request was sent.
    pub fn host(&self) -> Option<&str> {
        self.0.host.get().map(String::as_str)
    }

    /// Learns the host. A second request that got here first has told the same.
    pub(super) fn told(&self, host: &str) {
        self.0.host.get_or_init(|| host.to_owned());
    }

    /// The host that the next request goes to.
    pub(super) fn variant(&self) -> Variant {
        self.0.variants.of(self.0.service, &self.0.region)
    }

    /// Whether there is another host, should this one not exist.
    pub(super) fn may_change(&self) -> bool {
        self.0.variants.may_change(self.0.service, &self.0.region)
    }

    /// No attempt at the present host yet.
    pub fn tries(&self) -> Tries {
        Tries { variant: self.variant(), sent: 0, refused: 0 }
    }

    /// What to do after an attempt that failed, where so many are allowed.
    pub fn after(&self, tries: &mut Tries, existence: Existence, allowed: u32) -> Next {
        if existence == Existence::Unsaid {
            return Next::AsEver;
        }
        if self.variant() != tries.variant {
            return Next::Another { is_news: false };
        }
        if existence == Existence::Doubted {
            tries.refused += 1;
            if !self.may_change() {
                return Next::AsEver;
            }
            if tries.sent < allowed || tries.refused < BELIEVED {
                return Next::Again;
            }
        }
        match self.0.variants.learn(self.0.service, &self.0.region, tries.variant) {
            true => Next::Another { is_news: true },
            false => Next::AsEver,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::variant::{Wish, Wishes};
    use super::*;

    fn endpoint(fips: Option<Wish>) -> Endpoint {
        let variants = Arc::new(Variants::new(Wishes { fips, dual_stack: None }));
        Endpoint::new("sts", &"eu-west-1".parse().unwrap(), &variants)
    }

    /// What comes after each attempt of one call, and whether FIPS is still used at the end.
    fn call(endpoint: &Endpoint, answers: &[Existence], allowed: u32) -> (Vec<Next>, bool) {
        let mut tries = endpoint.tries();
        let next = answers.iter().map(|answer| {
            tries.sent += 1;
            endpoint.after(&mut tries, *answer, allowed)
        });
        (next.collect(), endpoint.variant().fips)
    }

    const GIVEN_UP: Next = Next::Another { is_news: true };

    #[test]
    fn a_name_that_does_not_exist_is_given_up_at_once() {
        let prefer = endpoint(Some(Wish::Prefer));
        assert_eq!(call(&prefer, &[Existence::Denied], 6), (vec![GIVEN_UP], false));
        assert_eq!(
            call(&prefer, &[Existence::Denied], 6),
            (vec![Next::AsEver], false),
            "the last host stays"
        );
    }

    #[test]
    fn a_proxy_that_refuses_is_believed_at_the_end_of_a_call() {
        use Existence::{Doubted, Unsaid};
        let prefer = || endpoint(Some(Wish::Prefer));
        assert_eq!(call(&prefer(), &[Doubted], 6), (vec![Next::Again], true));
        assert_eq!(call(&prefer(), &[Doubted; 5], 6), (vec![Next::Again; 5], true));
        let mut last = vec![Next::Again; 5];
        last.push(GIVEN_UP);
        assert_eq!(call(&prefer(), &[Doubted; 6], 6), (last, false));
        // The last attempt tells, and one refusal alone does not.
        let passes = vec![Next::Again, Next::Again, Next::AsEver];
        assert_eq!(call(&prefer(), &[Doubted, Doubted, Unsaid], 3), (passes, true));
        assert_eq!(call(&prefer(), &[Unsaid, Doubted], 2), (vec![Next::AsEver, Next::Again], true));
        assert_eq!(call(&prefer(), &[Doubted, Doubted], 1), (vec![Next::Again, GIVEN_UP], false));
        // Calls that are refused once each, however many, give nothing up.
        let busy = prefer();
        for _ in 0..100 {
            assert_eq!(call(&busy, &[Doubted, Unsaid], 6), (vec![Next::Again, Next::AsEver], true));
        }
    }

    #[test]
    fn what_another_call_gave_up_is_not_given_up_twice() {
        let variants = Wishes { fips: Some(Wish::Prefer), dual_stack: Some(Wish::Prefer) };
        let variants = Arc::new(Variants::new(variants));
        let endpoint = Endpoint::new("sts", &"eu-west-1".parse().unwrap(), &variants);
        let mut other = endpoint.tries();
        assert_eq!(call(&endpoint, &[Existence::Denied], 1).0, [GIVEN_UP]);
        let now = endpoint.variant();
        assert_eq!(endpoint.after(&mut other, Existence::Denied, 1), Next::Another { is_news: false });
        assert_eq!(endpoint.variant(), now);
    }

    #[test]
    fn what_is_required_is_not_asked_once_more() {
        for wish in [Some(Wish::Require), None] {
            let required = endpoint(wish);
            let asked = call(&required, &[Existence::Doubted, Existence::Denied], 1).0;
            assert_eq!(asked, [Next::AsEver, Next::AsEver]);
        }
    }
}
