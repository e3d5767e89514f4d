//! Which signals this process was started to ignore: by `nohup`, or in the background of a shell without job control.
//!
//! Who starts a program so wants the signal to have no effect, and to listen for it would undo that. On Linux the kernel
//! tells (`/proc/self/status`, proc(5)). Elsewhere no safe call does, and `nohup` is recognized by what it leaves: no terminal.

use std::io::{IsTerminal as _, stderr, stdin, stdout};

/// What was ignored when the process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ignored {
    /// Ctrl-C.
    pub interrupt: bool,
    /// The terminal that closes.
    pub hang_up: bool,
}

/// The numbers that POSIX gives to both.
const HANG_UP: u32 = 1;
const INTERRUPT: u32 = 2;

/// Asks. Of use only before a signal is listened for.
pub fn ignored() -> Ignored {
    let status = std::fs::read_to_string("/proc/self/status").ok();
    let has_terminal = stdin().is_terminal() || stdout().is_terminal() || stderr().is_terminal();
    of(status.as_deref(), has_terminal)
}

fn of(status: Option<&str>, has_terminal: bool) -> Ignored {
    match status.and_then(mask) {
        Some(mask) => {
            let has = |signal: u32| mask >> (signal - 1) & 1 == 1;
            Ignored { interrupt: has(INTERRUPT), hang_up: has(HANG_UP) }
        }
        None => Ignored { interrupt: false, hang_up: !has_terminal },
    }
}

/// The mask of the signals that are ignored: the bit of signal 1 is the lowest.
fn mask(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_told_by_the_kernel_or_by_the_terminal() {
        let status = |mask: &str| format!("Name:\tatrest\nSigBlk:\t0000000000000003\nSigIgn:\t{mask}\n");
        for (mask, interrupt, hang_up) in [
            ("0000000000000000", false, false),
            ("0000000000001000", false, false),
            ("0000000000000001", false, true),
            ("0000000000000006", true, false),
            ("fffffffffffbfeff", true, true),
        ] {
            assert_eq!(of(Some(&status(mask)), false), Ignored { interrupt, hang_up }, "{mask}");
        }
        for status in [None, Some(""), Some("SigIgn:\tx\n")] {
            assert_eq!(of(status, true), Ignored { interrupt: false, hang_up: false });
            assert_eq!(of(status, false), Ignored { interrupt: false, hang_up: true });
        }
    }
}
