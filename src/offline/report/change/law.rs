//! The law of change: what became of a fail, and where a fail comes from. Pure.
//!
//! Two functions decide, [`became`] and [`came`], and two lists of hashes remember what the streaming
//! edge has seen, [`Fails`] and [`Fresh`]: 17 bytes a finding, so that the fails of an organization's
//! night fit beside each other.

use serde::{Deserialize, Serialize};

use crate::model::Verdict;
use crate::model::reading::words;

words! {
    /// What became of a fail between two censuses. Of the fails of now the first four, of the fails of
    /// then the last six: a fail that stays is in both.
    ChangeKind {
        /// Fails now, by a check that ran before, and in no census that was looked at before.
        New = "new",
        /// Fails now, by a check instance that the previous census did not have. Not news of the resource.
        NewlyChecked = "newly_checked",
        /// Fails now, did not count as a fail in the previous census, and failed in an earlier one or
        /// under an exception that has ended.
        Reopened = "reopened",
        /// Failed then, fails now.
        StillFailing = "still_failing",
        /// Failed then, and passes now or is proven gone.
        Fixed = "fixed",
        /// Failed then, and cannot be said now. Never counted as fixed.
        LostSight = "lost_sight",
        /// Failed then, and an exception accepts it now.
        Excepted = "excepted",
        /// Failed then, and the check does not apply to the resource now.
        NoLongerApplicable = "no_longer_applicable",
        /// Failed then, and is not checked now.
        NoLongerChecked = "no_longer_checked",
    }
}

words! {
    /// How a change came about: the kinds, with what tells apart two courses of one.
    How {
        /// New: it did not fail in the previous census, or that census has no row of it.
        New = "new",
        /// New: the previous census could not say. It may be as old as the resource.
        WasUnknown = "was_unknown",
        /// [`ChangeKind::NewlyChecked`].
        NewlyChecked = "newly_checked",
        /// [`ChangeKind::Reopened`].
        Reopened = "reopened",
        /// [`ChangeKind::StillFailing`].
        StillFailing = "still_failing",
        /// Fixed: it passes now.
        Passes = "passes",
        /// Fixed: the resource is not in a listing that ran to its end.
        Gone = "gone",
        /// Lost sight: the verdict is `unknown` now.
        Unknown = "unknown",
        /// Lost sight: the resource is not listed, and the listing broke off, was refused or was not tried.
        NotListed = "not_listed",
        /// Lost sight: its account left the organization, and is not listed any more.
        AccountLeft = "account_left",
        /// [`ChangeKind::Excepted`].
        Exempt = "exempt",
        /// [`ChangeKind::NoLongerApplicable`].
        NotApplicable = "not_applicable",
        /// No longer checked: no account has the check instance.
        CheckOff = "check_off",
        /// No longer checked: the resource is listed, and the standard does not ask the check of it.
        NotAsked = "not_asked",
    }
}

impl How {
    /// The kind of change.
    pub const fn kind(self) -> ChangeKind {
        match self {
            Self::New | Self::WasUnknown => ChangeKind::New,
            Self::NewlyChecked => ChangeKind::NewlyChecked,
            Self::Reopened => ChangeKind::Reopened,
            Self::StillFailing => ChangeKind::StillFailing,
            Self::Passes | Self::Gone => ChangeKind::Fixed,
            Self::Unknown | Self::NotListed | Self::AccountLeft => ChangeKind::LostSight,
            Self::Exempt => ChangeKind::Excepted,
            Self::NotApplicable => ChangeKind::NoLongerApplicable,
            Self::CheckOff | Self::NotAsked => ChangeKind::NoLongerChecked,
        }
    }
}

/// What a run does with a check instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// No account has it.
    Nowhere,
    /// It gives a finding whatever the verdict.
    EachTime,
    /// It gives a finding only where it fails: the checks of exceptions.
    OnlyFails,
}

/// Where a resource without a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In its table.
    There,
    /// Not in a listing that ran to its end.
    Gone,
    /// Not listed, and no listing that would have it ran to its end.
    NotListed,
    /// In an account that the organization does not list.
    AccountLeft,
}

/// What became of a fail of the previous census: of its verdict now, or of the lack of one.
pub fn became(now: Option<Verdict>, asked: Asked, place: Place) -> How {
    match (now, asked, place) {
        (Some(Verdict::Fail), ..) => How::StillFailing,
        (Some(Verdict::Pass), ..) => How::Passes,
        (Some(Verdict::Unknown), ..) => How::Unknown,
        (Some(Verdict::Exempt), ..) => How::Exempt,
        (Some(Verdict::NotApplicable), ..) => How::NotApplicable,
        (None, Asked::Nowhere, _) => How::CheckOff,
        (None, Asked::OnlyFails, Place::There) => How::Passes,
        (None, Asked::EachTime, Place::There) => How::NotAsked,
        (None, _, Place::Gone) => How::Gone,
        (None, _, Place::NotListed) => How::NotListed,
        (None, _, Place::AccountLeft) => How::AccountLeft,
    }
}

