//! Records that come in pieces, from one caller that remembers them and from one that does not.

use super::*;

/// Two records of handshake, of 40 and of 3 bytes.
fn stream() -> Vec<u8> {
    let mut bytes = vec![22, 3, 3, 0, 40];
    bytes.extend(0..40u8);
    bytes.extend([22, 3, 3, 0, 3, 7, 8, 9]);
    bytes
}

/// What was told: the body of each record, where it begins to lack bytes, and how many.
type Told = Vec<(Vec<u8>, Option<usize>, u64)>;

fn note(told: &mut Told, cut: Cut<'_>) {
    match cut {
        Cut::Record { body, damage, missing, .. } => told.push((body.to_vec(), damage, missing)),
        Cut::Broken { body, missing, .. } => told.push((body.to_vec(), Some(body.len()), missing)),
        other => panic!("{other:?}"),
    }
}

/// Reads the stream in pieces that end at `ends`; the caller remembers the first `remembered` bytes.
fn read(ends: &[usize], remembered: usize) -> Told {
    let (stream, mut reader, mut told) = (stream(), RecordReader::new(), Told::new());
    let mut at = 0;
    for &end in ends {
        let past = &stream[..end.min(remembered)];
        let tell = &mut |cut: Cut<'_>| note(&mut told, cut);
        reader.push(at as u64, &stream[at..end], past, &mut |_| Keep::Whole, tell);
        at = end;
    }
    told
}

#[test]
fn a_record_is_the_same_whatever_its_pieces_and_whatever_is_remembered() {
    let whole = [((0..40).collect(), None, 0), (vec![7, 8, 9], None, 0)];
    for first in 1..52 {
        for second in first + 1..53 {
            for remembered in [0, 3, 5, 20, 45, 48, 53] {
                assert_eq!(read(&[first, second, 53], remembered), whole, "{first} {second} {remembered}");
            }
        }
    }
}

#[test]
fn a_hole_in_a_record_that_is_remembered_leaves_what_came_before() {
    let (stream, mut told) = (stream(), Told::new());
    for remembered in [0, 15, 25] {
        let mut reader = RecordReader::new();
        let tell = &mut |cut: Cut<'_>| note(&mut told, cut);
        let past = &stream[..remembered];
        reader.push(0, &stream[..15], &past[..remembered.min(15)], &mut |_| Keep::Whole, tell);
        reader.push(15, &stream[15..25], past, &mut |_| Keep::Whole, tell);
        assert!(!reader.gap(25, 10, past, tell));
        reader.push(35, &stream[35..], past, &mut |_| Keep::Whole, tell);
        let mut body: Vec<u8> = (0..40).collect();
        body[20..30].fill(0);
        assert_eq!(told, [(body, Some(20), 10), (vec![7, 8, 9], None, 0)], "{remembered}");
        told.clear();
    }
}

#[test]
fn a_record_that_does_not_end_is_told_as_far_as_it_came() {
    let (stream, mut told) = (stream(), Told::new());
    for remembered in [0, 10, 25] {
        let mut reader = RecordReader::new();
        let tell = &mut |cut: Cut<'_>| note(&mut told, cut);
        let past = &stream[..remembered];
        reader.push(0, &stream[..10], &past[..remembered.min(10)], &mut |_| Keep::Whole, tell);
        reader.push(10, &stream[10..25], past, &mut |_| Keep::Whole, tell);
        reader.finish(25, past, tell);
        assert_eq!(told, [((0..20).collect(), Some(20), 20)], "{remembered}");
        told.clear();
    }
}

#[test]
fn what_the_caller_forgot_is_missing_and_not_made_up() {
    let (stream, mut told) = (stream(), Told::new());
    let mut reader = RecordReader::new();
    let tell = &mut |cut: Cut<'_>| note(&mut told, cut);
    reader.push(0, &stream[..25], &stream[..25], &mut |_| Keep::Whole, tell);
    reader.push(25, &stream[25..], &[], &mut |_| Keep::Whole, tell);
    assert_eq!((told[0].1, told[0].2), (Some(0), 20));
}
