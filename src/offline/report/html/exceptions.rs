//! The exceptions: what is accepted, until when, and which of them accept nothing.

use maud::{Markup, html};

use super::super::page::Page;
use super::shared::{counted, number, size, spoken, table, words};
use crate::clock::{DAY_MS, Timestamp};
use crate::model::{ExceptionState, ExceptionUse};

/// An exception is said to expire soon in its last 30 days.
const EXPIRING_MS: i64 = 30 * DAY_MS;
/// Exceptions in the table; past them they are counted.
const SHOWN: usize = 500;

/// The state of an exception, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Rejected,
    Expiring,
    Expired,
    InForce,
    Unused,
    NotBegun,
}

impl Standing {
    const ALL: [(Self, &'static str); 6] = [
        (Self::InForce, "in force"),
        (Self::Expiring, "in force and expiring within 30 days"),
        (Self::Rejected, "rejected"),
        (Self::Expired, "expired"),
        (Self::Unused, "in force, without a matching finding"),
        (Self::NotBegun, "not yet in force"),
    ];

    fn of(used: &ExceptionUse, as_of: Timestamp) -> Self {
        let expires_soon = as_of >= used.expires.plus_millis(-EXPIRING_MS);
        match used.state {
            ExceptionState::TooManyMatches | ExceptionState::TooLong => Self::Rejected,
            ExceptionState::Used | ExceptionState::Unused if expires_soon => Self::Expiring,
            ExceptionState::Used => Self::InForce,
            ExceptionState::Unused => Self::Unused,
            ExceptionState::Expired => Self::Expired,
            ExceptionState::NotYet => Self::NotBegun,
        }
    }

    fn words(self) -> &'static str {
        Self::ALL.iter().find(|(standing, _)| *standing == self).map_or("", |(_, words)| words)
    }
}

/// The section.
pub fn section(page: &Page) -> Markup {
    let as_of = page.run.manifest.as_of;
    let mut uses: Vec<(Standing, &ExceptionUse)> =
        page.run.manifest.exceptions.iter().map(|used| (Standing::of(used, as_of), used)).collect();
    uses.sort_by_key(|(standing, used)| (*standing, used.expires, &used.id));
    let count = |wanted: Standing| uses.iter().filter(|(standing, _)| *standing == wanted).count();
    html! {
        @if uses.is_empty() {
            p { "No exceptions: no fail is accepted." }
        } @else {
            ul.plain {
                @for (standing, words) in Standing::ALL {
                    @if count(standing) > 0 {
                        li.bad[standing == Standing::Rejected] { strong { (size(count(standing))) } " " (words) }
                    }
                }
            }
            @if !page.is_summary() { details {
                summary { "Show " (counted(uses.len() as u64, "exception")) }
                (table("Exceptions, the most urgent first", &HEADS, &html! {
                    @for (standing, used) in uses.iter().take(SHOWN) { (row(*standing, used)) }
                }))
                @if uses.len() > SHOWN { p { "and " (size(uses.len() - SHOWN)) " more, in the manifest" } }
            } }
        }
    }
}

const HEADS: [super::shared::Head; 6] = [
    words("Exception"),
    words("Check"),
    words("Owner and ticket"),
    words("State"),
    words("In force"),
    words("Findings"),
];

fn row(standing: Standing, used: &ExceptionUse) -> Markup {
    html! {
        tr {
            th scope="row" { span.name { (used.id) } }
            td { code { (used.check_id) } }
            td { span.name { (used.owner) } @if !used.ticket.is_empty() { ", " span.name { (used.ticket) } } }
            td {
                (standing.words())
                @if standing == Standing::Rejected { ": " (spoken(used.state.word())) }
            }
            td { (used.starts.date()) " to " (used.expires.date()) }
            td { (number(used.matches)) " of at most " (number(used.max_matches)) }
        }
    }
}
