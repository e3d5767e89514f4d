//! Accounts and organizations that a policy lets in, told apart by whether they belong to the organization or
//! are trusted by the standard.

use super::Context;
use super::support::MEMBERSHIP_UNPROVEN;
use super::{Outcome, Reason};
use crate::clock::Timestamp;
use crate::model::AccountId;

/// How many of a kind are named in a text.
const NAMED: usize = 5;

/// The policy lets in a whole organization, and nothing says whether it is the run's.
pub static ORGANIZATION_NOT_KNOWN: Reason = Reason::unknown(
    "organization_not_known",
    "The policy admits an organization, and it is not known which organization this is.",
);

/// Whom a policy lets in, each with the words for what lets it in.
#[derive(Default)]
pub struct LetIn {
    /// Accounts, in whatever organization.
    pub accounts: Vec<(AccountId, String)>,
    /// Accounts, as members of an organization only.
    pub members: Vec<((AccountId, String), String)>,
    /// Whole organizations.
    pub organizations: Vec<(String, String)>,
}

/// Those of them that are not the organization's own, in words.
#[derive(Default)]
pub struct Outsiders {
    untrusted: Vec<String>,
    trusted: Vec<String>,
    other_organizations: Vec<String>,
    not_known_accounts: Vec<String>,
    not_known_organizations: Vec<String>,
}

impl Outsiders {
    /// Sorts those who are let in; `own` is the account of the policy's resource.
    pub fn of(let_in: &LetIn, own: AccountId, context: &Context<'_>) -> Self {
        let mut outsiders = Self::default();
        for (id, by) in let_in.accounts.iter().filter(|(id, _)| *id != own) {
            outsiders.account(*id, by, context);
        }
        for ((id, organization), by) in let_in.members.iter().filter(|((id, _), _)| *id != own) {
            match context.organization.org_id.as_ref() {
                // An account that does not belong to the organization is kept out.
                Some(known) if known == organization => {}
                None if context.organization.is_member(*id) != Some(true) => {
                    outsiders.organization(organization, by, context);
                }
                _ => outsiders.account(*id, by, context),
            }
        }
        for (id, by) in &let_in.organizations {
            outsiders.organization(id, by, context);
        }
        outsiders
    }

    fn account(&mut self, id: AccountId, by: &str, context: &Context<'_>) {
        match (context.organization.is_member(id), Trust::of(id, context)) {
            (Some(true), _) => {}
            (_, Trust::Until(end)) => self.trusted.push(format!("{id} until {}", end.date())),
            (Some(false), Trust::Never) => self.untrusted.push(format!("{id} ({by})")),
            (Some(false), Trust::Ended(end)) => {
                self.untrusted.push(format!("{id} ({by}; its trust ended on {})", end.date()));
            }
            (None, _) => self.not_known_accounts.push(format!("{id} ({by})")),
        }
    }

    fn organization(&mut self, id: &str, by: &str, context: &Context<'_>) {
        match context.organization.org_id.as_deref() {
            Some(own) if own == id => {}
            Some(_) => self.other_organizations.push(format!("{id} ({by})")),
            None => self.not_known_organizations.push(format!("{id} ({by})")),
        }
    }

    /// Those that are outside and not trusted, and whether accounts are among them.
    pub fn not_trusted(&self) -> Option<(bool, String)> {
        let accounts = some_of("account", &self.untrusted);
        let organizations = some_of("organization", &self.other_organizations);
        let has_accounts = accounts.is_some();
        let whom: Vec<String> = accounts.into_iter().chain(organizations).collect();
        (!whom.is_empty()).then(|| (has_accounts, whom.join(", and ")))
    }

    /// Those of whom it cannot be said; `admits` begins the sentence.
    pub fn not_known(&self, admits: &str) -> Option<Outcome> {
        let accounts = some_of("account", &self.not_known_accounts).map(|accounts| {
            Outcome::from(&MEMBERSHIP_UNPROVEN)
                .saying(format!("{admits} {accounts}; the organization's accounts are not all known."))
        });
        accounts.or_else(|| {
            let organizations = some_of("organization", &self.not_known_organizations)?;
            Some(
                Outcome::from(&ORGANIZATION_NOT_KNOWN)
                    .saying(format!("{admits} {organizations}; it is not known which organization this is.")),
            )
        })
    }

    /// Those that are outside and trusted.
    pub fn trusted(&self) -> Option<String> {
        some_of("account", &self.trusted)
    }
}

/// Whether the standard trusts an account.
enum Trust {
    Until(Timestamp),
    Ended(Timestamp),
    Never,
}

impl Trust {
    fn of(id: AccountId, context: &Context<'_>) -> Self {
        match context.trust_in(id).map(|trusted| trusted.expires) {
            Some(end) if context.as_of < end => Self::Until(end),
            Some(end) => Self::Ended(end),
            None => Self::Never,
        }
    }
}

/// `account a`, `accounts a, b`, `accounts a, b, c, d, e and 4 more`; none where there are none.
pub fn some_of(noun: &str, all: &[String]) -> Option<String> {
    let plural = if all.len() == 1 { "" } else { "s" };
    listed(all).map(|listed| format!("{noun}{plural} {listed}"))
}

/// The same without the noun.
pub fn listed(all: &[String]) -> Option<String> {
    let (named, rest) = all.split_at(all.len().min(NAMED));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    (!all.is_empty()).then(|| format!("{}{more}", named.join(", ")))
}
