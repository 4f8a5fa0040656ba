//! Holds the facts of two connections against each other, field by field.

use crate::report::{DifferenceReport, NotCompared, SameField};

use super::fact::{Fact, Value};

/// What a comparison came to.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) differences: Vec<DifferenceReport>,
    pub(super) same: Vec<SameField>,
    pub(super) not_compared: Vec<NotCompared>,
}

/// Compares fields by name; both sheets have the same ones.
pub(super) fn compare(good: &[Fact], bad: &[Fact]) -> Compared {
    let mut compared = Compared::default();
    for good in good {
        let Some(bad) = bad.iter().find(|bad| bad.field.name == good.field.name) else { continue };
        one(&mut compared, good, bad);
    }
    compared
}

fn one(compared: &mut Compared, good: &Fact, bad: &Fact) {
    let field = good.field;
    match (&good.value, &bad.value) {
        (Value::Hidden(a), Value::Hidden(b)) if a == b => {
            push_hidden(compared, good, format!("both: {a}"));
        }
        (Value::Hidden(a), Value::Hidden(b)) => {
            push_hidden(compared, good, format!("good: {a}; bad: {b}"));
        }
        // Where one side shows nothing there is no difference to see, unless the other had none at all.
        (Value::Hidden(why), _) => push_hidden(compared, good, format!("good: {why}")),
        (_, Value::Hidden(why)) => push_hidden(compared, good, format!("bad: {why}")),
        (Value::None | Value::NotReached, Value::None | Value::NotReached) => {}
        (a, b) if is_same(a, b) => {
            // Times and counts that are near each other say nothing.
            if !matches!(a, Value::Seconds(_) | Value::Count(_)) {
                compared.same.push(SameField { field: field.name, title: field.title });
            }
        }
        (a, b) => compared.differences.push(difference(good, bad, a, b)),
    }
}

fn push_hidden(compared: &mut Compared, fact: &Fact, why: String) {
    let (field, title) = (fact.field.name, fact.field.title);
    compared.not_compared.push(NotCompared { field, title, why });
}

fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Set(a), Value::Set(b)) => {
            a.iter().all(|value| b.contains(value)) && b.iter().all(|value| a.contains(value))
        }
        (Value::Seconds(a), Value::Seconds(b)) => {
            let (short, long) = if a < b { (a, b) } else { (b, a) };
            long - short < NOTICED_SECONDS || *long < short * NOTICED_RATIO
        }
        (Value::Count(a), Value::Count(b)) => a.abs_diff(*b) < NOTICED_COUNT,
        (a, b) => a == b,
    }
}

fn difference(good: &Fact, bad: &Fact, a: &Value, b: &Value) -> DifferenceReport {
    let only = |of: &Value, not: &Value| {
        of.values().iter().filter(|value| !not.values().contains(value)).cloned().collect::<Vec<_>>()
    };
    let (only_good, only_bad) = (only(a, b), only(b, a));
    let lists = a.is_list() && b.is_list();
    DifferenceReport {
        field: good.field.name,
        title: good.field.title,
        group: good.field.group.name(),
        explains: None,
        good: a.shown(),
        bad: b.shown(),
        other_order: lists && only_good.is_empty() && only_bad.is_empty(),
        common: a.values().iter().filter(|value| b.values().contains(value)).count(),
        only_good,
        only_bad,
        good_packet: good.packet,
        bad_packet: bad.packet,
    }
}

/// Times differ always; from here on it is worth a word.
const NOTICED_SECONDS: f64 = 0.05;
/// And when one is so many times the other.
const NOTICED_RATIO: f64 = 3.0;
/// Counts that differ by fewer say nothing.
const NOTICED_COUNT: u64 = 3;

#[cfg(test)]
mod tests {
    use super::super::fact::{Field, Group};
    use super::*;

    const FIELD: Field = Field::new(Group::ClientHello, "groups-offered", "groups offered");

    fn compared(a: Value, b: Value) -> Compared {
        compare(&[FIELD.is(a, Some(1))], &[FIELD.is(b, Some(2))])
    }

    fn list(values: &[&str]) -> Value {
        Value::List(values.iter().map(|value| (*value).to_owned()).collect())
    }

    #[test]
    fn lists_are_told_by_what_only_one_has_and_by_their_order() {
        let result = compared(list(&["x25519", "secp256r1"]), list(&["secp256r1", "ffdhe2048"]));
        let difference = &result.differences[0];
        assert_eq!(
            (&difference.only_good[..], &difference.only_bad[..]),
            (&["x25519".to_owned()][..], &["ffdhe2048".to_owned()][..])
        );
        assert_eq!((difference.common, difference.other_order), (1, false));
        assert_eq!((difference.good_packet, difference.bad_packet), (Some(1), Some(2)));
        let result = compared(list(&["a", "b"]), list(&["b", "a"]));
        assert!(result.differences[0].other_order);
        let set = |values: &[&str]| Value::Set(list(values).values().to_vec());
        assert_eq!(compared(set(&["a", "b"]), set(&["b", "a"])).same[0].field, "groups-offered");
    }

    #[test]
    fn times_and_counts_that_are_near_each_other_are_no_difference() {
        assert!(compared(Value::Seconds(0.010), Value::Seconds(0.040)).differences.is_empty());
        assert!(compared(Value::Seconds(0.100), Value::Seconds(0.200)).differences.is_empty());
        let result = compared(Value::Seconds(0.012), Value::Seconds(1.5));
        assert_eq!(result.differences[0].good.as_deref(), Some("12.0 ms"));
        assert_eq!(result.differences[0].bad.as_deref(), Some("1.50 s"));
        assert!(compared(Value::Count(0), Value::Count(2)).differences.is_empty());
        assert_eq!(compared(Value::Count(0), Value::Count(3)).differences.len(), 1);
    }

    #[test]
    fn what_a_capture_does_not_show_is_not_called_different() {
        let result = compared(Value::Text("CN=a".into()), Value::Hidden("TLS 1.3 encrypts it"));
        assert!(result.differences.is_empty() && result.same.is_empty());
        assert_eq!(result.not_compared[0].why, "bad: TLS 1.3 encrypts it");
        assert_eq!(compared(Value::Text("h2".into()), Value::None).differences.len(), 1);
        assert_eq!(compared(Value::Text("h2".into()), Value::NotReached).differences.len(), 1);
        assert!(compared(Value::None, Value::NotReached).differences.is_empty());
    }
}
