//! What a condition key may hold in a class of requests, as far as the tests on it can tell.
//!
//! A key takes any value, and the tests of a policy tell only a few kinds of value apart. Here are
//! texts that stand for all of them, and then each kind's row of test results. Where a text stands
//! for no real value (the outcome of a test that no request can have), it makes an answer more
//! careful, never less: a class of requests with more in it is refused as a whole less often.

use core::net::IpAddr;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::rc::Rc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::budget::{Budget, TooMany};
use super::condition::{Quantifier, Test};
use super::glob::{Glob, samples};
use super::kleene::Kleene;
use super::network::Networks;
use super::operator::Value;
use crate::clock::Timestamp;
use crate::model::AccountId;

/// Kinds of sets of values that one key may have before it counts as too many.
const SETS: usize = 512;

/// Keys that are there in every request.
const ALWAYS: [&str; 4] = ["aws:currenttime", "aws:epochtime", "aws:requestedregion", "aws:securetransport"];

/// Keys that are either true or false, where they are there.
const BOOLEAN: [&str; 6] = [
    "aws:multifactorauthpresent",
    "aws:principalisawsservice",
    "aws:securetransport",
    "aws:viaawsservice",
    "kms:bypasspolicylockoutsafetycheck",
    "kms:grantisforawsresource",
];

/// What a key may be in a class of requests.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Domain {
    absent: bool,
    present: Present,
}

#[derive(Debug, Clone, PartialEq)]
enum Present {
    Never,
    /// One value, or none, that was not read.
    NotRead,
    Among(Vec<String>),
    Any(Bounds),
}

/// What holds of every value that a key may have.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Bounds {
    pub(super) like: Vec<Glob>,
    pub(super) unlike: Vec<Glob>,
    pub(super) outside: Networks,
    /// In which accounts ARNs are, where that is known.
    pub(super) accounts: Option<InAccounts>,
    /// Whether each is the ARN of something that there is.
    pub(super) is_arn: bool,
}

/// ARNs in one account, or in none that is named; and what has no account.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct InAccounts {
    pub(super) id: Option<AccountId>,
    /// The accounts in which no value is, but for that one. Those whose number only whole patterns have need no
    /// pattern in `unlike`: no text that stands for a kind of values has their number.
    pub(super) none_of: Rc<BTreeSet<AccountId>>,
}

impl InAccounts {
    fn admit(&self, text: &str) -> bool {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let id = if let [_, _, _, _, id, _] = parts[..] { id.parse().ok() } else { None };
        id == self.id || id.is_none_or(|id| !self.none_of.contains(&id))
    }
}

impl Domain {
    /// Anything, as far as is known of the key.
    pub(super) fn free(key: &str) -> Self {
        if BOOLEAN.contains(&key) {
            let values = ["true", "false"].map(str::to_owned).into();
            return Self { absent: !ALWAYS.contains(&key), present: Present::Among(values) };
        }
        Self { absent: !ALWAYS.contains(&key), present: Present::Any(Bounds::default()) }
    }

    pub(super) const fn never() -> Self {
        Self { absent: true, present: Present::Never }
    }

    /// The same in every request, and not known here.
    pub(super) const fn not_read() -> Self {
        Self { absent: false, present: Present::NotRead }
    }

    pub(super) fn always(value: &str) -> Self {
        Self { absent: false, present: Present::Among(vec![value.to_owned()]) }
    }

    /// There in every request, with one of these values, or several.
    pub(super) const fn among(values: Vec<String>) -> Self {
        Self { absent: false, present: Present::Among(values) }
    }

    /// There in every request, with any value within bounds.
    pub(super) const fn within(bounds: Bounds) -> Self {
        Self { absent: false, present: Present::Any(bounds) }
    }

    /// The same, or absent.
    pub(super) fn or_absent(self) -> Self {
        Self { absent: true, ..self }
    }

    fn texts(&self, key: &str, tests: &[&Test], budget: &Budget) -> Result<Vec<String>, TooMany> {
        match &self.present {
            Present::Never | Present::NotRead => Ok(Vec::new()),
            Present::Among(values) => Ok(values.clone()),
            Present::Any(bounds) => bounds.texts(key, tests, budget),
        }
    }
}

