//! The resources of a run's log, account by account and in the order of their places, some thousand at a time: what is
//! in the clear is bounded, however large an account is.
//!
//! S3 lists buckets by name, and a scan writes them so. What stands in another order (keys, the buckets of another
//! server) is read once for each of the ranges of its places.

use std::sync::Arc;

use super::run_log::AccountSegment;
use super::texts::{Stand, Texts};
use crate::log::{Line, LogError, Place, Record};
use crate::model::{BucketObservation, CoverageRow, KeyObservation};
use crate::resolve::Policies;

/// How many resources are in the clear at the same time.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Read, joined and judged.
    read: usize,
    /// Sorted.
    sorted: usize,
}

const BOUNDS: Bounds = Bounds { read: 4_096, sorted: 16_384 };

/// Which resources are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Buckets,
    Keys,
}

/// Resources of one account that follow each other.
pub(super) struct Piece<'l> {
    pub(super) account: &'l AccountSegment,
    /// As they are written.
    pub(super) lines: Vec<Line>,
    /// The policies that they name.
    pub(super) policies: Policies,
    /// Whether they are the account's last; with the buckets' comes the account's coverage.
    pub(super) coverage: Option<Vec<CoverageRow>>,
}

impl Piece<'_> {
    /// One of its buckets.
    pub(super) fn bucket(&self, line: &Line) -> Result<BucketObservation, LogError> {
        self.account.segment.parsed(line)
    }

    /// One of its keys.
    pub(super) fn key(&self, line: &Line) -> Result<KeyObservation, LogError> {
        self.account.segment.parsed(line)
    }
}

/// The pieces of a log.
pub(super) struct Pieces<'l> {
    kind: Kind,
    bounds: Bounds,
    accounts: Box<dyn Iterator<Item = (&'l AccountSegment, &'l Stand)> + Send + 'l>,
    open: Option<Open<'l>>,
}

impl<'l> Pieces<'l> {
    /// Of these accounts, whose resources stand so.
    pub(super) fn of(kind: Kind, segments: &'l [AccountSegment], stands: &'l [Stand]) -> Self {
        let accounts = Box::new(segments.iter().zip(stands));
        Self { kind, bounds: BOUNDS, accounts, open: None }
    }

    /// The next pieces, of one account or of many small ones; none after the last.
    pub(super) fn next(&mut self) -> Result<Vec<Piece<'l>>, LogError> {
        let mut pieces = Vec::new();
        let mut room = self.bounds.read;
        while room > 0 && pieces.len() < self.bounds.read {
            let open = match &mut self.open {
                Some(open) => open,
                none => match self.accounts.next() {
                    Some((account, stand)) => {
                        none.insert(Open::of(self.kind, self.bounds.sorted, account, stand)?)
                    }
                    None => break,
                },
            };
            let piece = open.take(room)?;
            room -= piece.lines.len();
            if piece.coverage.is_some() {
                self.open = None;
            }
            pieces.push(piece);
        }
        Ok(pieces)
    }
}

/// An account that is being read.
struct Open<'l> {
    account: &'l AccountSegment,
    kind: Kind,
    coverage: Vec<CoverageRow>,
    source: Source<'l>,
}

enum Source<'l> {
    /// As it lies in the log.
    InOrder(Lines<'l>, Texts<'l>),
    /// Sorted, a range of places after the other.
    Ranges { stand: &'l Stand, ends: std::vec::IntoIter<Option<Place>>, start: Option<Place>, range: Range },
}

/// The resources of one range that were not given yet, and all their policies.
#[derive(Default)]
struct Range {
    lines: std::vec::IntoIter<Line>,
    policies: Arc<Policies>,
}

type Lines<'l> = Box<dyn Iterator<Item = Result<Line, LogError>> + Send + 'l>;

impl<'l> Open<'l> {
    fn of(
        kind: Kind,
        sorted: usize,
        account: &'l AccountSegment,
        stand: &'l Stand,
    ) -> Result<Self, LogError> {
        let source = match stand.is_mixed {
            false => Source::InOrder(lines(kind, account), Texts::of(stand)),
            true => {
                let ends = ends_of_ranges(kind, sorted, account, stand)?.into_iter();
                Source::Ranges { stand, ends, start: None, range: Range::default() }
            }
        };
        Ok(Self { account, kind, coverage: Vec::new(), source })
    }

