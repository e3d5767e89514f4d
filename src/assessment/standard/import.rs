//! The exceptions of a home-grown set-up, taken over: bucket names, each with the date of its end.
//!
//! `{"one-bucket"="12/31/20 00:00","another"="None"}`, as a Terraform variable or as JSON. What such a
//! list cannot say (why, who answers for it, who approved) is left empty, and an exceptions file with
//! empty fields is refused: a person must fill them.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

use super::exceptions::Rules;
use super::file::{Problem, quoted};
use super::write;
use crate::check::{self, Check};
use crate::clock::{DAY_MS, Timestamp};
use crate::model::Standard;

/// The check that such lists are about: the bucket is not encrypted as it should be.
const CHECK: &str = "s3_encryption_standard";

/// A default whose key is gone is broken. Who agreed to another encryption did not agree to that.
const NOT_AGREED: &str = "key_missing";

/// Makes an exceptions file of a list of buckets; or every problem of the list.
pub fn import(text: &str, now: Timestamp, standard: &Standard) -> Result<String, Vec<Problem>> {
    let check = check::find(CHECK)
        .ok_or_else(|| vec![problem(None, format!("there is no check `{CHECK}` to import for"), None)])?;
    import_for(check, text, now, standard)
}

/// The same for a check.
pub(super) fn import_for(
    check: &'static Check,
    text: &str,
    now: Timestamp,
    standard: &Standard,
) -> Result<String, Vec<Problem>> {
    let entries = Scanner::new(text).entries().map_err(|problem| vec![problem])?;
    let today = now.date();
    // A date is always 00:00Z of itself.
    let starts = Timestamp::parse(&today).unwrap_or(now);
    let mut importer = Importer { check, rules: Rules::of(standard), starts, now, problems: Vec::new() };
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    let mut blocks = vec![format!(
        "# Imported on {today} from a list of buckets and dates. The file is refused until a person has filled\n\
         # what is empty. `approved_at` may not be after `starts`: move `starts` where it would be.\n"
    )];
    for entry in &entries {
        if let Some(line) = lines.insert(&entry.bucket, entry.line) {
            let what = format!("{} is listed twice: see line {line}", quoted(&entry.bucket));
            importer.problems.push(problem(Some(entry.line), what, Some("keep one of them")));
        }
        blocks.push(importer.block(entry));
    }
    match importer.problems.is_empty() {
        true => Ok(blocks.join("\n")),
        false => Err(importer.problems),
    }
}

fn problem(line: Option<usize>, what: String, fix: Option<&str>) -> Problem {
    Problem { line, what, fix: fix.map(str::to_owned) }
}

/// What every entry is made with.
struct Importer<'a> {
    check: &'static Check,
    rules: Rules<'a>,
    starts: Timestamp,
    now: Timestamp,
    problems: Vec<Problem>,
}

impl Importer<'_> {
    /// One bucket's exception, or a comment that says why there is none.
    fn block(&mut self, entry: &Entry) -> String {
        let bucket = write::text(&entry.bucket);
        if !is_bucket_name(&entry.bucket) {
            // `*` would be a pattern, and anything else that is no name could never match.
            let what = format!("{} is not a bucket name", quoted(&entry.bucket));
            self.problems.push(problem(Some(entry.line), what, None));
        }
        let Some(expires) = expiry(&entry.expires) else {
            let what = format!("{} has the end {}", quoted(&entry.bucket), quoted(&entry.expires));
            let fix = "an end is MM/DD/YY HH:MM, in UTC, or None";
            self.problems.push(problem(Some(entry.line), what, Some(fix)));
            return String::new();
        };
        if let Some(passed) = expires.filter(|expires| *expires <= self.now) {
            return format!("# {bucket} is not imported: its exception ended at {passed}.\n");
        }
        let days = self.rules.max_days(self.check);
        let last = self.starts.plus_millis(days.saturating_mul(DAY_MS));
        let comment = match expires {
            Some(expires) if expires > last => {
                format!("# The list says {expires}; {days} days is the longest that the standard allows.\n")
            }
            Some(_) => String::new(),
            None => {
                format!("# The list gives no end; {days} days is the longest that the standard allows.\n")
            }
        };
        let reasons = self
            .check
            .reasons
            .iter()
            .filter(|reason| reason.code != NOT_AGREED && self.rules.may_accept(reason));
        let starts = self.starts.date();
        let fields = [
            ("id", write::text(&format!("imported-{starts}-{}", entry.bucket))),
            ("check", write::text(self.check.id)),
            ("accepts", write::list(reasons.map(|reason| reason.code))),
            ("scope", format!("{{ resources = {} }}", write::list([entry.bucket.as_str()]))),
            ("max_matches", "1".to_owned()),
            ("reason", write::text("")),
            ("owner", write::text("")),
            ("requested_by", write::text("")),
            ("approved_by", write::text("")),
            ("approved_at", write::text("")),
            ("ticket", write::text("")),
            ("starts", starts),
            ("expires", expires.map_or(last, |expires| expires.min(last)).to_string()),
        ];
        let fields = fields.map(|(key, value)| format!("{key} = {value}\n")).concat();
        let flag = if expires.is_none() { "imported_without_expiry = true\n" } else { "" };
        format!("[[exception]]\n{comment}{fields}{flag}")
    }
}

