//! Networks that conditions name together, and whether they are few enough to say who is in them.
//!
//! S3 takes a policy for public whose ranges are "broader than /8 for IPv4 and /32 for IPv6 (excluding RFC1918 private
//! ranges)" (Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage"). What counts is what the ranges
//! come to together: 256 ranges of /8 are all of IPv4.

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Subnets};

/// The most addresses of IPv4 and of IPv6 that say something of who has them.
const MOST: (u128, u128) = (1 << (32 - 8), 1 << (128 - 32));

/// RFC 1918. No request from the Internet has such an address.
const PRIVATE: [Ipv4Net; 3] = [
    Ipv4Net::new_assert(core::net::Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(core::net::Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(core::net::Ipv4Addr::new(192, 168, 0, 0), 16),
];

/// Networks as a set of addresses.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Networks {
    /// Disjoint and in order.
    nets: Vec<IpNet>,
}

impl Networks {
    pub(super) fn of(nets: impl IntoIterator<Item = IpNet>) -> Self {
        let mut nets = IpNet::aggregate(&nets.into_iter().collect());
        nets.sort_unstable();
        Self { nets }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = IpNet> {
        self.nets.iter().copied()
    }

    /// Whether an address, as a network of itself, is in them.
    pub(super) fn contain(&self, address: &IpNet) -> bool {
        let after = self.nets.partition_point(|net| net <= address);
        self.nets[..after].last().is_some_and(|net| net.contains(address))
    }

    /// All other addresses.
    pub(super) fn others(&self) -> Self {
        let (mut fours, mut sixes) = (Some(0_u32), Some(0_u128));
        let mut nets = Vec::new();
        for net in &self.nets {
            match net {
                IpNet::V4(net) => {
                    let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
                    nets.extend(fours_between(fours, first.checked_sub(1)));
                    fours = last.checked_add(1);
                }
                IpNet::V6(net) => {
                    let (first, last) = (u128::from(net.network()), u128::from(net.broadcast()));
                    nets.extend(sixes_between(sixes, first.checked_sub(1)));
                    sixes = last.checked_add(1);
                }
            }
        }
        nets.extend(fours_between(fours, Some(u32::MAX)));
        nets.extend(sixes_between(sixes, Some(u128::MAX)));
        Self::of(nets)
    }

    /// Those of IPv4, and those of IPv6, as far as each come to few enough addresses.
    pub(super) fn narrow(&self) -> Self {
        let sum = |sizes: &mut dyn Iterator<Item = u128>| sizes.fold(0, u128::saturating_add);
        let fours = sum(&mut self.nets.iter().filter_map(|net| match net {
            IpNet::V4(net) => Some(public_size(*net)),
            IpNet::V6(_) => None,
        }));
        let sixes = sum(&mut self.nets.iter().filter_map(|net| match net {
            IpNet::V6(net) => Some(size(128 - net.prefix_len())),
            IpNet::V4(_) => None,
        }));
        let is_narrow = |net: &IpNet| match net {
            IpNet::V4(_) => fours <= MOST.0,
            IpNet::V6(_) => sixes <= MOST.1,
        };
        Self { nets: self.iter().filter(is_narrow).collect() }
    }
}

/// How many addresses a number of bits gives.
fn size(bits: u8) -> u128 {
    1_u128.checked_shl(bits.into()).unwrap_or(u128::MAX)
}

/// The addresses of a network that are not private.
fn public_size(net: Ipv4Net) -> u128 {
    if PRIVATE.iter().any(|private| private.contains(&net)) {
        return 0;
    }
    let private = PRIVATE.iter().filter(|private| net.contains(*private));
    size(32 - net.prefix_len()) - private.map(|it| size(32 - it.prefix_len())).sum::<u128>()
}

fn fours_between(first: Option<u32>, last: Option<u32>) -> impl Iterator<Item = IpNet> {
    let both = first.zip(last).filter(|(first, last)| first <= last);
    both.into_iter().flat_map(|(first, last)| Ipv4Subnets::new(first.into(), last.into(), 0).map(IpNet::from))
}

fn sixes_between(first: Option<u128>, last: Option<u128>) -> impl Iterator<Item = IpNet> {
    let both = first.zip(last).filter(|(first, last)| first <= last);
    both.into_iter().flat_map(|(first, last)| Ipv6Subnets::new(first.into(), last.into(), 0).map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(texts: &[&str]) -> Networks {
        Networks::of(texts.iter().map(|text| text.parse().unwrap()))
    }

    fn every_eight(range: std::ops::Range<u32>) -> Networks {
        Networks::of(range.map(|at| format!("{at}.0.0.0/8").parse().unwrap()))
    }

    #[test]
    fn an_address_is_in_one_of_them_or_in_none() {
        let some = nets(&["10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24", "2001:db8::/32"]);
        for (address, expected) in [
            ("10.1.2.3/32", true),
            ("10.255.255.255/32", true),
            ("11.0.0.0/32", false),
            ("9.255.255.255/32", false),
            ("192.0.2.0/32", true),
            ("192.0.3.0/32", false),
            ("2001:db8::1/128", true),
            ("2001:db9::/128", false),
            ("::/128", false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(some.contain(&address), expected, "{address}");
            assert_eq!(some.others().contain(&address), !expected, "{address}");
        }
        assert_eq!(some.others().others(), some);
        assert_eq!(Networks::default().others(), nets(&["0.0.0.0/0", "::/0"]));
    }

    #[test]
    fn what_networks_come_to_together_makes_them_narrow() {
        let is_narrow = |networks: &Networks| networks.narrow() == *networks;
        assert!(is_narrow(&nets(&["203.0.113.0/24", "3.0.0.0/9", "2001:db8::/32"])));
        assert!(is_narrow(&nets(&["3.0.0.0/8"])) && !is_narrow(&nets(&["3.0.0.0/7"])));
        assert!(is_narrow(&nets(&["2001:db8::/32"])) && !is_narrow(&nets(&["2001:db8::/31"])));
        assert!(!is_narrow(&every_eight(0..256)) && !is_narrow(&every_eight(1..3)));
        let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
        assert!(is_narrow(&nets(&private)), "no host on the Internet has such an address");
        assert!(is_narrow(&nets(&[&private[..], &["3.0.0.0/8"]].concat())));
        assert!(!is_narrow(&nets(&["0.0.0.0/0"])) && !is_narrow(&nets(&["192.0.0.0/7"])));
        assert_eq!(nets(&["3.0.0.0/7", "2001:db8::/32"]).narrow(), nets(&["2001:db8::/32"]));
        assert_eq!(every_eight(0..255).others().narrow(), nets(&["255.0.0.0/8"]));
    }
}
