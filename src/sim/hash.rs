//! Numbers and ids that are a pure function of what they are for.
//!
//! The standard hasher is seeded anew in every process, so it cannot stand here.

/// A well-mixed number for a seed and some words; the words' borders count.
pub(crate) fn mix(seed: u64, words: &[&str]) -> u64 {
    // FNV-1a over the words, then the finalizer of splitmix64.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for word in words {
        for byte in word.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// A number in `0..1` for a seed and some words.
pub(crate) fn share(seed: u64, words: &[&str]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
    let numerator = (mix(seed, words) >> 11) as f64;
    numerator / 9_007_199_254_740_992.0
}

/// A UUID of version 4's form.
pub(crate) fn uuid(seed: u64, words: &[&str]) -> String {
    let (high, low) = (mix(seed, words), mix(seed.wrapping_add(1), words));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | (low >> 48) & 0x3fff,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_and_seeds_too() {
        assert_eq!(mix(1, &["a", "b"]), mix(1, &["a", "b"]));
        assert_ne!(mix(1, &["a", "b"]), mix(1, &["ab"]));
        assert_ne!(mix(1, &["a"]), mix(2, &["a"]));
        assert!((0.0..1.0).contains(&share(7, &["x"])));
        assert_eq!(uuid(1, &["k"]).len(), 36);
    }
}
