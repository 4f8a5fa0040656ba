//! The TLS stacks that can be told apart, and how they are named.

/// A TLS implementation, or a program whose behaviour differs from its library's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stack {
    /// OpenSSL as a library: s_client, Python, Ruby, PHP, HAProxy, stunnel and whatever else uses its defaults.
    OpenSsl,
    /// curl (libcurl) on OpenSSL: partial chains are allowed, the host name is checked after the handshake.
    Curl,
    /// Python's ssl module.
    Python,
    /// Node.js.
    Node,
    /// PHP's streams.
    Php,
    /// Ruby's OpenSSL.
    Ruby,
    /// nginx as a client toward an upstream.
    Nginx,
    /// HAProxy as a client toward a server.
    HaProxy,
    /// stunnel as a client.
    Stunnel,
    /// The JDK's own stack (JSSE).
    Java,
    /// Go's crypto/tls.
    Go,
    /// rustls.
    Rustls,
    /// GnuTLS.
    GnuTls,
    /// GNU Wget (on GnuTLS): no alert, the verdict falls after the handshake.
    Wget,
    /// Mbed TLS.
    MbedTls,
    /// wolfSSL.
    WolfSsl,
    /// NSS as a library.
    Nss,
    /// Firefox (NSS).
    Firefox,
    /// Chromium and other users of BoringSSL with its behaviour: Chrome, Edge.
    Chromium,
    /// BoringSSL as a library.
    BoringSsl,
    /// Microsoft Schannel.
    Schannel,
    /// Apple's SecureTransport or Network.framework.
    Apple,
}

/// Which stack a client seems to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StackGuess {
    /// The stacks that fit, the likeliest first; empty when none is known to fit. More than one when the capture cannot
    /// tell them apart (OpenSSL's users often look alike).
    pub fits: Vec<Stack>,
    /// What spoke for them: one sentence.
    pub why: String,
}