    fn take(&mut self, most: usize) -> Result<Piece<'l>, LogError> {
        let Self { account, kind, coverage, source } = self;
        let (account, kind) = (*account, *kind);
        let piece = match source {
            Source::InOrder(lines, texts) => {
                let mut piece =
                    Piece { account, lines: Vec::new(), policies: Policies::default(), coverage: None };
                let ended = read(account, kind, lines, texts, coverage, |line, texts| {
                    texts.give(&mut piece.policies);
                    piece.lines.push(line);
                    Ok(piece.lines.len() < most)
                })?;
                piece.policies.set_kept(texts.kept());
                piece.coverage = ended.then(|| std::mem::take(coverage));
                piece
            }
            Source::Ranges { stand, ends, start, range } => {
                if range.lines.len() == 0
                    && let Some(end) = ends.next()
                {
                    *range = read_range(kind, account, stand, (start.as_ref(), end.as_ref()), coverage)?;
                    *start = end;
                }
                let ended = ends.len() == 0 && range.lines.len() <= most;
                let lines = range.lines.by_ref().take(most).collect();
                let mut policies = Policies::default();
                policies.set_kept(Arc::clone(&range.policies));
                Piece { account, lines, policies, coverage: ended.then(|| std::mem::take(coverage)) }
            }
        };
        Ok(piece)
    }
}

/// The lines that matter for the resources of a kind. Keys come first in a segment.
fn lines(kind: Kind, account: &AccountSegment) -> Lines<'_> {
    let segment = &account.segment;
    match kind {
        Kind::Buckets => {
            Box::new(segment.lines(|name| matches!(name, "bucket" | "coverage" | "policy" | "key")))
        }
        Kind::Keys => {
            let lines = segment.lines(|name| matches!(name, "bucket" | "policy" | "key"));
            Box::new(lines.take_while(|line| line.as_ref().map_or(true, |line| line.name() != "bucket")))
        }
    }
}

/// Gives the resources of a kind for as long as `take` wants another; says whether there are no more.
fn read<'t, 'l>(
    account: &AccountSegment,
    kind: Kind,
    lines: &mut Lines<'_>,
    texts: &'t mut Texts<'l>,
    coverage: &mut Vec<CoverageRow>,
    mut take: impl FnMut(Line, &mut Texts<'l>) -> Result<bool, LogError>,
) -> Result<bool, LogError> {
    for line in lines {
        let line = line?;
        match (line.name(), kind) {
            ("bucket", Kind::Buckets) | ("key", Kind::Keys) => {
                if !take(line, texts)? {
                    return Ok(false);
                }
            }
            ("policy", _) => texts.text(account.segment.parsed(&line)?),
            ("coverage", _) => {
                if let Record::Coverage(row) = account.segment.record(&line)? {
                    coverage.push(row);
                }
            }
            _ => texts.passed(),
        }
    }
    Ok(true)
}

/// Where each range of places ends; the last one nowhere.
fn ends_of_ranges(
    kind: Kind,
    sorted: usize,
    account: &AccountSegment,
    stand: &Stand,
) -> Result<Vec<Option<Place>>, LogError> {
    if stand.count <= sorted {
        return Ok(vec![None]);
    }
    let mut places = Vec::with_capacity(stand.count);
    read(account, kind, &mut lines(kind, account), &mut Texts::of(stand), &mut Vec::new(), |line, texts| {
        texts.passed();
        places.push(account.segment.place(&line)?);
        Ok(true)
    })?;
    places.sort_unstable();
    let ends = places.into_iter().step_by(sorted).skip(1);
    Ok(ends.map(Some).chain([None]).collect())
}

fn read_range(
    kind: Kind,
    account: &AccountSegment,
    stand: &Stand,
    (start, end): (Option<&Place>, Option<&Place>),
    coverage: &mut Vec<CoverageRow>,
) -> Result<Range, LogError> {
    let mut found: Vec<(Place, Line)> = Vec::new();
    let (mut texts, mut policies) = (Texts::of(stand), Policies::default());
    coverage.clear();
    read(account, kind, &mut lines(kind, account), &mut texts, coverage, |line, texts| {
        let place = account.segment.place(&line)?;
        if start.is_none_or(|start| *start <= place) && end.is_none_or(|end| place < *end) {
            texts.give(&mut policies);
            found.push((place, line));
        } else {
            texts.passed();
        }
        Ok(true)
    })?;
    policies.set_kept(texts.kept());
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let lines: Vec<Line> = found.into_iter().map(|(_, line)| line).collect();
    Ok(Range { lines: lines.into_iter(), policies: Arc::new(policies) })
}

#[cfg(test)]
mod tests;
