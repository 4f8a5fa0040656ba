//! Java key stores, JKS and JCEKS: certificates lie in them in clear, so none needs the password.

use sha1::{Digest, Sha1};

use super::Reading;

const JKS: u32 = 0xfeed_feed;
const JCEKS: u32 = 0xcece_cece;
/// What the integrity check mixes into its hash (`sun.security.provider.JavaKeyStore`).
const WHITENER: &[u8] = b"Mighty Aphrodite";
/// Bytes of the SHA-1 at the end.
const DIGEST: usize = 20;

const PRIVATE_KEY: u32 = 1;
const TRUSTED_CERTIFICATE: u32 = 2;
const SECRET_KEY: u32 = 3;

/// Whether the bytes begin as one of the two.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    matches!(Cursor(bytes).u32(), Some(JKS | JCEKS))
}

/// Reads a store. With a password the integrity is checked, and a wrong one is an error.
pub(super) fn read(bytes: &[u8], password: Option<&str>) -> Result<Reading, String> {
    let mut cursor = Cursor(bytes);
    let format = if cursor.u32() == Some(JCEKS) { "JCEKS" } else { "JKS" };
    let version = cursor.u32().filter(|version| matches!(version, 1 | 2));
    let (Some(version), Some(count)) = (version, cursor.u32()) else {
        return Err(format!("a {format} file of an unknown version, or cut short"));
    };
    if let Some(password) = password {
        check_integrity(bytes, password, format)?;
    }
    let mut reading = Reading::new(format);
    for number in 1..=count {
        if read_entry(&mut cursor, version, &mut reading).is_none() {
            reading.malformed(
                &format!("entry {number} of {count}"),
                "the file is cut short or damaged there; what follows was not read",
            );
            break;
        }
    }
    if count == 0 {
        reading.other(format!("an empty {format} store"));
    }
    Ok(reading)
}

fn check_integrity(bytes: &[u8], password: &str, format: &str) -> Result<(), String> {
    let Some((data, digest)) = bytes.split_last_chunk::<DIGEST>() else {
        return Err(format!("a {format} file that is cut short"));
    };
    let mut hash = Sha1::new();
    for unit in password.encode_utf16() {
        hash.update(unit.to_be_bytes());
    }
    hash.update(WHITENER);
    hash.update(data);
    if hash.finalize().as_slice() == digest {
        return Ok(());
    }
    Err(format!("the password does not fit this {format} file, or the file was altered"))
}

/// One entry; `None` when the bytes do not hold it.
fn read_entry(cursor: &mut Cursor<'_>, version: u32, reading: &mut Reading) -> Option<()> {
    let tag = cursor.u32()?;
    let alias = cursor.text()?;
    cursor.take(8)?; // when it was made
    let place = format!("alias {alias}");
    match tag {
        PRIVATE_KEY => {
            let length = cursor.u32()?;
            cursor.take(length)?;
            let chain = cursor.u32()?;
            for _ in 0..chain {
                let der = cursor.certificate(version)?;
                reading.certificate(der, Some(&alias), &place);
            }
            if chain == 0 {
                reading.other("a private key");
            }
            reading.key_entry(&alias, chain as usize);
        }
        TRUSTED_CERTIFICATE => {
            let der = cursor.certificate(version)?;
            reading.certificate(der, Some(&alias), &place);
        }
        SECRET_KEY => {
            reading.skip("a secret key", &place);
            cursor.skip_object();
        }
        _ => return None,
    }
    Some(())
}

/// Big-endian fields, as `java.io.DataInputStream` reads them.
#[derive(Clone, Copy)]
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: u32) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        let (taken, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*taken))
    }

    fn text(&mut self) -> Option<String> {
        let (length, rest) = self.0.split_first_chunk::<2>()?;
        self.0 = rest;
        let length = u32::from(u16::from_be_bytes(*length));
        Some(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    fn certificate(&mut self, version: u32) -> Option<&'a [u8]> {
        if version == 2 {
            self.text()?;
        }
        let length = self.u32()?;
        self.take(length)
    }

    /// A secret key is a serialised Java object without a length: goes on at the next thing that looks like an entry.
    fn skip_object(&mut self) {
        let start = self.0;
        let next = (0..start.len()).find(|&at| start.get(at..).is_some_and(|rest| Self(rest).at_entry()));
        self.0 = start.get(next.unwrap_or(start.len())..).unwrap_or_default();
    }

    fn at_entry(mut self) -> bool {
        let Some(tag @ PRIVATE_KEY..=SECRET_KEY) = self.u32() else { return false };
        if !self.text().is_some_and(|alias| !alias.is_empty() && !alias.contains(char::is_control)) {
            return false;
        }
        // Milliseconds since 1970: the first two octets stay zero until the year 10889.
        if !self.take(8).is_some_and(|date| date.starts_with(&[0, 0])) {
            return false;
        }
        match tag {
            TRUSTED_CERTIFICATE => self.text().is_some_and(|kind| kind == "X.509"),
            PRIVATE_KEY => self.u32().is_some() && self.0.starts_with(&[0x30]),
            _ => self.0.starts_with(&[0xac, 0xed, 0x00, 0x05]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::stored;
    use super::*;

    fn aliases(reading: &Reading) -> Vec<&str> {
        reading.entries.iter().filter_map(|entry| entry.alias.as_deref()).collect()
    }

    #[test]
    fn a_jks_file_is_read_without_its_password() {
        let reading = read(&stored("trust.jks"), None).unwrap();
        assert_eq!(reading.format, "JKS");
        // keytool writes its hash table as it lies.
        assert_eq!(aliases(&reading), ["root", "intermediate"]);
    }

    #[test]
    fn the_right_password_confirms_and_a_wrong_one_is_an_error() {
        assert_eq!(read(&stored("trust.jks"), Some("changeit")).unwrap().entries.len(), 2);
        let message = read(&stored("trust.jks"), Some("changeme")).unwrap_err();
        assert!(message.contains("password does not fit this JKS file"), "{message}");
        assert_eq!(read(&stored("trust.jceks"), Some("changeit")).unwrap().format, "JCEKS");
    }

    #[test]
    fn the_chain_of_a_key_entry_bears_its_alias() {
        let reading = read(&stored("key.jks"), Some("changeit")).unwrap();
        assert_eq!(aliases(&reading), ["server", "server", "server"]);
        assert!(reading.warnings.iter().any(|w| w.text.contains("alias server")), "{:?}", reading.warnings);
    }

    #[test]
    fn entries_behind_a_secret_key_are_still_found() {
        let reading = read(&stored("secret.jceks"), Some("changeit")).unwrap();
        assert_eq!(aliases(&reading), ["root"]);
        assert!(reading.warnings.iter().any(|w| w.text.contains("a secret key")), "{:?}", reading.warnings);
    }

    #[test]
    fn a_cut_file_keeps_what_comes_before_the_cut() {
        let whole = stored("trust.jks");
        let reading = read(&whole[..whole.len() - 100], None).unwrap();
        assert_eq!((reading.entries.len(), reading.warnings.len()), (1, 1));
        for length in 0..whole.len() {
            let _ = read(&whole[..length], Some("changeit"));
            let _ = read(&whole[..length], None);
        }
    }
}
