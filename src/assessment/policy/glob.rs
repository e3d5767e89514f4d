//! IAM's patterns, and the texts that tell them apart.
//!
//! Whether statements cover a class of requests together depends on what texts can do to all their
//! patterns at once: `a*` and `*b` are both matched by `ab`, by neither one's own examples. So
//! [`samples`] walks all patterns together as one automaton and gives a text for every combination
//! that some text matches. No general glob crate does that, or knows IAM's rules (a wildcard of an
//! ARN's first five parts stops at a colon, `${*}` is a plain star). Where a pattern has none of these, it means what
//! [`crate::glob`] says; a test holds it to that.

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::budget::{Budget, TooMany};
use super::kleene::Kleene;
use crate::model::AccountId;

/// Steps of the automaton that one set of patterns may take: a moment, and more than all but
/// contrived policies need.
const STEPS: usize = 1_000_000;

/// One position of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    Char(char),
    /// `?`, and whether a colon will do.
    One(bool),
    /// `*`, likewise.
    Any(bool),
}

/// How a text is to be read as a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Every character stands for itself.
    Plain,
    /// `*` and `?` are wildcards.
    Wild,
    /// So they are, and each of an ARN's first five parts is matched for itself.
    Arn,
}

/// What a pattern of ARNs says of their account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum OfAccount {
    /// It matches ARNs in this account alone. The star of `StringLike` takes colons too: that it stands for a Region
    /// is said where the service and the beginning of the resource are spelled out, so that no name can be meant.
    Whole(AccountId),
    /// All accounts, or none: it matches in each of them alike.
    Alike,
    /// Some of them, by their digits.
    Some,
}

impl OfAccount {
    fn of(text: &str, syntax: Syntax) -> Self {
        let crosses = syntax == Syntax::Wild;
        let is_wild = |text: &str| syntax != Syntax::Plain && text.contains(['*', '?']);
        if text.contains('$') {
            return Self::Some;
        }
        if let [start @ .., account, resource] = &text.splitn(6, ':').collect::<Vec<_>>()[..]
            && start.len() == 4
        {
            let id = account.parse().ok().map(Self::Whole);
            let is_spelled_out = !start[..3].iter().any(|part| is_wild(part))
                && !resource.is_empty()
                && !resource.starts_with(['*', '?']);
            match (crosses && start.iter().any(|part| is_wild(part)), id) {
                (false, Some(whole)) => return whole,
                (true, Some(whole)) if is_spelled_out => return whole,
                (false, None) if !is_wild(account) => return Self::Alike,
                (false, None) if !crosses => {
                    let told = account.contains(|c: char| c.is_ascii_digit());
                    return if told { Self::Some } else { Self::Alike };
                }
                _ => {}
            }
        }
        // Where digits are between colons or wildcards, an account's may be meant.
        let may_be_account = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        match is_wild(text) && text.split(['*', '?', ':']).any(may_be_account) {
            true => Self::Some,
            false => Self::Alike,
        }
    }
}

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Glob {
    text: String,
    account: OfAccount,
    tokens: Vec<Token>,
    ignore_case: bool,
    variable: Option<String>,
}

impl Glob {
    /// Reads a pattern; with `variables`, `${…}` stands for a text that is not known here.
    pub(super) fn new(text: &str, syntax: Syntax, variables: bool) -> Self {
        let mut glob = Self {
            text: text.to_owned(),
            account: OfAccount::of(text, syntax),
            tokens: Vec::new(),
            ignore_case: false,
            variable: None,
        };
        let mut rest = text;
        let mut colons = 0;
        while let Some(next) = rest.chars().next() {
            let crosses = syntax != Syntax::Arn || colons >= 5;
            if let Some((name, after)) = variable(rest).filter(|_| variables) {
                glob.push_variable(name);
                rest = after;
                continue;
            }
            colons += usize::from(next == ':');
            glob.tokens.push(match next {
                '*' if syntax != Syntax::Plain => Token::Any(crosses),
                '?' if syntax != Syntax::Plain => Token::One(crosses),
                other => Token::Char(other),
            });
            rest = &rest[next.len_utf8()..];
        }
        glob
    }

    /// A text of our own making, for itself.
    pub(super) fn plain(text: &str) -> Self {
        Self::new(text, Syntax::Plain, false)
    }

    /// A pattern of our own making.
    pub(super) fn wild(text: &str) -> Self {
        Self::new(text, Syntax::Wild, false)
    }

