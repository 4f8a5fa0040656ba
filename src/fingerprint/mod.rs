//! Who the client is, by the shape of its ClientHello and by its behaviour.

mod stack;

pub use stack::{Stack, StackGuess};
