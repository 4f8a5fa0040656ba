//! The steps of the fix for each cause that does not depend on the connection, as a table.

/// The steps for this cause; empty where they are made for the connection at hand.
pub(super) fn steps(code: &str) -> &'static [&'static str] {
    STEPS.iter().find(|(codes, _)| codes.contains(&code)).map_or(&[], |(_, steps)| *steps)
}

const STEPS: &[(&[&str], &[&str])] = &[
    (
        &["expired"],
        &[
            "Server: install a certificate that is in date, and reload the server; renew it automatically (ACME), so that it does not expire again.",
            "Client: if the certificate was renewed already, check the client's clock.",
        ],
    ),
    (
        &["expired-intermediate"],
        &[
            "Server: replace the expired intermediate in the chain file by the CA's current one, and reload the server; the leaf can stay.",
            "Client: if the expired certificate comes from the trust store, remove it there and import its successor.",
        ],
    ),
    (
        &["not-yet-valid"],
        &[
            "Client and CA: compare their clocks (`date -u`); a certificate that was just issued is refused by a client that is slow.",
            "Server: use the earlier certificate until the new one is valid.",
        ],
    ),
    (
        &["wrong-eku"],
        &[
            "CA: reissue the leaf with serverAuth (1.3.6.1.5.5.7.3.1) in extendedKeyUsage, and digitalSignature in keyUsage.",
        ],
    ),
    (
        &["not-a-ca"],
        &[
            "CA: issue the leaf from a certificate with basicConstraints CA:TRUE and keyCertSign in keyUsage; reissue the issuer if it was meant to be one.",
        ],
    ),
    (
        &["path-length"],
        &["CA: issue the leaf from a CA higher up, or reissue the CA whose pathLenConstraint is too small."],
    ),
    (
        &["name-constraint"],
        &[
            "CA: issue from a CA whose name constraints permit the name, or have the constraints changed and the CA reissued.",
        ],
    ),
    (
        &["weak-signature"],
        &["CA: reissue the certificate with SHA-256 or better; a root's own signature does not matter."],
    ),
    (
        &["weak-key"],
        &["Server: make a new key of at least 2048 bits (RSA) or 256 bits (EC), and have it certified."],
    ),
    (
        &["bad-signature"],
        &[
            "Server: install the certificate and the key that belong together; these two commands print the same value then:\nopenssl x509 -in leaf.pem -noout -pubkey | openssl sha256\nopenssl pkey -in key.pem -pubout | openssl sha256",
            "CA: if a certificate's own signature does not verify, have it issued anew; the file was changed or belongs to another CA of the same name.",
        ],
    ),
    (
        &["revoked"],
        &[
            "Server: have a new certificate issued, with a new key if the old one leaked, and replace the stapled response.",
        ],
    ),
    (
        &["wrong-order"],
        &[
            "Server: put the chain in order: the leaf first, then each issuer of the one before it; leave the root out.",
        ],
    ),
    (&["extra-cert"], &["Server: remove from the chain file what does not lead from the leaf to its root."]),
    (
        &["protocol-version"],
        &[
            "Server or client: enable a version that both have, TLS 1.2 or TLS 1.3; nginx: `ssl_protocols TLSv1.2 TLSv1.3;`, Java: `-Djdk.tls.client.protocols=TLSv1.2,TLSv1.3`.",
        ],
    ),
    (
        &["no-shared-cipher"],
        &[
            "Server: enable a cipher suite that the client offers and that fits the kind of key in the certificate (RSA or EC); nginx: `ssl_ciphers`.",
            "Client: or enable a suite that the server has; do not restrict the list to one kind of key.",
        ],
    ),
    (
        &["no-shared-group"],
        &[
            "Client or server: enable a group that both have, such as X25519 or P-256; nginx: `ssl_ecdh_curve X25519:prime256v1;`, Java: `-Djdk.tls.namedGroups`.",
        ],
    ),
    (
        &["alpn-mismatch"],
        &[
            "Client or server: add the other's application protocol (`h2`, `http/1.1`) to its list; or send no ALPN at all.",
        ],
    ),
    (
        &["unrecognized-name"],
        &[
            "Client: send the name that the server serves as server name (SNI).",
            "Server: or add the name to its configuration, with a certificate for it, or set a default certificate.",
        ],
    ),
    (
        &["client-cert-expired"],
        &[
            "Client: renew its certificate and load the new one; check that the server trusts the CA that issued it.",
        ],
    ),
    (
        &["http-to-tls"],
        &[
            "Client: use https:// and a TLS client for this port, or the port on which the server speaks plain HTTP.",
        ],
    ),
    (
        &["tls-to-http"],
        &[
            "Server: turn TLS on for this port (nginx: `listen 443 ssl;`); or client: use http:// or the port on which TLS is spoken.",
        ],
    ),
    (
        &["psk-mismatch"],
        &[
            "Client and server: configure the same pre-shared key under the same identity; for a resumed session, delete the stored session and try again.",
        ],
    ),
    (
        &["server-closed", "server-reset"],
        &[
            "Server: read its log at this time; look for a listener that speaks no TLS, a missing certificate, a connection limit, or a back end that is down.",
            "Network: if the server saw nothing of it, look for a firewall or load balancer that closes in its name.",
        ],
    ),
    (
        &["connection-refused"],
        &[
            "Server: start the service, or let it listen on this address and port (`ss -ltn`); check the port that the client uses.",
        ],
    ),
    (
        &["connect-timeout"],
        &[
            "Network: check the address, the route, and the firewalls on the way; `nc -vz -w 5` to the server tests it.",
        ],
    ),
    (
        &["protocol-error"],
        &[
            "Both: update the stack that sent what the other could not accept; if a device between them inspects TLS, test without it.",
        ],
    ),
    (
        &["middlebox-interference"],
        &[
            "Network: find the device by its hop count (`traceroute`), and read its log; capture at both ends at once to prove it.",
        ],
    ),
];
