//! Pages of listings and the opaque tokens between them, the same for all services.
//!
//! A token holds the last name given, so that a listing survives changes between two pages; and a
//! salt, so that a client that takes a repeated token for the end, as the SDK's paginators do, is not
//! stopped by an empty page.

use super::{Refusal, Service};

/// Where a page begins and how much it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paging {
    after: String,
    limit: usize,
    empty: Option<u32>,
    overlap: bool,
}

/// The limits of a listing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The page where the request names no size.
    pub default: usize,
    /// The largest page, of AWS or of the world's settings.
    pub most: usize,
    /// Each page but the first begins with the last item of the one before.
    pub overlap: bool,
}

impl Paging {
    /// Reads a request's token and size; `empty` asks for a page with a token and nothing else.
    pub fn read(
        service: Service,
        token: Option<&str>,
        size: Option<usize>,
        limits: Limits,
        empty: Option<u32>,
    ) -> Result<Self, Refusal> {
        let after = match token {
            None => String::new(),
            Some(token) => decode(token).ok_or_else(|| service.bad_page_token())?,
        };
        let limit = size.unwrap_or(limits.default).min(limits.most).max(1);
        // Of one item alone, a page would be the one before.
        Ok(Self { after, limit, empty, overlap: limits.overlap && limit > 1 })
    }

    /// Cuts one page out of named items in the order of their names; gives the next page's token.
    pub fn cut<T>(&self, items: impl Iterator<Item = (String, T)>) -> (Vec<T>, Option<String>) {
        if let Some(salt) = self.empty {
            return (Vec::new(), Some(encode(&self.after, salt)));
        }
        let comes = |name: &String| *name > self.after || (self.overlap && *name == self.after);
        let mut rest = items.filter(|(name, _)| self.after.is_empty() || comes(name)).peekable();
        let (mut page, mut last) = (Vec::new(), String::new());
        while page.len() < self.limit {
            let Some((name, item)) = rest.next() else { break };
            last = name;
            page.push(item);
        }
        let next = rest.peek().is_some().then(|| encode(&last, 0));
        (page, next)
    }

    /// Whether this is the first page of a listing.
    pub fn is_first(&self) -> bool {
        self.after.is_empty() && self.empty.is_none()
    }
}

fn encode(after: &str, salt: u32) -> String {
    format!("t{salt}.{}", hex::encode(after))
}

fn decode(token: &str) -> Option<String> {
    let (salt, name) = token.strip_prefix('t')?.split_once('.')?;
    salt.parse::<u32>().ok()?;
    String::from_utf8(hex::decode(name).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { default: 2, most: 3, overlap: false };

    fn items() -> impl Iterator<Item = (String, u32)> {
        (0..5).map(|n| (format!("k{n}"), n))
    }

    #[test]
    fn pages_cover_a_listing_once() {
        let mut token = None;
        let mut seen = Vec::new();
        let mut pages = 0;
        loop {
            let paging = Paging::read(Service::Kms, token.as_deref(), None, LIMITS, None).unwrap();
            let (page, next) = paging.cut(items());
            seen.extend(page);
            pages += 1;
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!((seen, pages), (vec![0, 1, 2, 3, 4], 3));
    }

    #[test]
    fn pages_that_overlap_begin_with_what_came_last() {
        let limits = Limits { overlap: true, ..LIMITS };
        let first = Paging::read(Service::Kms, None, None, limits, None).unwrap();
        let (page, token) = first.cut(items());
        assert_eq!(page, [0, 1]);
        let second = Paging::read(Service::Kms, token.as_deref(), Some(3), limits, None).unwrap();
        assert_eq!(second.cut(items()).0, [1, 2, 3]);
    }

    #[test]
    fn an_empty_page_stands_still_under_a_new_token() {
        let first = Paging::read(Service::Kms, None, Some(9), LIMITS, None).unwrap();
        let (page, token) = first.cut(items());
        assert_eq!(page, [0, 1, 2]);
        let empty = Paging::read(Service::Kms, token.as_deref(), None, LIMITS, Some(7)).unwrap();
        let (page, again) = empty.cut(items());
        assert!(page.is_empty() && again != token);
        let rest = Paging::read(Service::Kms, again.as_deref(), None, LIMITS, None).unwrap();
        assert_eq!(rest.cut(items()), (vec![3, 4], None));
    }

    #[test]
    fn a_token_of_somebody_else_is_refused() {
        for wrong in ["", "x", "t0", "t.aa", "t0.zz", "t0.a", "t0.é"] {
            assert!(Paging::read(Service::S3, Some(wrong), None, LIMITS, None).is_err(), "{wrong}");
        }
    }
}
