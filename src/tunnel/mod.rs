//! Where in a stream TLS begins: STARTTLS, HTTP CONNECT, SOCKS (bytes only).
