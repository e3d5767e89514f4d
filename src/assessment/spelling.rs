//! Words: what a person may have meant who wrote something else, and a count with its noun.

/// The candidate that is most like `text`, if any is like it at all.
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.into_iter().map(|candidate| (strsim::jaro_winkler(text, candidate), candidate));
    scored.filter(|(score, _)| *score > 0.7).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, near)| near)
}

/// A count and its noun: `1 account`, `12 accounts`.
pub fn counted(count: impl std::fmt::Display, noun: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_every_other_count_is_plural() {
        let said = [0, 1, 2].map(|count| counted(count, "account"));
        assert_eq!(said, ["0 accounts", "1 account", "2 accounts"]);
    }
}
