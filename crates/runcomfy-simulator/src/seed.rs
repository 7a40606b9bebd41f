//! Numbers that look random and are the same on every run: SplitMix64, over a seed and what the
//! number is for. A draw depends on nothing that was drawn before, so that calls which come in
//! another order, as calls side by side do, have the same faults all the same.

/// A sequence of numbers for one purpose.
pub(crate) struct Draw(u64);

impl Draw {
    /// The sequence of this seed for what these numbers name.
    pub(crate) fn new(seed: u64, purpose: [u64; 3]) -> Self {
        Self(purpose.into_iter().fold(seed, |state, number| mix(state ^ mix(number))))
    }

    /// Whether something happens that happens at this rate, from 0 to 1.
    pub(crate) fn happens(&mut self, rate: f64) -> bool {
        // 53 bits are what a float holds exactly.
        ((self.next() >> 11) as f64) / ((1_u64 << 53) as f64) < rate
    }

    /// A number below `end`; 0 where `end` is 0.
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
