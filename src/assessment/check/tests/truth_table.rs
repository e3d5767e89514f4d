//! Truth tables: everything that a check may be given, printed so short that a person can read it.
//!
//! A table has parts, and a part is the product of its columns. It is printed as a decision tree:
//! values that lead to the same rows stand together, and a column that makes no difference is left
//! out. So what is printed is the whole product, and a column that should not matter can be given to
//! show that it does not.
//!
//! On its way a table holds its check to what no reader would count by hand: it says every reason
//! that it lists and no other, each in a sentence, and a fault only loses information: whatever input
//! is lost, the verdict stays or becomes `unknown`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::check::{Check, Outcome, find};
use crate::model::{FaultKind, NotAsked, Reading, Undecided, Verdict};

/// What a table is made of: the inputs of a check, as they were read.
pub trait Made: Clone + PartialEq {
    /// Whether it can be at all; other cases are left out.
    fn can_be(&self) -> bool {
        true
    }
    /// What the check says of it.
    fn judge(&self, check: &'static Check) -> Outcome;
    /// All that the check sees of it, where that is quicker to tell than to judge: cases that look the same are
    /// judged once.
    fn seen(&self) -> Option<String> {
        None
    }
    /// The same with one input less, and which; for every input.
    fn losses(&self) -> Vec<(&'static str, Self)>;
}

/// The *read* words of what gave no answer. They are of one class, and are printed together as `unread`.
pub const UNREAD: [&str; 8] =
    ["denied", "throttled", "transport", "service", "protocol", "identity", "unavailable", "not_asked"];

/// What a word of [`UNREAD`], or `gone`, says of a read.
pub fn undecided(word: &str) -> Undecided {
    match word {
        "gone" => Undecided::Gone,
        "not_asked" => Undecided::NotAsked(NotAsked::NoSession),
        word => Undecided::Unread(FaultKind::from_word(word).unwrap()),
    }
}

/// The reading of such a read.
pub fn unread<T>(word: &str) -> Reading<T> {
    undecided(word).into()
}

/// One input and the values that it takes.
pub struct Column<M> {
    name: &'static str,
    values: Vec<Value<M>>,
}

struct Value<M> {
    label: String,
    set: Box<dyn Fn(&mut M)>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Class,
    Alike,
    End,
}

impl<M> Column<M> {
    pub fn new(name: &'static str) -> Self {
        Self { name, values: Vec::new() }
    }

    /// A column of values that are set alike.
    pub fn of<T: Clone + 'static>(
        name: &'static str,
        values: impl IntoIterator<Item = (impl Into<String>, T)>,
        set: impl Fn(&mut M, T) + Copy + 'static,
    ) -> Self {
        values.into_iter().fold(Self::new(name), |column, (label, value)| {
            column.value(label, move |made: &mut M| set(made, value.clone()))
        })
    }

    /// Adds a value. A word of [`UNREAD`] is of the class of the first.
    pub fn value(self, label: impl Into<String>, set: impl Fn(&mut M) + 'static) -> Self {
        let label = label.into();
        let kind = if UNREAD[1..].contains(&&*label) { Kind::Alike } else { Kind::Class };
        self.add(label, set, kind)
    }

    /// Adds a value of the same class as another: it stands in the table, and its losses are the other's.
    pub fn alike(self, label: impl Into<String>, set: impl Fn(&mut M) + 'static) -> Self {
        self.add(label.into(), set, Kind::Alike)
    }

    /// Adds a value with which there is nothing more to vary in the columns to the right.
    pub fn end(self, label: impl Into<String>, set: impl Fn(&mut M) + 'static) -> Self {
        self.add(label.into(), set, Kind::End)
    }

    fn add(mut self, label: String, set: impl Fn(&mut M) + 'static, kind: Kind) -> Self {
        self.values.push(Value { label, set: Box::new(set), kind });
        self
    }
}

/// A title, the case that the columns start from, and the columns. A part without a title is judged and not
/// printed: all of it, where other parts show what there is to see.
pub type Part<M> = (&'static str, M, Vec<Column<M>>);

/// Holds a check to its truth table, and the table to its snapshot.
#[track_caller]
pub fn hold<M: Made>(check_id: &str, parts: Vec<Part<M>>) {
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(check_id, table(find(check_id).unwrap(), parts));
    });
}

/// What a check says in words, one line a case.
pub fn words<M: Made>(check_id: &str, cases: Vec<(&str, M)>) -> String {
    let mut text = format!("{check_id}\n\n");
    for (name, case) in cases {
        let outcome = case.judge(find(check_id).unwrap());
        writeln!(text, "{name}\n  {}: {}", outcome.reason.code, outcome.text).unwrap();
    }
    text
}