/// What earlier censuses say of a fail of now that the previous one has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// No fail.
    NoFail,
    /// No fail, and the previous one could not say.
    WasUnknown,
    /// A fail, or one that an exception accepted.
    Failed,
}

/// Where a fail of now comes from.
pub fn came(failed: bool, earlier: Earlier, was_checked: bool) -> How {
    match (failed, earlier, was_checked) {
        (true, ..) => How::StillFailing,
        (false, Earlier::Failed, _) => How::Reopened,
        (false, _, false) => How::NewlyChecked,
        (false, Earlier::WasUnknown, true) => How::WasUnknown,
        (false, Earlier::NoFail, true) => How::New,
    }
}

/// The 128 bits of a finding's uid: 32 hex digits.
pub fn uid(text: &str) -> Option<u128> {
    let mut bytes = [0; 16];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(u128::from_be_bytes(bytes))
}

/// The fails of the previous census, and what this run says of each.
#[derive(Debug)]
pub struct Fails {
    /// Sorted.
    uids: Vec<u128>,
    now: Vec<Option<Verdict>>,
}

impl Fails {
    /// The fails; nothing is said of them yet.
    pub fn of(mut uids: Vec<u128>) -> Self {
        uids.sort_unstable();
        let now = vec![None; uids.len()];
        Self { uids, now }
    }

    /// Whether the finding is one of them.
    pub fn has(&self, uid: u128) -> bool {
        self.uids.binary_search(&uid).is_ok()
    }

    /// What this run says of the finding.
    pub fn now(&self, uid: u128) -> Option<Verdict> {
        self.uids.binary_search(&uid).ok().and_then(|at| self.now[at])
    }

    /// Notes what this run says of a finding; whether it is one of the fails.
    pub fn note(&mut self, uid: u128, verdict: Verdict) -> bool {
        let found = self.uids.binary_search(&uid);
        if let Ok(at) = found {
            self.now[at] = Some(verdict);
        }
        found.is_ok()
    }

    /// Whether this run says nothing of some of them.
    pub fn any_without_a_row(&self) -> bool {
        self.now.contains(&None)
    }
}

/// The fails of now that the previous census has not, and what earlier ones say of them.
#[derive(Debug)]
pub struct Fresh {
    /// Sorted.
    uids: Vec<u128>,
    earlier: Vec<Earlier>,
    open: usize,
}

impl Fresh {
    /// The fails; nothing is said of them yet.
    pub fn of(mut uids: Vec<u128>) -> Self {
        uids.sort_unstable();
        let (earlier, open) = (vec![Earlier::NoFail; uids.len()], uids.len());
        Self { uids, earlier, open }
    }

    /// Notes a fail, accepted or not, of an earlier census.
    pub fn note_failed(&mut self, uid: u128) {
        if let Ok(at) = self.uids.binary_search(&uid)
            && self.earlier[at] != Earlier::Failed
        {
            self.earlier[at] = Earlier::Failed;
            self.open -= 1;
        }
    }

    /// Notes a finding that the previous census could not say.
    pub fn note_unknown(&mut self, uid: u128) {
        if let Ok(at) = self.uids.binary_search(&uid)
            && self.earlier[at] == Earlier::NoFail
        {
            self.earlier[at] = Earlier::WasUnknown;
        }
    }

    /// What earlier censuses say of a finding.
    pub fn earlier(&self, uid: u128) -> Earlier {
        self.uids.binary_search(&uid).map_or(Earlier::NoFail, |at| self.earlier[at])
    }

