//! Who a statement names, and who a request may come from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::budget::TooMany;
use super::kleene::Kleene;
use crate::model::{AccountId, Arn};

/// An entry of `Principal` or `NotPrincipal`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Principal {
    /// `*`, of AWS or at all: the same in a resource's policy.
    Everyone,
    /// An account, by its number or its root's ARN: all who are in it.
    Account(AccountId),
    /// A user, role or session by its ARN.
    Aws(String),
    /// The unique id that AWS leaves in place of the ARN of a user or role that was deleted.
    Deleted(String),
    Service(String),
    Federated(String),
    CanonicalUser(String),
    /// Nothing that names a principal; AWS does not take it, so what it would do is not known.
    Strange(String),
}

impl Principal {
    /// An entry of the map's member `AWS`.
    pub(super) fn aws(text: &str) -> Self {
        let account = |text: &str| text.parse().ok().map(Self::Account);
        let of_arn = |arn: Arn<'_>| match (arn.service, arn.resource) {
            ("iam", "root") => account(arn.account),
            _ => Some(Self::Aws(text.to_owned())),
        };
        match text {
            "*" => Self::Everyone,
            _ if text.contains(['*', '?']) => Self::Strange(text.to_owned()),
            _ if is_unique_id(text) => Self::Deleted(text.to_owned()),
            _ => Arn::parse(text)
                .and_then(of_arn)
                .or_else(|| account(text))
                .unwrap_or_else(|| Self::Strange(text.to_owned())),
        }
    }

    /// An entry of another member of the map.
    pub(super) fn of(text: &str, kind: fn(String) -> Self) -> Self {
        if text.contains(['*', '?']) { Self::Strange(text.to_owned()) } else { kind(text.to_owned()) }
    }

    /// The account that it names or is in.
    pub(super) fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account(id) => Some(*id),
            Self::Aws(arn) | Self::Federated(arn) => Arn::parse(arn)?.account.parse().ok(),
            _ => None,
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("*"),
            Self::Account(id) => write!(f, "{id}"),
            Self::Aws(text)
            | Self::Deleted(text)
            | Self::Service(text)
            | Self::Federated(text)
            | Self::CanonicalUser(text)
            | Self::Strange(text) => f.write_str(text),
        }
    }
}

/// `Principal` or `NotPrincipal`, with all of its entries.
///
/// The entries are held twice, as they are written and in order: lists of hundreds are common, and every kind of
/// request is held against every statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Principals {
    pub(super) negated: bool,
    /// As they are written.
    pub(super) entries: Vec<Principal>,
    sorted: BTreeSet<Principal>,
    has_strange: bool,
}

impl Principals {
    pub(super) fn new(negated: bool, entries: Vec<Principal>) -> Self {
        let has_strange = entries.iter().any(|entry| matches!(entry, Principal::Strange(_)));
        Self { negated, sorted: entries.iter().cloned().collect(), entries, has_strange }
    }

    /// Whether they take in a caller.
    pub(super) fn cover(&self, caller: &Caller) -> Kleene {
        let has = |entry: &Principal| self.sorted.contains(entry);
        let is_named = has(&Principal::Everyone)
            || caller.account.is_some_and(|id| has(&Principal::Account(id)))
            || caller.names.iter().any(has);
        let found = match (is_named, self.has_strange) {
            (true, _) => Kleene::True,
            (false, true) => Kleene::Unknown,
            (false, false) => Kleene::False,
        };
        if self.negated { found.not() } else { found }
    }

    /// Whether a Deny with them refuses a caller.
    ///
    /// With `NotPrincipal` the account of the one who is spared must be named too: "Otherwise, the policy might deny
    /// access to the entire account containing the principal." AWS may look at the account first, then at the role and
    /// then at the session (IAM User Guide, "AWS JSON policy elements: `NotPrincipal`"). So one whose name is there
    /// without what it belongs to may be refused or not. An account by itself is all who are in it; beside names of
    /// its own, for the others it stands there for their sake only.
    pub(super) fn refuse(&self, caller: &Caller) -> Kleene {
        let found = self.cover(caller);
        if !self.negated || found == Kleene::True || self.sorted.contains(&Principal::Everyone) {
            return found;
        }
        let named: Vec<&Principal> = caller.names.iter().filter(|name| self.sorted.contains(*name)).collect();
        let Some(account) = caller.account else { return found };
        let is_account = |name: &&Principal| matches!(name, Principal::CanonicalUser(_));
        let whole = self.sorted.contains(&Principal::Account(account)) || named.iter().any(is_account);
        let is_whole = |name: &&Principal| !is_account(name) && self.names_role_of(name);
        let is_spared = match named.iter().any(|name| !is_account(name)) {
            true => named.iter().any(is_whole),
            false => !self.names_within(account),
        };
        if whole && is_spared { found } else { Kleene::Unknown }
    }

