//! Policies from bytes: no panic, no hang, and the same answers for the same policy.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    atrest::policy::exercise(bytes);
});
