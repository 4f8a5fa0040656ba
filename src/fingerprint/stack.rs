//! The TLS stacks that can be told apart, and how they are named.

/// A TLS implementation, or a program whose behaviour differs from its library's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
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
    /// LibreSSL.
    LibreSsl,
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

impl Stack {
    /// Its name in the report: the program with its library, or the library.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenSsl => "OpenSSL",
            Self::Curl => "curl (OpenSSL)",
            Self::Python => "Python (OpenSSL)",
            Self::Node => "Node.js",
            Self::Php => "PHP (OpenSSL)",
            Self::Ruby => "Ruby (OpenSSL)",
            Self::Nginx => "nginx (OpenSSL)",
            Self::HaProxy => "HAProxy (OpenSSL)",
            Self::Stunnel => "stunnel (OpenSSL)",
            Self::LibreSsl => "LibreSSL",
            Self::Java => "Java (JSSE)",
            Self::Go => "Go (crypto/tls)",
            Self::Rustls => "rustls",
            Self::GnuTls => "GnuTLS",
            Self::Wget => "Wget (GnuTLS)",
            Self::MbedTls => "Mbed TLS",
            Self::WolfSsl => "wolfSSL",
            Self::Nss => "NSS",
            Self::Firefox => "Firefox (NSS)",
            Self::Chromium => "Chromium (BoringSSL)",
            Self::BoringSsl => "BoringSSL",
            Self::Schannel => "Windows (Schannel)",
            Self::Apple => "Apple (SecureTransport)",
        }
    }

    /// The library whose shape its hello has: `OpenSSL`, `BoringSSL`, `JSSE`, `Go`, …
    pub const fn family(self) -> &'static str {
        match self {
            Self::OpenSsl
            | Self::Curl
            | Self::Python
            | Self::Node
            | Self::Php
            | Self::Ruby
            | Self::Nginx
            | Self::HaProxy
            | Self::Stunnel => "OpenSSL",
            Self::LibreSsl => "LibreSSL",
            Self::Java => "JSSE",
            Self::Go => "Go",
            Self::Rustls => "rustls",
            Self::GnuTls | Self::Wget => "GnuTLS",
            Self::MbedTls => "Mbed TLS",
            Self::WolfSsl => "wolfSSL",
            Self::Nss | Self::Firefox => "NSS",
            Self::Chromium | Self::BoringSsl => "BoringSSL",
            Self::Schannel => "Schannel",
            Self::Apple => "SecureTransport",
        }
    }

    /// The program alone, for a list behind the library's name.
    const fn program(self) -> &'static str {
        match self {
            Self::OpenSsl => "s_client",
            Self::Curl => "curl",
            Self::Python => "Python",
            Self::Php => "PHP",
            Self::Ruby => "Ruby",
            Self::Nginx => "nginx",
            Self::HaProxy => "HAProxy",
            Self::Stunnel => "stunnel",
            Self::Wget => "Wget",
            Self::Firefox => "Firefox",
            Self::Chromium => "Chromium",
            _ => self.name(),
        }
    }
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

/// Characters of a guess's name, so that it fits a column.
const NAME_CHARACTERS: usize = 40;

impl StackGuess {
    /// Its name in the report, at most 40 characters: one stack, `A or B`, or the library with the programs that fit.
    pub fn name(&self) -> Option<String> {
        let (first, others) = self.fits.split_first()?;
        match others {
            [] => Some(first.name().to_owned()),
            [second] if first.family() != second.family() => {
                let both = format!("{} or {}", first.name(), second.name());
                let room = both.chars().count() <= NAME_CHARACTERS;
                Some(if room { both } else { format!("{} or {}", first.family(), second.family()) })
            }
            _ => Some(self.family().map_or_else(|| first.name().to_owned(), |family| self.programs(family))),
        }
    }

    /// The library, when all that fit share it.
    pub fn family(&self) -> Option<&'static str> {
        let family = self.fits.first()?.family();
        self.fits.iter().all(|stack| stack.family() == family).then_some(family)
    }

    /// Whether this stack is among those that fit.
    pub fn may_be(&self, stack: Stack) -> bool {
        self.fits.contains(&stack)
    }

    /// `OpenSSL (s_client, nginx, …)`, as many as there is room for.
    fn programs(&self, family: &str) -> String {
        let mut text = format!("{family} (");
        for (place, stack) in self.fits.iter().enumerate() {
            // The library itself has no other name than the family's.
            let program = if stack.program() == family { "library" } else { stack.program() };
            let comma = if place == 0 { "" } else { ", " };
            let room = if place + 1 == self.fits.len() { 1 } else { ", …)".chars().count() };
            if text.chars().count() + comma.len() + program.len() + room > NAME_CHARACTERS {
                text.push_str(", …");
                break;
            }
            text.push_str(comma);
            text.push_str(program);
        }
        text.push(')');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(fits: &[Stack]) -> Option<String> {
        StackGuess { fits: fits.to_vec(), why: String::new() }.name()
    }

    #[test]
    fn a_name_says_one_stack_two_or_the_library_of_all() {
        assert_eq!(named(&[]), None);
        assert_eq!(named(&[Stack::Java]).unwrap(), "Java (JSSE)");
        assert_eq!(named(&[Stack::Java, Stack::Go]).unwrap(), "Java (JSSE) or Go (crypto/tls)");
        assert_eq!(named(&[Stack::GnuTls, Stack::Wget]).unwrap(), "GnuTLS (library, Wget)");
        let many = [Stack::OpenSsl, Stack::Nginx, Stack::HaProxy, Stack::Ruby, Stack::Python];
        assert_eq!(named(&many).unwrap(), "OpenSSL (s_client, nginx, HAProxy, …)");
        assert_eq!(named(&many[..3]).unwrap(), "OpenSSL (s_client, nginx, HAProxy)");
    }

    #[test]
    fn no_name_is_longer_than_its_column() {
        let all = [
            Stack::Chromium,
            Stack::BoringSsl,
            Stack::Schannel,
            Stack::Apple,
            Stack::Stunnel,
            Stack::HaProxy,
            Stack::Python,
            Stack::OpenSsl,
        ];
        for pair in all.windows(2) {
            assert!(named(pair).unwrap().chars().count() <= NAME_CHARACTERS, "{pair:?}");
        }
        for start in 0..all.len() {
            assert!(named(&all[start..]).unwrap().chars().count() <= NAME_CHARACTERS);
        }
    }

    #[test]
    fn a_family_is_shared_by_all_or_there_is_none() {
        let guess = |fits: &[Stack]| StackGuess { fits: fits.to_vec(), why: String::new() };
        assert_eq!(guess(&[Stack::OpenSsl, Stack::Curl]).family(), Some("OpenSSL"));
        assert_eq!(guess(&[Stack::OpenSsl, Stack::Go]).family(), None);
        assert!(guess(&[Stack::Go]).may_be(Stack::Go));
    }
}
