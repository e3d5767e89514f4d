//! Pictures: plain SVG in the page, drawn from counts. Each says in words what it shows; the table
//! beside it has the numbers.

use maud::{Markup, html};

use super::shared::number;

/// The width of a bar in the picture's own units.
const WIDTH: u64 = 1000;

/// A part of a bar.
#[derive(Debug, Clone)]
pub struct Part {
    /// The class that gives its colour.
    pub class: &'static str,
    /// What it is.
    pub label: String,
    /// How many.
    pub count: u64,
}

/// One bar, divided; with its legend.
pub fn stacked(title: &str, parts: &[Part]) -> Markup {
    let parts: Vec<&Part> = parts.iter().filter(|part| part.count > 0).collect();
    html! {
        figure.picture {
            svg role="img" aria-label=(in_words(title, &parts)) viewBox={ "0 0 " (WIDTH) " 28" } preserveAspectRatio="none" {
                (rects(&parts, 28))
            }
            figcaption {
                ul.legend {
                    @for part in &parts {
                        li { span.swatch.(part.class) {} (part.label) " " strong { (number(part.count)) } }
                    }
                }
            }
        }
    }
}

/// The same without words, beside numbers that say it.
pub fn small(parts: &[Part]) -> Markup {
    let parts: Vec<&Part> = parts.iter().filter(|part| part.count > 0).collect();
    html! {
        svg.small aria-hidden="true" viewBox={ "0 0 " (WIDTH) " 28" } preserveAspectRatio="none" {
            (rects(&parts, 28))
        }
    }
}

/// The same where no table says the numbers.
pub fn told(title: &str, parts: &[Part]) -> Markup {
    let parts: Vec<&Part> = parts.iter().filter(|part| part.count > 0).collect();
    html! {
        svg.small role="img" aria-label=(in_words(title, &parts)) viewBox={ "0 0 " (WIDTH) " 28" } preserveAspectRatio="none" {
            (rects(&parts, 28))
        }
    }
}

/// What a picture shows.
fn in_words(title: &str, parts: &[&Part]) -> String {
    let said: Vec<String> =
        parts.iter().map(|part| format!("{} {}", number(part.count), part.label)).collect();
    format!("{title}: {}", said.join(", "))
}

/// A bar whose length is its share of the longest.
pub fn length(class: &str, count: u64, longest: u64) -> Markup {
    html! {
        svg.small aria-hidden="true" viewBox={ "0 0 " (WIDTH) " 28" } preserveAspectRatio="none" {
            rect.(class) x="0" y="0" width=(share(count, longest)) height="28" {}
        }
    }
}

fn rects(parts: &[&Part], height: u64) -> Markup {
    let total: u64 = parts.iter().map(|part| part.count).sum();
    let mut before = 0;
    let placed: Vec<(&Part, u64, u64)> = parts
        .iter()
        .map(|part| {
            let from = share(before, total);
            before += part.count;
            // What is there is seen, be it a thousandth.
            (*part, from, (share(before, total) - from).max(2))
        })
        .collect();
    html! {
        @for (part, from, width) in placed {
            rect.(part.class) x=(from) y="0" width=(width) height=(height) {}
        }
    }
}

fn share(count: u64, total: u64) -> u64 {
    // Counts are far from where the product would overflow.
    (count * WIDTH).checked_div(total).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(count: u64) -> Part {
        Part { class: "pass", label: "pass".to_owned(), count }
    }

    #[test]
    fn a_bar_is_divided_by_shares_and_hides_nothing() {
        let drawn = stacked("Buckets", &[part(1), part(999_999), part(0)]).into_string();
        assert!(drawn.contains("width=\"2\"") && drawn.contains("width=\"1000\""), "{drawn}");
        assert_eq!(drawn.matches("<rect").count(), 2);
        assert!(drawn.contains("aria-label=\"Buckets: 1 pass, 999,999 pass\""), "{drawn}");
        assert!(!stacked("Nothing", &[]).into_string().contains("<rect"));
    }
}
