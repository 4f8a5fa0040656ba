//! Path checks that were done before: servers send the same chain in every connection.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::trust::{PathReport, Policy, ProblemKind, Store};
use crate::x509::Certificate;

/// What a path check depends on, beside the store and the moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct PathKey {
    pub(super) chain: Vec<[u8; 32]>,
    pub(super) client: bool,
    pub(super) first: Policy,
    pub(super) asked_ocsp: bool,
    pub(super) elsewhere: Vec<[u8; 32]>,
}

/// Reports by what they depend on, each with the moments for which it holds.
///
/// A moment matters only by which certificates are valid at it, so that a report holds up to the next date at which one of the
/// chain or of the store begins or ceases to be valid. It holds for its own moment alone where a problem tells that moment.
#[derive(Debug, Default)]
pub(super) struct PathCache {
    entries: HashMap<PathKey, (RangeInclusive<i64>, Arc<Vec<PathReport>>)>,
    /// The dates of the store in order, once they were needed.
    dates: Option<Vec<i64>>,
}

/// Path checks remembered; each is a few kilobytes for every policy.
const PATHS: usize = 512;

impl PathCache {
    /// The reports, when they were made for a moment like this one.
    pub(super) fn get(&self, key: &PathKey, at: i64) -> Option<Arc<Vec<PathReport>>> {
        self.entries.get(key).filter(|(moments, _)| moments.contains(&at)).map(|(_, known)| Arc::clone(known))
    }

    /// Remembers reports. When it is full it is emptied, and fills again.
    pub(super) fn put(
        &mut self,
        key: PathKey,
        at: i64,
        chain: &[Arc<Certificate>],
        store: &Store,
        reports: &Arc<Vec<PathReport>>,
    ) {
        if self.entries.len() >= PATHS {
            self.entries.clear();
        }
        let moments = match reports.iter().any(tells_its_moment) {
            true => at..=at,
            false => self.around(at, chain, store),
        };
        self.entries.insert(key, (moments, Arc::clone(reports)));
    }

    /// The moments around `at` between which no certificate begins or ceases to be valid.
    fn around(&mut self, at: i64, chain: &[Arc<Certificate>], store: &Store) -> RangeInclusive<i64> {
        let known = self.dates.get_or_insert_with(|| {
            let mut dates: Vec<i64> =
                store.certificates().flat_map(|(_, certificate)| dates(certificate)).collect();
            dates.sort_unstable();
            dates
        });
        let next = known.partition_point(|date| *date <= at);
        let mut from = next.checked_sub(1).and_then(|last| known.get(last)).copied().unwrap_or(i64::MIN);
        let mut until = known.get(next).copied().unwrap_or(i64::MAX);
        for date in chain.iter().flat_map(|certificate| dates(certificate)) {
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

/// A problem's sentence names the moment of judgement.
fn tells_its_moment(report: &PathReport) -> bool {
    report.problems.iter().any(|problem| {
        matches!(
            problem.kind,
            ProblemKind::Expired | ProblemKind::ExpiredIntermediate | ProblemKind::NotYetValid
        )
    })
}
