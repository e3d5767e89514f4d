//! What this process started and has not ended: a credential process that hangs, whoever started it in our name.
//!
//! The SDK starts a profile's `credential_process` through a shell, and leaves it running where its answer is waited
//! for no longer. So the whole tree below this process is ended, as the system's list of processes tells it (`/proc`,
//! which is Linux's; elsewhere such a process ends by itself).

use std::collections::BTreeMap;

use rustix::process::{Pid, Signal, getpid, kill_process};

/// What is begun while others are ended is found by another look.
const LOOKS: usize = 3;

/// Ends every process below this one.
pub fn end() {
    for _ in 0..LOOKS {
        let below = below(getpid().as_raw_nonzero().get(), &processes());
        if below.is_empty() {
            return;
        }
        for process in below.into_iter().filter_map(Pid::from_raw) {
            // Where this fails, it has ended by itself.
            let _ = kill_process(process, Signal::KILL);
        }
    }
}

/// Every process that lives, by its parent.
fn processes() -> BTreeMap<i32, Vec<i32>> {
    let mut by_parent: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir("/proc") else { return by_parent };
    for entry in entries.flatten() {
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let status = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if let Some(parent) = parent(&status) {
            by_parent.entry(parent).or_default().push(process);
        }
    }
    by_parent
}

/// The parent of a process that lives, from its `stat` (proc_pid_stat(5)). The name may hold anything.
fn parent(status: &str) -> Option<i32> {
    let (_, rest) = status.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    if state == "Z" { None } else { fields.next()?.parse().ok() }
}

/// All that descends from a process, parents first.
fn below(process: i32, by_parent: &BTreeMap<i32, Vec<i32>>) -> Vec<i32> {
    let mut found = vec![process];
    let mut next = 0;
    while let Some(parent) = found.get(next) {
        let children: Vec<i32> = by_parent.get(parent).cloned().unwrap_or_default();
        found.extend(children.into_iter().filter(|child| !found.contains(child)).collect::<Vec<_>>());
        next += 1;
    }
    found.split_off(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_descends_is_found_and_nothing_else() {
        let by_parent = BTreeMap::from([(1, vec![7, 9]), (7, vec![8]), (8, vec![12, 13]), (9, vec![10])]);
        assert_eq!(below(7, &by_parent), [8, 12, 13]);
        assert_eq!(below(13, &by_parent), Vec::<i32>::new());
    }

    #[test]
    fn a_name_may_hold_anything_and_a_zombie_is_none() {
        assert_eq!(parent("12 (sh) S 7 12 12 0"), Some(7));
        assert_eq!(parent("12 (a) Z 99 (b c) R 7 12"), Some(7));
        assert_eq!(parent("12 (sh) Z 7 12 12 0"), None);
        assert_eq!(parent(""), None);
    }
}
