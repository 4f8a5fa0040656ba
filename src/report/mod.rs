//! The answer as plain data: the types of `tlspcap.report/1`.
