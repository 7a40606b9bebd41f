//! Reproducible pseudo-random numbers: SplitMix64 over a seed and a purpose. A number does not
//! depend on earlier draws, so concurrent calls have the same faults in any order.

/// A sequence of numbers for one purpose.
pub(crate) struct Draw(u64);

impl Draw {
    /// Creates the sequence of a seed for a purpose.
    pub(crate) fn new(seed: u64, purpose: [u64; 3]) -> Self {
        Self(purpose.into_iter().fold(seed, |state, number| mix(state ^ mix(number))))
    }

    /// Returns `true` with this probability, from 0 to 1.
    pub(crate) fn happens(&mut self, rate: f64) -> bool {
        // A float holds 53 bits exactly.
        ((self.next() >> 11) as f64) / ((1_u64 << 53) as f64) < rate
    }

    /// Returns a number below `end`, or 0 if `end` is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % (end.max(1) as u64)) as usize
    }

    fn next(&mut self) -> u64 {
        self.0 = mix(self.0);
        self.0
    }
}

fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
