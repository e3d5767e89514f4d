//! Which requests of a class get past Deny statements: all kinds of them are weighed, by IAM's rules.
//!
//! Nothing here knows what a TLS statement looks like. A class is some callers, actions and
//! resources, and what is known of the condition keys; every combination that the statements can
//! tell apart is one kind of request. Kinds that no statement treats differently are weighed once,
//! and a kind is not split further once its answer is certain, so real policies take few steps.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::budget::{Budget, TooMany};
use super::condition::Test;
use super::glob::Glob;
use super::kleene::{Kleene, Span};
use super::parse::Statement;
use super::principal::{Caller, Principals};
use super::values::{Domain, outcomes};

/// Kinds of requests that one question may weigh.
const STEPS: usize = 20_000;

/// A class of requests.
pub(super) struct Class<'a> {
    pub(super) callers: BTreeSet<Caller>,
    /// In lower case.
    pub(super) actions: Vec<String>,
    pub(super) resources: Vec<String>,
    /// What a key, in lower case, may be.
    pub(super) domain: &'a dyn Fn(&str) -> Domain,
    /// The question's.
    pub(super) budget: &'a Budget,
}

/// What became of the kinds of requests in a class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Passed {
    /// Some get through.
    pub(super) some: bool,
    /// Some are stopped.
    pub(super) not_all: bool,
    /// Of some it is not known, or there are too many kinds to weigh them all.
    pub(super) in_doubt: bool,
}

impl Passed {
    fn note(&mut self, passes: Kleene) {
        match passes {
            Kleene::True => self.some = true,
            Kleene::False => self.not_all = true,
            Kleene::Unknown => self.in_doubt = true,
        }
    }

    /// The same of two classes together.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            some: self.some || other.some,
            not_all: self.not_all || other.not_all,
            in_doubt: self.in_doubt || other.in_doubt,
        }
    }
}

/// Which requests of a class the one statement allows (or any, without one) and no other denies.
pub(super) fn passing(allow: Option<&Statement>, denies: &[&Statement], class: &Class<'_>) -> Passed {
    passing_known(allow, denies, class, &Known::default())
}

/// The same, with what was found for other classes and the same statements.
pub(super) fn passing_known(
    allow: Option<&Statement>,
    denies: &[&Statement],
    class: &Class<'_>,
    known: &Known,
) -> Passed {
    let statements: Vec<&Statement> = allow.into_iter().chain(denies.iter().copied()).collect();
    let reaches = match reaches(&statements, class) {
        Ok(reaches) => reaches,
        Err(TooMany) => return Passed { in_doubt: true, ..Passed::default() },
    };
    let mut search = Search::new(&statements, allow.is_some(), class, known);
    for reach in reaches {
        search.visit(&reach);
        if search.is_answered() {
            break;
        }
    }
    search.passed
}

/// How the statements reach callers, actions and resources: every row that a request can have.
fn reaches(statements: &[&Statement], class: &Class<'_>) -> Result<BTreeSet<Vec<Kleene>>, TooMany> {
    let budget = class.budget;
    let of = |steps: &dyn Fn(&Statement) -> usize| statements.iter().map(|it| steps(it)).sum();
    for caller in &class.callers {
        budget.take(statements.len() * Principals::steps(caller))?;
    }
    let of_globs = |globs: &[Glob], text: &str| globs.iter().map(|glob| glob.steps(text)).sum();
    for action in &class.actions {
        budget.take(of(&|statement| of_globs(&statement.actions.entries, action)))?;
    }
    for resource in &class.resources {
        budget.take(of(&|statement| of_globs(&statement.resources.entries, resource)))?;
    }
    let callers = rows(statements, &class.callers, |statement, caller| statement.names(caller));
    let actions = rows(statements, &class.actions, |statement, action| statement.is_of_action(action));
    let resources = rows(statements, &class.resources, |statement, resource| statement.acts_on(resource));
    let of_calls = products(&callers, &actions, budget)?;
    products(&of_calls, &resources, budget)
}

fn rows<'a, T: 'a>(
    statements: &[&Statement],
    things: impl IntoIterator<Item = &'a T>,
    weigh: impl Fn(&Statement, &T) -> Kleene,
) -> BTreeSet<Vec<Kleene>> {
    let row = |thing| statements.iter().map(|statement| weigh(statement, thing)).collect();
    things.into_iter().map(row).collect()
}

fn products(
    some: &BTreeSet<Vec<Kleene>>,
    others: &BTreeSet<Vec<Kleene>>,
    budget: &Budget,
) -> Result<BTreeSet<Vec<Kleene>>, TooMany> {
    if some.len() * others.len() > STEPS {
        return Err(TooMany);
    }
    budget.take(some.len() * others.len() * some.first().map_or(0, Vec::len))?;
    let both = |(one, other): (&Vec<Kleene>, &Vec<Kleene>)| {
        one.iter().zip(other).map(|(a, b)| *a.min(b)).collect::<Vec<_>>()
    };
    Ok(some.iter().flat_map(|one| others.iter().map(move |other| (one, other))).map(both).collect())
}

/// The results that the tests of one condition key can have together.
struct Results {
    /// Each with one result a test; none where there are too many.
    outcomes: Option<Vec<Vec<Kleene>>>,
    /// The range of each test's results.
    spans: Vec<Span>,
}