fn table<M: Made>(check: &'static Check, parts: Vec<Part<M>>) -> String {
    let mut said: BTreeMap<&str, (Verdict, String)> = BTreeMap::new();
    let mut body = String::new();
    let mut judge = Judged { check, before: BTreeMap::new() };
    for (title, base, columns) in parts {
        let tree = grow(&base, &mut Vec::new(), true, &columns, &mut |made, path, stands| {
            made.can_be().then(|| {
                let outcome = judge.held(made, path, stands);
                let reason = outcome.reason;
                let raised = outcome.at_least.map(|it| format!(" (at least {})", it.word()));
                said.entry(reason.code).or_insert_with(|| (reason.verdict, outcome.text.into_owned()));
                format!("{} {}{}", reason.verdict.word(), reason.code, raised.unwrap_or_default())
            })
        });
        if !title.is_empty() {
            write!(body, "\n{title}").unwrap();
            print(&tree.expect("a part has cases that can be"), 1, &mut body);
        }
    }
    let listed: BTreeSet<&str> = check.reasons.iter().map(|reason| reason.code).collect();
    assert_eq!(said.keys().copied().collect::<BTreeSet<_>>(), listed, "{}: said, and listed", check.id);
    body.push_str("\nin words\n");
    for (code, (verdict, text)) in said {
        writeln!(body, "  {} {code}: {text}", verdict.word()).unwrap();
    }
    let unread = format!("(unread: {})\n", UNREAD.join(", "));
    let unread = if body.contains("unread") { &*unread } else { "" };
    format!("{} version {}\n{unread}{body}", check.id, check.version)
}

/// A check, and what it said before of what looked the same.
struct Judged {
    check: &'static Check,
    before: BTreeMap<String, Outcome>,
}

impl Judged {
    /// The outcome of a case, held to what must be so of all; its losses only where it stands for its class.
    fn held<M: Made>(&mut self, made: &M, path: &Path<'_>, stands: bool) -> Outcome {
        let id = self.check.id;
        let case =
            || path.iter().map(|(name, label)| format!("{name}: {label}")).collect::<Vec<_>>().join(", ");
        let outcome = self.outcome(made);
        assert!(self.check.reasons.contains(&outcome.reason), "{id}: {outcome:?} is not listed ({})", case());
        assert!(outcome.text.ends_with('.'), "{id}: {outcome:?} is no sentence ({})", case());
        let at_most = self.check.severity_max(self.check.severity);
        assert!(outcome.at_least <= Some(at_most), "{id}: {outcome:?} is worse than it can be ({})", case());
        let losses = if stands { made.losses() } else { Vec::new() };
        for (lost, less) in losses.into_iter().filter(|(_, less)| less != made) {
            let then = self.outcome(&less);
            assert!(
                [outcome.reason.verdict, Verdict::Unknown].contains(&then.reason.verdict),
                "{id}: {outcome:?} became {then:?} when {lost} was lost ({})",
                case()
            );
        }
        outcome
    }

    fn outcome<M: Made>(&mut self, made: &M) -> Outcome {
        match made.seen() {
            Some(seen) => self.before.entry(seen).or_insert_with(|| made.judge(self.check)).clone(),
            None => made.judge(self.check),
        }
    }
}

#[derive(PartialEq, Eq)]
enum Tree {
    Leaf(String),
    Branch(&'static str, Vec<(Vec<String>, Tree)>),
}

/// The column and the label of each value of a case.
type Path<'a> = [(&'static str, &'a str)];

/// Walks the product of the columns; none where nothing of it can be. `each` sees every case, its labels and
/// whether it stands for its class, and says what is printed of it.
fn grow<'a, M: Clone>(
    case: &M,
    path: &mut Vec<(&'static str, &'a str)>,
    stands: bool,
    columns: &'a [Column<M>],
    each: &mut dyn FnMut(&M, &Path<'a>, bool) -> Option<String>,
) -> Option<Tree> {
    let Some((column, rest)) = columns.split_first() else { return each(case, path, stands).map(Tree::Leaf) };
    let mut branches: Vec<(Vec<String>, Tree)> = Vec::new();
    for value in &column.values {
        let mut case = case.clone();
        (value.set)(&mut case);
        path.push((column.name, &value.label));
        let rest = if value.kind == Kind::End { &[] } else { rest };
        let tree = grow(&case, path, stands && value.kind != Kind::Alike, rest, each);
        path.pop();
        let Some(tree) = tree else { continue };
        match branches.iter_mut().find(|(_, other)| *other == tree) {
            Some((labels, _)) => labels.push(value.label.clone()),
            None => branches.push((vec![value.label.clone()], tree)),
        }
    }
    match branches.len() {
        0 => None,
        1 if column.values.len() > 1 => Some(branches.remove(0).1),
        _ => Some(Tree::Branch(column.name, branches)),
    }
}

/// A column and its values a line, and what follows from them below; what follows at once stands beside.
fn print(tree: &Tree, depth: usize, text: &mut String) {
    match tree {
        Tree::Leaf(outcome) => writeln!(text, " → {outcome}").unwrap(),
        Tree::Branch(name, branches) => {
            text.push('\n');
            for (labels, tree) in branches {
                let mut labels: Vec<&str> = labels.iter().map(|label| &**label).collect();
                if UNREAD.iter().all(|word| labels.contains(word)) {
                    labels.retain(|label| !UNREAD.contains(label));
                    labels.push("unread");
                }
                write!(text, "{:depth$}{name}: {}", "", labels.join(" | "), depth = 2 * depth).unwrap();
                print(tree, depth + 1, text);
            }
        }
    }
}

mod tests {
    use super::*;
    use crate::check::{Judge, Reason};
    use crate::model::{Category, Severity};

