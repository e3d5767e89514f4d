//! Patterns of `*` and `?`, as standards, exceptions and IAM's actions use them.
//!
//! One matcher for all that mean the same by them: `*` is any characters or none, `?` is one character. It goes back
//! to the last star alone, and never to one before it: its steps are at most the lengths of the two texts multiplied,
//! and it allocates nothing. The policies' patterns are an automaton of their own, because they are walked together
//! and know more (colons that a star does not cross, policy variables); a test there holds the two to each other.

/// Whether a text is what a pattern says.
pub fn matches(pattern: &str, text: &str) -> bool {
    walk(pattern, text, |wanted, found| wanted == found)
}

/// The same, where a letter of ASCII is the same in either case: the actions of IAM.
pub fn matches_ignoring_case(pattern: &str, text: &str) -> bool {
    walk(pattern, text, |wanted, found| wanted.eq_ignore_ascii_case(&found))
}

fn walk(pattern: &str, text: &str, same: impl Fn(char, char) -> bool) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Of the last star: the pattern behind it, and the text that it has not taken yet.
    let mut star = None;
    loop {
        let mut behind = text.clone();
        match (pattern.next(), behind.next()) {
            (Some('*'), _) => star = Some((pattern.clone(), text.clone())),
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == '?' || same(wanted, found) => text = behind,
            // More for the star would leave less for what the pattern still wants.
            (Some(_), None) => return false,
            (_, Some(_)) => {
                let Some((after, left)) = &mut star else { return false };
                left.next();
                (pattern, text) = (after.clone(), left.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_and_marks() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "a"),
            ("a*c", "abbc"),
            ("a*b*c", "aXbYbZc"),
            ("a*b", "abab"),
            ("logs-?", "logs-1"),
            ("s3:Get*", "s3:GetBucketEncryption"),
            ("*:List*", "kms:ListKeys"),
            ("arn:aws:s3:::a-*", "arn:aws:s3:::a-1"),
            ("?", "é"),
            ("*?", "éé"),
            ("**a", "bba"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("?", ""),
            ("a", "A"),
            ("a*c", "abb"),
            ("logs-?", "logs-10"),
            ("s3:Get*", "kms:GetKey"),
            ("*?*?", "a"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn the_case_of_a_letter_counts_only_where_it_is_asked_for() {
        assert!(matches_ignoring_case("S3:getbucket*", "s3:GetBucketPolicy"));
        assert!(!matches("S3:getbucket*", "s3:GetBucketPolicy"));
    }

    /// A matcher that tries each star again for each choice of the one before it does not come to an end here.
    #[test]
    fn many_stars_come_to_an_end() {
        let pattern = format!("{}b", "*a".repeat(1_000));
        let text = "a".repeat(100_000);
        for walked in [matches, matches_ignoring_case] {
            assert!(!walked(&pattern, &text));
            assert!(walked(&pattern, &format!("{text}b")));
        }
    }

    /// The meaning, written down once more and without a thought of its cost.
    fn reference(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            (['*', rest @ ..], text) => (0..=text.len()).any(|taken| reference(rest, &text[taken..])),
            (['?', rest @ ..], [_, behind @ ..]) => reference(rest, behind),
            ([wanted, rest @ ..], [found, behind @ ..]) => wanted == found && reference(rest, behind),
            (_, []) => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(5_000) })]
        #[test]
        fn it_is_what_the_reference_says(pattern in "[abé*?]{0,8}", text in "[abé]{0,10}") {
            let (letters, found): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(matches(&pattern, &text), reference(&letters, &found));
            prop_assert_eq!(
                matches_ignoring_case(&pattern.replace('a', "A"), &text),
                reference(&letters, &found)
            );
        }
    }
}
