//! What a client does in the handshake narrows down which stack it is.

use std::sync::Arc;

use super::stack::{Stack, StackGuess};

/// What the capture shows of a client's behaviour. The default says that nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Behaviour {
    /// In TLS 1.3 it sent an alert in clear in answer to encrypted messages of the server.
    pub clear_alert_in_tls13: bool,
    /// In TLS 1.3, whether it sent a change_cipher_spec (RFC 8446 appendix D.4) ahead of its first protected record.
    /// `None` when it sent no protected record.
    pub sent_ccs_tls13: Option<bool>,
    /// In TLS 1.3 its rejection was an alert padded by 16 bytes: a record of 35 instead of 19.
    pub alert_padded_16: bool,
    /// In TLS 1.3 the length of its first protected record after the server's flight, in bytes of the record's length
    /// field.
    pub first_client_record_len: Option<u32>,
    /// It sent a fatal alert on the server's certificate, in clear or encrypted, whatever its number.
    pub rejected_with_alert: bool,
}

impl StackGuess {
    /// Drops the stacks whose behaviour is otherwise. Where none would be left the guess stays as it is: then the hello,
    /// not the behaviour, is not what it seems.
    pub fn refine(self: &mut Arc<Self>, behaviour: &Behaviour) {
        let fitting = self.fits.iter().filter(|stack| behaviour.fits(**stack)).count();
        if fitting > 0 && fitting < self.fits.len() {
            Arc::make_mut(self).fits.retain(|stack| behaviour.fits(*stack));
        }
    }
}

impl Behaviour {
    fn fits(&self, stack: Stack) -> bool {
        let alerts = !self.rejected_with_alert || alerts_on_certificates(stack);
        let clear = !self.clear_alert_in_tls13 || clear_alert(stack);
        // A record of 35 is the JDK's alert, one of 19 that of all others; 85 is the JDK's Finished with SHA-384.
        let padded = match self.first_client_record_len {
            _ if self.alert_padded_16 => stack == Stack::Java,
            Some(19 | 53) => stack != Stack::Java,
            Some(35 | 85) => stack == Stack::Java,
            _ => true,
        };
        alerts && clear && padded && self.compatible(stack)
    }

    fn compatible(&self, stack: Stack) -> bool {
        match self.sent_ccs_tls13 {
            None => true,
            Some(true) => !matches!(stack, Stack::Ruby | Stack::WolfSsl | Stack::Nss),
            // OpenSSL sends its alert in clear without one.
            Some(false) if self.clear_alert_in_tls13 => true,
            // Firefox has none ahead of an alert.
            Some(false) => matches!(
                stack,
                Stack::Ruby
                    | Stack::WolfSsl
                    | Stack::Nss
                    | Stack::Firefox
                    | Stack::MbedTls
                    | Stack::Schannel
                    | Stack::Apple
            ),
        }
    }
}

/// OpenSSL switches to the protected state of its own direction only when it writes its last messages.
const fn clear_alert(stack: Stack) -> bool {
    matches!(
        stack,
        Stack::OpenSsl
            | Stack::Curl
            | Stack::Python
            | Stack::Php
            | Stack::Ruby
            | Stack::HaProxy
            | Stack::Stunnel
            | Stack::LibreSsl
            | Stack::Schannel
            | Stack::Apple
    )
}

/// These judge the certificate after the handshake and close without a word.
const fn alerts_on_certificates(stack: Stack) -> bool {
    !matches!(stack, Stack::Node | Stack::Nginx | Stack::Wget)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refined(fits: &[Stack], behaviour: Behaviour) -> Vec<Stack> {
        let mut guess = Arc::new(StackGuess { fits: fits.to_vec(), why: String::new() });
        guess.refine(&behaviour);
        guess.fits.clone()
    }

    #[test]
    fn an_alert_in_clear_leaves_those_on_openssl_that_send_alerts() {
        let fits = [Stack::OpenSsl, Stack::Nginx, Stack::Node, Stack::HaProxy, Stack::Java];
        let behaviour =
            Behaviour { clear_alert_in_tls13: true, sent_ccs_tls13: Some(false), ..Behaviour::default() };
        assert_eq!(refined(&fits, behaviour), [Stack::OpenSsl, Stack::HaProxy]);
    }

    #[test]
    fn a_padded_alert_is_the_jdks() {
        let fits = [Stack::Rustls, Stack::Java];
        assert_eq!(
            refined(&fits, Behaviour { alert_padded_16: true, ..Behaviour::default() }),
            [Stack::Java]
        );
        let unpadded = Behaviour { first_client_record_len: Some(19), ..Behaviour::default() };
        assert_eq!(refined(&fits, unpadded), [Stack::Rustls]);
        // A Finished with SHA-384 for most, with SHA-256 for the JDK.
        let unclear = Behaviour { first_client_record_len: Some(69), ..Behaviour::default() };
        assert_eq!(refined(&fits, unclear), fits);
    }

    #[test]
    fn a_change_cipher_spec_tells_ruby_and_nss_from_others() {
        let fits = [Stack::OpenSsl, Stack::Ruby];
        assert_eq!(
            refined(&fits, Behaviour { sent_ccs_tls13: Some(true), ..Behaviour::default() }),
            [Stack::OpenSsl]
        );
        assert_eq!(
            refined(&fits, Behaviour { sent_ccs_tls13: Some(false), ..Behaviour::default() }),
            [Stack::Ruby]
        );
        let browsers = [Stack::Firefox, Stack::Nss];
        assert_eq!(
            refined(&browsers, Behaviour { sent_ccs_tls13: Some(false), ..Behaviour::default() }),
            browsers
        );
    }

    #[test]
    fn an_alert_is_not_from_those_that_only_close() {
        let behaviour = Behaviour { rejected_with_alert: true, ..Behaviour::default() };
        assert_eq!(refined(&[Stack::Wget, Stack::GnuTls], behaviour), [Stack::GnuTls]);
    }

    #[test]
    fn behaviour_that_fits_none_changes_nothing() {
        let behaviour = Behaviour { alert_padded_16: true, ..Behaviour::default() };
        assert_eq!(refined(&[Stack::Go], behaviour), [Stack::Go]);
    }
}
