//! Whether a sealed log is of the run in whose folder it lies: a good seal says that it is whole, and not whose it is.

use super::{Header, LogError, Segment, account_of, organization_key};
use crate::model::{OrganizationIdentity, RegionsFrom, RunHeader};

impl Segment {
    /// Refuses a log of another run, other settings, another organization or another account than where it lies.
    pub fn belongs(&self, run: &RunHeader, organization: &OrganizationIdentity) -> Result<(), LogError> {
        match foreign(self.key(), self.header(), run, organization) {
            None => Ok(()),
            Some(what) => Err(LogError::Foreign { key: self.key().to_owned(), what }),
        }
    }
}

/// What a log is, where it is not of this run.
fn foreign(
    key: &str,
    header: &Header,
    run: &RunHeader,
    organization: &OrganizationIdentity,
) -> Option<String> {
    if header.run.run_id != run.run_id {
        return Some(format!("of run {}", header.run.run_id));
    }
    if let Some(flag) = header.run.difference(run) {
        return Some(format!("of a run with other settings: {flag} differs"));
    }
    // A page of the list may have come without a word of the organization.
    if let (Some(held), Some(here)) = (&header.organization.org_id, &organization.org_id)
        && held != here
    {
        return Some(format!("of organization {held}, and not of {here}"));
    }
    let Some(scan) = &header.scan else {
        return (key != organization_key(&run.run_id))
            .then(|| "the account list of an organization".to_owned());
    };
    match account_of(&run.run_id, key) {
        Some((account_id, _)) if account_id == scan.account_id => {}
        _ => return Some(format!("of account {}", scan.account_id)),
    }
    let asked = &run.settings.filter.regions;
    let has_session = scan.access_path.is_some();
    let is_of_filter = scan.regions_from == RegionsFrom::Filter;
    let is_as_asked = if asked.is_empty() { !is_of_filter } else { scan.regions.iter().eq(asked) };
    (has_session && !is_as_asked).then(|| "of other Regions than were asked for".to_owned())
}