    /// A pattern for texts in lower case, in whatever case it is written.
    pub(super) fn lower(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::wild(&text.to_ascii_lowercase()) }
    }

    /// The same pattern for texts in any case.
    pub(super) fn ignoring_case(self) -> Self {
        Self { ignore_case: true, ..self }
    }

    fn push_variable(&mut self, name: &str) {
        match name {
            "*" | "?" | "$" => self.tokens.extend(name.chars().map(Token::Char)),
            _ => {
                self.tokens.push(Token::Any(true));
                self.variable.get_or_insert_with(|| format!("${{{name}}}"));
            }
        }
    }

    /// As it is in the policy.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What it says of the account of ARNs.
    pub(super) const fn account(&self) -> OfAccount {
        self.account
    }

    /// Whether it matches one text and no other, not even in another case.
    pub(super) fn is_one_text(&self) -> bool {
        // `${*}` is one character.
        self.is_plain() && self.tokens.len() == self.text.chars().count()
    }

    /// The beginning that every text has which it matches, where it asks for nothing else.
    pub(super) fn beginning(&self) -> Option<String> {
        let (last, start) = self.tokens.split_last()?;
        let plain = |token: &Token| if let Token::Char(it) = token { Some(*it) } else { None };
        let is_open = *last == Token::Any(true) && !self.ignore_case && self.variable.is_none();
        if is_open { start.iter().map(plain).collect() } else { None }
    }

    /// Whether it is plain to see that it matches whatever the other matches.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.tokens == other.tokens && self.variable.is_none() && (self.ignore_case || !other.ignore_case)
    }

    /// A text that it matches, with a character of no policy for each star.
    pub(super) fn example(&self) -> String {
        let shown = |token: &Token| if let Token::Char(it) = token { *it } else { FIRST_FRESH };
        self.tokens.iter().map(shown).collect()
    }

    /// The first policy variable in it.
    pub(super) fn variable(&self) -> Option<&str> {
        self.variable.as_deref()
    }

    /// The one text that it matches, if it is no more than a text.
    pub(super) fn literal(&self) -> Option<String> {
        self.tokens.iter().map(|token| if let Token::Char(it) = token { Some(*it) } else { None }).collect()
    }

    /// The characters before the first wildcard.
    pub(super) fn fixed_start(&self) -> String {
        self.tokens
            .iter()
            .map_while(|token| if let Token::Char(it) = token { Some(*it) } else { None })
            .collect()
    }

    /// Whether it has the five colons of an ARN.
    pub(super) fn is_arn(&self) -> bool {
        self.tokens.iter().filter(|token| **token == Token::Char(':')).count() >= 5
    }

    /// Whether the text matches: unknown where that depends on a policy variable.
    pub(super) fn matches(&self, text: &str) -> Kleene {
        let step = |at: Vec<usize>, next| Some(self.step(at, next)).filter(|at| !at.is_empty());
        let accepted = match self.is_plain() {
            true => text.chars().map(Token::Char).eq(self.tokens.iter().copied()),
            false if !self.may_begin(text) => false,
            false => text.chars().try_fold(self.enter(0), step).is_some_and(|at| at.contains(&self.end())),
        };
        match (accepted, &self.variable) {
            (false, _) => Kleene::False,
            (true, Some(_)) => Kleene::Unknown,
            (true, None) => Kleene::True,
        }
    }

    /// About how many steps it takes to hold it against the text.
    pub(super) fn steps(&self, text: &str) -> usize {
        if self.is_plain() || !self.may_begin(text) {
            return 1;
        }
        let wildcards = self.tokens.iter().filter(|token| !matches!(token, Token::Char(_))).count();
        text.len() * (wildcards + 1)
    }

    fn may_begin(&self, text: &str) -> bool {
        let start = self.tokens.iter().zip(text.chars());
        let differs = start.map_while(|(token, next)| match token {
            Token::Char(it) => Some(!self.same(*it, next)),
            Token::One(_) | Token::Any(_) => None,
        });
        !differs.into_iter().any(|differs| differs)
    }

    fn is_plain(&self) -> bool {
        !self.ignore_case && self.tokens.iter().all(|token| matches!(token, Token::Char(_)))
    }

    fn end(&self) -> usize {
        self.tokens.len()
    }

    /// The positions that stand open at one: a star may also be empty.
    fn enter(&self, at: usize) -> Vec<usize> {
        let mut positions = Vec::with_capacity(2);
        self.enter_into(at, &mut positions);
        positions
    }

    fn enter_into(&self, mut at: usize, positions: &mut Vec<usize>) {
        positions.push(at);
        while let Some(Token::Any(_)) = self.tokens.get(at) {
            at += 1;
            positions.push(at);
        }
    }

    /// The positions after a character, each once and in order.
    fn step(&self, positions: impl IntoIterator<Item = usize>, next: char) -> Vec<usize> {
        let mut after = Vec::with_capacity(4);
        for at in positions {
            match self.tokens.get(at) {
                Some(Token::Char(it)) if self.same(*it, next) => self.enter_into(at + 1, &mut after),
                Some(Token::One(crosses)) if *crosses || next != ':' => self.enter_into(at + 1, &mut after),
                Some(Token::Any(crosses)) if *crosses || next != ':' => self.enter_into(at, &mut after),
                _ => {}
            }
        }
        if after.len() > 1 {
            after.sort_unstable();
            after.dedup();
        }
        self.forget(after)
    }

    /// At a last star that takes everything, the other positions do not matter any more.
    fn forget(&self, positions: Vec<usize>) -> Vec<usize> {
        let last = self.end().saturating_sub(1);
        let open = self.tokens.last() == Some(&Token::Any(true)) && positions.contains(&last);
        if open { vec![last, last + 1] } else { positions }
    }

    fn same(&self, one: char, other: char) -> bool {
        one == other || (self.ignore_case && one.to_lowercase().eq(other.to_lowercase()))
    }

    /// The characters that are not like any other from a position.
    fn next_characters(&self, at: usize, found: &mut Vec<char>) {
        match self.tokens.get(at) {
            Some(Token::Char(it)) if self.ignore_case => {
                found.extend(it.to_lowercase().chain(it.to_uppercase()));
                found.push(*it);
            }
            Some(Token::Char(it)) => found.push(*it),
            _ => {}
        }
    }
}

