//! Extensions (IANA TLS ExtensionType Values).

use std::fmt;

use super::{ExtensionType, lookup};

impl ExtensionType {
    /// Its name in the registry, when it has one.
    pub fn name(self) -> Option<&'static str> {
        lookup(NAMES, self.0)
    }

    /// A value that is sent to keep peers tolerant (RFC 8701).
    pub const fn is_grease(self) -> bool {
        super::is_grease(self.0)
    }
}

impl fmt::Display for ExtensionType {
    /// Its name, `GREASE`, or its number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None if super::is_grease(self.0) => f.write_str("GREASE"),
            None => write!(f, "0x{:04x}", self.0),
        }
    }
}

/// TLS ExtensionType Values, sorted by number.
const NAMES: &[(u16, &str)] = &[
    (0x0000, "server_name"),
    (0x0001, "max_fragment_length"),
    (0x0002, "client_certificate_url"),
    (0x0003, "trusted_ca_keys"),
    (0x0004, "truncated_hmac"),
    (0x0005, "status_request"),
    (0x0006, "user_mapping"),
    (0x0007, "client_authz"),
    (0x0008, "server_authz"),
    (0x0009, "cert_type"),
    (0x000a, "supported_groups"),
    (0x000b, "ec_point_formats"),
    (0x000c, "srp"),
    (0x000d, "signature_algorithms"),
    (0x000e, "use_srtp"),
    (0x000f, "heartbeat"),
    (0x0010, "application_layer_protocol_negotiation"),
    (0x0011, "status_request_v2"),
    (0x0012, "signed_certificate_timestamp"),
    (0x0013, "client_certificate_type"),
    (0x0014, "server_certificate_type"),
    (0x0015, "padding"),
    (0x0016, "encrypt_then_mac"),
    (0x0017, "extended_master_secret"),
    (0x0018, "token_binding"),
    (0x0019, "cached_info"),
    (0x001b, "compress_certificate"),
    (0x001c, "record_size_limit"),
    (0x0022, "delegated_credential"),
    (0x0023, "session_ticket"),
    (0x0029, "pre_shared_key"),
    (0x002a, "early_data"),
    (0x002b, "supported_versions"),
    (0x002c, "cookie"),
    (0x002d, "psk_key_exchange_modes"),
    (0x002f, "certificate_authorities"),
    (0x0030, "oid_filters"),
    (0x0031, "post_handshake_auth"),
    (0x0032, "signature_algorithms_cert"),
    (0x0033, "key_share"),
    (0x0034, "transparency_info"),
    (0x0035, "connection_id"),
    (0x0036, "connection_id"),
    (0x0037, "external_id_hash"),
    (0x0038, "external_session_id"),
    (0x0039, "quic_transport_parameters"),
    (0x003a, "ticket_request"),
    (0x003b, "dnssec_chain"),
    (0x3374, "next_protocol_negotiation"),
    (0x4469, "application_settings"),
    (0x44cd, "application_settings"),
    (0x754f, "channel_id_old"),
    (0x7550, "channel_id"),
    (0xfd00, "ech_outer_extensions"),
    (0xfe0d, "encrypted_client_hello"),
    (0xff01, "renegotiation_info"),
    (0xffa5, "quic_transport_parameters"),
    (0xffce, "encrypted_server_name"),
];
