//! The shortcut for connections of which only a line is wanted: those that plainly went well.
//!
//! In a capture of any size they are nearly all of them. What the shortcut answers is what the checks would: after a
//! whole handshake they find nothing but faults of the certificate, and those a client with data to send let pass.

use crate::connection::{Connection, Outcome};
use crate::diagnose::abort::{Ending, How, Moment};
use crate::diagnose::{Confidence, Diagnosis, Party, Verdict};
use crate::tls::message::Side;

/// Whether the handshake was completed and nobody refused anything afterwards, so that no check but that of the host name can
/// find a fault. It says yes only where that is beyond doubt.
/// `ending` is how this connection ended.
pub fn is_plainly_established(connection: &Connection, ending: &Ending) -> bool {
    let tls_alone = connection.plain.iter().all(Option::is_none) && connection.tunnel.is_none();
    // A chain is held against the store unless the messages themselves show a whole handshake; TLS 1.3 hides both.
    let no_path = connection.outcome == Outcome::Established
        || connection.server_chain.is_none() && connection.client_chain.is_none();
    if !tls_alone || !no_path {
        return false;
    }
    let gave_up = match ending.act {
        None => false,
        Some(act) => match act.how {
            How::Alert { .. } => true,
            // After an exchange of data an encrypted alert is a close_notify.
            _ if ending.data == [true, true] => false,
            How::HiddenAlert { .. } => act.by == Side::Server || !ending.data[0],
            // A client that closes at once may have refused what TLS 1.3 hides; a server, the client's certificate.
            How::Fin | How::Rst | How::LeftTls => {
                act.by == Side::Server
                    || ending.is_late_refusal() && connection.is_tls13() && !connection.decrypted
            }
        },
    };
    ending.moment == Moment::Done && !gave_up
}

/// The answer for such a connection: established, without a finding and without its story.
pub fn established_in_brief() -> Diagnosis {
    let verdict = Verdict::bare("none", Confidence::Certain, Party::None);
    Diagnosis { outcome: Outcome::Established, verdict, findings: Vec::new() }
}
