//! The question for whom AWS services may use a key or a bucket: the confused deputy.
//!
//! A service acts on behalf of a caller, and gives the source in `aws:SourceAccount`, `aws:SourceArn`,
//! `aws:SourceOrgID` and `aws:SourceOrgPaths` (IAM User Guide, "The confused deputy problem"). Here every
//! service that a policy can let in is weighed for every kind of source: one that the policy does not
//! name, one that is not told, a bucket that the policy names, and each account and organization that
//! it names, by itself and together. All statements count, so that a Deny that shuts a source out does.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::budget::{Budget, TooMany};
use super::candidate::{Candidate, Named, accounts_of, with_colons};
use super::condition::Test;
use super::cover::{Class, Passed, passing};
use super::glob::{Glob, OfAccount, Syntax, samples};
use super::kleene::Kleene;
use super::log_paths::{ELB_SERVICES, LogPaths};
use super::parse::{Effect, Policy, Statement};
use super::principal::{Caller, Principal};
use super::refusal::doubts;
use super::request::{self, OfSource};
use super::values::{Bounds, Domain};
use crate::model::AccountId;

/// A service that a statement lets in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AdmittedService {
    /// The service principal; none where it is any service.
    pub name: Option<String>,
    /// The statement.
    pub statement: String,
}

impl fmt::Display for AdmittedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.name.as_deref().unwrap_or("any AWS service"), self.statement)
    }
}

/// For whom a policy lets services in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceAccess {
    /// With everyone else: the statement keeps out neither principals nor services that the policy does not name.
    pub with_everyone: BTreeSet<AdmittedService>,
    /// For a source in an account and organization that the policy does not name.
    pub for_anyone: BTreeSet<AdmittedService>,
    /// Not for such a source, but where the request does not tell its source.
    pub without_source: BTreeSet<AdmittedService>,
    /// Not for such sources, but for a bucket that the policy names, whoever owns it.
    pub by_bucket_name: BTreeSet<AdmittedService>,
    /// For the accounts that are named.
    pub accounts: BTreeMap<AccountId, BTreeSet<AdmittedService>>,
    /// For the accounts that are named, as members of an organization only.
    pub members: BTreeMap<(AccountId, String), BTreeSet<AdmittedService>>,
    /// For the organizations that are named.
    pub organizations: BTreeMap<String, BTreeSet<AdmittedService>>,
    /// Whether a statement names a service, or lets one in by its conditions.
    pub is_named: bool,
    /// Those that are bound to an account by the path of what they write alone.
    pub by_log_path: BTreeSet<AdmittedService>,
    /// There may be others: what decides is not in the policy.
    pub undecided: Option<String>,
}

impl ServiceAccess {
    /// Every service that is let in, for whomever.
    pub fn services(&self) -> BTreeSet<&AdmittedService> {
        let unbound =
            [&self.with_everyone, &self.for_anyone, &self.without_source, &self.by_bucket_name].into_iter();
        let unbound = unbound.flatten();
        let bound = self.accounts.values().chain(self.members.values()).chain(self.organizations.values());
        unbound.chain(bound.flatten()).collect()
    }

    /// What holds of one service holds of others, too.
    fn spread(&mut self, of: &AdmittedService, names: &[String]) {
        let unbound = [
            &mut self.with_everyone,
            &mut self.for_anyone,
            &mut self.without_source,
            &mut self.by_bucket_name,
            &mut self.by_log_path,
        ];
        let bound = self
            .accounts
            .values_mut()
            .chain(self.members.values_mut())
            .chain(self.organizations.values_mut());
        for services in unbound.into_iter().chain(bound).filter(|services| services.contains(of)) {
            let others = names.iter().map(|name| AdmittedService { name: Some(name.clone()), ..of.clone() });
            services.extend(others);
        }
    }

    fn too_many(what: &str) -> Self {
        let undecided = Some(format!("its {what} have more combinations than are weighed"));
        Self { undecided, ..Self::default() }
    }
}