/// The letters that S3 has ever taken, in any Region.
fn is_bucket_name(name: &str) -> bool {
    (3..=255).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

/// `None`, or an instant in the list's own form, whose two-digit years are Python's: 69 is 1969. The
/// outer none is a text that is neither.
#[expect(clippy::option_option, reason = "no end is an end that the list can give")]
fn expiry(text: &str) -> Option<Option<Timestamp>> {
    if text.trim() == "None" {
        return Some(None);
    }
    let (date, time) = text.trim().split_once(' ')?;
    let number = |part: &str| {
        let good = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        good.then(|| part.parse::<u32>().ok())?
    };
    let [month, day, year] = <[&str; 3]>::try_from(date.split('/').collect::<Vec<_>>()).ok()?.map(number);
    let (hour, minute) = time.trim_start().split_once(':')?;
    let (hour, minute) = (number(hour)?, number(minute)?);
    let year = year?;
    let century = if year < 69 { 2000 } else { 1900 };
    let instant = format!("{}-{:02}-{:02}T{hour:02}:{minute:02}:00Z", century + year, month?, day?);
    Timestamp::parse(&instant).ok().map(Some)
}

/// A bucket of the list.
struct Entry {
    line: usize,
    bucket: String,
    expires: String,
}

#[derive(Debug, PartialEq)]
enum Token {
    Mark(char),
    Text(String),
    Word(String),
    End,
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Mark(mark) => quoted(&mark.to_string()),
            Self::Text(text) | Self::Word(text) => quoted(text),
            Self::End => "the end of the file".to_owned(),
        }
    }
}

/// Takes the list apart.
struct Scanner<'t> {
    rest: Peekable<Chars<'t>>,
    line: usize,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Self {
        Self { rest: text.chars().peekable(), line: 1 }
    }

    /// The list, with the name of a variable before it or without.
    fn entries(mut self) -> Result<Vec<Entry>, Problem> {
        let mut first = self.next()?;
        if let Token::Word(_) = first {
            self.mark(&['='])?;
            first = self.next()?;
        }
        if first != Token::Mark('{') {
            return Err(self.expected("`{`, where the list begins", &first));
        }
        let mut entries = Vec::new();
        let mut next = self.next()?;
        loop {
            let bucket = match next {
                Token::Mark('}') => break,
                Token::Text(name) | Token::Word(name) => name,
                other => return Err(self.expected("a bucket's name, or `}`", &other)),
            };
            let line = self.line;
            self.mark(&['=', ':'])?;
            let expires = match self.next()? {
                Token::Text(text) => text,
                other => return Err(self.expected("a date in quotes, or \"None\"", &other)),
            };
            entries.push(Entry { line, bucket, expires });
            next = self.next()?;
            if next == Token::Mark(',') {
                next = self.next()?;
            }
        }
        match self.next()? {
            Token::End => Ok(entries),
            other => Err(self.expected("nothing after the list", &other)),
        }
    }

    fn mark(&mut self, marks: &[char]) -> Result<(), Problem> {
        match self.next()? {
            Token::Mark(mark) if marks.contains(&mark) => Ok(()),
            other => Err(self.expected(&format!("`{}`", marks[0]), &other)),
        }
    }

    fn expected(&self, what: &str, found: &Token) -> Problem {
        let what = format!("expected {what}, and found {}", found.shown());
        problem(Some(self.line), what, Some("the list looks like {\"a-bucket\" = \"12/31/26 00:00\"}"))
    }

    fn next(&mut self) -> Result<Token, Problem> {
        loop {
            let Some(letter) = self.step() else { return Ok(Token::End) };
            match letter {
                _ if letter.is_whitespace() || letter == '\u{feff}' => {}
                '#' => self.skip_line(),
                '/' if self.rest.peek() == Some(&'/') => self.skip_line(),
                '"' => return self.text(),
                letter if is_of_word(letter) => {
                    let mut word = String::from(letter);
                    while let Some(letter) = self.rest.next_if(|letter| is_of_word(*letter)) {
                        word.push(letter);
                    }
                    return Ok(Token::Word(word));
                }
                mark => return Ok(Token::Mark(mark)),
            }
        }
    }

    fn step(&mut self) -> Option<char> {
        let letter = self.rest.next()?;
        self.line += usize::from(letter == '\n');
        Some(letter)
    }

    fn skip_line(&mut self) {
        while self.rest.next_if(|letter| *letter != '\n').is_some() {}
    }

    /// A text whose first quote is read.
    fn text(&mut self) -> Result<Token, Problem> {
        let line = self.line;
        let unclosed = || problem(Some(line), "a text has no closing quote".to_owned(), None);
        let mut text = String::new();
        loop {
            match self.step().filter(|letter| *letter != '\n').ok_or_else(unclosed)? {
                '"' => return Ok(Token::Text(text)),
                '\\' => {
                    let escape = self.step().ok_or_else(unclosed)?;
                    text.push(match escape {
                        '"' | '\\' | '/' => escape,
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        'u' => self.by_number().ok_or_else(|| {
                            problem(Some(line), "a text has a broken \\u escape".to_owned(), None)
                        })?,
                        other => {
                            let what = format!("a text has the unknown escape `\\{}`", other.escape_debug());
                            return Err(problem(Some(line), what, None));
                        }
                    });
                }
                letter => text.push(letter),
            }
        }
    }

    /// The letter of four hex digits.
    fn by_number(&mut self) -> Option<char> {
        let digits: Option<String> = (0..4).map(|_| self.rest.next_if(char::is_ascii_hexdigit)).collect();
        char::from_u32(u32::from_str_radix(&digits?, 16).ok()?)
    }
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.')
}
