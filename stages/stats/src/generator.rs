//! Random numbers that depend on a seed and a stream's number alone: the same on any machine, whatever thread draws them.
//!
//! wyrand (Wang Yi 2020, wyhash, final version 3): the output is a hash of a counter, so draws do not wait for each other, and it
//! costs one multiplication. It passes BigCrush and PractRand. Streams begin at places that SplitMix64's finaliser scatters
//! (Steele, Lea, Flood 2014, doi:10.1145/2660193.2660195).

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64 (Stafford's variant 13).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[derive(Debug, Clone)]
pub struct Generator {
    counter: u64,
}

impl Generator {
    /// Streams begin at hashed, so unrelated, places of one sequence of 2^64 numbers.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { counter: mix(mix(seed.wrapping_add(GAMMA)) ^ stream.wrapping_mul(GAMMA)) }
    }

    #[inline(always)]
    pub fn next(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(0xa076_1d64_78bd_642f);
        let product = u128::from(self.counter) * u128::from(self.counter ^ 0xe703_7ed1_a0b4_28db);
        (product >> 64) as u64 ^ product as u64
    }

    /// An index below `n`: the high half of a product (Lemire 2019, doi:10.1145/3230636). Off from uniform by less than
    /// n / 2^64, which no number of resamples can see.
    #[inline(always)]
    pub fn below(&mut self, n: usize) -> usize {
        split(self.next(), n as u64).0 as usize
    }
}

/// An index below `n`, and the bits that are left for the next one (Brackett-Rozinsky, Lemire 2024, arXiv:2408.06213).
#[inline(always)]
pub fn split(bits: u64, n: u64) -> (u64, u64) {
    let product = u128::from(bits) * u128::from(n);
    ((product >> 64) as u64, product as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // The two lines of wyrand in Python's integers, from a state of 42.
        let mut generator = Generator { counter: 42 };
        assert_eq!([generator.next(), generator.next()], [12_558_987_674_375_533_620, 16_846_851_108_956_068_306]);
        // SplitMix64 from a state of 1234567, its reference's first output.
        assert_eq!(mix(1_234_567u64.wrapping_add(GAMMA)), 6_457_827_717_110_365_317);
    }

    #[test]
    fn uniform_by_chi_squared() {
        let (mut generator, mut counts) = (Generator::new(1, 2), [0f64; 100]);
        for _ in 0..100_000 {
            let (a, rest) = split(generator.next(), 100);
            let (b, _) = split(rest, 100);
            counts[a as usize] += 1.0;
            counts[b as usize] += 1.0;
        }
        let statistic: f64 = counts.iter().map(|c| (c - 2000.0).powi(2) / 2000.0).sum();
        assert!((60.0..150.0).contains(&statistic), "{statistic}");
        assert_ne!(Generator::new(1, 2).next(), Generator::new(2, 1).next());
    }
}
