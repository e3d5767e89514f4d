//! Walking a paged listing to its end.
//!
//! A listing is one logical read, however many pages it takes: its observation is the last page's,
//! with the attempts of all. An empty list must be earned: a page that lacks its list is no answer,
//! and a token that comes back is a loop, not an end, as are pages without end that bring nothing new.
//! Pages of a list that changes meanwhile overlap: an entry that comes again is the same entry. An entry
//! that is not understood, or is there twice on a page in two ways, does not end the walk: what else
//! the listing has is kept, and it is not complete.

use std::collections::BTreeSet;

use super::{message, promise};
use crate::log::Entries;
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
    /// How many entries the answer says that it has, where the API has a word for it.
    pub count: Option<usize>,
}

/// So many pages in a row without a new entry are no listing: each of AWS's own filters leaves a few at most.
const EMPTY_PAGES: u32 = 100;

/// Longer is no listing of AWS's. An organization has some ten thousand accounts on pages of 20, an account up to a
/// million buckets on pages of 10,000 and, in a Region, 100,000 keys on pages of 1,000 before its quota is raised.
const MOST_PAGES: u32 = 100_000;
const MOST_ENTRIES: u64 = 5_000_000;

/// How long a listing can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Most {
    /// Its pages.
    pub pages: u32,
    /// Its entries.
    pub entries: u64,
}

impl Default for Most {
    fn default() -> Self {
        Self { pages: MOST_PAGES, entries: MOST_ENTRIES }
    }
}

impl Most {
    /// What is left of it after a listing.
    pub fn after(self, walk: &Walk) -> Self {
        Self {
            pages: self.pages.saturating_sub(walk.pages),
            entries: self.entries.saturating_sub(walk.entries.kept),
        }
    }

    /// Whether nothing is left.
    pub const fn is_spent(self) -> bool {
        self.pages == 0 || self.entries == 0
    }
}

/// A listing while it is walked:
///
/// ```text
/// while walk.goes_on() {
///     let page = walk.take(fetch(walk.token()).await, page_of, understand, identity);
///     …
/// }
/// let (observation, entries) = walk.end();
/// ```
#[derive(Debug, Default)]
pub struct Walk {
    most: Most,
    last: Option<Observation<()>>,
    token: Option<String>,
    ended: bool,
    attempts: u32,
    entries: Entries,
    pages: u32,
    empty_pages: u32,
    tokens: BTreeSet<String>,
    ids: BTreeSet<String>,
    strange: u64,
    first_strange: Option<String>,
    /// Of the page before.
    last_strange: Option<String>,
}

/// Why a listing has no end.
const TOKEN_AGAIN: &str = "the listing does not end: the token of an earlier page came again";
const NOTHING_NEW: &str = "the listing does not end: the pages bring nothing new";
/// The same of one, or of several together, that are longer than they can be.
pub const TOO_LONG: &str = "the listing does not end: it is longer than any listing of AWS";
/// Why a listing's end is not known.
const CONTRADICTS: &str = "the answer contradicts itself: either the listing goes on and there is no token for the next page, or it has \
     ended and there is a token";
/// Why a page's entries are not all.
const MISCOUNTS: &str = "the number of entries in the answer is not the number that it states";

impl Walk {
    /// A listing that is no longer than this.
    pub fn within(most: Most) -> Self {
        Self { most, ..Self::default() }
    }

    /// Whether there is a page to fetch.
    pub fn goes_on(&self) -> bool {
        !self.ended
    }

    /// The token of the page to fetch; none for the first.
    pub fn token(&self) -> Option<String> {
        self.token.clone()
    }

