//! Ports on which TLS is due from the first byte.

/// Whether TLS is due from the first byte on this port, so that anything else there is worth a word.
pub fn port_means_tls(port: u16) -> bool {
    tls_port_name(port).is_some()
}

/// What is usually served with TLS on this port: IANA's registered service, or what custom has made of it.
pub fn tls_port_name(port: u16) -> Option<&'static str> {
    PORTS
        .binary_search_by_key(&port, |&(number, _)| number)
        .ok()
        .and_then(|at| PORTS.get(at))
        .map(|&(_, name)| name)
}

/// In the order of the numbers.
const PORTS: &[(u16, &str)] = &[
    (443, "HTTPS"),
    (465, "SMTP over TLS"),
    (563, "NNTP over TLS"),
    (636, "LDAPS"),
    (853, "DNS over TLS"),
    (989, "FTPS data"),
    (990, "FTPS"),
    (992, "Telnet over TLS"),
    (993, "IMAPS"),
    (994, "IRC over TLS"),
    (995, "POP3S"),
    (2083, "RADIUS over TLS"),
    (2376, "Docker API over TLS"),
    (2484, "Oracle TCPS"),
    (3269, "LDAPS global catalogue"),
    (4443, "HTTPS"),
    (5061, "SIP over TLS"),
    (5223, "XMPP over TLS"),
    (5671, "AMQPS"),
    (5986, "WinRM over HTTPS"),
    (6443, "Kubernetes API"),
    (6514, "syslog over TLS"),
    (6697, "IRC over TLS"),
    (7443, "HTTPS"),
    (8243, "HTTPS"),
    (8443, "HTTPS"),
    (8843, "HTTPS"),
    (8883, "MQTT over TLS"),
    (9093, "Kafka over TLS"),
    (9443, "HTTPS"),
    (10250, "kubelet"),
    (10443, "HTTPS"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_so_that_every_port_is_found() {
        assert!(PORTS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for &(port, name) in PORTS {
            assert_eq!(tls_port_name(port), Some(name));
        }
    }

    #[test]
    fn ports_of_plain_protocols_mean_nothing() {
        for port in [0, 21, 25, 80, 110, 143, 389, 587, 5432, 8080] {
            assert!(!port_means_tls(port), "{port}");
        }
    }
}
