//! Which connection is compared with which.

use super::gather::Sheet;

/// A connection of the good capture and one of the bad.
type Pair<'a> = (&'a Sheet, &'a Sheet);

/// The sheet with a number.
pub(super) fn choose_by_number(sheets: Vec<Sheet>, number: u64) -> Option<Sheet> {
    sheets.into_iter().find(|sheet| sheet.number == number)
}

/// The pair that is most alike in name and server; then the failure that is most certain; then the first of each.
pub(super) fn choose<'a>(good: &'a [Sheet], bad: &'a [Sheet]) -> Option<Pair<'a>> {
    let mut best: Option<((u8, u8), Pair<'a>)> = None;
    for bad in bad {
        for good in good.iter().filter(|good| !is_same(good, bad)) {
            let rank = (likeness(good, bad), certainty(bad));
            // The first of several that are as good stays.
            if best.as_ref().is_none_or(|(known, _)| rank > *known) {
                best = Some((rank, (good, bad)));
            }
        }
    }
    // Asked for a connection and itself: that is what is shown.
    let itself = || Some((good.first()?, bad.first()?));
    best.map(|(_, pair)| pair).or_else(itself)
}

/// The very same connection, when both captures are one file.
fn is_same(a: &Sheet, b: &Sheet) -> bool {
    let (a, b) = (&a.report, &b.report);
    (&a.start, &a.client, &a.server, a.first_packet) == (&b.start, &b.client, &b.server, b.first_packet)
}

fn likeness(good: &Sheet, bad: &Sheet) -> u8 {
    let (good_name, good_server) = good.name_and_server();
    let (bad_name, bad_server) = bad.name_and_server();
    let same_name = good_name.is_some() && good_name == bad_name;
    match (same_name, good_server == bad_server) {
        (true, true) => 3,
        (true, false) => 2,
        (false, true) => 1,
        (false, false) => 0,
    }
}

fn certainty(sheet: &Sheet) -> u8 {
    match sheet.report.verdict.confidence {
        "certain" => 2,
        "likely" => 1,
        _ => 0,
    }
}