    /// Whether the role of a session is named; true of every other.
    fn names_role_of(&self, name: &Principal) -> bool {
        !is_of(name, ":assumed-role/") || self.entries.iter().any(|role| is_session_of(name, role))
    }

    /// Whether they name a principal in an account.
    fn names_within(&self, account: AccountId) -> bool {
        let within = |entry: &Principal| !matches!(entry, Principal::Account(_));
        self.entries.iter().any(|entry| within(entry) && entry.account() == Some(account))
    }

    /// Whom `NotPrincipal` of a Deny may spare or not, in words; none where that is plain of everyone.
    pub(super) fn spared_in_doubt(&self) -> Option<String> {
        if !self.negated || self.sorted.contains(&Principal::Everyone) {
            return None;
        }
        let has_account = |id: AccountId| self.sorted.contains(&Principal::Account(id));
        let mut within = self.entries.iter().filter(|it| !matches!(it, Principal::Account(_)));
        within.find_map(|entry| {
            let id = entry.account()?;
            Some(match (has_account(id), self.names_role_of(entry)) {
                (false, _) => {
                    format!("NotPrincipal names {entry} without its account, and AWS may deny it all the same")
                }
                (true, false) => {
                    format!("NotPrincipal names {entry} without its role, and AWS may deny it all the same")
                }
                (true, true) => {
                    format!("NotPrincipal names account {id} beside {entry}, and AWS may deny others of the account")
                }
            })
        })
    }

    /// About how many steps that takes.
    pub(super) fn steps(caller: &Caller) -> usize {
        2 + caller.names.len()
    }
}

/// `AIDA…`, `AROA…`: four letters for the kind, then the id.
fn is_unique_id(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    plain && text.starts_with('A') && (16..=128).contains(&text.len())
}

/// More senders than one question weighs.
const CALLERS: usize = 20_000;

/// Who sends a request, as far as statements can tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Caller {
    pub(super) account: Option<AccountId>,
    /// The entries that name it and no other principal.
    pub(super) names: BTreeSet<Principal>,
}

impl Caller {
    /// A caller of that account whom no policy names.
    pub(super) fn of(account: AccountId) -> Self {
        Self { account: Some(account), names: BTreeSet::new() }
    }

    /// The caller whom an entry names; for an account, a caller whom nothing else names.
    pub(super) fn by(principal: &Principal) -> Self {
        let whole = matches!(principal, Principal::Account(_));
        let names = if whole { BTreeSet::new() } else { BTreeSet::from([principal.clone()]) };
        Self { account: principal.account(), names }
    }

    /// The same one under a further name.
    fn also(&self, principal: &Principal) -> Self {
        let mut both = self.clone();
        both.names.insert(principal.clone());
        both
    }
}

/// A caller for every combination of the entries that can name one request's sender.
///
/// A session has its own ARN and its role's; a canonical user is an account by another name; a federated identity may
/// hold a session of a role in the account of its provider. An account has one canonical user, and a session one
/// identity: no caller has two names of a kind. Of names that the same statements have, one stands for all in these
/// combinations, for nothing tells them apart.
pub(super) fn callers<'a>(
    statements: impl Iterator<Item = &'a Principals>,
) -> Result<BTreeSet<Caller>, TooMany> {
    let mut entries: BTreeMap<&Principal, Vec<usize>> = BTreeMap::new();
    for (at, principals) in statements.enumerate() {
        for entry in &principals.sorted {
            entries.entry(entry).or_default().push(at);
        }
    }
    let mut all: BTreeSet<Caller> = entries.keys().filter_map(|entry| on_its_own(entry)).collect();
    let roles: Vec<&Principal> = entries.keys().copied().filter(|it| is_of(it, ":role/")).collect();
    for session in entries.keys().filter(|entry| is_of(entry, ":assumed-role/")) {
        let its_roles = roles.iter().filter(|role| is_session_of(session, role));
        all.extend(its_roles.map(|role| Caller::by(session).also(role)));
    }
    let kinds: [fn(&Principal) -> bool; 2] = [
        |entry| matches!(entry, Principal::CanonicalUser(_)),
        |entry| matches!(entry, Principal::Federated(_)),
    ];
    for of_kind in kinds {
        let of_names = |caller: &Caller| -> Vec<&Vec<usize>> {
            caller.names.iter().filter_map(|name| entries.get(name)).collect()
        };
        let mut known = BTreeMap::new();
        for caller in all.iter().filter(|it| it.account.is_some() && !it.names.iter().any(of_kind)) {
            known.entry((caller.account, of_names(caller))).or_insert_with(|| caller.clone());
        }
        let mut others = BTreeMap::new();
        for (name, statements) in entries.iter().filter(|(name, _)| of_kind(name)) {
            others.entry((name.account(), statements)).or_insert(*name);
        }
        let mut pairs = BTreeSet::new();
        for caller in known.into_values() {
            let of_account = |id: &Option<AccountId>| id.is_none() || *id == caller.account;
            let names = others.iter().filter(|((id, _), _)| of_account(id));
            pairs.extend(names.map(|(_, name)| caller.also(name)));
            if pairs.len() > CALLERS {
                return Err(TooMany);
            }
        }
        all.extend(pairs);
    }
    all.insert(Caller::default());
    Ok(all)
}

