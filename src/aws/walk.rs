//! Walking a paged listing to its end.
//!
//! A listing is one logical read, however many pages it takes: its observation is the last page's,
//! with the attempts of all. An empty list must be earned: a page that lacks its list is no answer,
//! and a token that comes back unchanged is a loop, not an end.

use super::call::Answer;
use crate::model::{Fault, FaultKind, Observation, Reading};

/// One page: its entries, and the token of the next.
#[derive(Debug)]
pub struct Page<T> {
    /// The entries; `None` where the answer lacks the list that the API promises.
    pub entries: Option<Vec<T>>,
    /// The token of the next page.
    pub next: Option<String>,
}

/// Fetches page after page and hands each to `take`. Gives the listing's observation, with the
/// number of entries that were taken.
pub async fn walk<O, T>(
    fetch: impl AsyncFn(Option<String>) -> Answer<O>,
    page_of: impl Fn(O) -> Page<T>,
    mut take: impl AsyncFnMut(Vec<T>),
) -> (Observation<()>, u64) {
    let (mut token, mut attempts, mut taken) = (None, 0, 0);
    loop {
        let observation = fetch(token.clone()).await.observation;
        attempts += observation.attempts;
        let mut page = None;
        let mut empty = observation.map(|output| page = Some(page_of(output)));
        empty.attempts = attempts;
        let Some(page) = page else { return (empty, taken) };
        let Some(entries) = listed(&page, taken) else { return (protocol(empty), taken) };
        taken += entries;
        take(page.entries.unwrap_or_default()).await;
        match page.next {
            None => return (empty, taken),
            next if next == token => return (protocol(empty), taken),
            next => token = next,
        }
    }
}

/// How many entries a page gives. A page without its list is an answer only between others.
fn listed<T>(page: &Page<T>, taken: u64) -> Option<u64> {
    match &page.entries {
        Some(entries) => Some(entries.len() as u64),
        None if page.next.is_some() || taken > 0 => Some(0),
        None => None,
    }
}

fn protocol(observation: Observation<()>) -> Observation<()> {
    let fault = Fault::new(FaultKind::Protocol);
    Observation { reading: Reading::Unread(fault), ..observation }
}
