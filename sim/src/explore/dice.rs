//! Chance that repeats itself: the same seed draws the same numbers, in every version.

/// A sequence of numbers that look as if they were drawn (`SplitMix64`).
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// The dice of one run of several that have one seed: the run's number is all it takes to throw them again.
    pub(super) fn of_run(seed: u64, run: usize) -> Self {
        let mut of_seed = Self(seed);
        let mut of_run = Self(of_seed.next() ^ run as u64);
        Self(of_run.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// One of the numbers below `bound`, each as likely but for a bias of `bound` in 2^64; 0 when there is none.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.next()) * bound as u128;
        usize::try_from(wide >> u64::BITS).unwrap_or_default()
    }

    /// Every order of the items is as likely.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_in_every_version() {
        let mut dice = Dice(1_234_567);
        let drawn: Vec<u64> = (0..3).map(|_| dice.next()).collect();
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn every_number_below_the_bound_comes_up_about_as_often() {
        let mut dice = Dice(7);
        let mut counts = [0; 6];
        for _ in 0..6000 {
            counts[dice.below(6)] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        assert_eq!(dice.below(0), 0);
    }

    #[test]
    fn every_order_comes_up() {
        let mut dice = Dice(3);
        let mut seen = rustc_hash::FxHashSet::default();
        for _ in 0..200 {
            let mut items = [0, 1, 2];
            dice.shuffle(&mut items);
            seen.insert(items);
        }
        assert_eq!(seen.len(), 6);
    }
}