    /// Whether an older census could tell nothing more.
    pub fn is_settled(&self) -> bool {
        self.open == 0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const PLACES: [Place; 4] = [Place::There, Place::Gone, Place::NotListed, Place::AccountLeft];
    const ASKED: [Asked; 3] = [Asked::Nowhere, Asked::EachTime, Asked::OnlyFails];

    #[test]
    fn what_became_of_a_fail() {
        let mut table = Vec::new();
        for verdict in Verdict::ALL {
            let all = ASKED.iter().flat_map(|asked| PLACES.iter().map(move |place| (*asked, *place)));
            let mut found: Vec<How> =
                all.map(|(asked, place)| became(Some(*verdict), asked, place)).collect();
            found.dedup();
            let [how] = found[..] else { panic!("a row decides whatever the listing: {found:?}") };
            table.push(format!("{:<46}{:<14} {}", verdict.word(), how.word(), how.kind().word()));
        }
        for asked in ASKED {
            for place in PLACES {
                let how = became(None, asked, place);
                let of = format!("no row, asked {asked:?}, resource {place:?}");
                table.push(format!("{of:<46}{:<14} {}", how.word(), how.kind().word()));
            }
        }
        insta::assert_snapshot!(table.join("\n"), @r"
        pass                                          passes         fixed
        fail                                          still_failing  still_failing
        unknown                                       unknown        lost_sight
        not_applicable                                not_applicable no_longer_applicable
        exempt                                        exempt         excepted
        no row, asked Nowhere, resource There         check_off      no_longer_checked
        no row, asked Nowhere, resource Gone          check_off      no_longer_checked
        no row, asked Nowhere, resource NotListed     check_off      no_longer_checked
        no row, asked Nowhere, resource AccountLeft   check_off      no_longer_checked
        no row, asked EachTime, resource There        not_asked      no_longer_checked
        no row, asked EachTime, resource Gone         gone           fixed
        no row, asked EachTime, resource NotListed    not_listed     lost_sight
        no row, asked EachTime, resource AccountLeft  account_left   lost_sight
        no row, asked OnlyFails, resource There       passes         fixed
        no row, asked OnlyFails, resource Gone        gone           fixed
        no row, asked OnlyFails, resource NotListed   not_listed     lost_sight
        no row, asked OnlyFails, resource AccountLeft account_left   lost_sight
        ");
    }

    #[test]
    fn where_a_fail_comes_from() {
        let mut table = Vec::new();
        for failed in [true, false] {
            for earlier in [Earlier::Failed, Earlier::WasUnknown, Earlier::NoFail] {
                for checked in [true, false] {
                    let how = came(failed, earlier, checked);
                    let of = format!("failed {failed}, earlier {earlier:?}, checked {checked}");
                    table.push(format!("{of:<48}{:<14} {}", how.word(), how.kind().word()));
                }
            }
        }
        insta::assert_snapshot!(table.join("\n"), @r"
        failed true, earlier Failed, checked true       still_failing  still_failing
        failed true, earlier Failed, checked false      still_failing  still_failing
        failed true, earlier WasUnknown, checked true   still_failing  still_failing
        failed true, earlier WasUnknown, checked false  still_failing  still_failing
        failed true, earlier NoFail, checked true       still_failing  still_failing
        failed true, earlier NoFail, checked false      still_failing  still_failing
        failed false, earlier Failed, checked true      reopened       reopened
        failed false, earlier Failed, checked false     reopened       reopened
        failed false, earlier WasUnknown, checked true  was_unknown    new
        failed false, earlier WasUnknown, checked false newly_checked  newly_checked
        failed false, earlier NoFail, checked true      new            new
        failed false, earlier NoFail, checked false     newly_checked  newly_checked
        ");
    }

    #[test]
    fn a_uid_is_32_hex_digits() {
        assert_eq!(uid("000000000000000000000000000000ff"), Some(255));
        assert_eq!(uid("ffffffffffffffffffffffffffffffff"), Some(u128::MAX));
        for bad in ["", "ff", "+00000000000000000000000000000ff", "0000000000000000000000000000000g"] {
            assert_eq!(uid(bad), None, "{bad}");
        }
    }

    /// A finding of a night, as far as the law asks; `None` where the night has no row of it.
    type Night = BTreeMap<u128, Option<Verdict>>;

    fn night() -> impl Strategy<Value = Night> {
        let verdict = proptest::option::of(proptest::sample::select(Verdict::ALL));
        proptest::collection::btree_map(0..40_u128, verdict, 0..40)
    }

    fn fails(night: &Night) -> Vec<u128> {
        night.iter().filter(|(_, verdict)| **verdict == Some(Verdict::Fail)).map(|(uid, _)| *uid).collect()
    }

    proptest! {
        /// Both equations, and that the earlier censuses move fails between `new` and `reopened` alone.
        #[test]
        fn every_fail_is_counted_once(
            previous in night(), now in night(), earlier in night(),
            place in proptest::sample::select(&PLACES), asked in proptest::sample::select(&ASKED),
            was_checked: bool,
        ) {
            let mut then = Fails::of(fails(&previous));
            let rows = now.iter().filter_map(|(uid, verdict)| Some((*uid, (*verdict)?)));
            let fresh = rows.filter(|(uid, verdict)| !then.note(*uid, *verdict) && *verdict == Verdict::Fail);
            let mut fresh = Fresh::of(fresh.map(|(uid, _)| uid).collect());
            for uid in fails(&earlier) {
                fresh.note_failed(uid);
                fresh.note_failed(uid);
            }
            for uid in previous.keys() {
                fresh.note_unknown(*uid);
            }
            let mut counts: BTreeMap<ChangeKind, usize> = BTreeMap::new();
            for uid in fails(&now) {
                let how = came(then.has(uid), fresh.earlier(uid), was_checked);
                *counts.entry(how.kind()).or_default() += 1;
            }
            let still = counts.get(&ChangeKind::StillFailing).copied().unwrap_or_default();
            let mut ended = 0;
            for uid in fails(&previous) {
                let how = became(then.now(uid), asked, place);
                prop_assert_eq!(how == How::StillFailing, now.get(&uid) == Some(&Some(Verdict::Fail)));
                ended += usize::from(how != How::StillFailing);
            }
            prop_assert_eq!(counts.values().sum::<usize>(), fails(&now).len());
            prop_assert_eq!(still + ended, fails(&previous).len());
            let reopened = counts.get(&ChangeKind::Reopened).copied().unwrap_or_default();
            prop_assert_eq!(fresh.is_settled(), still + reopened == fails(&now).len());
            prop_assert_eq!(then.any_without_a_row(), fails(&previous).iter().any(|uid| then.now(*uid).is_none()));
        }
    }
}
