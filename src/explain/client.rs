//! Who the client seems to be, and whose rules it follows.

use std::sync::Arc;

use crate::connection::{At, Connection, SeenAlert};
use crate::fingerprint::{Behaviour, Recogniser, Stack, StackGuess};
use crate::tls::message::Side;
use crate::trust::Policy;

/// Whose rules a stack follows.
pub(super) fn policy_of(stack: Stack) -> Policy {
    match stack {
        Stack::Java => Policy::Java,
        Stack::Rustls => Policy::Webpki,
        Stack::OpenSsl
        | Stack::LibreSsl
        | Stack::Python
        | Stack::Node
        | Stack::Php
        | Stack::Ruby
        | Stack::Nginx
        | Stack::HaProxy
        | Stack::Stunnel => Policy::Openssl,
        Stack::Curl
        | Stack::Go
        | Stack::GnuTls
        | Stack::Wget
        | Stack::MbedTls
        | Stack::WolfSsl
        | Stack::Nss
        | Stack::Firefox
        | Stack::Chromium
        | Stack::BoringSsl
        | Stack::Schannel
        | Stack::Apple => Policy::OpensslPartial,
    }
}

/// The stack by the shape of the ClientHello, without those that the client's behaviour excludes.
pub(super) fn client_stack(connection: &Connection, known: &mut Recogniser) -> Arc<StackGuess> {
    let Some(hello) = &connection.client_hello else { return Arc::default() };
    let mut guess = known.recognise(&hello.value);
    guess.refine(&behaviour(connection));
    guess
}

/// What the client did, as far as it tells stacks apart.
fn behaviour(c: &Connection) -> Behaviour {
    let refusal = c.alerts.iter().find(|at| {
        let seen = &at.value;
        seen.sender == Side::Client
            && !seen.after_peer_closed
            && seen.alert.is_none_or(|alert| alert.level == 2)
    });
    let after_server_flight = c.server_hello.is_some() && (c.server_chain.is_some() || c.is_tls13());
    let certificate_alert = |at: &At<SeenAlert>| {
        at.value.alert.is_some_and(|alert| matches!(alert.description.0, 42..=46 | 48 | 113))
    };
    let mut behaviour = Behaviour {
        rejected_with_alert: after_server_flight && refusal.is_some_and(certificate_alert),
        ..Behaviour::default()
    };
    if c.is_tls13() {
        behaviour.clear_alert_in_tls13 = refusal.is_some_and(|at| !at.value.encrypted);
        let server_hello = c.server_hello.as_ref().map_or(0, |at| at.packet);
        let first = c.protected[Side::Client as usize].iter().find(|record| record.packet > server_hello);
        behaviour.first_client_record_len = first.map(|record| record.len);
        behaviour.alert_padded_16 = first.is_some_and(|record| record.len == 35);
        let ccs = c.change_cipher_spec[Side::Client as usize].is_some();
        behaviour.sent_ccs_tls13 = first.is_some().then_some(ccs);
    }
    behaviour
}
