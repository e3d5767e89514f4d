//! Walking a paged listing to its end.
//!
//! A listing is one logical read, however many pages it takes: its observation is the last page's,
//! with the attempts of all. An empty list must be earned: a page that lacks its list is no answer,
//! and a token that comes back is a loop, not an end, as are pages without end that bring nothing new.
//! Pages of a list that changes meanwhile overlap: an entry that comes again is the same entry.

use std::collections::BTreeSet;

use crate::model::{Fault, FaultKind, Observation, Reading};

/// One page: its entries, and the token of the next.
#[derive(Debug)]
pub struct Page<T> {
    /// The entries; `None` where the answer lacks the list that the API promises.
    pub entries: Option<Vec<T>>,
    /// The token of the next page.
    pub next: Option<String>,
    /// Whether the answer says that there are more, where the API has a word for it.
    pub goes_on: Option<bool>,
}

/// So many pages in a row without a new entry are no listing: each of AWS's own filters leaves a few at most.
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
    tokens: BTreeSet<String>,
    ids: BTreeSet<String>,
}

/// Why a listing has no end.
const TOKEN_AGAIN: &str = "the listing has no end: a page's token came again";
const NOTHING_NEW: &str = "the listing has no end: page after page brings nothing new";
/// Why a listing's end is not known.
const CONTRADICTS: &str =
    "the answer says that the listing goes on, and gives no token, or the other way round";
/// Why a page is none.
const NO_LIST: &str = "the answer lacks the list that the API promises";

impl Walk {
    /// Whether there is a page to fetch.
    pub fn goes_on(&self) -> bool {
        !self.ended
    }

    /// The token of the page to fetch; none for the first.
    pub fn token(&self) -> Option<String> {
        self.token.clone()
    }

    /// Takes a page's answer and gives its entries, which have no identity.
    pub fn page<O, T>(&mut self, answer: Observation<O>, page_of: impl FnOnce(O) -> Page<T>) -> Vec<T> {
        self.distinct(answer, page_of, |_| None)
    }

    /// Takes a page's answer and gives its entries without those that came before, on this page or another.
    pub fn distinct<O, T>(
        &mut self,
        answer: Observation<O>,
        page_of: impl FnOnce(O) -> Page<T>,
        id: impl Fn(&T) -> Option<String>,
    ) -> Vec<T> {
        self.attempts += answer.attempts;
        self.ended = true;
        let mut page = None;
        let answer = answer.map(|output| page = Some(page_of(output)));
        self.last = Some(answer);
        let Some(page) = page else { return Vec::new() };
        // The SDK's own paginators end at an empty token, too.
        let next = page.next.filter(|token| !token.is_empty());
        // A page without its list is an answer only between or after others.
        let lacks_list = page.entries.is_none() && next.is_none() && self.entries == 0;
        let mut entries = page.entries.unwrap_or_default();
        entries.retain(|entry| id(entry).is_none_or(|id| self.ids.insert(id)));
        self.empty_pages = if entries.is_empty() { self.empty_pages + 1 } else { 0 };
        let repeats = next.as_ref().is_some_and(|token| !self.tokens.insert(token.clone()));
        if lacks_list {
            self.fail(NO_LIST);
        } else if page.goes_on.is_some_and(|goes_on| goes_on != next.is_some()) {
            self.fail(CONTRADICTS);
        } else if repeats {
            self.fail(TOKEN_AGAIN);
        } else if next.is_some() && self.empty_pages > EMPTY_PAGES {
            self.fail(NOTHING_NEW);
        } else {
            self.ended = next.is_none();
            self.token = next;
        }
        self.entries += entries.len() as u64;
        entries
    }

    fn fail(&mut self, why: &str) {
        if let Some(last) = &mut self.last {
            let fault = Fault::new(FaultKind::Protocol);
            last.reading = Reading::Unread(Fault { message: Some(why.to_owned()), ..fault });
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

    fn id_of(entry: u32) -> Option<String> {
        // 9 stands for an entry without an identity.
        (entry != 9).then(|| entry.to_string())
    }

    fn walk(pages: Vec<(Option<Vec<u32>>, Option<&str>)>) -> (Observation<()>, u64, Vec<u32>) {
        let (mut walk, mut seen, mut pages) = (Walk::default(), Vec::new(), pages.into_iter());
        while walk.goes_on() {
            let (entries, next) = pages.next().expect("the walk ends with its pages");
            let page = Page { entries, next: next.map(str::to_owned), goes_on: None };
            seen.extend(walk.distinct(answer(page), |page| page, |entry| id_of(*entry)));
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
        for (pages, why) in [
            (vec![(None, None)], NO_LIST),
            (vec![page(1, "a"), page(2, "a")], TOKEN_AGAIN),
            (vec![page(1, "a"), page(2, "b"), page(3, "a")], TOKEN_AGAIN),
        ] {
            let (observation, ..) = walk(pages);
            let Reading::Unread(fault) = observation.reading else { panic!("{why}") };
            assert_eq!((fault.kind, fault.message.as_deref()), (FaultKind::Protocol, Some(why)));
        }
    }

    #[test]
    fn a_page_that_contradicts_itself_is_not_the_end() {
        for (goes_on, next, is_complete) in [
            (Some(true), None, false),
            (Some(true), Some(""), false),
            (Some(false), Some("a"), false),
            (Some(false), None, true),
            (Some(false), Some(""), true),
            (None, None, true),
        ] {
            let mut walk = Walk::default();
            let page = Page { entries: Some(vec![1]), next: next.map(str::to_owned), goes_on };
            assert_eq!(walk.page(answer(page), |page| page), [1]);
            assert!(!walk.goes_on());
            let (observation, entries) = walk.end();
            assert_eq!(
                (observation.reading.known().is_some(), entries),
                (is_complete, 1),
                "{goes_on:?} {next:?}"
            );
        }
    }

    #[test]
    fn an_entry_that_comes_again_is_one() {
        let pages = vec![(Some(vec![1, 2, 2, 9]), Some("a")), (Some(vec![2, 3, 9, 1]), None)];
        let (observation, entries, seen) = walk(pages);
        assert!(observation.reading.known().is_some());
        assert_eq!((entries, seen), (5, vec![1, 2, 9, 3, 9]));
    }

    #[test]
    fn an_empty_token_is_the_end() {
        let (observation, entries, _) = walk(vec![(Some(vec![1]), Some(""))]);
        assert!(observation.reading.known().is_some() && entries == 1);
    }

    #[test]
    fn empty_pages_without_end_are_no_answer() {
        let tokens: Vec<String> = (0..200).map(|n: u32| n.to_string()).collect();
        let (observation, entries, _) =
            walk(tokens.iter().map(|token| (Some(vec![]), Some(&**token))).collect());
        assert_eq!((observation.reading.word(), entries), ("protocol", 0));
        // The same page under a new token each time is no progress, either.
        let (observation, entries, _) =
            walk(tokens.iter().map(|token| (Some(vec![1, 2]), Some(&**token))).collect());
        assert_eq!((observation.reading.word(), entries), ("protocol", 2));
    }
}
