//! Other people's words, made safe to show: on a terminal, in a page, in a plot.
//!
//! Names, reasons and policies come from whoever could name something. A terminal would obey their
//! control characters, and a page's reader would be misled by those that turn the direction of text,
//! end a line or take no width.

use std::borrow::Cow;

/// The text with what would be obeyed shown instead: `\u{1b}`. Lines and tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let shown = |letter: char| match is_obeyed(letter) {
        true => letter.escape_unicode().to_string(),
        false => letter.to_string(),
    };
    Cow::Owned(text.chars().map(shown).collect())
}

fn is_obeyed(letter: char) -> bool {
    let turns = matches!(
        letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    let is_unseen = matches!(
        letter,
        '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    );
    turns || is_unseen || (letter.is_control() && !matches!(letter, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_are_not_obeyed() {
        assert_eq!(
            printable("a\u{1b}[2J\r\u{9b}b\u{202e}\u{7f}"),
            "a\\u{1b}[2J\\u{d}\\u{9b}b\\u{202e}\\u{7f}"
        );
        assert_eq!(
            printable("pay\u{200b}ments\u{61c}\u{feff}\u{2028}"),
            "pay\\u{200b}ments\\u{61c}\\u{feff}\\u{2028}"
        );
        let good = "é … 4 × high\n\tnext";
        assert!(matches!(printable(good), Cow::Borrowed(text) if text == good));
    }
}
