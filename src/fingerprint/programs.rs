//! The programs that use a library, told apart by what they configure.

use super::shape::{Shape, is_padded_length, message_len};
use super::stack::Stack;

/// The programs on a library that fit, the likeliest first.
pub(super) fn programs(library: Stack, shape: &Shape<'_>) -> Vec<Stack> {
    match library {
        Stack::OpenSsl => openssl(shape),
        Stack::GnuTls => gnutls(shape),
        Stack::Nss => nss(shape),
        Stack::BoringSsl if shape.grease => boringssl(shape),
        library => vec![library],
    }
}

const STATUS_REQUEST: u16 = 5;
const TIMESTAMPS: u16 = 18;
const PADDING: u16 = 21;
const SESSION_TICKET: u16 = 35;
const POST_HANDSHAKE_AUTH: u16 = 49;

fn openssl(shape: &Shape<'_>) -> Vec<Stack> {
    if let Some(configured) = by_suites(shape) {
        return configured;
    }
    let mut fits = by_defaults(shape);
    fits.retain(|stack| padding_fits(*stack, shape) && post_handshake_fits(*stack, shape));
    if fits.is_empty() { vec![Stack::OpenSsl] } else { fits }
}

/// Programs that bring a list of cipher suites of their own.
fn by_suites(shape: &Shape<'_>) -> Option<Vec<Stack>> {
    // stunnel orders the suites of TLS 1.3 as well.
    let older = shape.older_suites();
    if shape.tls13_suites() == [0x1302, 0x1301, 0x1303] {
        return Some(vec![Stack::Stunnel]);
    }
    let own: &[(&[u16], &[Stack])] = &[
        (&[0xc02f, 0xc02b, 0xc030, 0xc02c, 0x009e, 0xc027], &[Stack::Node]),
        (&[0xc02f, 0xc02b, 0xc030, 0xc02c, 0x009e, 0x00a2], &[Stack::Php]),
        (&[0xc02c, 0xc030, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc024, 0xc028, 0xc023, 0xc027], &[Stack::Python]),
        (&[0xc02c, 0xc030, 0xc02b, 0xc02f, 0xcca9, 0xcca8], &[Stack::Python, Stack::OpenSsl]),
        (&[0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc0af, 0xc0ad], &[Stack::Stunnel, Stack::OpenSsl]),
    ];
    own.iter().find(|(start, _)| older.starts_with(start)).map(|(_, stacks)| stacks.to_vec())
}

/// Programs that leave the suites as they are, or whose suites a user has set.
fn by_defaults(shape: &Shape<'_>) -> Vec<Stack> {
    let alpn = &shape.hello.alpn;
    let web = alpn.iter().any(|protocol| protocol == "h2" || protocol == "http/1.1");
    if !shape.has(SESSION_TICKET) {
        // curl turns tickets off; so may anyone, but few do.
        return if web || shape.has(POST_HANDSHAKE_AUTH) {
            vec![Stack::Curl]
        } else {
            vec![Stack::Curl, Stack::OpenSsl]
        };
    }
    // Ruby turns the compatibility mode of TLS 1.3 off, so the session id is empty.
    if shape.offers_tls13() && shape.hello.session_id.is_empty() {
        return vec![Stack::Ruby];
    }
    let mut fits = vec![Stack::OpenSsl];
    if web && alpn.len() == 2 {
        fits.insert(0, Stack::Curl);
    }
    fits.extend([Stack::Nginx, Stack::HaProxy]);
    if !shape.offers_tls13() {
        fits.push(Stack::Ruby);
    }
    // Where there is no list of suites of TLS 1.2, or a short one, programs with a list of their own fit as well.
    if shape.only_tls13_suites() || shape.older_suites().len() <= 2 {
        fits.extend([Stack::Python, Stack::Node, Stack::Php]);
    }
    fits
}

/// Programs that turn on all of the library's workarounds pad a hello of 256 to 511 bytes; the others never do.
fn padding_fits(stack: Stack, shape: &Shape<'_>) -> bool {
    let pads = matches!(stack, Stack::Curl | Stack::Python | Stack::Php | Stack::Ruby | Stack::HaProxy);
    let length_calls_for_it = is_padded_length(message_len(shape.hello)) && !shape.hello.offers_psk;
    if shape.has(PADDING) { pads || stack == Stack::OpenSsl } else { !(pads && length_calls_for_it) }
}

/// These never offer to authenticate after the handshake.
fn post_handshake_fits(stack: Stack, shape: &Shape<'_>) -> bool {
    !(shape.has(POST_HANDSHAKE_AUTH)
        && matches!(stack, Stack::Nginx | Stack::HaProxy | Stack::Node | Stack::Php))
}

fn gnutls(shape: &Shape<'_>) -> Vec<Stack> {
    // Wget offers post-handshake authentication, without which it is not told apart in TLS 1.2.
    match (shape.has(POST_HANDSHAKE_AUTH), shape.offers_tls13()) {
        (true, _) => vec![Stack::Wget, Stack::GnuTls],
        (false, true) => vec![Stack::GnuTls],
        (false, false) => vec![Stack::GnuTls, Stack::Wget],
    }
}

fn nss(shape: &Shape<'_>) -> Vec<Stack> {
    let web = shape.hello.alpn.iter().any(|protocol| protocol == "h2" || protocol.starts_with("spdy"));
    match (web, shape.has(STATUS_REQUEST)) {
        (true, _) => vec![Stack::Firefox],
        (false, true) => vec![Stack::Firefox, Stack::Nss],
        (false, false) => vec![Stack::Nss],
    }
}

/// Browsers grease and ask for a staple, for timestamps and for a protocol of the web; other users of the library may
/// grease too.
fn boringssl(shape: &Shape<'_>) -> Vec<Stack> {
    let asks = shape.has(STATUS_REQUEST) && shape.has(TIMESTAMPS) && !shape.hello.alpn.is_empty();
    if asks { vec![Stack::Chromium] } else { vec![Stack::Chromium, Stack::BoringSsl] }
}