impl Bounds {
    fn admit(&self, text: &str) -> bool {
        let address = || text.parse().ok().map(|address: IpAddr| IpNet::from(address));
        let matches = |glob: &Glob| glob.matches(text) == Kleene::True;
        self.like.iter().all(matches)
            && !self.unlike.iter().any(matches)
            && (!self.is_arn || !has_wildcard(text))
            && self.accounts.as_ref().is_none_or(|accounts| accounts.admit(text))
            && !address().is_some_and(|address| self.outside.contain(&address))
    }

    /// The patterns of tests that some value may match.
    fn patterns<'a>(&self, tests: &[&'a Test]) -> Vec<&'a Glob> {
        match &self.accounts {
            Some(accounts) => tests.iter().flat_map(|test| test.patterns_in(accounts.id)).collect(),
            None => tests.iter().flat_map(|test| test.patterns()).collect(),
        }
    }

    /// A text for every combination of the patterns.
    ///
    /// A pattern that is one text needs no search: its text is a sample, and every other is none of it. Only where a
    /// sample of the others is such a text by chance, all are searched together.
    fn samples(&self, patterns: &[&Glob], budget: &Budget) -> Result<Vec<String>, TooMany> {
        let (texts, mut wild): (Vec<&Glob>, Vec<&Glob>) =
            patterns.iter().partition(|glob| glob.is_one_text());
        let unlike: HashMap<&str, &Glob> = self.unlike.iter().map(|glob| (glob.text(), glob)).collect();
        wild.retain(|glob| !unlike.get(glob.text()).is_some_and(|unlike| unlike.covers(glob)));
        let texts: BTreeSet<&str> = texts.into_iter().map(Glob::text).collect();
        budget.take(texts.len())?;
        let is_free = |text: &String| !texts.contains(text.as_str());
        let mut found = self.examples(&wild);
        if found.is_empty() || !found.iter().all(is_free) {
            let bounds = self.like.iter().chain(&self.unlike);
            found = samples(&wild.iter().copied().chain(bounds.clone()).collect::<Vec<_>>(), "", budget)?;
            if !found.iter().all(is_free) {
                return samples(&patterns.iter().copied().chain(bounds).collect::<Vec<_>>(), "", budget);
            }
        }
        found.extend(texts.into_iter().map(str::to_owned));
        Ok(found)
    }

    /// The same where no text matches two of the patterns and there is one bound at most, if that is plain; else
    /// nothing.
    fn examples(&self, wild: &[&Glob]) -> Vec<String> {
        let (None | Some([]), true) = (self.like.get(1..), are_apart(wild)) else { return Vec::new() };
        let any = Glob::wild("*");
        let without = self.like.first().unwrap_or(&any).example();
        let each = wild.iter().map(|glob| glob.example());
        let is_met =
            |(glob, text): (&&Glob, String)| glob.matches(&text) == Kleene::True && self.admit(&text);
        let is_right = wild.iter().zip(each.clone()).all(is_met)
            && self.admit(&without)
            && wild.iter().all(|glob| glob.matches(&without) == Kleene::False);
        if is_right { each.chain([without]).collect() } else { Vec::new() }
    }

    /// A text for every kind of value that the tests and the bounds can tell.
    fn texts(&self, key: &str, tests: &[&Test], budget: &Budget) -> Result<Vec<String>, TooMany> {
        let mut texts = typed(tests, &self.outside);
        let patterns = self.patterns(tests);
        let is_bounded = !self.like.is_empty() || !self.unlike.is_empty();
        // A key that holds numbers, instants or addresses holds nothing else, but where people
        // write the values themselves: tags, and the encryption context.
        if !patterns.is_empty()
            || is_bounded
            || texts.is_empty()
            || key.contains('/')
            || key.starts_with("kms:encryptioncontext")
        {
            texts.extend(self.samples(&patterns, budget)?);
        }
        for text in &texts {
            let globs = self.like.iter().chain(&self.unlike);
            budget.take(globs.map(|glob| glob.steps(text)).sum())?;
        }
        texts.retain(|text| self.admit(text));
        Ok(texts)
    }
}