/// For whom a key's policy lets services in.
pub fn services_of_key(policy: &Policy, key_arn: &str) -> ServiceAccess {
    access(policy, key_arn, "kms:", &|_, _| Ok(vec![key_arn.to_owned()]))
}

/// For whom a bucket's policy lets services in, to the bucket or its objects.
pub fn services_of_bucket(policy: &Policy, bucket_arn: &str) -> ServiceAccess {
    access(policy, bucket_arn, "s3:", &|services, budget| {
        let log_paths = services.iter().flatten().any(|name| ELB_SERVICES.contains(&name.as_str()));
        let paths = if log_paths { LogPaths::of(policy, bucket_arn).all() } else { Vec::new() };
        let named = policy.statements.iter().flat_map(|it| &it.resources.entries);
        let globs: Vec<&Glob> = named.chain(&paths).collect();
        let mut resources = samples(&globs, &format!("{bucket_arn}/"), budget)?;
        resources.insert(0, bucket_arn.to_owned());
        Ok(resources)
    })
}

/// The services to weigh: those that the policy names, and one that it does not.
type Services = BTreeSet<Option<String>>;

/// Gives the resources that a policy can tell apart.
type Resources<'a> = dyn Fn(&Services, &Budget) -> Result<Vec<String>, TooMany> + 'a;

fn access(policy: &Policy, arn: &str, prefix: &str, resources: &Resources<'_>) -> ServiceAccess {
    let services = services_in(policy);
    let allows: Vec<&Statement> = policy.with(Effect::Allow);
    let allows: Vec<&Statement> = allows.into_iter().filter(|it| lets_in_any(it, &services)).collect();
    if allows.is_empty() {
        return ServiceAccess::default();
    }
    let budget = Budget::of_question();
    let globs: Vec<&Glob> = policy.statements.iter().flat_map(|it| &it.actions.entries).collect();
    let Ok(actions) = samples(&globs, prefix, &budget) else { return ServiceAccess::too_many("actions") };
    let Ok(resources) = resources(&services, &budget) else {
        return ServiceAccess::too_many("resources");
    };
    let desk = Desk {
        denies: policy.with(Effect::Deny),
        named: Named::of(policy, arn),
        accounts: source_accounts(&policy.statements),
        denied_accounts: source_accounts(policy.with(Effect::Deny)),
        paths: LogPaths::of(policy, arn),
        names: named_services(policy),
        actions,
        resources,
        budget,
    };
    let mut access = ServiceAccess { is_named: services.len() > 1, ..ServiceAccess::default() };
    let kinds = kinds(policy, &services);
    for allow in allows {
        desk.weigh(allow, &kinds, &mut access);
    }
    access
}

/// A service, and the others that no statement tells from it.
type Kind = (Option<String>, Vec<String>);

/// One service of each kind that the policy tells apart: lists of a hundred are common.
fn kinds(policy: &Policy, services: &Services) -> Vec<Kind> {
    let asks_for_names =
        policy.statements.iter().flat_map(|it| &it.tests).any(|it| request::is_service_name(&it.key));
    let mut kinds: BTreeMap<(Vec<usize>, Option<&String>), Kind> = BTreeMap::new();
    for name in services {
        let is_alone = asks_for_names || name.as_deref().is_none_or(|name| ELB_SERVICES.contains(&name));
        let who = caller(name.as_ref());
        let naming = policy.statements.iter().enumerate().filter(|(_, it)| it.names(&who) == Kleene::True);
        let by = (naming.map(|(at, _)| at).collect(), name.as_ref().filter(|_| is_alone));
        match (kinds.entry(by), name) {
            (Entry::Occupied(kind), Some(name)) => kind.into_mut().1.push(name.clone()),
            (entry, _) => drop(entry.or_insert_with(|| (name.clone(), Vec::new()))),
        }
    }
    // One that the policy does not name comes first: where it gets in, there is no need to name others.
    let mut kinds: Vec<Kind> = kinds.into_values().collect();
    kinds.sort();
    kinds
}

