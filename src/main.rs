//! The tlspcap command.

fn main() {}
