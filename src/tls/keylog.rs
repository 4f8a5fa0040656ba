//! Key logs in the NSS format, and the secrets embedded in a pcapng.

/// Secrets by client random.
#[derive(Debug, Clone, Default)]
pub struct Secrets {}
impl Secrets {
    /// stub
    pub fn is_empty(&self) -> bool {
        true
    }
    /// stub
    pub fn parse(&mut self, _t: &[u8], _o: &str) -> Vec<crate::error::Warning> {
        Vec::new()
    }
    /// stub
    pub fn read(&mut self, _p: &std::path::Path) -> crate::error::Result<Vec<crate::error::Warning>> {
        Ok(Vec::new())
    }
}
