//! A value of the command line or the environment that is no text: which one it is. clap says only that there is one.

use std::any::TypeId;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Arg, Command};

/// The error, with the flag or the variable and without its value.
pub fn named(command: &Command, arguments: &[OsString]) -> clap::Error {
    #[expect(clippy::disallowed_methods, reason = "the shell is where the environment is read")]
    let what = of(command, arguments, |name| std::env::var_os(name));
    clap::Error::raw(ErrorKind::InvalidUtf8, format!("{what} is not text in UTF-8: write it again\n"))
}

fn of(command: &Command, arguments: &[OsString], variable: impl Fn(&str) -> Option<OsString>) -> String {
    let is_odd = |value: &OsStr| value.to_str().is_none();
    // Of the command that is run: clap reads no other one's variables.
    let is_run = |sub: &&Command| arguments.iter().any(|argument| argument == sub.get_name());
    let subs = || command.get_subcommands();
    let run: Vec<&Command> = subs().find(is_run).map_or_else(|| subs().collect(), |sub| vec![sub]);
    // A path may be any bytes.
    let texts: Vec<&Arg> =
        run.into_iter().flat_map(Command::get_arguments).filter(|arg| !is_path(arg)).collect();
    let is_text = |flag: &str| texts.iter().any(|arg| arg.get_long().is_some_and(|long| long == flag));
    for (at, argument) in arguments.iter().enumerate().filter(|(_, argument)| is_odd(argument)) {
        let shown = argument.to_string_lossy();
        let own = shown.split_once('=').map(|(flag, _)| flag.to_owned());
        let before = at.checked_sub(1).and_then(|at| arguments[at].to_str()).map(str::to_owned);
        let flags = own.into_iter().chain(before);
        if let Some(flag) =
            flags.filter_map(|it| it.strip_prefix("--").map(str::to_owned)).find(|it| is_text(it))
        {
            return format!("the value of --{flag}");
        }
    }
    let mut names = texts.iter().filter_map(|arg| arg.get_env()?.to_str());
    match names.find(|name| variable(name).is_some_and(|value| is_odd(&value))) {
        Some(name) => name.to_owned(),
        None => "an argument".to_owned(),
    }
}

fn is_path(argument: &Arg) -> bool {
    argument.get_value_parser().type_id() == TypeId::of::<PathBuf>()
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::args::Cli;

    #[test]
    fn the_flag_or_the_variable_is_named() {
        let odd = |text: &str| OsStr::from_bytes(&[text.as_bytes(), b"Zq7\xff"].concat()).to_owned();
        let named = |arguments: &[OsString], set: &str| {
            of(&Cli::command(), arguments, |name| (name == set).then(|| odd("")))
        };
        assert_eq!(named(&["scan".into(), odd("--external-id=")], ""), "the value of --external-id");
        assert_eq!(named(&["scan".into(), "--lake".into(), odd("")], ""), "the value of --lake");
        assert_eq!(named(&["scan".into()], "ATREST_EXTERNAL_ID"), "ATREST_EXTERNAL_ID");
        let both = ["scan".into(), "--standard".into(), odd("")];
        assert_eq!(named(&both, "ATREST_LAKE"), "ATREST_LAKE");
        assert_eq!(named(&["checks".into(), odd("")], ""), "an argument");
        // Of two variables, the one that the command reads.
        let both = |name: &str| ["ATREST_SEED", "ATREST_LAKE"].contains(&name).then(|| odd(""));
        assert_eq!(of(&Cli::command(), &["scan".into()], both), "ATREST_LAKE");
    }
}
