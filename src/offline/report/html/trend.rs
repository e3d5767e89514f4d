//! The results of the last 90 nights: a picture of the buckets, night by night, and the numbers below it.

use maud::{Markup, html};

use super::super::page::Page;
use super::super::page::trend::{NIGHTS, Night, Trend};
use super::shared::{Head, counted, number, numbers, size, table, words};
use super::standard::STANDINGS;
use crate::model::{RunStatus, Standing};

/// The height of the picture, in its own units; a night is [`STEP`] wide.
const HEIGHT: u64 = 100;
const STEP: i64 = 10;
/// Nights that it has room for at least.
const LEAST: i64 = 30;

/// The section.
pub fn section(page: &Page) -> Markup {
    let trend = &page.trend;
    html! {
        @match trend.nights.len() {
            0 => { p { "Only a census has a trend, and this run is not a census." } },
            1 => { p { "This is the only census of the last " (NIGHTS) " days." } },
            _ => { (drawn(trend, page.is_summary())) },
        }
        @if !trend.unreadable.is_empty() {
            p.bad { (counted(trend.unreadable.len() as u64, "earlier run")) " could not be read and left empty: " (named(trend)) }
        }
    }
}

fn named(trend: &Trend) -> String {
    trend.unreadable.iter().map(|run_id| run_id.as_str()).collect::<Vec<_>>().join(", ")
}

fn drawn(trend: &Trend, is_summary: bool) -> Markup {
    let first = trend.nights.first().map_or(0, |night| night.days_ago);
    let last = trend.nights.last().map_or_else(String::new, |night| night.started_at.date());
    let holes = usize::try_from(first + 1).unwrap_or_default() - trend.nights.len();
    html! {
        (picture(trend))
        p.muted {
            "Each column is a night: the share of buckets by result. The last night, " (last) ", is on the right. "
            @if holes > 0 { "Of the " (first + 1) " nights since the first one here, " (size(holes)) " have no census and are empty. " }
            (standards(trend))
        }
        @if !is_summary { details {
            summary { "Show " (counted(trend.nights.len() as u64, "night")) " as numbers" }
            (table("Censuses of the last ninety days, the newest first", &HEADS, &html! {
                @for night in trend.nights.iter().rev() { (row(night)) }
            }))
        } }
    }
}

/// Other fails are counted under another standard: the nights on which it changed are said.
fn standards(trend: &Trend) -> String {
    let changed: Vec<String> = trend
        .nights
        .windows(2)
        .filter(|pair| pair[0].standard_sha256 != pair[1].standard_sha256)
        .map(|pair| pair[1].started_at.date())
        .collect();
    match changed.len() {
        0 => String::new(),
        _ => format!("A different standard applied before {}.", changed.join(", ")),
    }
}

fn picture(trend: &Trend) -> Markup {
    let first = trend.nights.first();
    let nights = first.map_or(0, |night| night.days_ago + 1).max(LEAST);
    let width = nights * STEP;
    html! {
        figure.picture {
            svg.trend role="img" aria-label=(said(trend)) viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" {
                rect.ground x="0" y="0" width=(width) height=(HEIGHT) {}
                @for night in &trend.nights { (column(night, nights)) }
            }
            figcaption {
                ul.legend {
                    @for (_, class, label) in STANDINGS { li { span.swatch.(class) {} (label) } }
                }
            }
        }
    }
}

fn column(night: &Night, nights: i64) -> Markup {
    let Some(posture) = &night.posture else { return html! {} };
    let all = posture.buckets.all();
    let left = (nights - 1 - night.days_ago) * STEP;
    let mut top = HEIGHT;
    let mut before = 0;
    let placed: Vec<(&str, u64, u64)> = STANDINGS
        .iter()
        .map(|(standing, class, _)| {
            before += posture.buckets.of(*standing);
            let end = HEIGHT - (before * HEIGHT).checked_div(all).unwrap_or_default();
            let height = top - end;
            top = end;
            (*class, top, height)
        })
        .collect();
    html! {
        @for (class, top, height) in placed {
            @if height > 0 { rect.(class) x=(left) y=(top) width=(STEP) height=(height) {} }
        }
    }
}

/// The picture in words.
fn said(trend: &Trend) -> String {
    let clean = |night: &Night| {
        night.posture.as_ref().map(|posture| {
            let (clean, all) = (posture.buckets.clean, posture.buckets.all());
            format!("{} of {} buckets on {}", number(clean), number(all), night.started_at.date())
        })
    };
    let (mut known, nights) = (trend.nights.iter().filter_map(clean), trend.nights.len());
    match (known.next(), known.next_back()) {
        (Some(first), Some(last)) => {
            format!("{nights} nights. No fail at medium or worse and no unknown: {first}, {last}.")
        }
        _ => format!("{nights} nights; fewer than two of them have results for buckets."),
    }
}

const HEADS: [Head; 8] = [
    words("Night"),
    words("Status"),
    numbers("Buckets"),
    numbers("No fail at medium or worse, no unknown"),
    numbers("With such a fail"),
    numbers("Default encryption meets the standard"),
    numbers("Findings that fail"),
    numbers("Findings unknown"),
];

fn row(night: &Night) -> Markup {
    let buckets = night.posture.as_ref().map(|posture| posture.buckets);
    let of = |standing| buckets.map(|buckets| buckets.of(standing));
    html! {
        tr {
            th scope="row" { (night.started_at.date()) }
            td { (status(night.status)) }
            td.n { (number(night.buckets)) }
            @for count in [of(Standing::Clean), of(Standing::Fails), night.default_encryption()] {
                td.n { @match count { Some(count) => { (number(count)) }, None => { span.none { "not recorded" } } } }
            }
            @for count in night.findings { td.n { (number(count)) } }
        }
    }
}

fn status(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Complete => "complete",
        RunStatus::CompleteWithAcceptedGaps => "complete, with accepted gaps",
        RunStatus::Partial => "partial",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{DAY_MS, Timestamp};
    use crate::model::{Posture, RunId, Standings};

    fn night(days_ago: i64, posture: Option<Posture>) -> Night {
        let at = Timestamp::from_millis(1_795_230_000_000 - days_ago * DAY_MS);
        Night {
            run_id: RunId::new(at, 1),
            days_ago,
            started_at: at,
            status: RunStatus::Complete,
            buckets: 4,
            findings: [1, 2],
            posture,
            standard_sha256: None,
        }
    }

    fn half_clean() -> Posture {
        Posture { buckets: Standings { clean: 2, fails: 2, ..Standings::default() }, ..Posture::default() }
    }

    #[test]
    fn a_night_that_says_nothing_is_a_hole() {
        let nights = vec![night(3, Some(half_clean())), night(1, None), night(0, Some(half_clean()))];
        let trend = Trend { nights, unreadable: Vec::new() };
        let drawn = drawn(&trend, false).into_string();
        assert_eq!(drawn.matches("<rect class=\"pass\"").count(), 2);
        for at in ["x=\"260\"", "x=\"290\""] {
            assert_eq!(drawn.matches(at).count(), 2, "{at}: a part for each way to stand");
        }
        assert!(!drawn.contains("x=\"280\""), "nothing is drawn where nothing is known");
        assert!(drawn.contains("Of the 4 nights since the first one here, 1 have no census"), "{drawn}");
        assert!(drawn.contains("2 of 4 buckets on 2026-11-18, 2 of 4 buckets on 2026-11-21"), "{drawn}");
        assert!(drawn.contains("not recorded"));
    }
}
