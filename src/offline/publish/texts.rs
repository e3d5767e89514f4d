//! Which policy texts of a segment are kept while its resources are read in a stream.
//!
//! A text stands once in a segment, before the first resource that names it, and nearly always right before the only
//! one: a bucket's policy names the bucket. So a first look notes which texts are named again, and how the resources
//! stand; after it a text is kept for as long as it is needed, and no account is too large.

use std::collections::HashSet;
use std::sync::Arc;

use crate::log::{Place, PolicyText};
use crate::model::{Observation, PolicyHash};
use crate::resolve::Policies;

/// Policies of one account that stay parsed from one piece to the next.
const PARSED_AT_ONCE: usize = 4_096;

/// How the buckets, or the keys, of one segment stand in it.
#[derive(Debug, Default)]
pub(super) struct Stand {
    /// How many there are.
    pub(super) count: usize,
    /// Whether they do not stand in the order of their places.
    pub(super) is_mixed: bool,
    /// The texts that a resource names which they do not stand right before.
    again: HashSet<String>,
}

/// The first look.
#[derive(Debug, Default)]
pub(super) struct Look {
    stand: Stand,
    last: Option<Place>,
    before: Vec<String>,
}

impl Look {
    /// A policy's text.
    pub(super) fn text(&mut self, hash: String) {
        self.before.push(hash);
    }

    /// A resource of another kind.
    pub(super) fn other(&mut self) {
        self.before.clear();
    }

    /// A resource of the kind, and the policy that it names.
    pub(super) fn resource(&mut self, place: Place, policy: &Observation<PolicyHash>) {
        self.stand.count += 1;
        self.stand.is_mixed |= self.last.as_ref().is_some_and(|last| *last >= place);
        self.last = Some(place);
        if let Some(PolicyHash(hash)) = policy.reading.known()
            && !self.before.contains(hash)
            && !self.stand.again.contains(hash)
        {
            self.stand.again.insert(hash.clone());
        }
        self.before.clear();
    }

    pub(super) fn end(self) -> Stand {
        self.stand
    }
}

/// The texts while the resources are read.
#[derive(Debug)]
pub(super) struct Texts<'l> {
    stand: &'l Stand,
    kept: Arc<Policies>,
    before: Vec<PolicyText>,
}

impl<'l> Texts<'l> {
    pub(super) fn of(stand: &'l Stand) -> Self {
        Self { stand, kept: Arc::default(), before: Vec::new() }
    }

    /// A policy's text.
    pub(super) fn text(&mut self, policy: PolicyText) {
        if self.stand.again.contains(&policy.sha256) {
            Arc::make_mut(&mut self.kept).add(policy.sha256, policy.text);
        } else {
            self.before.push(policy);
        }
    }

    /// A resource that is not read.
    pub(super) fn passed(&mut self) {
        self.before.clear();
    }

    /// A resource that is read: what stands right before it is its own.
    pub(super) fn give(&mut self, own: &mut Policies) {
        for PolicyText { sha256, text } in self.before.drain(..) {
            own.add(sha256, text);
        }
    }

    /// What is kept so far, for resources that were read.
    pub(super) fn kept(&mut self) -> Arc<Policies> {
        if self.kept.are_parsed(PARSED_AT_ONCE) {
            Arc::make_mut(&mut self.kept).forget_parsed();
        }
        Arc::clone(&self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{NotAsked, Reading, Region};

    fn names(hash: &str) -> Observation<PolicyHash> {
        Observation {
            reading: Reading::Known(PolicyHash(hash.to_owned())),
            ..Observation::not_asked("s3:GetBucketPolicy", Region::global(), NotAsked::DoesNotApply)
        }
    }

    /// A text, a bucket with the text that it names, or a key.
    enum Line {
        Text(&'static str),
        Bucket(&'static str, &'static str),
        Key,
    }
    use Line::{Bucket, Key, Text};

    fn look(lines: &[Line]) -> Stand {
        let mut look = Look::default();
        for line in lines {
            match line {
                Text(hash) => look.text((*hash).to_owned()),
                Bucket(name, hash) => look.resource(Place::of_bucket(name), &names(hash)),
                Key => look.other(),
            }
        }
        look.end()
    }

    #[test]
    fn a_text_is_kept_where_a_bucket_names_it_that_it_does_not_stand_right_before() {
        let lines = [Text("k"), Key, Text("1"), Bucket("a", "1"), Text("2"), Bucket("b", "2")];
        let stand = look(&lines);
        assert!(!stand.is_mixed && stand.count == 2 && stand.again.is_empty());
        let again = look(&[Text("k"), Key, Text("1"), Bucket("a", "1"), Bucket("c", "k"), Bucket("b", "1")]);
        assert!(again.is_mixed && again.again == HashSet::from(["1".to_owned(), "k".to_owned()]));
        assert!(look(&[Bucket("a", "1"), Bucket("a", "1")]).is_mixed, "a name that comes again is no order");
    }

    #[test]
    fn every_bucket_that_is_read_finds_its_text() {
        let lines =
            [Text("k"), Key, Text("1"), Bucket("a", "1"), Text("2"), Bucket("b", "2"), Bucket("c", "k")];
        let stand = look(&lines);
        let (mut texts, mut own) = (Texts::of(&stand), Policies::default());
        for line in &lines {
            match line {
                Text(hash) => texts.text(PolicyText { sha256: (*hash).to_owned(), text: "{}".to_owned() }),
                Bucket("a", _) | Key => texts.passed(),
                Bucket(..) => texts.give(&mut own),
            }
        }
        let found =
            |policies: &Policies, hash: &str| policies.of_bucket(&PolicyHash(hash.to_owned())).is_some();
        assert_eq!(["k", "1", "2"].map(|hash| found(&own, hash)), [false, false, true]);
        let kept = texts.kept();
        assert_eq!(["k", "1", "2"].map(|hash| found(&kept, hash)), [true, false, false]);
    }
}
