//! The display filter with which Wireshark shows the packets of a connection.

use crate::report::ConnectionReport;

impl ConnectionReport {
    /// A display filter for the packets of the connection, and for ICMP errors about them. Those that do not quote a whole TCP header
    /// stand in it by their numbers.
    pub fn display_filter(&self) -> String {
        let (beside, own): (Vec<_>, Vec<_>) = self.events.iter().partition(|event| event.is_beside);
        // What is behind the last packet is an ICMP error.
        let last = own.iter().map(|event| event.packet).fold(self.last_packet, u64::max);
        let filter = format!(
            "tcp.stream eq {} && frame.number >= {} && frame.number <= {last}",
            self.stream, self.first_packet
        );
        if beside.is_empty() {
            return filter;
        }
        let numbers: Vec<String> = beside.iter().map(|event| event.packet.to_string()).collect();
        format!("({filter}) || frame.number in {{{}}}", numbers.join(","))
    }
}