    /// Takes a page's answer and gives its entries, as `understand` reads them, without those that came before.
    /// What `understand` says of an entry that it cannot read is kept with the listing.
    pub fn take<O, E, T: PartialEq>(
        &mut self,
        answer: Observation<O>,
        page_of: impl FnOnce(O) -> Page<E>,
        mut understand: impl FnMut(E) -> Result<T, String>,
        identity: impl Fn(&T) -> String,
    ) -> Vec<T> {
        self.attempts += answer.attempts;
        self.pages += 1;
        self.ended = true;
        let mut page = None;
        let answer = answer.map(|output| page = Some(page_of(output)));
        self.last = Some(answer);
        let Some(page) = page else { return Vec::new() };
        let had = self.strange;
        let has = page.entries.as_ref().map(Vec::len);
        let not_a_page = match (has, page.count) {
            (None, _) => Some(lacks(self.last.as_ref().map_or("", |last| last.operation.as_ref()))),
            (Some(has), Some(count)) if has != count => Some(MISCOUNTS.to_owned()),
            _ => None,
        };
        let (mut entries, mut first): (Vec<T>, Option<String>) = (Vec::new(), None);
        for entry in page.entries.unwrap_or_default() {
            match understand(entry) {
                Ok(entry) => self.keep(&mut entries, entry, &identity),
                Err(why) => {
                    first.get_or_insert_with(|| why.clone());
                    self.strange(why);
                }
            }
        }
        // The same entry that is not understood, on page after page, is nothing new.
        let is_other = self.strange > had && first != self.last_strange;
        self.last_strange = first;
        let brings = !entries.is_empty() || is_other;
        self.empty_pages = if brings { 0 } else { self.empty_pages + 1 };
        self.entries.kept += entries.len() as u64;
        // The SDK's own paginators end at an empty token, too.
        let next = page.next.filter(|token| !token.is_empty());
        self.turn(not_a_page.as_deref(), page.goes_on, next);
        entries
    }

    fn keep<T: PartialEq>(&mut self, page: &mut Vec<T>, entry: T, identity: impl Fn(&T) -> String) {
        let id = identity(&entry);
        if !self.ids.contains(&id) {
            self.ids.insert(id);
            page.push(entry);
            return;
        }
        self.entries.repeated += 1;
        // An entry of an earlier page may have changed since.
        let Some(same) = page.iter().find(|other| identity(other) == id) else { return };
        if *same != entry {
            self.strange(format!("{id} is listed twice, with different contents"));
        } else if let Some(last) = &self.last {
            let (operation, region) = (&last.operation, &last.region);
            tracing::warn!(%operation, %region, "{} is listed twice; it is counted once", shown(&id));
        }
    }

    fn strange(&mut self, why: String) {
        self.strange += 1;
        self.first_strange.get_or_insert(why);
    }

    /// Whether there is another page, and whether this one can be believed to have one, or to be the last.
    fn turn(&mut self, not_a_page: Option<&str>, goes_on: Option<bool>, next: Option<String>) {
        let repeats = next.as_ref().is_some_and(|token| !self.tokens.insert(token.clone()));
        if let Some(why) = not_a_page {
            self.fail(why);
        } else if goes_on.is_some_and(|goes_on| goes_on != next.is_some()) {
            self.fail(CONTRADICTS);
        } else if repeats {
            self.fail(TOKEN_AGAIN);
        } else if next.is_some() && self.empty_pages > EMPTY_PAGES {
            self.fail(NOTHING_NEW);
        } else if next.is_some() && self.most.after(self).is_spent() {
            self.fail(TOO_LONG);
        } else {
            self.ended = next.is_none();
            self.token = next;
        }
    }

    fn fail(&mut self, why: &str) {
        if let Some(last) = &mut self.last {
            last.reading = Reading::Unread(Fault::saying(FaultKind::Protocol, message::kept(why)));
        }
    }

    /// The listing's observation, and how many entries it gave.
    pub fn end(mut self) -> (Observation<()>, Entries) {
        let is_known = self.last.as_ref().is_some_and(|last| last.reading.known().is_some());
        if let (true, Some(first)) = (is_known, self.first_strange.take()) {
            let entries = if self.strange == 1 { "entry is" } else { "entries are" };
            self.fail(&format!("{} {entries} not understood; the first: {first}", self.strange));
        }
        let last = self.last.expect("a listing that goes on from the start has fetched a page");
        (Observation { attempts: self.attempts, ..last }, self.entries)
    }
}

/// Why a page is none.
const NO_LIST: &str = "the answer lacks the list that the API promises";