/// The services that statements name: as principals, or in conditions.
fn services_in(policy: &Policy) -> Services {
    named_services(policy).into_iter().map(Some).chain([None]).collect()
}

fn named_services(policy: &Policy) -> BTreeSet<String> {
    let entries = policy.statements.iter().flat_map(|it| &it.principals.entries);
    let principals = entries.filter_map(|entry| match entry {
        Principal::Service(name) => Some(name.clone()),
        _ => None,
    });
    let tests = policy.statements.iter().flat_map(|it| &it.tests);
    let of_service = tests.filter(|test| request::is_service_name(&test.key));
    principals.chain(of_service.flat_map(|test| test.patterns().filter_map(Glob::literal))).collect()
}

fn caller(service: Option<&String>) -> Caller {
    let names = service.map(|name| Principal::Service(name.clone())).into_iter().collect();
    Caller { account: None, names }
}

fn lets_in_any(allow: &Statement, services: &Services) -> bool {
    services.iter().any(|it| allow.names(&caller(it.as_ref())) != Kleene::False)
}

/// The accounts that tests of a request's source name.
fn source_accounts<'a>(statements: impl IntoIterator<Item = &'a Statement>) -> BTreeSet<AccountId> {
    let tests = statements.into_iter().flat_map(|it| &it.tests);
    tests.filter(|test| tells_source(test)).flat_map(accounts_of).collect()
}

fn tells_source(test: &Test) -> bool {
    let key = test.key.as_str();
    request::of_source(key).is_some()
        || matches!(key, "kms:calleraccount" | "s3:dataaccesspointaccount" | "s3:dataaccesspointarn")
}

/// On whose behalf a service acts.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// An account and organization that the policy does not name; the request tells all of it.
    Told,
    /// The same, and the request need not tell it.
    Untold,
    /// A resource whose ARN has no account, a bucket, that the policy names.
    Bucket,
    /// A caller whom the policy names.
    Named(Candidate),
}

impl Source {
    const fn who(&self) -> &Candidate {
        match self {
            Self::Named(who) => who,
            Self::Told | Self::Untold | Self::Bucket => &Candidate::Unnamed,
        }
    }
}

/// What every request of a service has to pass.
struct Desk<'a> {
    denies: Vec<&'a Statement>,
    named: Named<'a>,
    /// Those that may be sources.
    accounts: BTreeSet<AccountId>,
    /// Those that tests of Deny statements name.
    denied_accounts: BTreeSet<AccountId>,
    paths: LogPaths,
    names: BTreeSet<String>,
    actions: Vec<String>,
    resources: Vec<String>,
    budget: Budget,
}

