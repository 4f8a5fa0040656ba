//! Which stack a client is, by its ClientHello.

use super::libraries::{LIBRARIES, Library};
use super::programs::programs;
use super::shape::Shape;
use super::stack::{Stack, StackGuess};
use crate::tls::message::ClientHello;

/// Guesses the stack from what its hello has in common with others of that stack, over versions. A hello that is shaped
/// like none has no guess.
pub fn recognise(hello: &ClientHello) -> StackGuess {
    if hello.sslv2 {
        return StackGuess::default();
    }
    let shape = Shape::new(hello);
    let lists = Lists {
        groups: without_hybrids(&shape.groups),
        older_suites: shape.older_suites(),
        tls13_suites: shape.tls13_suites(),
    };
    let points: Vec<Evidence> =
        LIBRARIES.iter().map(|library| Evidence::weigh(library, &shape, &lists)).collect();
    let most = points.iter().map(|evidence| evidence.points).max().unwrap_or(0);
    if most < ENOUGH {
        return StackGuess::default();
    }
    let mut fits = Vec::new();
    let mut why = String::new();
    for evidence in points.iter().filter(|evidence| evidence.points == most) {
        fits.extend(programs(evidence.stack, &shape));
        if why.is_empty() {
            why = evidence.sentence();
        }
    }
    StackGuess { fits, why }
}

/// Points below which no library is named: two traits that agree, or one and a peculiarity.
const ENOUGH: i32 = 5;

/// What of a shape is held against every library.
struct Lists {
    groups: Vec<u16>,
    older_suites: Vec<u16>,
    tls13_suites: Vec<u16>,
}

/// What speaks for a library.
struct Evidence {
    stack: Stack,
    points: i32,
    /// Which of [`TRAITS`] it has.
    traits: [bool; TRAITS.len()],
}

/// What a library may have in common with a hello.
const TRAITS: [&str; 5] = [
    "the order of its extensions",
    "the signature schemes",
    "the cipher suites",
    "the groups",
    "the TLS 1.3 suites",
];
const ORDER: usize = 0;
const SCHEMES: usize = 1;
const SUITES: usize = 2;
const GROUPS: usize = 3;
const TLS13_SUITES: usize = 4;

impl Evidence {
    fn weigh(library: &Library, shape: &Shape<'_>, lists: &Lists) -> Self {
        let mut evidence =
            Self { stack: library.stack, points: (library.marks)(shape), traits: [false; TRAITS.len()] };
        evidence.order(library, shape);
        evidence.beginning(&shape.schemes, library.schemes, 4, SCHEMES);
        evidence.beginning(&lists.older_suites, library.suites, 3, SUITES);
        // Nearly everyone begins with the same three or four.
        let points = if lists.groups.len() > 4 { 2 } else { 1 };
        evidence.beginning(&lists.groups, library.groups, points, GROUPS);
        evidence.beginning(&lists.tls13_suites, library.tls13, 1, TLS13_SUITES);
        evidence
    }

    /// An order that many extensions agree with says more; one against it speaks against every generation.
    fn order(&mut self, library: &Library, shape: &Shape<'_>) {
        if library.orders.is_empty() || shape.kinds.is_empty() {
            return;
        }
        match library.orders.iter().filter_map(|order| shape.agrees_with(order)).max() {
            Some(agreeing) => {
                self.points += match agreeing {
                    0..=3 => 0,
                    4..=5 => 2,
                    6..=7 => 3,
                    _ => 4,
                };
                self.points -= i32::try_from(shape.kinds.len() - agreeing).unwrap_or(0);
                self.traits[ORDER] = true;
            }
            None => self.points -= if shape.grease { 0 } else { 4 },
        }
    }

    fn beginning(&mut self, list: &[u16], known: &[&[u16]], points: i32, named: usize) {
        if known.iter().any(|start| list.starts_with(start)) {
            self.points += points;
            self.traits[named] = true;
        }
    }

    fn sentence(&self) -> String {
        let had: Vec<&str> =
            TRAITS.iter().zip(self.traits).filter(|(_, had)| *had).map(|(name, _)| *name).collect();
        let traits = match &had[..] {
            [] => "what it offers".to_owned(),
            [only] => (*only).to_owned(),
            [all @ .., last] => format!("{} and {last}", all.join(", ")),
        };
        format!("{traits} are those of {}", self.stack.family())
    }
}

/// Groups that join a post-quantum scheme to an elliptic curve stand ahead of the others in newer versions.
fn without_hybrids(groups: &[u16]) -> Vec<u16> {
    let hybrid = |group: &u16| matches!(group, 0x11eb..=0x11ed | 0x6399 | 0x639a | 0x4138 | 0xfe30..=0xfe32 | 0x0200..=0x0202);
    groups.iter().copied().filter(|group| !hybrid(group)).collect()
}
