//! How to get a key log from a stack, for a capture that can be decrypted.

use super::stack::Stack;

/// The exact way to have this stack write the secrets of its sessions in the format of key log files, as one sentence
/// without a full stop.
pub const fn keylog_hint(stack: Stack) -> &'static str {
    match stack {
        Stack::OpenSsl => {
            "`openssl s_client -keylogfile keys.log`; in a program, SSL_CTX_set_keylog_callback (SSLKEYLOGFILE works from \
             OpenSSL 3.5 on, where it was built with enable-sslkeylog)"
        }
        Stack::Curl => "set SSLKEYLOGFILE=keys.log in curl's environment",
        Stack::Python => {
            "set SSLKEYLOGFILE=keys.log where ssl.create_default_context() is used; otherwise \
             context.keylog_filename = \"keys.log\" (Python 3.8 or later)"
        }
        Stack::Node => {
            "start it with `node --tls-keylog=keys.log`; in a program, the `keylog` event of the socket or agent"
        }
        Stack::Php => {
            "PHP has no option for it: preload a library that sets OpenSSL's key log callback (LD_PRELOAD), or capture on \
             the server with its key log"
        }
        Stack::Ruby => {
            "set `context.keylog_cb` on the OpenSSL::SSL::SSLContext and append each line to a file (openssl gem 3.0 or later)"
        }
        Stack::Nginx => {
            "`proxy_ssl_key_log /path/keys.log;` in the location or server (nginx 1.27.2 or later)"
        }
        Stack::HaProxy => {
            "`tune.ssl.keylog on`, and log the sample fetches ssl_bc_client_random, ssl_bc_client_handshake_traffic_secret \
             and their like (newer versions; older ones have only those of the client side, ssl_fc_*)"
        }
        Stack::Stunnel => {
            "preload a library that sets OpenSSL's key log callback (LD_PRELOAD); stunnel has no option for it"
        }
        Stack::LibreSsl => "LibreSSL has no key log: use the other side's",
        Stack::Java => {
            "attach a Java agent that writes SSLKEYLOGFILE lines (`-javaagent:extract-tls-secrets.jar=keys.log`, or jSSLKeyLog); \
             -Djavax.net.debug=all prints the exchange but no TLS 1.3 secrets"
        }
        Stack::Go => {
            "set tls.Config.KeyLogWriter to a file opened for appending; there is no environment variable"
        }
        Stack::Rustls => {
            "set config.key_log = Arc::new(rustls::KeyLogFile::new()), then SSLKEYLOGFILE=keys.log"
        }
        Stack::GnuTls | Stack::Wget => {
            "set SSLKEYLOGFILE=keys.log in its environment (GnuTLS reads it by itself)"
        }
        Stack::MbedTls => {
            "mbedtls_ssl_set_export_keys_cb (3.x) or mbedtls_ssl_conf_export_keys_ext_cb (2.x) in the program; \
             `ssl_client2 nss_keylog=1 nss_keylog_file=keys.log`"
        }
        Stack::WolfSsl => {
            "build it with --enable-keylog-export (or SHOW_SECRETS for its examples) and register wolfSSL_CTX_set_keylog_callback"
        }
        Stack::Nss => {
            "set SSLKEYLOGFILE=keys.log in its environment (NSS must be built with SSL key log support, as most distributions do)"
        }
        Stack::Firefox => "start Firefox with SSLKEYLOGFILE=keys.log in its environment",
        Stack::Chromium => {
            "start it with SSLKEYLOGFILE=keys.log in its environment, or with --ssl-key-log-file=keys.log"
        }
        Stack::BoringSsl => "SSL_CTX_set_keylog_callback in the program; there is no environment variable",
        Stack::Schannel => {
            "Windows writes no key log: use the other side's, or repeat the request with curl or a browser and SSLKEYLOGFILE"
        }
        Stack::Apple => {
            "Apple's stack writes no key log for other programs: use the other side's, or repeat the request with Firefox and \
             SSLKEYLOGFILE"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_one_line_that_names_the_means() {
        let named = [
            (Stack::Curl, "SSLKEYLOGFILE"),
            (Stack::Node, "--tls-keylog="),
            (Stack::Go, "KeyLogWriter"),
            (Stack::Java, "-javaagent"),
            (Stack::OpenSsl, "-keylogfile"),
            (Stack::Python, "keylog_filename"),
        ];
        for (stack, means) in named {
            let hint = keylog_hint(stack);
            assert!(hint.contains(means), "{hint}");
            assert!(!hint.contains('\n') && !hint.ends_with('.'), "{hint}");
        }
    }
}
