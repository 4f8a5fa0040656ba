//! A second handshake inside a session (RFC 5246 §7.4.1.1): which of the two the facts of the connection are about.
//!
//! They are those of the first, unless the second brings another chain, or does not come to its end.

use crate::connection::{At, Connection, SentChain};
use crate::tls::message::{
    CertificateRequest, CertificateVerify, ClientHello, ServerHello, ServerKeyExchange, Side,
};

/// The first handshake, set aside while a second one runs.
pub(super) struct Aside {
    first: Box<Facts>,
    /// A side said that it does not renegotiate.
    declined: bool,
}

/// What is of one handshake in a [`Connection`].
#[derive(Default)]
struct Facts {
    client_hello: Option<At<Box<ClientHello>>>,
    server_hello: Option<At<Box<ServerHello>>>,
    alpn: Option<String>,
    server_chain: Option<At<SentChain>>,
    server_key_exchange: Option<At<Box<ServerKeyExchange>>>,
    client_certificate_verify: Option<At<Box<CertificateVerify>>>,
    certificate_request: Option<At<Box<CertificateRequest>>>,
    server_hello_done: Option<At<()>>,
    client_chain: Option<At<SentChain>>,
    client_key_exchange: Option<At<()>>,
    change_cipher_spec: [Option<At<()>>; 2],
    finished: [Option<At<()>>; 2],
    session_ticket: bool,
    application_data: [Option<At<()>>; 2],
}

impl Facts {
    /// Exchanges these facts with those of the connection.
    fn exchange(&mut self, connection: &mut Connection) {
        use std::mem::swap;
        swap(&mut self.client_hello, &mut connection.client_hello);
        swap(&mut self.server_hello, &mut connection.server_hello);
        swap(&mut self.alpn, &mut connection.alpn);
        swap(&mut self.server_chain, &mut connection.server_chain);
        swap(&mut self.server_key_exchange, &mut connection.server_key_exchange);
        swap(&mut self.client_certificate_verify, &mut connection.client_certificate_verify);
        swap(&mut self.certificate_request, &mut connection.certificate_request);
        swap(&mut self.server_hello_done, &mut connection.server_hello_done);
        swap(&mut self.client_chain, &mut connection.client_chain);
        swap(&mut self.client_key_exchange, &mut connection.client_key_exchange);
        swap(&mut self.change_cipher_spec, &mut connection.change_cipher_spec);
        swap(&mut self.finished, &mut connection.finished);
        swap(&mut self.session_ticket, &mut connection.session_ticket);
        swap(&mut self.application_data, &mut connection.application_data);
    }
}

/// A ClientHello came with which a second handshake begins, once the first is complete.
pub(super) fn begin(connection: &mut Connection, aside: &mut Option<Aside>) {
    if aside.is_none() && !connection.finished.iter().all(Option::is_some) {
        return;
    }
    let mut first = Box::<Facts>::default();
    first.exchange(connection);
    aside.get_or_insert(Aside { first, declined: false });
}

impl Aside {
    /// The chain that this side sent in the first handshake.
    pub(super) fn chain(&self, from: Side) -> Option<&At<SentChain>> {
        match from {
            Side::Client => self.first.client_chain.as_ref(),
            Side::Server => self.first.server_chain.as_ref(),
        }
    }

    /// The alert no_renegotiation was sent.
    pub(super) fn decline(&mut self) {
        self.declined = true;
    }
}

/// Settles which handshake counts, when the second one is over.
pub(super) fn settle(connection: &mut Connection, aside: &mut Option<Aside>) {
    let c = &*connection;
    let complete = c.finished.iter().all(Option::is_some);
    // Data in both directions shows that the session goes on, whatever was seen of the handshake.
    let goes_on = c.application_data.iter().all(Option::is_some);
    let data = c.application_data.iter().any(Option::is_some);
    if aside.as_ref().is_some_and(|aside| complete || goes_on || aside.declined && data)
        && let Some(aside) = aside.take()
    {
        unite(connection, aside.first);
    }
}

/// Settles at the end of the connection: a second handshake that did not complete is what failed, unless it was only
/// declined.
pub(super) fn end(connection: &mut Connection, aside: Option<Aside>) {
    let Some(aside) = aside else { return };
    let begun = connection.client_hello.as_ref().map_or(0, |at| at.packet);
    let refused = connection
        .alerts
        .iter()
        .any(|at| at.packet >= begun && at.value.alert.is_none_or(|alert| alert.level == 2));
    if aside.declined && !refused {
        unite(connection, aside.first);
    } else {
        connection.renegotiated_after = last_finished(&aside.first);
    }
}

/// The facts of the first handshake come back, with what the second alone holds of the client's certificate.
fn unite(connection: &mut Connection, mut first: Box<Facts>) {
    let data = std::mem::take(&mut first.application_data);
    for (now, before) in connection.application_data.iter_mut().zip(data) {
        *now = before.or(now.take());
    }
    let other_chain = connection.server_chain.as_ref().is_some_and(|new| {
        let old = first.server_chain.as_ref();
        old.is_none_or(|old| old.value.certificates != new.value.certificates)
    });
    if other_chain {
        connection.renegotiated_after = last_finished(&first);
        return;
    }
    first.application_data = std::mem::take(&mut connection.application_data);
    first.exchange(connection);
    let second = *first;
    connection.session_ticket |= second.session_ticket;
    replace(&mut connection.certificate_request, second.certificate_request);
    replace(&mut connection.client_chain, second.client_chain);
    replace(&mut connection.client_certificate_verify, second.client_certificate_verify);
}

fn replace<T>(old: &mut Option<T>, new: Option<T>) {
    if new.is_some() {
        *old = new;
    }
}

fn last_finished(facts: &Facts) -> Option<u64> {
    facts.finished.iter().flatten().map(|at| at.packet).max()
}
