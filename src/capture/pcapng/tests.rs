//! Sections, interfaces and blocks, as read from hand-made files.

use super::super::samples::{block, codes, drain, enhanced, interface, open, option, read, section};
use super::Order;

const ORDERS: [Order; 2] = [Order::Little, Order::Big];

fn packet(order: Order, ticks: u64, data: &[u8]) -> Vec<u8> {
    block(order, 6, &enhanced(order, 0, ticks, data.len() as u32, data))
}

/// A file of one section with one Ethernet interface, and `blocks` after it.
fn file(order: Order, blocks: &[Vec<u8>]) -> Vec<u8> {
    [section(order), interface(order, 1, &[]), blocks.concat()].concat()
}

#[test]
fn sections_in_both_byte_orders_follow_each_other_in_one_file() {
    let mut bytes = Vec::new();
    for (order, link_type) in [(Order::Big, 101), (Order::Little, 1), (Order::Big, 101)] {
        bytes.extend([section(order), interface(order, link_type, &[]), packet(order, 5, b"abc")].concat());
    }
    let mut reader = open(&bytes).expect("a capture");
    let (packets, warnings) = drain(&mut reader);
    let seen: Vec<_> = packets.iter().map(|packet| (packet.0, packet.3, packet.5.as_slice())).collect();
    assert_eq!(seen, [(1, 101, &b"abc"[..]), (2, 1, b"abc"), (3, 101, b"abc")]);
    assert_eq!((warnings, reader.format()), (vec![], "pcapng"));
    assert_eq!(reader.link_types().iter().map(|link| link.0).collect::<Vec<_>>(), [101, 1]);
}

#[test]
fn each_interface_has_its_own_clock() {
    for order in ORDERS {
        let offset = if order == Order::Little { 3_600_i64.to_le_bytes() } else { 3_600_i64.to_be_bytes() };
        let with_offset =
            [option(order, 9, &[0x8a]), option(order, 14, &offset), option(order, 0, &[])].concat();
        let bytes = [
            section(order),
            interface(order, 1, &[]),
            interface(order, 113, &option(order, 9, &[9])),
            interface(order, 101, &with_offset),
            block(order, 6, &enhanced(order, 0, 1_500_000, 1, b"a")),
            block(order, 6, &enhanced(order, 1, 1_500_000, 1, b"a")),
            block(order, 6, &enhanced(order, 2, 1_536, 1, b"a")),
        ]
        .concat();
        let (packets, warnings) = read(&bytes);
        let times: Vec<_> = packets.iter().map(|packet| (packet.1, packet.2, packet.3)).collect();
        assert_eq!(times, [(1_500_000_000, 6, 1), (1_500_000, 9, 113), (3_601_500_000_000, 4, 101)]);
        assert_eq!(warnings, []);
    }
}

#[test]
fn simple_and_obsolete_packet_blocks_are_read() {
    for order in ORDERS {
        let old = [
            &[order.put16(0), order.put16(9)].concat()[..],
            &[0, 77, 4, 90].map(|field| order.put32(field)).concat(),
            b"data",
        ]
        .concat();
        let simple = [&order.put32(5)[..], b"hello"].concat();
        let bytes = file(order, &[block(order, 2, &old), block(order, 3, &simple)]);
        let (packets, warnings) = read(&bytes);
        assert_eq!(packets[0], (1, 77_000, 6, 1, 90, b"data".to_vec()));
        assert_eq!(packets[1], (2, 0, 0, 1, 5, b"hello".to_vec()));
        assert_eq!(codes(&warnings), ["no-timestamps"]);
    }
}

#[test]
fn a_simple_packet_is_as_long_as_the_snap_length_lets_it() {
    let order = Order::Little;
    let idb = block(order, 1, &[1, 0, 0, 0, 4, 0, 0, 0]);
    let simple = [&order.put32(900)[..], b"abcd"].concat();
    let (packets, _) = read(&[section(order), idb, block(order, 3, &simple)].concat());
    assert_eq!((packets[0].4, packets[0].5.as_slice()), (900, &b"abcd"[..]));
}

#[test]
fn blocks_that_wireshark_shows_as_frames_take_a_number() {
    let order = Order::Little;
    let blocks = [
        block(order, 0x0bad, b"\xd9\x7e\0\0custom"),
        packet(order, 1, b"a"),
        block(order, 9, b"MESSAGE=x"),
        block(order, 0x4000_0bad, b"\xd9\x7e\0\0custom"),
        block(order, 4, b"names"),
        block(order, 5, &[0; 12]),
        block(order, 0x7777_7777, b"unknown"),
        packet(order, 1, b"b"),
    ];
    let (packets, warnings) = read(&file(order, &blocks));
    assert_eq!(packets.iter().map(|packet| packet.0).collect::<Vec<_>>(), [2, 5]);
    assert_eq!(warnings, []);
}

#[test]
fn a_block_that_is_not_needed_may_be_longer_than_the_bound() {
    let order = Order::Little;
    let long = block(order, 4, &vec![0; 70 << 20]);
    let (packets, warnings) = read(&file(order, &[long, packet(order, 1, b"a")]));
    assert_eq!((packets.len(), warnings), (1, vec![]));
}

