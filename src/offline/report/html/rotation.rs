//! How old the material of customer managed keys is, and which keys rotate.

use maud::{Markup, html};

use super::super::page::Page;
use super::picture::length;
use super::shared::{cell, counted, number, numbers, table, words};
use crate::check::ROTATION_FOOTNOTE;

/// The section.
pub fn section(page: &Page) -> Markup {
    let ages = &page.keys.ages;
    let longest = ages.values().copied().max().unwrap_or_default();
    let managers: Vec<String> =
        page.keys.by_manager.iter().map(|(manager, keys)| format!("{} {manager}", number(*keys))).collect();
    html! {
        p {
            (counted(page.keys.by_manager.values().sum(), "key")) " by manager: "
            @if managers.is_empty() { "none" } @else { (managers.join(", ")) } ". "
            "AWS rotates AWS managed keys every year. The table has the customer managed keys."
        }
        @if ages.is_empty() {
            p { "No customer managed key was listed." }
        } @else {
            (table("Customer managed keys by their last completed rotation", &HEADS, &html! {
                @for (age, keys) in ages {
                    tr {
                        th scope="row" { (age.words) }
                        td.bar { (length("mode-kms", *keys, longest)) }
                        (cell(*keys))
                    }
                }
            }))
        }
        p.muted { (ROTATION_FOOTNOTE) }
    }
}

const HEADS: [super::shared::Head; 3] = [words("Last rotation"), words("Share"), numbers("Keys")];