/// Whether it is plain to see that no text matches two of the patterns.
fn are_apart(patterns: &[&Glob]) -> bool {
    if patterns.len() < 2 {
        return true;
    }
    let mut beginnings: Vec<Option<String>> = patterns.iter().map(|glob| glob.beginning()).collect();
    beginnings.sort_unstable();
    beginnings.windows(2).all(|pair| match pair {
        [Some(one), Some(other)] => !other.starts_with(one),
        _ => false,
    })
}

/// Whether a text has wildcards where no ARN has any: in its first five parts, and in a bucket's name. Under
/// `StringEquals` they stand for themselves, and match nothing.
fn has_wildcard(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let is_of_bucket = parts.get(2) == Some(&"s3");
    parts.iter().take(if is_of_bucket { 6 } else { 5 }).any(|part| part.contains(['*', '?']))
}

/// The result of every test, for each kind of value (and absence) that the key may have.
pub(super) fn outcomes(
    key: &str,
    tests: &[&Test],
    domain: &Domain,
    budget: &Budget,
) -> Result<Vec<Vec<Kleene>>, TooMany> {
    if domain.present == Present::NotRead {
        return Ok(vec![vec![Kleene::Unknown; tests.len()]]);
    }
    let row = |given: Option<&[String]>| tests.iter().map(|test| test.weigh(given)).collect::<Vec<_>>();
    let mut single: BTreeSet<Vec<Kleene>> = BTreeSet::new();
    for text in domain.texts(key, tests, budget)? {
        budget.take(tests.iter().map(|test| test.steps(&text)).sum())?;
        single.insert(row(Some(&[text])));
    }
    let sets = tests.iter().any(|test| test.quantifier != Quantifier::None);
    let mut rows = if sets { unions(tests, single, budget)? } else { single };
    if domain.absent {
        rows.insert(row(None));
    }
    Ok(rows.into_iter().collect())
}

/// The rows of every set of values: a set's row follows from the rows of its members.
fn unions(
    tests: &[&Test],
    single: BTreeSet<Vec<Kleene>>,
    budget: &Budget,
) -> Result<BTreeSet<Vec<Kleene>>, TooMany> {
    let mut found = single.clone();
    let mut open: VecDeque<Vec<Kleene>> = single.iter().cloned().collect();
    while let Some(row) = open.pop_front() {
        budget.take(single.len() * tests.len())?;
        for other in &single {
            let pairs = row.iter().zip(other).zip(tests);
            let both: Vec<Kleene> = pairs.map(|((a, b), test)| together(test, *a, *b)).collect();
            if found.insert(both.clone()) {
                open.push_back(both);
            }
        }
        if found.len() > SETS {
            return Err(TooMany);
        }
    }
    Ok(found)
}

fn together(test: &Test, one: Kleene, other: Kleene) -> Kleene {
    match test.quantifier {
        Quantifier::All => one.min(other),
        Quantifier::Any => one.max(other),
        // Whether the key is there is the same for every set.
        Quantifier::None if test.is_null() || test.negated => one.min(other),
        Quantifier::None => one.max(other),
    }
}

/// Texts on every side of each number, instant, truth and address that the tests name.
fn typed(tests: &[&Test], outside: &Networks) -> Vec<String> {
    let (mut numbers, mut dates) = (Vec::new(), Vec::new());
    let networks = tests.iter().map(|test| test.networks()).chain([outside]).flat_map(Networks::iter);
    let mut texts = BTreeSet::new();
    for value in tests.iter().filter(|test| !test.is_null()).flat_map(|test| &test.values) {
        match value {
            Value::Number(number) => numbers.push(*number),
            Value::Date(at) => dates.push(*at),
            Value::Bool(_) => texts.extend(["true", "false"].map(str::to_owned)),
            Value::Network(_) | Value::Pattern(_) | Value::Strange => {}
        }
    }
    texts.extend(around_numbers(numbers));
    texts.extend(dates.iter().flat_map(|at| [-1, 0, 1].map(|by| around(*at, by))));
    texts.extend(around_networks(networks));
    texts.into_iter().collect()
}

fn around(at: Timestamp, by: i64) -> String {
    at.plus_millis(by).to_string()
}

