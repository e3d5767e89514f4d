//! The exceptions of one check by what they name, so that a finding is held against the few that may be about it and
//! not against all: an organization has tens of thousands of each.
//!
//! A resource without `*` and `?` is looked up. A pattern is tried where a part of it stands in the ARN: the part that
//! the fewest patterns have, because `arn:aws:s3:::` tells nothing apart. Below either, and where no resource is
//! named, records are by the account or unit of their scope. What is found is what a walk over all records would find.

use std::collections::HashMap;

use aho_corasick::AhoCorasick;

use crate::glob;
use crate::model::{AccountId, Exception, Place, Scope};

/// The records of one check, each by its place in the file.
#[derive(Debug)]
pub(super) struct ExceptionIndex<'a> {
    /// By an ARN, or a bucket's name.
    whole: HashMap<&'a str, ByScope<'a>>,
    /// By a part of their patterns.
    parts: Option<AhoCorasick>,
    by_part: Vec<ByScope<'a>>,
    /// All others: of any resource, or by patterns of `*` and `?` alone.
    others: ByScope<'a>,
    /// The scopes with accounts and units, by their records: they hold where both do.
    of_both: HashMap<usize, &'a Scope>,
}

/// A record, and the pattern that the resource must meet; none where it is known to be named.
type Entry<'a> = (usize, Option<&'a str>);

/// Entries by where they hold.
#[derive(Debug, Default)]
struct ByScope<'a> {
    everywhere: Vec<Entry<'a>>,
    accounts: HashMap<AccountId, Vec<Entry<'a>>>,
    /// Units by id or name.
    units: HashMap<&'a str, Vec<Entry<'a>>>,
}

impl<'a> ByScope<'a> {
    fn add(&mut self, entry: Entry<'a>, exception: &'a Exception) {
        let scope = &exception.scope;
        if scope.is_everywhere() {
            self.everywhere.push(entry);
        }
        for account_id in &scope.accounts {
            self.accounts.entry(*account_id).or_default().push(entry);
        }
        for unit in &scope.ous {
            self.units.entry(unit).or_default().push(entry);
        }
    }

    /// Where a scope's accounts or its units hold.
    fn holding<'s>(&'s self, place: &Place<'s>) -> impl Iterator<Item = Entry<'a>> + 's {
        let names = place.ou_names.iter().take(place.ou_ids.len()).flatten();
        let units = place.ou_ids.iter().chain(names).filter_map(|unit| self.units.get(unit.as_str()));
        let scoped = self.accounts.get(&place.account_id).into_iter().chain(units).flatten();
        self.everywhere.iter().chain(scoped).copied()
    }
}

