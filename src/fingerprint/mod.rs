//! Who the client is, by the shape of its ClientHello and by its behaviour.

mod behaviour;
mod ja3;
mod ja4;
mod keylog;
mod libraries;
mod marks;
mod programs;
mod recognise;
mod recogniser;
mod shape;
mod stack;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use behaviour::Behaviour;
pub use ja3::{ja3, ja3_text, ja3s, ja3s_text};
pub use ja4::ja4;
pub use keylog::keylog_hint;
pub use recognise::recognise;
pub use recogniser::Recogniser;
pub use stack::{Stack, StackGuess};
