//! The warnings of one reading, bounded: what repeats is told once and counted.

use crate::error::Warning;

/// Collects warnings until they are taken.
#[derive(Debug, Default)]
pub(super) struct Log {
    warnings: Vec<Warning>,
    repeated: Vec<(&'static str, u64)>,
}

impl Log {
    /// Something that ends the reading, or happens once for other reasons.
    pub(super) fn push(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }

    /// Something that any number of packets may show: the first is told, the others are counted.
    pub(super) fn repeatable(&mut self, code: &'static str, packet: u64, text: impl FnOnce() -> String) {
        match self.repeated.iter_mut().find(|(seen, _)| *seen == code) {
            Some((_, times)) => *times += 1,
            None => {
                self.repeated.push((code, 1));
                self.warnings.push(Warning::at(code, packet, text()));
            }
        }
    }

    /// Something that holds for the whole capture and is told once.
    pub(super) fn once(&mut self, code: &'static str, packet: u64, text: impl FnOnce() -> String) {
        if !self.repeated.iter().any(|(seen, _)| *seen == code) {
            self.repeatable(code, packet, text);
        }
    }

    /// Turns the counts into warnings, at the end of the input.
    pub(super) fn finish(&mut self) {
        for (code, times) in self.repeated.drain(..).filter(|(_, times)| *times > 1) {
            let text = format!("{} more packets or blocks show the same ({code})", times - 1);
            self.warnings.push(Warning::general(code, text));
        }
    }

    /// Hands over what was collected.
    pub(super) fn take(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_told_once_and_counted() {
        let mut log = Log::default();
        for packet in 1..=5 {
            log.repeatable("bad-option", packet, || format!("packet {packet}"));
        }
        log.finish();
        let warnings = log.take();
        assert_eq!(warnings.len(), 2);
        assert_eq!(warnings[0], Warning::at("bad-option", 1, "packet 1"));
        assert!(warnings[1].text.starts_with("4 more"));
    }
}