/// The name in a `${name}` at the start of a text, and what follows.
pub(super) fn variable(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("${")?.split_once('}')
}

/// The first of the characters that Unicode leaves to private use.
const FIRST_FRESH: char = '\u{e000}';

/// A character that no pattern has.
fn fresh(globs: &[&Glob]) -> char {
    let used = |c: char| globs.iter().any(|glob| glob.tokens.contains(&Token::Char(c)));
    (FIRST_FRESH..'\u{f8ff}').find(|c| !used(*c)).unwrap_or('\u{f8ff}')
}

/// Where every pattern that is still alive stands: its number and a position, in order. Flat, for the walk
/// copies and compares places more than anything else.
type Place = Vec<(usize, usize)>;

fn advance(globs: &[&Glob], place: &Place, next: char) -> Place {
    let mut after = Place::with_capacity(place.len());
    for of_one in place.chunk_by(|(one, _), (other, _)| one == other) {
        let (glob, _) = of_one[0];
        let positions = globs[glob].step(of_one.iter().map(|(_, at)| *at), next);
        after.extend(positions.into_iter().map(|at| (glob, at)));
    }
    after
}

/// The patterns that have come to their end.
fn accepted(globs: &[&Glob], place: &Place) -> Vec<usize> {
    place.iter().filter(|(glob, at)| *at == globs[*glob].end()).map(|(glob, _)| *glob).collect()
}

