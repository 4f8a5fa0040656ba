//! Where in a stream TLS begins: STARTTLS, HTTP CONNECT, SOCKS (bytes only).
/// stub
pub struct Prelude;
/// stub
pub enum Progress {
    /// a
    NeedMore,
    /// b
    Plain,
    /// c
    TlsAt {
        /// d
        forward: Option<u64>,
        /// e
        reverse: Option<u64>,
    },
}
impl Prelude {
    /// stub
    pub fn new(_p: u16) -> Self {
        Self
    }
    /// stub
    pub fn push(&mut self, _f: bool, _o: u64, _b: &[u8]) -> Progress {
        Progress::Plain
    }
    /// stub
    pub fn seen(&self) -> Option<crate::connection::Tunnel> {
        None
    }
}
/// stub
pub fn port_means_tls(p: u16) -> bool {
    matches!(p, 443 | 8443 | 9443 | 465 | 993 | 995 | 636)
}
/// stub
pub fn identify(b: &[u8], _s: bool) -> Option<&'static str> {
    if b.starts_with(b"HTTP/") {
        Some("HTTP response")
    } else if b.starts_with(b"GET ") {
        Some("HTTP request")
    } else {
        None
    }
}
/// stub
pub fn sample(b: &[u8]) -> String {
    String::from_utf8_lossy(&b[..b.len().min(60)]).escape_default().to_string()
}