impl<'a> ExceptionIndex<'a> {
    pub(super) fn of(records: &[(usize, &'a Exception)]) -> Self {
        let patterns =
            || records.iter().flat_map(|(_, exception)| &exception.resources).filter(|it| is_pattern(it));
        let mut shared: HashMap<&str, usize> = HashMap::new();
        for part in patterns().flat_map(|pattern| parts_of(pattern)) {
            *shared.entry(part).or_default() += 1;
        }
        let rarest = |pattern: &'a str| {
            parts_of(pattern).min_by_key(|part| (shared.get(part).copied(), usize::MAX - part.len()))
        };
        let (mut whole, mut others) = (HashMap::<&str, ByScope<'_>>::new(), ByScope::default());
        let (mut numbers, mut by_part) = (HashMap::<&str, usize>::new(), Vec::<ByScope<'_>>::new());
        for (at, exception) in records {
            if exception.resources.is_empty() {
                others.add((*at, None), exception);
            }
            for resource in &exception.resources {
                if !is_pattern(resource) {
                    whole.entry(resource).or_default().add((*at, None), exception);
                } else if let Some(part) = rarest(resource) {
                    let number = *numbers.entry(part).or_insert(by_part.len());
                    by_part.resize_with(by_part.len().max(number + 1), ByScope::default);
                    by_part[number].add((*at, Some(resource)), exception);
                } else {
                    others.add((*at, Some(resource)), exception);
                }
            }
        }
        let mut words: Vec<(&str, usize)> = numbers.into_iter().collect();
        words.sort_unstable_by_key(|(_, number)| *number);
        // Fails where the parts are beyond 2 GB: then every pattern is tried.
        let parts = AhoCorasick::new(words.iter().map(|(part, _)| part)).ok();
        let is_of_both = |scope: &Scope| !scope.accounts.is_empty() && !scope.ous.is_empty();
        let scopes = records.iter().map(|(at, exception)| (*at, &exception.scope));
        let of_both = scopes.filter(|(_, scope)| is_of_both(scope)).collect();
        Self { whole, parts, by_part, others, of_both }
    }

    /// The records that name the resource in an account, in their order.
    pub(super) fn naming(&self, place: &Place<'_>, arn: &str) -> Vec<usize> {
        let name = name_of(arn);
        let mut scopes: Vec<&ByScope<'_>> = vec![&self.others];
        scopes.extend(self.whole.get(arn));
        scopes.extend(self.whole.get(name).filter(|_| name != arn));
        match &self.parts {
            // A bucket's name is the end of its ARN: what stands in it stands there.
            Some(parts) => {
                let found = parts.find_overlapping_iter(arn).map(|found| found.pattern().as_usize());
                scopes.extend(found.filter_map(|number| self.by_part.get(number)));
            }
            None => scopes.extend(&self.by_part),
        }
        let entries = scopes.into_iter().flat_map(|scope| scope.holding(place));
        let is_met = |pattern: &str| glob::matches(pattern, arn) || glob::matches(pattern, name);
        let met = entries.filter(|(_, pattern)| pattern.is_none_or(is_met));
        let mut records: Vec<usize> = met.map(|(at, _)| at).collect();
        records.retain(|at| self.of_both.get(at).is_none_or(|scope| scope.names(place)));
        records.sort_unstable();
        records.dedup();
        records
    }
}

fn is_pattern(resource: &str) -> bool {
    resource.contains(['*', '?'])
}

/// What stands between the stars and marks of a pattern.
fn parts_of(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split(['*', '?']).filter(|part| !part.is_empty())
}

/// A bucket's name; any other ARN as it is.
fn name_of(arn: &str) -> &str {
    arn.rsplit(":::").next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    use super::*;
    use crate::clock::Timestamp;

    const ACCOUNTS: [&str; 3] = ["111122223333", "444455556666", "777788889999"];
    const UNITS: [&str; 4] = ["r-ab12", "ou-ab12-1", "Payments", "Sandbox"];
    const NAMES: [&str; 6] = ["a", "b", "ab", "aab", "logs-1", "é-logs"];
    const RESOURCES: [&str; 18] = [
        "a",
        "b",
        "arn:aws:s3:::a",
        "arn:aws:s3:::ab",
        "*",
        "?",
        "**?",
        "a*",
        "*b",
        "?b",
        "a?b",
        "logs-?",
        "*logs*",
        "arn:aws:s3:::*",
        "arn:aws:s3:::*b",
        "arn:*:a",
        "?-logs",
        "arn:aws:kms:*:key/a*",
    ];

    fn exception(scope: Scope, resources: Vec<&str>) -> Exception {
        let now = Timestamp::from_millis(0);
        Exception {
            id: String::new(),
            check_id: "s3_tls_only",
            accepts: BTreeSet::new(),
            scope,
            resources: resources.into_iter().map(str::to_owned).collect(),
            max_matches: 1,
            reason: String::new(),
            compensating_control: None,
            owner: String::new(),
            requested_by: String::new(),
            approved_by: String::new(),
            approved_at: now,
            ticket: String::new(),
            starts: now,
            expires: now,
            supersedes: None,
            imported_without_expiry: false,
            sha256: String::new(),
        }
    }

    fn some<T: Clone + std::fmt::Debug + 'static>(all: &[T]) -> impl Strategy<Value = Vec<T>> + use<T> {
        subsequence(all.to_vec(), 0..=2)
    }

    prop_compose! {
        fn any_exception()(
            accounts in some(&ACCOUNTS),
            ous in some(&UNITS),
            resources in subsequence(RESOURCES.to_vec(), 0..=3),
        ) -> Exception {
            let scope = Scope {
                ous: ous.into_iter().map(str::to_owned).collect(),
                accounts: accounts.into_iter().map(|id| id.parse().unwrap()).collect(),
            };
            exception(scope, resources)
        }
    }

    /// What the index must find: each record is asked.
    fn walk(records: &[(usize, &Exception)], place: &Place<'_>, arn: &str) -> Vec<usize> {
        let names = |exception: &Exception| {
            let met = |pattern: &String| glob::matches(pattern, arn) || glob::matches(pattern, name_of(arn));
            exception.resources.is_empty() || exception.resources.iter().any(met)
        };
        let matching = records.iter().filter(|(_, exception)| exception.scope.names(place));
        matching.filter(|(_, exception)| names(exception)).map(|(at, _)| *at).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_index_finds_what_a_walk_over_all_records_finds(
            exceptions in prop::collection::vec(any_exception(), 0..12),
            account in select(&ACCOUNTS[..]),
            units in prop::collection::vec((select(&UNITS[..2]), prop::option::of(select(&UNITS[2..]))), 0..3),
            name in select(&NAMES[..]),
            is_key in any::<bool>(),
        ) {
            let records: Vec<(usize, &Exception)> = exceptions.iter().enumerate().collect();
            let ou_ids: Vec<String> = units.iter().map(|(id, _)| (*id).to_owned()).collect();
            let ou_names: Vec<Option<String>> = units.iter().map(|(_, name)| name.map(str::to_owned)).collect();
            let place = Place {
                account_id: account.parse().unwrap(),
                ou_ids: &ou_ids,
                ou_names: &ou_names,
                path_known: true,
            };
            let arn = match is_key {
                true => format!("arn:aws:kms:eu-west-1:{account}:key/{name}"),
                false => format!("arn:aws:s3:::{name}"),
            };
            let found = ExceptionIndex::of(&records).naming(&place, &arn);
            prop_assert_eq!(found, walk(&records, &place, &arn));
        }
    }

    #[test]
    fn an_exception_of_accounts_and_units_is_for_what_both_name() {
        let scope =
            Scope { ous: ["Payments".to_owned()].into(), accounts: ["111122223333".parse().unwrap()].into() };
        let exceptions = [exception(scope, vec!["a"])];
        let records: Vec<(usize, &Exception)> = exceptions.iter().enumerate().collect();
        let index = ExceptionIndex::of(&records);
        for (account, unit, expected) in [
            ("111122223333", "Payments", &[0][..]),
            ("111122223333", "Sandbox", &[]),
            ("444455556666", "Payments", &[]),
        ] {
            let (ou_ids, ou_names) = (["ou-ab12-1".to_owned()], [Some(unit.to_owned())]);
            let account_id = account.parse().unwrap();
            let place = Place { account_id, ou_ids: &ou_ids, ou_names: &ou_names, path_known: true };
            assert_eq!(index.naming(&place, "arn:aws:s3:::a"), expected, "{account} in {unit}");
        }
    }

    #[test]
    fn a_pattern_is_tried_by_the_part_that_tells_it_apart() {
        let resources: Vec<String> = (0..100).map(|n| format!("arn:aws:s3:::*-team-{n:02}")).collect();
        let exceptions: Vec<Exception> =
            resources.iter().map(|resource| exception(Scope::default(), vec![resource])).collect();
        let records: Vec<(usize, &Exception)> = exceptions.iter().enumerate().collect();
        let index = ExceptionIndex::of(&records);
        let parts = index.parts.as_ref().unwrap();
        let tried = parts.find_overlapping_iter("arn:aws:s3:::backup-team-42");
        assert_eq!(tried.map(|found| found.pattern().as_usize()).collect::<Vec<_>>(), [42]);
    }
}
