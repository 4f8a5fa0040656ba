//! Path checks that were done before: servers send the same chain in every connection.

use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use foldhash::quality::RandomState;
use hashbrown::HashMap;

use crate::trust::{self, PathReport, PathRequest, Policy};
use crate::x509::Certificate;

/// What a path check depends on, beside the store and the moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PathKey {
    pub(super) chain: Vec<[u8; 32]>,
    pub(super) client: bool,
    pub(super) first: Policy,
    pub(super) asked_ocsp: bool,
    /// SHA-256 of the stapled OCSP response.
    pub(super) ocsp: Option<[u8; 32]>,
    pub(super) elsewhere: Vec<[u8; 32]>,
}

/// Reports by what they depend on, each with the moments for which it holds.
///
/// A moment matters only by which certificates are valid at it, so that a report holds up to the next date at which one of the
/// chain or of the store begins or ceases to be valid. Where a sentence tells the moment, it is told anew.
#[derive(Debug, Default)]
pub(super) struct PathCache {
    entries: Entries,
    /// Those of the time before, from which what is still asked for is taken over.
    older: Entries,
    /// The dates of the store in order, once they were needed.
    dates: Option<Vec<i64>>,
}

type Entries = HashMap<PathKey, Known, RandomState>;

/// Reports that were made for one moment and hold for others.
#[derive(Debug)]
struct Known {
    moments: RangeInclusive<i64>,
    at: i64,
    first: Arc<PathReport>,
    others: Arc<Others>,
}

/// Reports under the policies that do not count first, once they were asked for, and the moment that their sentences tell.
pub(super) type Others = OnceLock<(i64, Arc<Vec<PathReport>>)>;

/// The reports for one chain.
#[derive(Debug, Clone, Default)]
pub(super) struct Checked {
    /// Under the policy that counts first; `None` when nothing was checked.
    pub(super) first: Option<Arc<PathReport>>,
    /// Under the others.
    pub(super) others: Arc<Others>,
    /// The moment that the sentences of the first one tell.
    pub(super) told_at: i64,
}

impl Checked {
    /// Has the sentences tell the moment `at`. `now` is today, as for the check.
    pub(super) fn tell_moment(&mut self, at: i64, now: Option<i64>) {
        if let Some(first) = &mut self.first
            && self.told_at != at
            && tells_moment(first)
        {
            trust::tell_moment(Arc::make_mut(first), at, now);
        }
        self.told_at = at;
    }
}

/// The reports under the other policies, made when nobody has asked before; their sentences tell the moment `at`.
pub(super) fn others_at(
    others: &Others,
    at: i64,
    now: Option<i64>,
    make: impl FnOnce() -> Vec<PathReport>,
) -> Arc<Vec<PathReport>> {
    let (told_at, reports) = others.get_or_init(|| (at, Arc::new(make())));
    let mut reports = Arc::clone(reports);
    if *told_at != at && reports.iter().any(tells_moment) {
        Arc::make_mut(&mut reports).iter_mut().for_each(|report| trust::tell_moment(report, at, now));
    }
    reports
}

fn tells_moment(report: &PathReport) -> bool {
    report.problems.iter().any(|problem| problem.kind.is_about_dates())
}

/// Path checks after which those that are not asked for are forgotten; each is a few kilobytes for every policy.
const PATHS: usize = 2048;

impl PathCache {
    /// The reports, when they were made for a moment like this one. Their sentences may tell another one.
    pub(super) fn get(&mut self, key: &PathKey, at: i64) -> Option<Checked> {
        if !self.entries.contains_key(key)
            && let Some((key, known)) = self.older.remove_entry(key)
        {
            self.keep(key, known);
        }
        let known = self.entries.get(key).filter(|known| known.moments.contains(&at))?;
        Some(Checked {
            first: Some(Arc::clone(&known.first)),
            others: Arc::clone(&known.others),
            told_at: known.at,
        })
    }

    /// Remembers reports. When it is full, what is not asked for again is forgotten the next time.
    pub(super) fn put(&mut self, key: PathKey, request: &PathRequest<'_>, first: PathReport) -> Checked {
        let moments = self.around(request);
        let (first, others) = (Arc::new(first), Arc::<Others>::default());
        let known = Known { moments, at: request.at, first: Arc::clone(&first), others: Arc::clone(&others) };
        self.keep(key, known);
        Checked { first: Some(first), others, told_at: request.at }
    }

    fn keep(&mut self, key: PathKey, known: Known) {
        if self.entries.len() >= PATHS {
            self.older = std::mem::take(&mut self.entries);
        }
        self.entries.insert(key, known);
    }

    /// The moments around the request's own between which no certificate and no stapled answer begins or ceases to be valid.
    fn around(&mut self, request: &PathRequest<'_>) -> RangeInclusive<i64> {
        let PathRequest { at, chain, store, .. } = *request;
        let known = self.dates.get_or_insert_with(|| {
            let mut dates: Vec<i64> =
                store.certificates().flat_map(|(_, certificate)| dates(certificate)).collect();
            dates.sort_unstable();
            dates
        });
        let next = known.partition_point(|date| *date <= at);
        let mut from = next.checked_sub(1).and_then(|last| known.get(last)).copied().unwrap_or(i64::MIN);
        let mut until = known.get(next).copied().unwrap_or(i64::MAX);
        let stapled = request.ocsp.map(trust::ocsp::dates).unwrap_or_default();
        for date in chain.iter().flat_map(|certificate| dates(certificate)).chain(stapled) {
            match date <= at {
                true => from = from.max(date),
                false => until = until.min(date),
            }
        }
        from..=until.saturating_sub(1)
    }
}

/// The first second at which a certificate is valid, and the first at which it is no more.
fn dates(certificate: &Certificate) -> impl Iterator<Item = i64> {
    let fields = certificate.fields.as_ref().ok();
    fields.into_iter().flat_map(|fields| [fields.not_before, fields.not_after.saturating_add(1)])
}