/// The same, with what it lacks of its operation's answer.
fn lacks(operation: &str) -> String {
    match promise::list_of(operation.rsplit(':').next().unwrap_or_default()) {
        Some(list) => format!("the answer lacks {list}"),
        None => NO_LIST.to_owned(),
    }
}

/// Texts of an answer are shown to so many characters.
const SHOWN: usize = 120;

fn shown(text: &str) -> String {
    let text = message::kept(text).unwrap_or_default();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A word of an answer as the log keeps it: as it is, unless it cannot be a word of AWS's.
pub fn word(text: &str) -> String {
    let is_word = text.len() <= SHOWN && text.bytes().all(|b| b.is_ascii_graphic());
    if is_word { text.to_owned() } else { shown(text) }
}

/// A member of an answer as a sentence shows it: its name and its text, or that there is none.
pub fn told(name: &str, text: Option<&str>) -> String {
    match text {
        Some(text) => format!("{name} `{}`", shown(text)),
        None => format!("no {name}"),
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

    /// 9 stands for an entry that is not understood; from 10 on the last digit is an entry's identity.
    fn understand(entry: u32) -> Result<u32, String> {
        if entry == 9 { Err("a nine".to_owned()) } else { Ok(entry) }
    }

    fn identity(entry: u32) -> String {
        (entry % 10).to_string()
    }

    fn walk(pages: Vec<(Option<Vec<u32>>, Option<&str>)>) -> (Observation<()>, Entries, Vec<u32>) {
        let (mut walk, mut seen, mut pages) = (Walk::default(), Vec::new(), pages.into_iter());
        while walk.goes_on() {
            let (entries, next) = pages.next().expect("the walk ends with its pages");
            let page = Page { entries, next: next.map(str::to_owned), goes_on: None, count: None };
            seen.extend(walk.take(answer(page), |page| page, understand, |it| identity(*it)));
        }
        let (observation, entries) = walk.end();
        (observation, entries, seen)
    }

    fn message(observation: &Observation<()>) -> Option<&str> {
        let Reading::Unread(fault) = &observation.reading else { return None };
        assert_eq!(fault.kind, FaultKind::Protocol);
        fault.message.as_deref()
    }

    const fn entries(kept: u64, repeated: u64) -> Entries {
        Entries { kept, repeated }
    }

    #[test]
    fn an_empty_page_with_a_token_is_not_the_end() {
        let (observation, listed, seen) =
            walk(vec![(Some(vec![]), Some("a")), (Some(vec![]), Some("b")), (Some(vec![1, 2]), None)]);
        assert_eq!((listed, seen), (entries(2, 0), vec![1, 2]));
        assert!(observation.reading.known().is_some() && observation.attempts == 3);
    }

    #[test]
    fn an_entry_that_is_not_understood_leaves_the_rest_and_no_complete_listing() {
        let pages = vec![(Some(vec![1, 9]), Some("a")), (Some(vec![2]), Some("b")), (Some(vec![9, 3]), None)];
        let (observation, listed, seen) = walk(pages);
        assert_eq!((listed, seen), (entries(3, 0), vec![1, 2, 3]));
        assert_eq!(message(&observation), Some("2 entries are not understood; the first: a nine"));
    }

    #[test]
    fn an_entry_that_is_there_twice_on_a_page_is_one_or_none() {
        let (observation, listed, seen) = walk(vec![(Some(vec![1, 2, 1]), None)]);
        assert!(observation.reading.known().is_some());
        assert_eq!((listed, seen), (entries(2, 1), vec![1, 2]));
        let (observation, listed, seen) = walk(vec![(Some(vec![1, 2, 11]), None)]);
        let why = "1 entry is not understood; the first: 1 is listed twice, with different contents";
        assert_eq!(message(&observation), Some(why));
        assert_eq!((listed, seen), (entries(2, 1), vec![1, 2]));
        // Between two pages it may have changed.
        let (observation, listed, _) = walk(vec![(Some(vec![1]), Some("a")), (Some(vec![11]), None)]);
        assert!(observation.reading.known().is_some());
        assert_eq!(listed, entries(1, 1));
    }

    #[test]
    fn what_an_answer_says_is_shown_bounded_and_printable() {
        assert_eq!(told("Id", None), "no Id");
        assert_eq!(told("Id", Some("12\u{1b}[2J\n345")).matches(['\u{1b}', '\n']).count(), 0);
        assert!(told("Id", Some(&"é".repeat(5_000))).len() < 300);
    }

    #[test]
    fn an_answer_without_its_list_and_a_token_that_loops_are_no_answers() {
        let page = |entry, token| (Some(vec![entry]), Some(token));
        for (pages, why) in [
            (vec![(None, None)], NO_LIST),
            (vec![page(1, "a"), (None, Some("b"))], NO_LIST),
            (vec![page(1, "a"), (None, None)], NO_LIST),
            (vec![page(1, "a"), page(2, "a")], TOKEN_AGAIN),
            (vec![page(1, "a"), page(2, "b"), page(3, "a")], TOKEN_AGAIN),
        ] {
            let (observation, ..) = walk(pages);
            assert_eq!(message(&observation), Some(why));
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
            let page = Page { entries: Some(vec![1]), next: next.map(str::to_owned), goes_on, count: None };
            assert_eq!(walk.take(answer(page), |page| page, understand, |it| identity(*it)), [1]);
            assert!(!walk.goes_on());
            let (observation, listed) = walk.end();
            assert_eq!(
                (observation.reading.known().is_some(), listed.kept),
                (is_complete, 1),
                "{goes_on:?} {next:?}"
            );
        }
    }

    #[test]
    fn pages_without_end_that_bring_something_new_each_time_end_all_the_same() {
        let (mut walk, mut pages) = (Walk::default(), 0);
        while walk.goes_on() {
            pages += 1;
            let page = Page {
                entries: Some(vec![pages]),
                next: Some(pages.to_string()),
                goes_on: None,
                count: None,
            };
            walk.take(answer(page), |page| page, Ok, u32::to_string);
        }
        let (observation, listed) = walk.end();
        assert_eq!((pages, listed.kept), (MOST_PAGES, u64::from(MOST_PAGES)));
        assert_eq!(message(&observation), Some(TOO_LONG));
    }

    #[test]
    fn a_page_that_has_another_number_of_entries_than_it_says_is_none() {
        for (count, is_complete) in [(None, true), (Some(2), true), (Some(1), false), (Some(3), false)] {
            let mut walk = Walk::default();
            let page = Page { entries: Some(vec![1, 2]), next: None, goes_on: None, count };
            assert_eq!(walk.take(answer(page), |page| page, understand, |it| identity(*it)), [1, 2]);
            let (observation, _) = walk.end();
            assert_eq!(observation.reading.known().is_some(), is_complete, "{count:?}");
            assert!(is_complete || message(&observation) == Some(MISCOUNTS));
        }
    }

    #[test]
    fn an_entry_that_comes_again_is_one() {
        let pages = vec![(Some(vec![1, 2, 2]), Some("a")), (Some(vec![2, 3, 1]), None)];
        let (observation, listed, seen) = walk(pages);
        assert!(observation.reading.known().is_some());
        assert_eq!((listed, seen), (entries(3, 3), vec![1, 2, 3]));
    }

    #[test]
    fn an_empty_token_is_the_end() {
        let (observation, listed, _) = walk(vec![(Some(vec![1]), Some(""))]);
        assert!(observation.reading.known().is_some() && listed.kept == 1);
    }

    #[test]
    fn empty_pages_without_end_are_no_answer() {
        let tokens: Vec<String> = (0..200).map(|n: u32| n.to_string()).collect();
        let (observation, listed, _) =
            walk(tokens.iter().map(|token| (Some(vec![]), Some(&**token))).collect());
        assert_eq!((observation.reading.word(), listed.kept), ("protocol", 0));
        let (observation, listed, _) =
            walk(tokens.iter().map(|token| (Some(vec![9]), Some(&**token))).collect());
        assert_eq!((observation.reading.word(), listed.kept), ("protocol", 0));
        // The same page under a new token each time is no progress, either.
        let (observation, listed, _) =
            walk(tokens.iter().map(|token| (Some(vec![1, 2]), Some(&**token))).collect());
        assert_eq!((observation.reading.word(), listed.kept), ("protocol", 2));
    }
}
