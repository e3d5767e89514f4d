//! Pieces that several sections are made of: numbers, tables, text to paste, names.

use maud::{Markup, html};

use super::super::page::{Page, View};

/// `1,234,567`.
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A length that is shown as a number.
pub fn size(length: usize) -> String {
    number(length as u64)
}

/// `1 bucket`, `2 buckets`.
pub fn counted(count: u64, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {one}{plural}", number(count))
}

/// A word of the lake as a person reads it.
pub fn spoken(word: &str) -> String {
    word.replace('_', " ")
}

/// The organization's id, or that there is none.
pub fn organization(page: &Page) -> &str {
    page.run.manifest.org_id.as_deref().unwrap_or("accounts without an organization")
}

/// An account by its name, with its id.
pub fn account(page: &Page, account_id: &str) -> Markup {
    let name = page.accounts.name_of(account_id);
    html! {
        span.name { (name) }
        @if name != account_id { " " code { (account_id) } }
    }
}

/// A table in a region of its own, which scrolls where the screen is narrow.
pub fn table(caption: &str, heads: &[Head], rows: &Markup) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead {
                    tr {
                        @for head in heads {
                            th.n[head.number] scope="col" { (head.text) }
                        }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}

/// The head of a column.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    text: &'static str,
    number: bool,
}

/// The head of a column of texts.
pub const fn words(text: &'static str) -> Head {
    Head { text, number: false }
}

/// The head of a column of numbers.
pub const fn numbers(text: &'static str) -> Head {
    Head { text, number: true }
}

/// A number in a table; none is a dot, so that the eye finds what there is.
pub fn cell(count: u64) -> Markup {
    html! { td.n { @if count == 0 { span.none { "0" } } @else { (number(count)) } } }
}

/// The same of what was not listed, where nothing can be counted.
pub fn cell_of(listed: bool, count: u64) -> Markup {
    html! { @if listed { (cell(count)) } @else { td.n { span.none { "not listed" } } } }
}

/// A link inside the page; words alone on a page that has only what is read first.
pub fn link(page: &Page, anchor: &str, words: &str) -> Markup {
    html! { @if page.is_summary() { (words) } @else { a href={ "#" (anchor) } { (words) } } }
}

/// Parts of a name that are shorter than that are not parted from it.
const PART: usize = 8;

/// A name or an ARN that a line may end in, where its parts end and nowhere else.
pub fn broken(text: &str) -> Markup {
    let mut parts = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let part = parts.last_mut().expect("there is always a part");
        part.push(letter);
        if part.len() >= PART && "/:-_.".contains(letter) && letters.peek().is_some() {
            parts.push(String::new());
        }
    }
    html! { @for (at, part) in parts.iter().enumerate() { @if at > 0 { wbr; } (part) } }
}

/// Letters of a word that a table's column may have to break.
const LONG: usize = 24;

/// A sentence with names in it: a line may end inside a name that is too long for it, and inside no word.
pub fn prose(text: &str) -> Markup {
    html! {
        @for (at, word) in text.split(' ').enumerate() {
            @if at > 0 { " " }
            @if word.chars().nth(LONG).is_some() { span.name { (broken(word)) } } @else { (word) }
        }
    }
}

/// Text to paste, said what it is.
pub fn paste(what: &str, text: &str) -> Markup {
    html! {
        figure.paste {
            figcaption { (what) }
            pre tabindex="0" role="group" aria-label=(what) { code { (text) } }
        }
    }
}

/// What lists the rest: a query over the run's findings.
pub fn query(page: &Page, columns: &str, table: &str, condition: &str) -> String {
    let run = &page.run.manifest.run_id;
    let date = run.date();
    let of_part = match &page.view {
        View::Whole | View::Summary => String::new(),
        View::Account(account_id) => format!("\n  AND account_id = {}", literal(account_id)),
        View::Unit(unit) => {
            let is_under = match &unit.id {
                Some(id) => format!("contains(ou_ids, {})", literal(id)),
                None => "ou_ids IS NULL".to_owned(),
            };
            format!(
                "\n  AND account_id IN (SELECT account_id FROM accounts WHERE dt = '{date}' AND run_id = '{run}' AND {is_under})"
            )
        }
    };
    format!(
        "SELECT {columns}\nFROM {table}\nWHERE dt = '{date}' AND run_id = '{run}'{of_part}\n  AND {condition}"
    )
}

/// A text as an SQL literal.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1, "key"), "1 key");
        assert_eq!(literal("o'brien"), "'o''brien'");
        assert_eq!(broken("arn:aws:kms:eu-west-1").into_string(), "arn:aws:<wbr>kms:eu-west-<wbr>1");
        assert_eq!(prose("The key <is> off.").into_string(), "The key &lt;is&gt; off.");
        let long = "x".repeat(25);
        assert_eq!(
            prose(&format!("a {long}")).into_string(),
            format!("a <span class=\"name\">{long}</span>")
        );
        assert_eq!(broken("<b>-name-").into_string(), "&lt;b&gt;-name-");
    }
}