fn around_numbers(mut numbers: Vec<f64>) -> Vec<String> {
    numbers.sort_by(f64::total_cmp);
    let ends = numbers.first().map(|it| it - 1.0).into_iter().chain(numbers.last().map(|it| it + 1.0));
    let between = numbers.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
    let points: Vec<f64> = ends.chain(between).chain(numbers.iter().copied()).collect();
    points.iter().map(ToString::to_string).collect()
}

/// The first and last address of each network and those beside it, and the ends of all there are:
/// networks lie in or beside each other, so every part of one that others leave free has one of them.
fn around_networks(networks: impl Iterator<Item = IpNet>) -> Vec<String> {
    let mut networks = networks.peekable();
    if networks.peek().is_none() {
        return Vec::new();
    }
    let (mut fours, mut sixes) = (BTreeSet::from([0, u32::MAX]), BTreeSet::from([0, u128::MAX]));
    for network in networks {
        match network {
            IpNet::V4(net) => {
                let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
                fours.extend([first, last, first.saturating_sub(1), last.saturating_add(1)]);
            }
            IpNet::V6(net) => {
                let (first, last) = (u128::from(net.network()), u128::from(net.broadcast()));
                sixes.extend([first, last, first.saturating_sub(1), last.saturating_add(1)]);
            }
        }
    }
    let fours =
        fours.into_iter().filter_map(|at| Ipv4Net::new(at.into(), 32).ok()).map(|net| net.addr().to_string());
    let sixes = sixes
        .into_iter()
        .filter_map(|at| Ipv6Net::new(at.into(), 128).ok())
        .map(|net| net.addr().to_string());
    fours.chain(sixes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(operator: &str, values: &[&str]) -> Test {
        Test::new(operator, "k", values.iter().map(|it| (*it).to_owned()).collect(), true)
    }

    /// The rows of tests' results, `1` for true and `0` for false.
    fn rows(tests: &[Test], domain: &Domain) -> Vec<String> {
        let tests: Vec<&Test> = tests.iter().collect();
        let word =
            |row: &Vec<Kleene>| row.iter().map(|it| if *it == Kleene::True { '1' } else { '0' }).collect();
        outcomes("k", &tests, domain, &Budget::of_question()).unwrap().iter().map(word).collect()
    }

    #[test]
    fn each_kind_of_value_has_a_row() {
        let free = Domain::free("k");
        let ages =
            [test("NumericLessThan", &["5"]), test("NumericGreaterThan", &["10"]), test("Null", &["true"])];
        assert_eq!(rows(&ages, &free), ["000", "001", "010", "100"]);
        let nets = [test("IpAddress", &["10.0.0.0/8"]), test("IpAddress", &["10.1.0.0/16", "10.2.0.1"])];
        assert_eq!(rows(&nets, &free), ["00", "10", "11"]);
        let halves = [test("NotIpAddress", &["0.0.0.0/1", "128.0.0.0/1", "::/0"])];
        assert_eq!(rows(&halves, &free), ["0", "1"], "there is no such address, but a request without one");
        let days = [test("DateLessThan", &["2026-11-21"]), test("DateGreaterThan", &["2026-11-21"])];
        assert_eq!(rows(&days, &free), ["00", "01", "10"]);
    }

    #[test]
    fn sets_have_rows_that_no_single_value_has() {
        let sets = [test("ForAnyValue:StringEquals", &["a"]), test("ForAnyValue:StringEquals", &["b"])];
        assert_eq!(rows(&sets, &Domain::free("k")), ["00", "01", "10", "11"]);
        let single = [test("StringEquals", &["a"]), test("StringEquals", &["b"])];
        assert_eq!(rows(&single, &Domain::free("k")), ["00", "01", "10"]);
    }

    #[test]
    fn a_domain_leaves_out_what_cannot_be() {
        let account = [test("StringLike", &["4*"]), test("StringEquals", &["444455556666"])];
        let like = vec![Glob::wild("????????????")];
        let bounds = Bounds { like, unlike: vec![Glob::plain("444455556666")], ..Bounds::default() };
        assert_eq!(rows(&account, &Domain::within(bounds)), ["00", "10"]);
        assert_eq!(rows(&account, &Domain::always("444455556666").or_absent()), ["00", "11"]);
        assert_eq!(rows(&[test("Null", &["true"])], &Domain::never()), ["1"]);
    }
}
