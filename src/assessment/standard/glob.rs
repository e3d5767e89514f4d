//! `*` and `?`, as exceptions and gaps use them.

/// Whether a text is what a pattern says: `*` is any letters or none, `?` is one.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read) = (0, 0);
    // Where the last star stands, and how much of the text it has taken: more is tried when the rest fails.
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match (pattern.get(at), star) {
            (Some('*'), _) => {
                star = Some((at, read));
                at += 1;
            }
            (Some(letter), _) if *letter == '?' || *letter == text[read] => {
                at += 1;
                read += 1;
            }
            (_, Some((place, taken))) => {
                star = Some((place, taken + 1));
                at = place + 1;
                read = taken + 1;
            }
            (_, None) => return false,
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn stars_and_marks() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "a"),
            ("a*c", "abbc"),
            ("a*b*c", "aXbYbZc"),
            ("logs-?", "logs-1"),
            ("s3:Get*", "s3:GetBucketEncryption"),
            ("*:List*", "kms:ListKeys"),
            ("arn:aws:s3:::a-*", "arn:aws:s3:::a-1"),
            ("?", "é"),
            ("**a", "bba"),
        ] {
            assert!(glob(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("?", ""),
            ("a", "A"),
            ("a*c", "abb"),
            ("logs-?", "logs-10"),
            ("s3:Get*", "kms:GetKey"),
        ] {
            assert!(!glob(pattern, text), "{pattern} {text}");
        }
        assert!(!glob(&"*a".repeat(50), &"b".repeat(5_000)), "it is no search without an end");
    }
}