impl Desk<'_> {
    fn weigh(&self, allow: &Statement, kinds: &[Kind], access: &mut ServiceAccess) {
        let any_service = AdmittedService { name: None, statement: allow.place.clone() };
        for (service, alike) in kinds {
            if allow.names(&caller(service.as_ref())) == Kleene::False {
                continue;
            }
            let admitted = AdmittedService { name: service.clone(), statement: allow.place.clone() };
            if access.for_anyone.contains(&any_service) || access.with_everyone.contains(&any_service) {
                break;
            }
            if !self.unbound(allow, &admitted, access) {
                self.bound(allow, &admitted, access);
            }
            access.spread(&admitted, alike);
        }
    }

    /// Whether a statement keeps out no principal that the policy does not name.
    fn admits_everyone(&self, allow: &Statement) -> bool {
        let domain = |key: &str| self.named.of_principal(&Candidate::Outsider, key);
        let class = Class {
            callers: BTreeSet::from([Caller::default()]),
            actions: self.actions.clone(),
            resources: self.resources.clone(),
            domain: &domain,
            budget: &self.budget,
        };
        passing(Some(allow), &self.denies, &class).some
    }

    /// Whether it gets in for a source that the policy does not name.
    fn unbound(&self, allow: &Statement, service: &AdmittedService, access: &mut ServiceAccess) -> bool {
        for source in [Source::Told, Source::Untold, Source::Bucket] {
            if self.passes(allow, service, &source, access) {
                let services = match source {
                    _ if service.name.is_none() && self.admits_everyone(allow) => &mut access.with_everyone,
                    Source::Told => &mut access.for_anyone,
                    Source::Untold => &mut access.without_source,
                    Source::Bucket | Source::Named(_) => &mut access.by_bucket_name,
                };
                services.insert(service.clone());
                return true;
            }
        }
        false
    }

    /// For which of the accounts and organizations that the policy names it gets in.
    fn bound(&self, allow: &Statement, service: &AdmittedService, access: &mut ServiceAccess) {
        for id in &self.named.organizations {
            let source = Source::Named(Candidate::Organization(id.clone()));
            if self.passes(allow, service, &source, access) {
                access.organizations.entry(id.clone()).or_default().insert(service.clone());
            }
        }
        let by_path = self.writes_by_path(service);
        let of_paths = self.paths.accounts.iter().filter(|_| by_path);
        // One that neither this statement nor a Deny names is like any other.
        let named = source_accounts([allow]);
        let named = named.iter().chain(&self.denied_accounts).chain(of_paths);
        for id in named.collect::<BTreeSet<_>>() {
            if self.passes(allow, service, &Source::Named(Candidate::Account(*id)), access) {
                access.accounts.entry(*id).or_default().insert(service.clone());
                if by_path && !allow.tests.iter().any(tells_source) {
                    access.by_log_path.insert(service.clone());
                }
                continue;
            }
            for organization in &self.named.organizations {
                let who = Candidate::Member(*id, organization.clone());
                if self.passes(allow, service, &Source::Named(who), access) {
                    let key = (*id, organization.clone());
                    access.members.entry(key).or_default().insert(service.clone());
                }
            }
        }
    }

    fn writes_by_path(&self, service: &AdmittedService) -> bool {
        service.name.as_deref().is_some_and(|name| ELB_SERVICES.contains(&name)) && self.paths.are_of_bucket()
    }

    fn passes(
        &self,
        allow: &Statement,
        service: &AdmittedService,
        source: &Source,
        access: &mut ServiceAccess,
    ) -> bool {
        let passed = self.passed(allow, service, source);
        if passed.in_doubt && !passed.some {
            let statements: Vec<&Statement> =
                [allow].into_iter().chain(self.denies.iter().copied()).collect();
            access.undecided.get_or_insert_with(|| doubts(&statements));
        }
        passed.some
    }

    fn passed(&self, allow: &Statement, service: &AdmittedService, source: &Source) -> Passed {
        let in_doubt = Passed { in_doubt: true, ..Passed::default() };
        if self.budget.is_spent() || self.budget.take(self.resources.len() + self.actions.len()).is_err() {
            return in_doubt;
        }
        let mut resources = self.resources.clone();
        if self.writes_by_path(service) {
            resources.retain(|resource| self.paths.are_of(source.who().account(), resource));
        }
        let domain = |key: &str| self.domain(service.name.as_ref(), source, key);
        let class = Class {
            callers: BTreeSet::from([caller(service.name.as_ref())]),
            actions: self.actions.clone(),
            resources,
            domain: &domain,
            budget: &self.budget,
        };
        passing(Some(allow), &self.denies, &class)
    }

    /// What a condition key of a service's request may be.
    fn domain(&self, service: Option<&String>, source: &Source, key: &str) -> Domain {
        if let Some(decided) = request::of_service(key) {
            return decided;
        }
        let untold = |domain: Domain| if *source == Source::Told { domain } else { domain.or_absent() };
        match key {
            _ if request::is_service_name(key) => self.service_name(service, key),
            // A service has neither an address of a customer's network nor a user id.
            "aws:sourceip" | "aws:userid" => self.named.around(&Candidate::Outsider, key),
            // Through an access point, whose own policy stands before the bucket's.
            "s3:dataaccesspointaccount" => self.named.account(source.who(), key).or_absent(),
            "s3:dataaccesspointarn" => self.source_arn(source, key).or_absent(),
            // Whose account KMS takes a service's call for is the source's, where a service is named.
            "kms:calleraccount" if service.is_some() => self.named.account(source.who(), key).or_absent(),
            "aws:principalaccount" | "kms:calleraccount" => {
                self.named.account(&Candidate::Unnamed, key).or_absent()
            }
            _ => match request::of_source(key) {
                Some(OfSource::Account) => untold(self.named.account(source.who(), key)),
                Some(OfSource::Organization) => self.named.organization(source.who(), key).or_absent(),
                Some(OfSource::Arn) => untold(self.source_arn(source, key)),
                None => self.named.around(source.who(), key),
            },
        }
    }

    fn service_name(&self, service: Option<&String>, key: &str) -> Domain {
        service.and_then(|name| request::service_name(name, key)).unwrap_or_else(|| {
            let unlike = self.names.iter().map(|name| Glob::plain(name)).collect();
            Domain::within(Bounds { unlike, ..Bounds::default() })
        })
    }

    /// The ARN of what the service acts for. One without an account is anyone's, but for a bucket that
    /// the policy names: that one stands for itself.
    fn source_arn(&self, source: &Source, key: &str) -> Domain {
        let mut bounds = Bounds { is_arn: true, ..self.named.arns_of_others(source.who(), key) };
        bounds.unlike.extend(self.not_by_a_name(source.who(), key));
        if key == request::LOG_SOURCE {
            // Its resource is a star.
            bounds.unlike.push(with_colons());
        }
        if matches!(source, Source::Told | Source::Untold) {
            let of_key = |glob: &Glob| glob.literal().is_some_and(|text| has_no_account(&text));
            bounds.unlike.extend(self.named.patterns(key, of_key).unlike);
        }
        Domain::within(bounds)
    }

    /// ARNs that nothing has which is in another account than those that the policy names.
    ///
    /// The star of `StringLike` takes colons too, and a name that its owner chooses may be an account's number: a state
    /// machine of that name has executions `arn:aws:states:…:execution:111122223333:…`, so that `arn:*:111122223333:*`
    /// binds nothing. A resource type that is spelled out after the account is no part of a name, where the service is
    /// told (`arn:aws:cloudtrail:*:111122223333:trail/*`).
    fn not_by_a_name(&self, who: &Candidate, key: &str) -> Vec<Glob> {
        let patterns = self.named.tests(key).flat_map(Test::patterns);
        let in_part: Vec<&Glob> = patterns.filter(|glob| glob.account() == OfAccount::Some).collect();
        let types = |id: &AccountId| {
            let id = format!(":{id}:");
            let after = |glob: &Glob| {
                let (start, rest) = glob.text().split_once(&id)?;
                let mut parts = start.split(':').skip(2);
                let told = |part: &str| !part.contains(['*', '?', '$']);
                let names_service = parts.next().is_some_and(told) && parts.next().is_some();
                let spelled_out = if names_service { until_wildcard(rest) } else { "" };
                (!spelled_out.is_empty()).then(|| Glob::wild(&format!("*{id}{spelled_out}*")))
            };
            in_part.iter().filter_map(|glob| after(glob)).collect::<Vec<_>>()
        };
        let others = self.accounts.iter().filter(|id| !in_part.is_empty() && who.account() != Some(**id));
        [Glob::new(WITHOUT_COLONS, Syntax::Arn, false)].into_iter().chain(others.flat_map(types)).collect()
    }
}

/// No name of CloudTrail has a colon (AWS CloudTrail API Reference, `CreateTrail`).
const WITHOUT_COLONS: &str = "arn:*:cloudtrail:*:*:*:*";

/// The characters up to the first wildcard.
fn until_wildcard(text: &str) -> &str {
    text.split(['*', '?']).next().unwrap_or_default()
}

fn has_no_account(arn: &str) -> bool {
    crate::model::Arn::parse(arn).is_some_and(|arn| arn.account.is_empty())
}
