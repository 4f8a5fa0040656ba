#!/usr/bin/env python3
"""Makes captures from others of this folder, by changing what the capture holds and not what was said.

Needs Python 3.9. Usage: captures/make-derived.py [NAME…]      without names: all that are listed in DERIVED
"""

import gzip
import pathlib
import shutil
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent


def read(name):
    """The packets of a little endian pcap file: (seconds, microseconds, length on the wire, bytes)."""
    data = (HERE / name / "capture.pcap").read_bytes()
    assert data[:4] == b"\xd4\xc3\xb2\xa1", "little endian, microseconds"
    packets, at = [], 24
    while at < len(data):
        seconds, micros, held, wire = struct.unpack_from("<IIII", data, at)
        packets.append((seconds, micros, wire, data[at + 16:at + 16 + held]))
        at += 16 + held
    return struct.unpack_from("<I", data, 20)[0], packets


def pcap(link, packets, snap=262144):
    out = [struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, snap, link)]
    out += [struct.pack("<IIII", s, us, len(data[:snap]), wire) + data[:snap] for s, us, wire, data in packets]
    return b"".join(out)


def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def pcapng(link, packets, secrets=b"", snap=262144):
    out = [block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)), block(1, struct.pack("<HHI", link, 0, snap))]
    for seconds, micros, wire, data in packets:
        time = seconds * 1_000_000 + micros
        out.append(block(6, struct.pack("<IIIII", 0, time >> 32, time & 0xffffffff, len(data), wire) + data))
    if secrets:
        out.append(block(10, struct.pack("<II", 0x544c534b, len(secrets)) + secrets))
    return b"".join(out)


def from_client(packet):
    """Whether an Ethernet packet with IPv4 comes from the client of the scenes."""
    return packet[3][26:30] == bytes([192, 0, 2, 10])


def vlan(packet, *tags):
    seconds, micros, wire, data = packet
    tagged = data[:12] + b"".join(struct.pack("!HH", kind, number) for kind, number in tags) + data[12:]
    return seconds, micros, wire + 4 * len(tags), tagged


def secrets_behind(base):
    link, packets = read(base)
    return pcapng(link, packets, (HERE / base / "keys.log").read_bytes())


def without_start(base):
    """From the packet behind the handshake on: the capture was begun while the connection was open."""
    link, packets = read(base)
    return pcap(link, packets[9:])


def in_flight(base):
    """From the server's first flight on."""
    link, packets = read(base)
    return pcap(link, packets[5:])


def one_way(base, client):
    link, packets = read(base)
    return pcap(link, [packet for packet in packets if from_client(packet) == client])


def tagged(base):
    link, packets = read(base)
    return pcap(link, [vlan(packet, (0x88a8, 200), (0x8100, 0x6064)) for packet in packets])


def cut(base):
    link, packets = read(base)
    return pcap(link, packets, 96)


# name: (base, what changes, file name, cause, what it shows)
DERIVED = {
    "ng-secrets-behind": ("tls13-keys-untrusted-root", secrets_behind, "capture.pcapng", "untrusted-root",
                          "a pcapng file whose Decryption Secrets Block stands behind its packets"),
    "gzip": ("any-untrusted-root", lambda base: gzip.compress((HERE / base / "capture.pcap").read_bytes(), mtime=0),
             "capture.pcap.gz", "untrusted-root", "a capture that is compressed with gzip"),
    "vlan-stacked": ("certificate-rejected", tagged, "capture.pcap", "certificate-rejected",
                     "two VLAN tags: a service tag (802.1ad) and a customer tag with a priority"),
    "mid-stream": ("ok-tls12-keys", without_start, "capture.pcap", "none",
                   "the capture begins when the handshake is over: application data and the end"),
    "mid-handshake": ("certificate-rejected", in_flight, "capture.pcap", "certificate-rejected",
                      "the capture begins with the server's first flight: no SYN, no ClientHello"),
    "client-side-only": ("handshake-failure", lambda base: one_way(base, True), "capture.pcap", "handshake-failure",
                         "the client's packets alone: its alert is there, what it refuses is not"),
    "server-side-only": ("certificate-rejected", lambda base: one_way(base, False), "capture.pcap", "none",
                         "the server's packets alone: its chain is there, the client's alert is not"),
    "snap96-tls12": ("certificate-rejected", cut, "capture.pcap", "certificate-rejected",
                     "packets cut at 96 bytes: the alert is whole, the chain is not"),
}


def make(name):
    base, change, file, cause, shows = DERIVED[name]
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / file).write_bytes(change(base))
    settings = (HERE / base / "case.toml").read_text().splitlines()
    kept = [line for line in settings if line.split(" ")[0] in ("truststore", "truststore_password", "host", "stream")]
    settings = [f'description = "{shows}"', f'cause = "{cause}"', *kept]
    if file != "capture.pcap":
        settings.insert(2, f'capture = "{file}"')
    (folder / "case.toml").write_text("\n".join(settings) + "\n")
    for line in kept:
        if line.startswith("truststore ="):
            store = line.split('"')[1]
            shutil.copy(HERE / base / store, folder / store)
    (folder / "README.md").write_text(
        f"# {name}\n\n{shows[0].upper()}{shows[1:]}.\n\n"
        f"Made by `captures/make-derived.py {name}` from `captures/{base}`, whose README tells how that was taken.\n"
        f"Same licence as the project.\n")
    print(f"{name}: {(folder / file).stat().st_size} bytes")


for one in sys.argv[1:] or DERIVED:
    make(one)
