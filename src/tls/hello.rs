//! ClientHello and ServerHello (RFC 8446 §4.1.2, §4.1.3), each extension walked by itself.

use crate::iana::{CipherSuite, NamedGroup, SignatureScheme, Version};
use crate::tls::cursor::{Cursor, text, u16_list};
use crate::tls::message::{ClientHello, Extension, Extensions, ServerHello};

/// Reads the body of a ClientHello; `None` when the part before the extensions is malformed.
pub(super) fn client_hello(body: &[u8]) -> Option<ClientHello> {
    let mut cursor = Cursor::new(body);
    let mut hello = ClientHello {
        version: Version(cursor.u16()?),
        random: cursor.take(32)?.try_into().ok()?,
        session_id: cursor.vec8()?.into(),
        cipher_suites: u16_list(cursor.vec16()?).map(CipherSuite).collect(),
        compression: cursor.vec8()?.into(),
        ..ClientHello::default()
    };
    if !cursor.is_empty() {
        let extensions = extensions(&mut cursor);
        for extension in &extensions {
            if client_extension(&mut hello, extension).is_none() {
                hello.bad_extensions.push(extension.kind);
            }
        }
        hello.bad_extensions.extend(extensions.broken());
        hello.extensions = Some(extensions);
    }
    Some(hello)
}

/// The extensions of a block. One that claims more than there is, is read as far as it goes.
fn extensions(cursor: &mut Cursor<'_>) -> Extensions {
    let declared = cursor.u16().map_or(0, usize::from);
    let available = cursor.rest().len();
    Extensions::new(cursor.take(declared.min(available)).unwrap_or_default())
}

/// Takes one extension of a ClientHello; `None` when its body is malformed.
fn client_extension(hello: &mut ClientHello, extension: Extension<'_>) -> Option<()> {
    let mut body = Cursor::new(extension.body);
    match extension.kind.0 {
        0 => {
            let mut names = Cursor::new(body.vec16()?);
            while !names.is_empty() {
                let kind = names.u8()?;
                let name = names.vec16()?;
                if kind == 0 && hello.sni.is_none() {
                    hello.sni = Some(text(name));
                }
            }
        }
        5 => hello.asks_ocsp = true,
        10 => hello.groups = u16_list(body.vec16()?).map(NamedGroup).collect(),
        11 => hello.point_formats = body.vec8()?.into(),
        13 => hello.signature_schemes = u16_list(body.vec16()?).map(SignatureScheme).collect(),
        16 => hello.alpn = protocols(body.vec16()?)?,
        35 => hello.offers_ticket = !extension.body.is_empty(),
        41 => {
            hello.offers_psk = true;
            let mut identities = Cursor::new(body.vec16()?);
            while !identities.is_empty() {
                identities.vec16()?;
                hello.offers_external_psk |= identities.take(4)? == [0; 4];
            }
        }
        42 => hello.offers_early_data = true,
        43 => hello.supported_versions = u16_list(body.vec8()?).map(Version).collect(),
        51 => {
            let mut shares = Cursor::new(body.vec16()?);
            while !shares.is_empty() {
                let group = NamedGroup(shares.u16()?);
                shares.vec16()?;
                hello.key_shares.push(group);
            }
        }
        _ => {}
    }
    Some(())
}

/// The names of an ALPN list (RFC 7301 §3.1).
fn protocols(list: &[u8]) -> Option<Vec<String>> {
    let mut names = Cursor::new(list);
    let mut protocols = Vec::new();
    while !names.is_empty() {
        protocols.push(text(names.vec8()?));
    }
    Some(protocols)
}

/// The fixed random of a HelloRetryRequest (RFC 8446 §4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Reads the body of a ServerHello, of TLS 1.3 drafts too; `None` when it is malformed.
pub(super) fn server_hello(body: &[u8]) -> Option<ServerHello> {
    let mut cursor = Cursor::new(body);
    let mut hello = ServerHello { version: Version(cursor.u16()?), ..ServerHello::default() };
    hello.random = cursor.take(32)?.try_into().ok()?;
    // Drafts of TLS 1.3 up to 21 name the version here and have neither session id nor compression.
    let draft = hello.version.0 >> 8 == 0x7f || hello.version == Version::TLS13;
    if !draft {
        hello.session_id = cursor.vec8()?.into();
    }
    hello.cipher_suite = CipherSuite(cursor.u16()?);
    if draft {
        hello.selected_version = Some(hello.version);
    } else {
        hello.compression = cursor.u8()?;
    }
    hello.is_retry = hello.random == RETRY;
    if !cursor.is_empty() {
        let extensions = extensions(&mut cursor);
        for extension in &extensions {
            if server_extension(&mut hello, extension).is_none() {
                hello.bad_extensions.push(extension.kind);
            }
        }
        hello.bad_extensions.extend(extensions.broken());
        hello.extensions = Some(extensions);
    }
    Some(hello)
}

/// Takes one extension of a ServerHello; `None` when its body is malformed.
fn server_extension(hello: &mut ServerHello, extension: Extension<'_>) -> Option<()> {
    let mut body = Cursor::new(extension.body);
    match extension.kind.0 {
        16 => hello.alpn = protocols(body.vec16()?)?.into_iter().next(),
        22 => hello.encrypt_then_mac = true,
        23 => hello.extended_master_secret = true,
        41 => hello.accepts_psk = true,
        43 => hello.selected_version = Some(Version(body.u16()?)),
        51 => hello.key_share = Some(NamedGroup(body.u16()?)),
        _ => {}
    }
    Some(())
}

/// The chosen protocol of an EncryptedExtensions message (RFC 8446 §4.3.1).
pub(super) fn encrypted_extensions(body: &[u8]) -> Option<String> {
    let extensions = extensions(&mut Cursor::new(body));
    protocols(Cursor::new(extensions.find(16)?.body).vec16()?)?.into_iter().next()
}

/// A ClientHello in SSLv2 framing (RFC 5246 appendix E.2): `body` is what follows the message type.
pub(super) fn sslv2_client_hello(body: &[u8]) -> Option<ClientHello> {
    let mut cursor = Cursor::new(body);
    let version = Version(cursor.u16()?);
    let suites = usize::from(cursor.u16()?);
    let session = usize::from(cursor.u16()?);
    let challenge = usize::from(cursor.u16()?);
    let specs = cursor.take(suites)?;
    let session_id = cursor.take(session)?.into();
    let challenge = cursor.take(challenge)?;
    let mut random = [0; 32];
    let len = challenge.len().min(32);
    random[32 - len..].copy_from_slice(&challenge[challenge.len() - len..]);
    // A suite of three bytes whose first is 0 is one of SSL 3.0 and up.
    let cipher_suites = specs
        .chunks_exact(3)
        .filter(|spec| spec[0] == 0)
        .map(|spec| CipherSuite(u16::from_be_bytes([spec[1], spec[2]])))
        .collect();
    Some(ClientHello { version, random, session_id, cipher_suites, sslv2: true, ..ClientHello::default() })
}
