//! The same bytes, sent in other packets, in another order, twice, or written in another format, tell the same.

mod support;

use std::io::Cursor;
use std::path::Path;

use serde_json::{Map, Value};
use support::packets::{Capture, FIN, FORMS, Form, Packet, RST, SYN, Segment};
use support::random::Random;
use support::{cases, other_captures, rounds};
use tlspcap::explain::{Options, explain_to_report, open};

/// A capture with the options it is read with.
struct Sample {
    name: String,
    capture: Capture,
    options: Options,
}

/// The project's own captures, and some of the other ones where there are any.
fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for case in cases() {
        let mut options = case.options();
        // Secrets in the file itself are lost when its packets are written anew.
        drop(open(&case.capture(), &mut options));
        let bytes = std::fs::read(case.capture()).expect("a capture");
        if let Some(capture) = Capture::read(&bytes) {
            samples.push(Sample { name: case.name.clone(), capture, options });
        }
    }
    let own = samples.len();
    assert!(own >= 100, "{own} captures that can be read");
    let Ok(folder) = std::fs::read_dir(other_captures().join("lab/pcap")) else { return samples };
    let mut paths: Vec<_> = folder.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut random = Random(0x5851_f42d_4c95_7f2d);
    for path in random.sample(paths, rounds(2) * 20) {
        let bytes = std::fs::read(&path).expect("a capture");
        if let Some(capture) = Capture::read(&bytes) {
            let options = samples[0].options.clone();
            let options = Options { host: None, ..options };
            samples.push(Sample { name: path.display().to_string(), capture, options });
        }
    }
    samples
}

impl Sample {
    fn report(&self, capture: &Capture, form: Form) -> Value {
        let input = Box::new(Cursor::new(capture.write(form)));
        let report = explain_to_report(input, Path::new("capture"), &self.options).expect("a report");
        serde_json::from_str(&tlspcap::render::json_string(&report)).expect("JSON")
    }

    fn segments(&self) -> Vec<Option<Segment>> {
        self.capture.packets.iter().map(|packet| Segment::of(self.capture.link, packet)).collect()
    }

    fn with(&self, packets: Vec<Packet>) -> Capture {
        Capture { packets, ..self.capture.clone() }
    }

    /// What a changed capture tells otherwise than this one.
    fn difference(&self, before: &Value, changed: &Capture, what: &str) -> Option<String> {
        let after = told(&self.report(changed, Form::Little));
        first_difference(before, &after, String::new()).map(|found| format!("{}, {what}: {found}", self.name))
    }
}

/// What a report tells, without packet numbers and times, and without what it says of the way that bytes came.
fn told(report: &Value) -> Value {
    let connections = report["connections"].as_array().expect("connections");
    Value::Array(connections.iter().map(without_numbers).collect())
}

fn without_numbers(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !NUMBERS.contains(&key.as_str()));
            Value::Object(kept.map(|(key, value)| (key.clone(), field(key, value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_numbers).collect()),
        Value::String(text) => Value::String(mask(text)),
        other => other.clone(),
    }
}

/// Fields that hold a packet's number, a time, or a count of packets.
const NUMBERS: [&str; 9] = [
    "packet",
    "packets",
    "last_packet",
    "first_packet",
    "time",
    "start",
    "relative_s",
    "duration_s",
    "warnings",
];

