//! Where in a stream TLS begins: STARTTLS, HTTP CONNECT, SOCKS (bytes only).
//!
//! A [`Prelude`] is made only for a connection that does not begin with TLS. It takes the in-order bytes of both
//! directions and follows the protocols that lead to TLS, one inside the other if need be; [`identify`] names what a
//! side speaks instead of TLS.

mod direction;
mod http;
mod identify;
mod layer;
mod ldap;
mod look;
mod mysql;
mod ports;
mod postgres;
mod prelude;
mod proxy_protocol;
mod rdp;
mod socks;
mod step;
mod text;
mod told;
mod xmpp;

#[cfg(test)]
mod script;

pub use identify::{HTTP_OF_A_TLS_PORT, TLS_ALERT, asks_for_tls, identify, sample};
pub use look::{begins_like_client_hello, begins_like_tls};
pub use ports::{port_means_tls, tls_port_name};
pub use prelude::{Prelude, Progress};
pub use step::{Passed, Peer};
pub use told::told;
