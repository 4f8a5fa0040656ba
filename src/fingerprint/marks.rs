//! What is peculiar to a library besides its lists, in points; what it never does counts against it.

use super::shape::{RENEGOTIATION_SIGNAL, Shape};

/// Against, when something is there that the library never does.
const NEVER: i32 = -20;

const STATUS_REQUEST: u16 = 5;
const STATUS_REQUEST_V2: u16 = 17;
const HEARTBEAT: u16 = 15;
const TIMESTAMPS: u16 = 18;
const ENCRYPT_THEN_MAC: u16 = 22;
const EXTENDED_MASTER_SECRET: u16 = 23;
const TOKEN_BINDING: u16 = 24;
const RECORD_SIZE_LIMIT: u16 = 28;
const DELEGATED_CREDENTIAL: u16 = 34;
const PSK_MODES: u16 = 45;
const POST_HANDSHAKE_AUTH: u16 = 49;
const SIGNATURE_ALGORITHMS: u16 = 13;
const SIGNATURE_ALGORITHMS_CERT: u16 = 50;
const RENEGOTIATION_INFO: u16 = 65281;
/// `application_settings`, in its two numbers.
const SETTINGS: [u16; 2] = [17513, 17613];
const CHANNEL_ID: u16 = 30032;
/// SSL_RSA_FIPS_WITH_DES_CBC_SHA and SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA.
const OWN_OF_NSS: [u16; 2] = [0xfefe, 0xfeff];

pub(super) fn openssl(shape: &Shape<'_>) -> i32 {
    // All three forms of points are offered; hardly anyone else names the compressed ones.
    points(3, shape.hello.point_formats[..] == [0, 1, 2])
        // 1.0.1 and 1.0.2 offer heartbeats.
        + points(2, shape.has(HEARTBEAT))
        + never(shape, &[STATUS_REQUEST_V2, RECORD_SIZE_LIMIT, DELEGATED_CREDENTIAL])
}

pub(super) fn libressl(shape: &Shape<'_>) -> i32 {
    never(shape, &[ENCRYPT_THEN_MAC, EXTENDED_MASTER_SECRET, RECORD_SIZE_LIMIT, STATUS_REQUEST_V2])
}

pub(super) fn java(shape: &Shape<'_>) -> i32 {
    let repeated = shape
        .body(SIGNATURE_ALGORITHMS_CERT)
        .is_some_and(|body| shape.body(SIGNATURE_ALGORITHMS) == Some(body));
    // Suites with DSA are offered to this day.
    let dsa = [0x00a3, 0x00a2, 0x0032].iter().any(|suite| shape.suites.contains(suite));
    points(3, shape.has(STATUS_REQUEST_V2))
        + points(3, repeated)
        + points(1, dsa && shape.hello.point_formats[..] == [0])
        + never(shape, &[ENCRYPT_THEN_MAC, RECORD_SIZE_LIMIT, TIMESTAMPS])
}

pub(super) fn go(shape: &Shape<'_>) -> i32 {
    let tls13_last =
        shape.suites.last().is_some_and(|suite| suite >> 8 == 0x13) && !shape.only_tls13_suites();
    let always = shape.has(STATUS_REQUEST) && shape.has(TIMESTAMPS) && shape.hello.session_id.len() == 32;
    points(3, tls13_last)
        + points(1, always)
        + never(shape, &[ENCRYPT_THEN_MAC, RECORD_SIZE_LIMIT, STATUS_REQUEST_V2, POST_HANDSHAKE_AUTH])
}

pub(super) fn rustls(shape: &Shape<'_>) -> i32 {
    let known = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9];
    let only_known = !shape.suites.is_empty() && shape.suites.iter().all(|suite| known.contains(suite));
    points(2, only_known)
        + points(NEVER, !only_known)
        + points(1, !shape.versions.is_empty())
        + never(shape, &[ENCRYPT_THEN_MAC, RECORD_SIZE_LIMIT, STATUS_REQUEST_V2, RENEGOTIATION_INFO])
}

