//! What changed since the last census.

use maud::{Markup, html};

use super::super::page::Page;

/// The section.
pub fn section(_: &Page) -> Markup {
    html! { p { "…" } }
}