fn field(key: &str, value: &Value) -> Value {
    match key {
        // Which of them there are.
        "key_packets" => {
            let numbers = value.as_object().into_iter().flatten();
            Value::Object(numbers.map(|(name, packet)| (name.clone(), packet.is_null().into())).collect())
        }
        // In order of packets: what shares a packet stands in any order.
        "evidence" => {
            let Value::Array(mut items) = without_numbers(value) else { return Value::Null };
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        // Who sent which messages, in order.
        "events" => {
            let events = value.as_array().into_iter().flatten();
            let messages = events.flat_map(|event| {
                let messages = event["messages"].as_array().into_iter().flatten();
                messages.map(|message| format!("{} {}", event["from"], message).into())
            });
            Value::Array(messages.collect())
        }
        _ => without_numbers(value),
    }
}

/// Masks packet numbers and lengths of time in a sentence.
fn mask(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let is_unit = |unit: &str| word.trim_end_matches(|c: char| c.is_ascii_punctuation()) == unit;
        let is_time = words.last().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
        if is_time && ["s", "ms", "µs", "ns"].into_iter().any(is_unit) {
            words.pop();
            words.push("[time]".into());
        } else if let Some(at) = word.find('#') {
            let rest = word[at + 1..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '–');
            words.push(format!("{}#{rest}", &word[..at]));
        } else {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}

/// Where two values differ first, and how.
fn first_difference(before: &Value, after: &Value, path: String) -> Option<String> {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => {
            one.iter().find_map(|(key, value)| first_difference(value, &other[key], format!("{path}.{key}")))
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let pairs = one.iter().zip(other).enumerate();
            pairs
                .into_iter()
                .find_map(|(at, (one, other))| first_difference(one, other, format!("{path}[{at}]")))
        }
        _ => (before != after).then(|| format!("{path}: {before} became {after}")),
    }
}

/// Pairs of segments of one direction, one behind the other, with nothing but acknowledgments of that connection between.
/// Where the beginning was not captured the first segment says where its direction begins, so it stays first.
fn neighbours(segments: &[Option<Segment>]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (at, first) in segments.iter().enumerate() {
        let Some(first) = first.as_ref().filter(|segment| has_data(segment)) else { continue };
        if !segments[..at].iter().flatten().any(|segment| segment.flow == first.flow) {
            continue;
        }
        let of_connection = segments.iter().enumerate().skip(at + 1).filter_map(|(at, segment)| {
            segment.as_ref().filter(|segment| segment.same_connection(first)).map(|segment| (at, segment))
        });
        let next = of_connection
            .into_iter()
            .find(|(_, segment)| !segment.payload.is_empty() || segment.flags & (FIN | SYN | RST) != 0);
        if let Some((next, second)) = next
            && has_data(second)
            && second.flow == first.flow
            && second.sequence == first.end()
            // A packet that was cut may hold data of the other side.
            && segments[at..next].iter().all(Option::is_some)
        {
            pairs.push((at, next));
        }
    }
    pairs
}

fn has_data(segment: &Segment) -> bool {
    !segment.payload.is_empty() && segment.flags & (SYN | RST) == 0
}

/// The second segment ahead of the first; the acknowledgments that stood between them come behind both.
fn swapped(sample: &Sample, segments: &[Option<Segment>], first: usize, second: usize) -> Capture {
    let packets = &sample.capture.packets;
    let connection = segments[first].as_ref().expect("a segment");
    let ours = |at: &usize| segments[*at].as_ref().is_some_and(|segment| segment.same_connection(connection));
    let slots: Vec<usize> = (first..=second).filter(ours).collect();
    let between = slots.iter().copied().filter(|&at| at != first && at != second);
    let order: Vec<usize> = [second, first].into_iter().chain(between).collect();
    let mut moved = packets.clone();
    for (&slot, &from) in slots.iter().zip(&order) {
        moved[slot] = Packet { time: packets[slot].time, ..packets[from].clone() };
    }
    sample.with(moved)
}

fn report_all(differences: &[String]) {
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn two_segments_in_the_wrong_order_tell_the_same() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut differences, mut pairs) = (Vec::new(), 0);
    for sample in samples() {
        let before = told(&sample.report(&sample.capture, Form::Little));
        let segments = sample.segments();
        for (first, second) in random.sample(neighbours(&segments), rounds(6)) {
            let changed = swapped(&sample, &segments, first, second);
            let what = format!("packets {} and {} swapped", first + 1, second + 1);
            differences.extend(sample.difference(&before, &changed, &what));
            pairs += 1;
        }
    }
    report_all(&differences);
    assert!(pairs >= 100, "{pairs} pairs");
}

#[test]
fn segments_that_are_split_anywhere_tell_the_same() {
    let mut random = Random(0xd1b5_4a32_d192_ed03);
    let mut differences = Vec::new();
    for sample in samples() {
        let before = told(&sample.report(&sample.capture, Form::Little));
        let mut packets = Vec::new();
        for (packet, segment) in sample.capture.packets.iter().zip(sample.segments()) {
            match segment.filter(|segment| segment.payload.len() > 1 && has_data(segment)) {
                Some(segment) => {
                    let length = segment.payload.len();
                    let cut = 1 + random.below(length - 1);
                    packets.push(segment.part(packet, 0..cut));
                    packets.push(segment.part(packet, cut..length));
                }
                None => packets.push(packet.clone()),
            }
        }
        differences.extend(sample.difference(&before, &sample.with(packets), "every segment split"));
    }
    report_all(&differences);
}

