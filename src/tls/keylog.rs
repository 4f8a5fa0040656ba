//! Key logs in the NSS format, and the secrets embedded in a pcapng.

/// Secrets by client random.
#[derive(Debug, Clone, Default)]
pub struct Secrets {}
