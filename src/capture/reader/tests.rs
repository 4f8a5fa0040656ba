//! Formats found by content, compressions, pipes, and what is no capture.

use std::io::{self, Cursor, Write};

use super::super::samples::{codes, drain, open, pcap_header, read, record};
use super::*;

fn capture() -> Vec<u8> {
    let mut file = pcap_header(Order::Little, 0xa1b2_c3d4, 1);
    for number in 0..2_000_u32 {
        let data: Vec<u8> = (0..number % 700 + 1).map(|at| (at * number) as u8).collect();
        file.extend(record(Order::Little, false, (number, 0), data.len() as u32, &data));
    }
    file
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).expect("in memory");
    encoder.finish().expect("in memory")
}

fn zstd(data: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
}

/// Gives at most as many bytes at a time as it is told, and then an error of some kind.
struct Pipe(Cursor<Vec<u8>>, usize, Option<ErrorKind>);

impl Read for Pipe {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let len = to.len().min(self.1);
        match (self.0.read(to.get_mut(..len).unwrap_or_default())?, self.2.take()) {
            (0, Some(kind)) => Err(kind.into()),
            (count, kind) => {
                self.2 = kind;
                Ok(count)
            }
        }
    }
}

fn piped(bytes: Vec<u8>, step: usize, error: Option<ErrorKind>) -> Result<CaptureReader<'static>> {
    CaptureReader::open(Box::new(Pipe(Cursor::new(bytes), step, error)), Path::new("-"), &Limits::default())
}

#[test]
fn a_pipe_gives_the_same_whatever_it_hands_over_at_a_time() {
    let plain = read(&capture());
    assert_eq!(plain.0.len(), 2_000);
    for bytes in [capture(), gzip(&capture()), zstd(&capture())] {
        for step in [1, 7, 4_096, usize::MAX] {
            let mut reader = piped(bytes.clone(), step, None).expect("a capture");
            assert_eq!(drain(&mut reader), plain);
            assert_eq!(reader.bytes_read(), bytes.len() as u64);
        }
    }
}

#[test]
fn members_and_frames_in_a_row_are_one_capture() {
    let (first, second) = (capture()[..70_001].to_vec(), capture()[70_001..].to_vec());
    for (name, bytes) in [
        ("gzip", [gzip(&first), gzip(&second)].concat()),
        ("zstd", [zstd(&first), vec![0x5f, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9], zstd(&second)].concat()),
    ] {
        let mut reader = open(&bytes).expect("a capture");
        assert_eq!((reader.compression(), reader.format()), (Some(name), "pcap"));
        let (packets, warnings) = drain(&mut reader);
        assert_eq!((packets.len(), warnings), (2_000, vec![]), "{name}");
    }
}

#[test]
fn xz_is_expanded_and_a_cut_one_gives_what_came_before() {
    let packed = data_encoding::BASE64.decode(XZ.as_bytes()).expect("base64");
    let mut reader = open(&packed).expect("a capture");
    assert_eq!(reader.compression(), Some("xz"));
    assert_eq!(drain(&mut reader).0[0].5, b"hello");
    let mut reader = open(&packed[..packed.len() - 20]).expect("a capture");
    let (packets, warnings) = drain(&mut reader);
    assert_eq!((packets.len(), codes(&warnings)), (1, vec!["compressed-cut"]));
}

#[test]
fn a_cut_or_damaged_stream_gives_what_came_before_and_says_so() {
    for packed in [gzip(&capture()), zstd(&capture())] {
        let mut reader = open(&packed[..packed.len() / 2]).expect("a capture");
        let (packets, warnings) = drain(&mut reader);
        assert!(packets.len() > 100);
        assert_eq!(warnings.last().map(|warning| warning.code), Some("compressed-cut"));
    }
    let mut packed = gzip(&capture());
    let len = packed.len();
    packed[len - 6] ^= 0xff;
    let (packets, warnings) = drain(&mut open(&packed).expect("a capture"));
    assert_eq!((packets.len(), codes(&warnings)), (2_000, vec!["compressed-damaged"]));
}

#[test]
fn expansion_stops_at_the_limit() {
    let limits = Limits { inflated_bytes: 10_000, ..Limits::default() };
    let input = Box::new(Cursor::new(gzip(&capture())));
    let mut reader = CaptureReader::open(input, Path::new("-"), &limits).expect("a capture");
    let (packets, warnings) = drain(&mut reader);
    assert!(packets.len() > 50 && packets.len() < 200);
    assert_eq!(codes(&warnings), ["cut-short", "inflated-limit"]);
}

#[test]
fn an_error_before_any_byte_is_an_error_and_after_that_a_warning() {
    let error = piped(Vec::new(), 9, Some(ErrorKind::PermissionDenied)).err().expect("refused");
    assert!(matches!(error, Error::Io { .. }), "{error}");
    let mut reader = piped(capture(), 4_096, Some(ErrorKind::ConnectionReset)).expect("a capture");
    let (packets, warnings) = drain(&mut reader);
    assert_eq!((packets.len(), codes(&warnings)), (2_000, vec!["read-error"]));
    assert!(reader.next_packet().expect("no error").is_none());
}

#[test]
fn a_file_header_alone_is_a_capture_of_no_packets() {
    let (packets, warnings) = read(&pcap_header(Order::Big, 0xa1b2_3c4d, 276));
    assert_eq!((packets.len(), warnings), (0, vec![]));
}

#[test]
fn what_is_no_capture_is_refused_by_name() {
    let refused = |bytes: &[u8]| open(bytes).err().expect("refused").to_string();
    assert!(refused(&[]).ends_with("the input is empty"));
    assert!(
        refused(&capture()[..10]).ends_with("a pcap header cut short: it needs 24 bytes and 10 are there")
    );
    assert!(refused(&[0x0a, 0x0d, 0x0d, 0x0a, 28, 0]).contains("a pcapng section header cut short"));
    assert!(
        refused(&[&[0x0a, 0x0d, 0x0d, 0x0a][..], &[9; 40]].concat()).ends_with("without a byte-order mark")
    );
    assert!(refused(b"PK\x03\x04....").ends_with("a zip archive; unpack it first"));
    assert!(refused(&gzip(b"{\"log\": {}}")).ends_with("gzip data, and in it: JSON text, not a capture"));
    assert!(refused(&gzip(&gzip(&capture()))).contains("gzip data again"));
    assert!(refused(&gzip(&capture())[..8]).contains("gzip data that cannot be expanded"));
    assert!(refused(&gzip(b"")).ends_with("gzip data, and in it: the input is empty"));
}

/// A pcap of one packet, `hello`, as `xz` packs it.
const XZ: &str = "/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4AAsABxdAGow0ch9i/gJm62US4ry//oqSwWD+ixdJQkO4bIAr74ZQgABNC2pGnPekEKZDQEAAAAAAVla";