fn on_its_own(entry: &Principal) -> Option<Caller> {
    let someone = !matches!(entry, Principal::Everyone | Principal::Strange(_));
    someone.then(|| Caller::by(entry))
}

/// Whether a session's ARN is one of a role's: it has the role's name, and not its path.
fn is_session_of(session: &Principal, role: &Principal) -> bool {
    let (Principal::Aws(session), Principal::Aws(arn)) = (session, role) else { return false };
    let of_session = session.split_once(":assumed-role/").and_then(|(_, rest)| rest.split('/').next());
    let of_role = arn.split_once(":role/").and_then(|(_, path)| path.rsplit('/').next());
    let account = |arn: &str| Arn::parse(arn).map(|arn| arn.account.to_owned());
    of_session.is_some() && of_session == of_role && account(session) == account(arn)
}

fn is_of(entry: &Principal, kind: &str) -> bool {
    matches!(entry, Principal::Aws(arn) if arn.contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/x";

    #[test]
    fn entries_are_read_for_what_they_name() {
        let account = Principal::Account("111122223333".parse().unwrap());
        assert_eq!(Principal::aws("111122223333"), account);
        assert_eq!(Principal::aws("arn:aws-cn:iam::111122223333:root"), account);
        assert_eq!(Principal::aws("*"), Principal::Everyone);
        assert!(matches!(Principal::aws(ROLE), Principal::Aws(_)));
        assert!(matches!(Principal::aws("AROAEXAMPLEEXAMPLE123"), Principal::Deleted(_)));
        for strange in ["arn:aws:iam::111122223333:role/*", "bob", "1111"] {
            assert!(matches!(Principal::aws(strange), Principal::Strange(_)), "{strange}");
        }
        assert_eq!(Principal::aws(ROLE).account(), account.account());
    }

    #[test]
    fn an_account_is_all_who_are_in_it_and_a_role_is_not_its_account() {
        let (account, role) = (Principal::aws("111122223333"), Principal::aws(ROLE));
        let (x, other) = (Caller::by(&role), Caller::of("111122223333".parse().unwrap()));
        let covers =
            |entry: &Principal, caller: &Caller| Principals::new(false, vec![entry.clone()]).cover(caller);
        assert_eq!((covers(&account, &x), covers(&role, &x)), (Kleene::True, Kleene::True));
        assert_eq!((covers(&account, &other), covers(&role, &other)), (Kleene::True, Kleene::False));
        assert_eq!(covers(&account, &Caller::default()), Kleene::False);
        assert_eq!(covers(&Principal::Everyone, &Caller::default()), Kleene::True);
        let strange = Principals::new(true, vec![role, Principal::aws("bob")]);
        assert_eq!((strange.cover(&x), strange.cover(&other)), (Kleene::False, Kleene::Unknown));
    }

    #[test]
    fn a_session_has_its_roles_name_too_and_users_are_one_each() {
        let count = |texts: &[&str]| {
            let entries: Vec<Principal> = texts.iter().map(|it| Principal::aws(it)).collect();
            let principals = Principals::new(false, entries);
            let all = callers([&principals].into_iter()).unwrap();
            all.into_iter().filter(|caller| caller.names.len() == 2).count()
        };
        assert_eq!(count(&[ROLE, "arn:aws:sts::111122223333:assumed-role/x/s"]), 1);
        assert_eq!(count(&[ROLE, "arn:aws:sts::444455556666:assumed-role/x/s"]), 0);
        assert_eq!(count(&["arn:aws:iam::111122223333:user/a", "arn:aws:iam::111122223333:user/b"]), 0);
        assert_eq!(count(&[ROLE, "arn:aws:iam::111122223333:role/y"]), 0);
    }
}