#[test]
fn a_first_byte_that_comes_alone_changes_no_verdict() {
    let mut differences = Vec::new();
    for sample in samples() {
        let verdicts = |report: &Value| {
            let connections = report["connections"].as_array().expect("connections");
            let of = |connection: &Value| {
                let told = &connection["verdict"];
                format!("{} {} {}", told["cause"], told["confidence"], told["failed_by"])
            };
            connections.iter().map(of).collect::<Vec<_>>()
        };
        let mut packets = Vec::new();
        for (packet, segment) in sample.capture.packets.iter().zip(sample.segments()) {
            match segment.filter(|segment| segment.payload.len() > 1 && has_data(segment)) {
                Some(segment) => {
                    packets.push(segment.part(packet, 0..1));
                    packets.push(segment.part(packet, 1..segment.payload.len()));
                }
                None => packets.push(packet.clone()),
            }
        }
        let before = verdicts(&sample.report(&sample.capture, Form::Little));
        let after = verdicts(&sample.report(&sample.with(packets), Form::Little));
        if before != after {
            differences.push(format!("{}: {before:?} became {after:?}", sample.name));
        }
    }
    report_all(&differences);
}

#[test]
fn segments_that_are_sent_twice_tell_the_same() {
    let mut differences = Vec::new();
    for sample in samples() {
        let before = told(&sample.report(&sample.capture, Form::Little));
        for anew in [false, true] {
            let mut packets = Vec::new();
            for (packet, segment) in sample.capture.packets.iter().zip(sample.segments()) {
                packets.push(packet.clone());
                if let Some(segment) = segment.filter(has_data) {
                    packets.push(if anew { segment.again(packet) } else { packet.clone() });
                }
            }
            let what = if anew { "every segment sent twice" } else { "every segment captured twice" };
            differences.extend(sample.difference(&before, &sample.with(packets), what));
        }
    }
    report_all(&differences);
}

#[test]
fn a_lost_packet_makes_no_failure_of_a_handshake_that_went_well() {
    let mut random = Random(0x2f0e_2b44_1c8b_9d35);
    let (mut differences, mut looked) = (Vec::new(), 0);
    let failures = |report: &Value| -> Vec<Value> {
        let connections = report["connections"].as_array().expect("connections").iter();
        connections.filter(|one| one["outcome"] != "established").map(|one| one["verdict"].clone()).collect()
    };
    for sample in samples() {
        if !failures(&sample.report(&sample.capture, Form::Little)).is_empty() {
            continue;
        }
        looked += 1;
        for lost in random.sample((0..sample.capture.packets.len()).collect(), rounds(6)) {
            let mut packets = sample.capture.packets.clone();
            packets.remove(lost);
            let report = sample.report(&sample.with(packets), Form::Little);
            for verdict in failures(&report).iter().filter(|verdict| verdict["cause"] != "none") {
                differences.push(format!("{}, packet {} lost: {verdict}", sample.name, lost + 1));
            }
        }
    }
    assert!(looked >= 50, "{looked} captures of handshakes that went well");
    report_all(&differences);
}

#[test]
fn the_same_packets_in_another_format_tell_the_same() {
    let mut differences = Vec::new();
    for sample in samples() {
        let reports = FORMS.map(|form| {
            let mut report = sample.report(&sample.capture, form);
            // The numbers of packets stay; how exactly a time is written is the format's.
            report["capture"] = Value::Array(vec![
                report["capture"]["packets"].clone(),
                report["capture"]["link_types"].clone(),
                report["capture"]["warnings"].clone(),
            ]);
            without_times(report)
        });
        for (form, report) in FORMS.iter().zip(&reports).skip(1) {
            let found = first_difference(&reports[0], report, String::new());
            differences.extend(found.map(|found| format!("{}, {form:?}: {found}", sample.name)));
        }
    }
    report_all(&differences);
}

fn without_times(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(key, _)| key != "time" && key != "start");
            Value::Object(kept.map(|(key, value)| (key, without_times(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_times).collect()),
        other => other,
    }
}

#[test]
fn the_mask_hides_numbers_and_nothing_else() {
    assert_eq!(mask("closed 1.2 ms after #45–47 (#46)."), "closed [time] after # (#).");
    assert_eq!(mask("certificate_unknown (46)"), "certificate_unknown (46)");
}
