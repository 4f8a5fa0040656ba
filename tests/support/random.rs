//! A small generator with a seed, so that every run tries the same (xorshift64*).

/// The generator's state; the seed is not 0.
pub struct Random(pub u64);

impl Random {
    /// A number below `bound`; 0 when there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound.max(1)
    }

    /// At most `count` of the items, in their order.
    pub fn sample<T>(&mut self, mut items: Vec<T>, count: usize) -> Vec<T> {
        while items.len() > count {
            items.remove(self.below(items.len()));
        }
        items
    }
}
