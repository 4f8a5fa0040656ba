//! What the causes about client certificates share (RFC 8446 §4.4.2, RFC 5246 §7.4.6).

use crate::diagnose::abort::{ClientAuth, Ending, How, Moment};
use crate::diagnose::{Case, Confidence};
use crate::tls::message::Side;

/// The server gave up once it had the client's answer to its request: how sure it is that this was for the certificate.
pub(super) fn refused(ending: &Ending) -> Option<Confidence> {
    if ending.moment < Moment::ClientFlight || ending.data[1] {
        return None;
    }
    // A client that finished and hears an alert may be the first to close: the alert still came before.
    let act = ending.act_by(Side::Server)?;
    match act.how {
        How::Alert { alert, .. } => match alert.description.0 {
            NAMED_42..=NAMED_46 | UNKNOWN_CA | ACCESS_DENIED | CERTIFICATE_REQUIRED => {
                Some(Confidence::Certain)
            }
            HANDSHAKE_FAILURE => Some(Confidence::Certain),
            DECODE_ERROR | DECRYPT_ERROR | ILLEGAL_PARAMETER | INTERNAL_ERROR => Some(Confidence::Likely),
            _ => None,
        },
        How::HiddenAlert { .. } => Some(Confidence::Likely),
        How::Fin | How::Rst | How::LeftTls if ending.blurred => None,
        How::Fin | How::Rst | How::LeftTls => Some(Confidence::Possible),
    }
}

/// The server names a certificate in its alert, and what the client answered is not in the capture: a server judges no other
/// certificate than the client's (RFC 8446 §6.2).
pub(super) fn refused_unseen(ending: &Ending) -> Option<u8> {
    let named = |alert: &u8| matches!(*alert, NAMED_42..=NAMED_46 | UNKNOWN_CA);
    let alert = ending.alert_by(Side::Server).filter(named)?;
    matches!(ending.client_auth, ClientAuth::NotAsked | ClientAuth::Asked).then_some(alert)
}

/// Whom the client's certificate is for.
pub(super) fn subject(case: &Case<'_>) -> Option<String> {
    case.client_chain.first().map(|certificate| super::path::subject(certificate))
}

const HANDSHAKE_FAILURE: u8 = 40;
const NAMED_42: u8 = 42;
const NAMED_46: u8 = 46;
const ILLEGAL_PARAMETER: u8 = 47;
const UNKNOWN_CA: u8 = 48;
const ACCESS_DENIED: u8 = 49;
const DECODE_ERROR: u8 = 50;
const DECRYPT_ERROR: u8 = 51;
const INTERNAL_ERROR: u8 = 80;
const CERTIFICATE_REQUIRED: u8 = 116;