#[test]
fn secrets_are_handed_over_as_they_are_met() {
    for order in ORDERS {
        let tls = [&order.put32(0x544c_534b)[..], &order.put32(6), b"CLIENT"].concat();
        let other = [&order.put32(0x5747_4b4c)[..], &order.put32(4), b"WIRE"].concat();
        let bytes = file(order, &[block(order, 10, &other), block(order, 10, &tls), packet(order, 1, b"a")]);
        let mut reader = open(&bytes).expect("a capture");
        assert!(!reader.has_secrets());
        drain(&mut reader);
        assert_eq!(reader.take_secrets(), [b"CLIENT"]);
        assert!(reader.has_secrets() && reader.take_secrets().is_empty());
    }
}

#[test]
fn a_check_sequence_is_taken_off_where_packet_or_interface_announce_it() {
    let order = Order::Little;
    let body = enhanced(order, 0, 1, 8, b"dataFCS!");
    let flags = option(order, 2, &order.put32(4 << 5));
    let bytes =
        [section(order), interface(order, 1, &[]), block(order, 6, &[body.clone(), flags].concat())].concat();
    assert_eq!(read(&bytes).0[0].5, b"data");
    for length in [4, 32] {
        let described = interface(order, 1, &option(order, 13, &[length]));
        let bytes = [section(order), described, block(order, 6, &body)].concat();
        assert_eq!((read(&bytes).0[0].4, read(&bytes).0[0].5.as_slice()), (4, &b"data"[..]));
    }
}

/// The packets before damage, and the codes of what is said about it.
fn damaged(bytes: &[u8]) -> (usize, Vec<&'static str>) {
    let (packets, warnings) = read(bytes);
    (packets.len(), codes(&warnings))
}

#[test]
fn lengths_that_contradict_each_other_end_the_reading() {
    for order in ORDERS {
        let good = packet(order, 1, b"abcd");
        let with = |at: usize, value: u32| {
            let mut bad = good.clone();
            bad[at..at + 4].copy_from_slice(&order.put32(value));
            damaged(&file(order, &[good.clone(), bad, good.clone()]))
        };
        let trailer = good.len() - 4;
        assert_eq!(with(4, 33), (1, vec!["bad-length"]), "odd");
        assert_eq!(with(4, 8), (1, vec!["bad-length"]), "shorter than any block");
        assert_eq!(with(4, 0xffff_fff0), (1, vec!["bad-length"]), "huge");
        assert_eq!(with(4, 4_000), (1, vec!["cut-short"]), "longer than the file");
        assert_eq!(with(trailer, 0), (1, vec!["bad-length"]), "other at the end");
        assert_eq!(with(20, 60_000), (1, vec!["bad-length"]), "packet longer than its block");
        assert_eq!(with(20, u32::MAX), (1, vec!["bad-length"]), "packet longer than anything");
        assert_eq!(with(8, 9), (1, vec!["no-interface"]), "no such interface");
        assert_eq!(with(24, 1), (3, vec!["bad-original-length"]), "shorter on the wire");
    }
}

#[test]
fn a_file_cut_anywhere_gives_the_packets_before_the_cut() {
    let order = Order::Little;
    let good = packet(order, 1, b"abcd");
    let bytes = file(order, &[good.clone(), good.clone()]);
    let first = bytes.len() - 2 * good.len();
    for len in first..bytes.len() {
        let (packets, warnings) = damaged(&bytes[..len]);
        assert_eq!(packets, (len - first) / good.len());
        assert_eq!(warnings.len(), usize::from(!(len - first).is_multiple_of(good.len())), "cut at {len}");
    }
}

#[test]
fn an_option_that_overruns_its_block_does_not_matter_to_the_packets() {
    let order = Order::Little;
    let overrun = [2, 0, 0xf0, 0xff, b'l', b'o', 0, 0];
    let described = interface(order, 1, &[&option(order, 9, &[9])[..], &overrun].concat());
    let body = [&enhanced(order, 0, 1, 3, b"abc")[..], &overrun].concat();
    let bytes = [section(order), described, block(order, 6, &body), block(order, 6, &body)].concat();
    let (packets, warnings) = read(&bytes);
    assert_eq!(packets[1], (2, 1, 9, 1, 3, b"abc".to_vec()));
    assert_eq!(codes(&warnings), ["bad-option", "bad-option"]);
    assert!(warnings[0].text.contains("option 2 of interface 0 claims 65520 bytes and its block has 4 left"));
    assert!(warnings[1].text.starts_with("2 more"));
}

#[test]
fn packets_without_any_interface_are_no_capture() {
    let order = Order::Little;
    let error = open(&[section(order), packet(order, 1, b"a")].concat()).err().expect("refused");
    assert!(error.to_string().contains("without any interface description"));
    let later = [file(order, &[packet(order, 1, b"a")]), section(order), packet(order, 1, b"a")].concat();
    assert_eq!(damaged(&later), (1, vec!["no-interface"]));
}

#[test]
fn a_section_without_packets_is_a_capture_of_none() {
    assert_eq!(damaged(&section(Order::Big)), (0, vec![]));
    assert_eq!(damaged(&file(Order::Big, &[])), (0, vec![]));
}