    static SMALL: Reason = Reason::pass("small", "It is small.");
    static BIG: Reason = Reason::fail("big", "It is big.");
    static LOST: Reason = Reason::unknown("lost", "It is not known.");
    static TOY: Check = Check {
        id: "toy",
        version: 1,
        title: "",
        question: "",
        category: Category::Evidence,
        severity: Severity::Low,
        parameters: &[],
        reasons: &[&SMALL, &BIG, &LOST],
        rationale: "",
        remedy: "",
        judge: Judge::Exception(|_, _| Outcome::from(&LOST)),
    };
    static NOT_LISTED: Reason = Reason::pass("not_listed", "It is something else.");

    /// A number, and what becomes of it when it is lost.
    #[derive(Clone, PartialEq)]
    struct Number(Option<i32>, Option<i32>);

    impl Made for Number {
        fn can_be(&self) -> bool {
            self.0 != Some(13)
        }

        fn judge(&self, _: &'static Check) -> Outcome {
            match self.0 {
                Some(7) => Outcome::from(&SMALL).saying("no sentence"),
                Some(9) => Outcome::from(&NOT_LISTED),
                Some(50..) => Outcome::from(&BIG),
                Some(_) => Outcome::from(&SMALL),
                None => Outcome::from(&LOST),
            }
        }

        fn losses(&self) -> Vec<(&'static str, Self)> {
            vec![("the number", Self(self.1, self.1))]
        }
    }

    fn numbers(numbers: &'static [i32]) -> Vec<Part<Number>> {
        let all = numbers.iter().map(|n| (n.to_string(), Some(*n)));
        let all = all.chain(UNREAD.map(|word| (word.to_owned(), None)));
        let column = Column::of("number", all, |made: &mut Number, n| made.0 = n);
        vec![("", Number(None, None), vec![column])]
    }

    #[test]
    fn a_column_without_effect_is_left_out_and_like_values_stand_together() {
        let add = |n: i32| move |made: &mut Number| made.0 = made.0.map(|sum| sum + n);
        let columns = vec![
            Column::new("idle").value("x", |_| {}).value("y", |_| {}),
            Column::new("add").value("one", add(1)).value("two", add(2)).end("three", add(3)),
            Column::new("more").value("none", |_| {}).value("much", add(100)).value("unlucky", add(12)),
        ];
        let lost = Column::of("read", UNREAD.map(|word| (word, ())), |made: &mut Number, ()| made.0 = None);
        let text = table(
            &TOY,
            vec![("numbers", Number(Some(0), None), columns), ("lost", Number(None, None), vec![lost])],
        );
        insta::assert_snapshot!(text, @r"
        toy version 1

        numbers
          add: one
            more: none → pass small
            more: much → fail big
          add: two
            more: none | unlucky → pass small
            more: much → fail big
          add: three → pass small

        lost → unknown lost

        in words
          fail big: It is big.
          unknown lost: It is not known.
          pass small: It is small.
        ");
    }

    #[test]
    #[should_panic(expected = "toy: said, and listed")]
    fn a_reason_that_is_never_said_is_found() {
        table(&TOY, numbers(&[1]));
    }

    #[test]
    #[should_panic(expected = "is not listed (number: 9)")]
    fn a_reason_that_is_not_listed_is_found() {
        table(&TOY, numbers(&[1, 9, 90]));
    }

    #[test]
    #[should_panic(expected = "is no sentence (number: 7)")]
    fn a_text_that_is_no_sentence_is_found() {
        table(&TOY, numbers(&[1, 7, 90]));
    }

    #[test]
    #[should_panic(expected = "when the number was lost (number: 90)")]
    fn a_loss_that_decides_is_found() {
        let mut parts = numbers(&[1, 90]);
        parts[0].1.1 = Some(1);
        table(&TOY, parts);
    }
}