pub(super) fn gnutls(shape: &Shape<'_>) -> i32 {
    // Both modes of pre-shared keys.
    let modes = shape.body(PSK_MODES).is_some_and(|body| body.len() == 3);
    let ccm = shape.suites.contains(&0xc0ad) && shape.suites.contains(&0xc0ac);
    points(1, shape.has(RECORD_SIZE_LIMIT))
        + points(1, modes)
        + points(1, ccm)
        + never(shape, &[STATUS_REQUEST_V2, DELEGATED_CREDENTIAL, TIMESTAMPS])
}

pub(super) fn mbedtls(shape: &Shape<'_>) -> i32 {
    let camellia_and_ccm = shape.suites.contains(&0xc087) && shape.suites.contains(&0xc0ad);
    points(1, camellia_and_ccm)
        + never(shape, &[STATUS_REQUEST, STATUS_REQUEST_V2, TIMESTAMPS, POST_HANDSHAKE_AUTH])
}

pub(super) fn wolfssl(shape: &Shape<'_>) -> i32 {
    let rare = [0xd001, 0xc0b4, 0x1305].iter().any(|suite| shape.suites.contains(suite));
    points(1, shape.kinds.last() == Some(&EXTENDED_MASTER_SECRET))
        + points(2, rare)
        + never(shape, &[STATUS_REQUEST_V2, TIMESTAMPS, RENEGOTIATION_INFO])
}

pub(super) fn nss(shape: &Shape<'_>) -> i32 {
    let settings = SETTINGS.iter().any(|kind| shape.has(*kind));
    // Firefox may grease extensions; it does not grease suites.
    // Numbers that it gave to two suites of its own, long ago.
    let own_suites = OWN_OF_NSS.iter().any(|suite| shape.suites.contains(suite));
    points(1, shape.has(RECORD_SIZE_LIMIT))
        + points(5, own_suites)
        + points(2, shape.has(DELEGATED_CREDENTIAL))
        + points(NEVER, settings)
        + points(NEVER, [ENCRYPT_THEN_MAC, STATUS_REQUEST_V2].iter().any(|kind| shape.has(*kind)))
}

pub(super) fn boringssl(shape: &Shape<'_>) -> i32 {
    let settings = SETTINGS.iter().any(|kind| shape.has(*kind));
    let forbidden = [ENCRYPT_THEN_MAC, STATUS_REQUEST_V2, RECORD_SIZE_LIMIT, POST_HANDSHAKE_AUTH];
    points(3, settings || shape.has(CHANNEL_ID))
        + points(3, shape.grease)
        + points(NEVER, forbidden.iter().any(|kind| shape.has(*kind)))
}

pub(super) fn apple(shape: &Shape<'_>) -> i32 {
    let signal_first = shape.hello.cipher_suites.first().is_some_and(|suite| suite.0 == RENEGOTIATION_SIGNAL);
    // 3DES with elliptic curves is offered to this day.
    let triple_des = [0xc008, 0xc012].iter().all(|suite| shape.suites.contains(suite));
    let of_nss = OWN_OF_NSS.iter().any(|suite| shape.suites.contains(suite));
    let twice = shape.schemes.windows(2).any(|pair| pair == [0x0805, 0x0805]);
    let forbidden = [
        ENCRYPT_THEN_MAC,
        STATUS_REQUEST_V2,
        RECORD_SIZE_LIMIT,
        POST_HANDSHAKE_AUTH,
        SETTINGS[0],
        SETTINGS[1],
    ];
    points(4, signal_first)
        + points(2, shape.grease)
        + points(1, triple_des)
        + points(3, twice)
        + points(NEVER, of_nss)
        + points(NEVER, forbidden.iter().any(|kind| shape.has(*kind)))
}

pub(super) fn schannel(shape: &Shape<'_>) -> i32 {
    points(1, shape.kinds.last() == Some(&RENEGOTIATION_INFO))
        + points(2, shape.has(TOKEN_BINDING))
        + points(-2, shape.signals_renegotiation())
        + never(shape, &[ENCRYPT_THEN_MAC, STATUS_REQUEST_V2, RECORD_SIZE_LIMIT, TIMESTAMPS])
}

/// Against a library that neither greases nor sends any of these extensions.
fn never(shape: &Shape<'_>, kinds: &[u16]) -> i32 {
    points(NEVER, shape.grease || kinds.iter().any(|kind| shape.has(*kind)))
}

fn points(points: i32, seen: bool) -> i32 {
    if seen { points } else { 0 }
}
