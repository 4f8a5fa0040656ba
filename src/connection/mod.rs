//! The facts of one connection, folded from its packets, records and messages.
