//! Walking a paged listing to its end.
//!
//! A listing is one logical read, however many pages it takes: its observation is the last page's,
//! with the attempts of all. An empty list must be earned: a page that lacks its list is no answer,
//! and a token that comes back is a loop, not an end, as are empty pages without end.

use std::collections::BTreeSet;

use crate::model::{Fault, FaultKind, Observation, Reading};

/// One page: its entries, and the token of the next.
#[derive(Debug)]
pub struct Page<T> {
    /// The entries; `None` where the answer lacks the list that the API promises.
    pub entries: Option<Vec<T>>,
    /// The token of the next page.
    pub next: Option<String>,
}

/// So many empty pages in a row are no listing: each of AWS's own filters leaves a few at most.
const EMPTY_PAGES: u32 = 100;

/// A listing while it is walked:
///
/// ```text
/// while walk.goes_on() {
///     let page = walk.page(fetch(walk.token()).await, page_of);
///     …
/// }
/// let (observation, entries) = walk.end();
/// ```
#[derive(Debug, Default)]
pub struct Walk {
    last: Option<Observation<()>>,
    token: Option<String>,
    ended: bool,
    attempts: u32,
    entries: u64,
    empty_pages: u32,
    seen: BTreeSet<String>,
}

impl Walk {
    /// Whether there is a page to fetch.
    pub fn goes_on(&self) -> bool {
        !self.ended
    }

    /// The token of the page to fetch; none for the first.
    pub fn token(&self) -> Option<String> {
        self.token.clone()
    }

    /// Takes a page's answer and gives its entries.
    pub fn page<O, T>(&mut self, answer: Observation<O>, page_of: impl FnOnce(O) -> Page<T>) -> Vec<T> {
        self.attempts += answer.attempts;
        self.ended = true;
        let mut page = None;
        let answer = answer.map(|output| page = Some(page_of(output)));
        self.last = Some(answer);
        let Some(page) = page else { return Vec::new() };
        // A page without its list is an answer only between or after others.
        let lacks_list = page.entries.is_none() && page.next.is_none() && self.entries == 0;
        self.empty_pages = match &page.entries {
            Some(entries) if !entries.is_empty() => 0,
            _ => self.empty_pages + 1,
        };
        let repeats = page.next.as_ref().is_some_and(|token| !self.seen.insert(token.clone()));
        let loops = repeats || (page.next.is_some() && self.empty_pages > EMPTY_PAGES);
        if lacks_list || loops {
            self.fail();
        } else {
            self.ended = page.next.is_none();
            self.token = page.next;
        }
        let entries = page.entries.unwrap_or_default();
        self.entries += entries.len() as u64;
        entries
    }

    fn fail(&mut self) {
        if let Some(last) = &mut self.last {
            last.reading = Reading::Unread(Fault::new(FaultKind::Protocol));
        }
    }

    /// The listing's observation, and how many entries it gave.
    pub fn end(self) -> (Observation<()>, u64) {
        let last = self.last.expect("a listing that goes on from the start has fetched a page");
        (Observation { attempts: self.attempts, ..last }, self.entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{NotAsked, Region};

    fn answer(page: Page<u32>) -> Observation<Page<u32>> {
        let empty = Observation::not_asked("kms:ListKeys", Region::global(), NotAsked::TurnedOff);
        Observation { reading: Reading::Known(page), attempts: 1, ..empty }
    }

    fn walk(pages: Vec<(Option<Vec<u32>>, Option<&str>)>) -> (Observation<()>, u64, Vec<u32>) {
        let (mut walk, mut seen, mut pages) = (Walk::default(), Vec::new(), pages.into_iter());
        while walk.goes_on() {
            let (entries, next) = pages.next().expect("the walk ends with its pages");
            let page = Page { entries, next: next.map(str::to_owned) };
            seen.extend(walk.page(answer(page), |page| page));
        }
        let (observation, entries) = walk.end();
        (observation, entries, seen)
    }

    #[test]
    fn an_empty_page_with_a_token_is_not_the_end() {
        let (observation, entries, seen) =
            walk(vec![(Some(vec![]), Some("a")), (None, Some("b")), (Some(vec![1, 2]), None)]);
        assert_eq!((entries, seen), (2, vec![1, 2]));
        assert!(observation.reading.known().is_some() && observation.attempts == 3);
    }

    #[test]
    fn an_answer_without_its_list_and_a_token_that_loops_are_no_answers() {
        let page = |entry, token| (Some(vec![entry]), Some(token));
        for pages in [
            vec![(None, None)],
            vec![page(1, "a"), page(2, "a")],
            vec![page(1, "a"), page(2, "b"), page(3, "a")],
        ] {
            let (observation, ..) = walk(pages);
            assert_eq!(observation.reading.word(), "protocol");
        }
    }

    #[test]
    fn empty_pages_without_end_are_no_answer() {
        let tokens: Vec<String> = (0..200).map(|n: u32| n.to_string()).collect();
        let (observation, entries, _) =
            walk(tokens.iter().map(|token| (Some(vec![]), Some(&**token))).collect());
        assert_eq!((observation.reading.word(), entries), ("protocol", 0));
    }
}