/// A text for every combination of the patterns that some text matches. All texts begin with
/// `prefix` and, where that is not empty, go on.
pub(super) fn samples(globs: &[&Glob], prefix: &str, budget: &Budget) -> Result<Vec<String>, TooMany> {
    let start =
        globs.iter().enumerate().flat_map(|(glob, it)| it.enter(0).into_iter().map(move |at| (glob, at)));
    let start = prefix.chars().fold(start.collect(), |place: Place, c| advance(globs, &place, c));
    let fresh = fresh(globs);
    let mut found: BTreeMap<Vec<usize>, String> = BTreeMap::new();
    if prefix.is_empty() {
        found.insert(accepted(globs, &start), String::new());
    }
    let mut seen = HashSet::from([start.clone()]);
    let mut open = VecDeque::from([(start, prefix.to_owned())]);
    let mut steps = 0;
    while let Some((place, text)) = open.pop_front() {
        let mut alphabet = vec![':', fresh];
        for (glob, at) in &place {
            globs[*glob].next_characters(*at, &mut alphabet);
        }
        alphabet.sort_unstable();
        alphabet.dedup();
        let taken = alphabet.len() * (place.len() + 1);
        budget.take(taken)?;
        steps += taken;
        if steps > STEPS {
            return Err(TooMany);
        }
        for next in alphabet {
            let after = advance(globs, &place, next);
            let is_new = !seen.contains(&after);
            let accepts = accepted(globs, &after);
            let is_found = found.contains_key(&accepts);
            if is_found && !is_new {
                continue;
            }
            let text = format!("{text}{next}");
            if !is_found {
                found.insert(accepts, text.clone());
            }
            if is_new {
                seen.insert(after.clone());
                open.push_back((after, text));
            }
        }
    }
    Ok(found.into_values().collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Kleene::{False, True, Unknown};
    use super::*;

    #[track_caller]
    fn check(pattern: &str, syntax: Syntax, cases: &[(&str, Kleene)]) {
        for (text, expected) in cases {
            assert_eq!(Glob::new(pattern, syntax, true).matches(text), *expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn wildcards_match_as_in_iam() {
        check("a*b?", Syntax::Wild, &[("abc", True), ("axxbc", True), ("ab", False), ("Abc", False)]);
        check("a*", Syntax::Plain, &[("a*", True), ("ab", False)]);
        check("${*}${?}${$}", Syntax::Wild, &[("*?$", True), ("xx$", False)]);
        check("", Syntax::Wild, &[("", True), ("a", False)]);
        assert_eq!(Glob::wild("aB*").ignoring_case().matches("Abc"), True);
    }

    #[test]
    fn an_arns_parts_are_matched_each_for_itself() {
        let role = "arn:aws:iam::111122223333:role/a:b";
        check("arn:aws:iam::*:role/*", Syntax::Arn, &[(role, True)]);
        check("arn:aws:*:role/*", Syntax::Arn, &[(role, False)]);
        check("arn:aws:*:role/*", Syntax::Wild, &[(role, True)]);
    }

    #[test]
    fn a_variable_leaves_open_only_what_hangs_on_it() {
        check("b/${aws:username}/*", Syntax::Wild, &[("b/x/y", Unknown), ("c/x/y", False)]);
        let old = Glob::new("${aws:username}", Syntax::Wild, false);
        assert_eq!((old.matches("${aws:username}"), old.matches("bob")), (True, False));
        assert_eq!(old.variable(), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]
        #[test]
        fn plain_stars_and_marks_mean_what_they_mean_elsewhere(
            pattern in "[ab:é*?]{0,8}",
            text in "[ab:é]{0,10}",
        ) {
            let wild = Glob::wild(&pattern).matches(&text) == True;
            prop_assert_eq!(wild, crate::glob::matches(&pattern, &text));
            let any_case = Glob::wild(&pattern.to_uppercase()).ignoring_case().matches(&text) == True;
            prop_assert_eq!(any_case, wild);
        }
    }

    fn combinations(patterns: &[&str], prefix: &str) -> BTreeSet<String> {
        let globs: Vec<Glob> = patterns.iter().map(|it| Glob::wild(it)).collect();
        let samples = samples(&globs.iter().collect::<Vec<_>>(), prefix, &Budget::of_question()).unwrap();
        let row = |text: &String| {
            assert!(text.starts_with(prefix), "{text}");
            globs.iter().map(|glob| if glob.matches(text) == True { '1' } else { '0' }).collect()
        };
        samples.iter().map(row).collect()
    }

    #[test]
    fn every_combination_that_a_text_can_reach_has_a_sample() {
        assert_eq!(combinations(&["a*", "*b"], ""), ["00", "01", "10", "11"].map(String::from).into());
        assert_eq!(combinations(&["a", "a*"], ""), ["00", "01", "11"].map(String::from).into());
        assert_eq!(combinations(&["*", "?*"], ""), ["10", "11"].map(String::from).into());
        assert_eq!(combinations(&["b/*", "b"], "b/"), ["10".to_owned()].into());
        assert_eq!(combinations(&[], ""), [String::new()].into());
    }

    #[test]
    fn patterns_beyond_measure_are_given_up() {
        let many: Vec<Glob> = (0..40).map(|n| Glob::wild(&format!("*{n:08}*{n:04}*"))).collect();
        assert_eq!(samples(&many.iter().collect::<Vec<_>>(), "", &Budget::of_question()), Err(TooMany));
    }
}