impl Results {
    fn of(name: &str, tests: &[&Test], domain: &Domain, budget: &Budget) -> Self {
        let Ok(outcomes) = outcomes(name, tests, domain, budget) else {
            return Self { outcomes: None, spans: vec![Span::OPEN; tests.len()] };
        };
        let column = |test: usize| {
            let results = || outcomes.iter().map(|row| row[test]);
            Span { low: Kleene::all(results()), high: Kleene::any(results()) }
        };
        Self { spans: (0..tests.len()).map(column).collect(), outcomes: Some(outcomes) }
    }
}

/// What was found of condition keys for one set of statements. Hundreds of callers whom a statement names differ in
/// one key or two: the others are not weighed anew.
#[derive(Default)]
pub(super) struct Known(RefCell<HashMap<String, (Domain, Rc<Results>)>>);

impl Known {
    fn results(&self, name: &str, tests: &[&Test], class: &Class<'_>) -> Rc<Results> {
        let domain = (class.domain)(name);
        if let Some((known, results)) = self.0.borrow().get(name)
            && *known == domain
        {
            return results.clone();
        }
        let results = Rc::new(Results::of(name, tests, &domain, class.budget));
        // What a spent budget cut short is nothing to keep.
        if results.outcomes.is_some() {
            self.0.borrow_mut().insert(name.to_owned(), (domain, results.clone()));
        }
        results
    }
}

/// A condition key that some statement tests.
struct Key {
    results: Rc<Results>,
    /// Which of the outcomes is weighed now.
    chosen: Option<usize>,
}

impl Key {
    fn span(&self, test: usize) -> Span {
        match (&self.results.outcomes, self.chosen) {
            (Some(outcomes), Some(chosen)) => Span::of(outcomes[chosen][test]),
            _ => self.results.spans[test],
        }
    }
}

/// The walk through the outcomes of all keys.
struct Search<'a> {
    keys: Vec<Key>,
    /// Each statement's tests: which key, and which of the key's tests.
    tests: Vec<Vec<(usize, usize)>>,
    allows: bool,
    passed: Passed,
    steps: usize,
    /// The work of one step.
    work: usize,
    budget: &'a Budget,
}

impl<'a> Search<'a> {
    fn new(statements: &[&Statement], allows: bool, class: &Class<'a>, known: &Known) -> Self {
        let mut by_key: BTreeMap<&str, Vec<(usize, &Test)>> = BTreeMap::new();
        for (at, statement) in statements.iter().enumerate() {
            for test in &statement.tests {
                by_key.entry(&test.key).or_default().push((at, test));
            }
        }
        let mut tests = vec![Vec::new(); statements.len()];
        let mut keys = Vec::new();
        for (name, of_key) in by_key {
            for (column, (statement, _)) in of_key.iter().enumerate() {
                tests[*statement].push((keys.len(), column));
            }
            let of_key: Vec<&Test> = of_key.iter().map(|(_, test)| *test).collect();
            keys.push(Key { results: known.results(name, &of_key, class), chosen: None });
        }
        let work = statements.len() + tests.iter().map(Vec::len).sum::<usize>();
        Self { keys, tests, allows, passed: Passed::default(), steps: STEPS, work, budget: class.budget }
    }

    /// Whether no further kind can change the answer.
    fn is_answered(&self) -> bool {
        self.steps == 0 || (self.passed.some && (self.allows || self.passed.not_all))
    }

    fn applies(&self, statement: usize, reach: &[Kleene]) -> Span {
        let tests = self.tests[statement].iter().map(|(key, test)| self.keys[*key].span(*test));
        tests.fold(Span::of(reach[statement]), Span::and)
    }

    fn passes(&self, reach: &[Kleene]) -> Span {
        let denies = usize::from(self.allows)..reach.len();
        let denied = denies.map(|it| self.applies(it, reach)).fold(Span::of(Kleene::False), Span::or);
        let allowed = if self.allows { self.applies(0, reach) } else { Span::of(Kleene::True) };
        allowed.and(denied.not())
    }

    /// A key whose outcome is open and may still matter.
    fn next_key(&self, reach: &[Kleene]) -> Option<usize> {
        let open = (0..reach.len()).filter(|it| self.applies(*it, reach).settled().is_none());
        let mut keys = open.flat_map(|it| &self.tests[it]).map(|(key, _)| *key);
        keys.find(|key| self.keys[*key].chosen.is_none() && self.keys[*key].results.outcomes.is_some())
    }

    fn visit(&mut self, reach: &[Kleene]) {
        self.steps = self.steps.saturating_sub(1);
        if self.budget.take(self.work).is_err() {
            self.steps = 0;
        }
        if self.steps == 0 {
            self.passed.in_doubt = true;
            return;
        }
        if let Some(passes) = self.passes(reach).settled() {
            return self.passed.note(passes);
        }
        let Some(key) = self.next_key(reach) else {
            self.passed.in_doubt = true;
            return;
        };
        let outcomes = self.keys[key].results.outcomes.as_ref().map_or(0, Vec::len);
        for chosen in 0..outcomes {
            self.keys[key].chosen = Some(chosen);
            self.visit(reach);
            if self.is_answered() {
                break;
            }
        }
        self.keys[key].chosen = None;
    }
}
