//! The exit codes of the public contract (§5).

use std::process::ExitCode;

/// How the program ends. Precedence where several hold: 130, 1, 2, 5, 6, 4, 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// A fault of ours, or of the machine.
    Internal,
    /// A flag, a setting, a file or a permission that the caller can fix.
    Usage,
    /// Published, with a fail at or above `--fail-on`.
    Findings,
    /// Published, but something could not be seen.
    Partial,
    /// The organization could not be read, every role was refused, the caller's credentials ran out, or too
    /// many accounts were lost: nothing was published, and what is sealed is kept.
    Organization,
    /// Interrupted: nothing was published, and what is sealed is kept.
    Interrupted,
}

impl Exit {
    /// The code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Findings => 3,
            Self::Partial => 4,
            Self::Organization => 5,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
