//! `--config FILE`: the same settings as the flags, in TOML, under flag and environment.
//!
//! The file's values become the defaults of the command's arguments, so that one parser checks a
//! value wherever it came from, and precedence is clap's own: flag, environment, default.

use std::any::TypeId;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory};
use toml::Value;

use super::args::{Cli, RunArg};
use super::error::CliError;
use super::{given, not_text};
use crate::clock::Timestamp;
use crate::printable::printable;
use crate::spelling::nearest;

/// Parses the command line over the file that it names, if it names one.
pub fn parse(arguments: Vec<OsString>) -> Result<ArgMatches, ParseError> {
    let command = Cli::command();
    let Some((subcommand, path)) = config_path(&command, &arguments) else {
        return command
            .try_get_matches_from(&arguments)
            .map_err(|error| ParseError::Usage(without_secrets(error, &arguments)));
    };
    let command = with_file(command, &subcommand, &path).map_err(ParseError::Config)?;
    let matches = command.try_get_matches_from(&arguments);
    matches.map_err(|error| ParseError::UsageOverFile(without_secrets(error, &arguments), path))
}

/// The error without a value that is a secret, or that may hold one: clap repeats what was typed.
fn without_secrets(mut error: clap::Error, arguments: &[OsString]) -> clap::Error {
    if error.kind() == ErrorKind::InvalidUtf8 {
        return not_text::named(&Cli::command(), arguments);
    }
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else { return error };
    if error.kind() == ErrorKind::UnknownArgument && may_be_external_id(argument, arguments) {
        let message = "the value of --external-id is not one argument: write --external-id=VALUE, in quotes where the \
                       shell would split it\n";
        return clap::Error::raw(error.kind(), message);
    }
    let is_secret = ["--external-id", "--lake-endpoint"].iter().any(|flag| argument.starts_with(flag));
    let is_text = |value: &ContextValue| matches!(value, ContextValue::String(text) if !text.is_empty() && (is_secret || text.contains('@')));
    if error.get(ContextKind::InvalidValue).is_some_and(is_text) {
        error.insert(ContextKind::InvalidValue, ContextValue::String("[removed]".to_owned()));
    } else if let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) {
        let shown = shown(value);
        error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
    }
    error
}

/// A value as an error shows it. clap refuses no variable of a switch that is not text, and would show it, too.
fn shown(value: &str) -> String {
    if value.contains(char::REPLACEMENT_CHARACTER) {
        return "[not text in UTF-8]".to_owned();
    }
    let text = printable(value);
    match text.char_indices().nth(LONG_LINE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

/// Whether an argument may be a part of an external id: one that begins with a hyphen, or that the shell has split.
fn may_be_external_id(argument: &str, arguments: &[OsString]) -> bool {
    let flags: Vec<String> = all_keys(&Cli::command()).iter().map(|key| key.replace('_', "-")).collect();
    let mut is_value = false;
    for text in arguments.iter().map(|argument| argument.to_string_lossy()) {
        let flag = text.strip_prefix("--").and_then(|flag| flag.split('=').next());
        match flag {
            Some("external-id") => is_value = true,
            Some(flag) if flags.iter().any(|known| known == flag) => is_value = false,
            // Of `--x=y`, clap tells `--x`; of `-xyz`, `-x`.
            _ if is_value && text.starts_with(argument) => return true,
            _ => {}
        }
    }
    false
}

/// A longer line is not shown.
const LONG_LINE: usize = 200;

/// Why a file is no TOML. The library shows the line, unless a secret may stand in it, or it fills screens.
fn not_toml(error: &toml::de::Error, text: &str) -> String {
    let full = error.to_string();
    let is_short = full.lines().all(|line| line.len() <= LONG_LINE);
    if is_short && !text.to_lowercase().contains("external") {
        return full.trim_end().to_owned();
    }
    let place = full.lines().next().unwrap_or_default();
    format!("{place}: {}", error.message())
}

/// Why the command line gives no command.
#[derive(Debug)]
pub enum ParseError {
    /// A wrong flag, or a call for help.
    Usage(clap::Error),
    /// The same, where the wrong value may stand in this file.
    UsageOverFile(clap::Error, PathBuf),
    /// A file that cannot be used.
    Config(CliError),
}

/// Finds the file before anything else is parsed: from the flag, or from the environment.
fn config_path(command: &Command, arguments: &[OsString]) -> Option<(String, PathBuf)> {
    let lenient = command.clone().ignore_errors(true);
    let matches = lenient.try_get_matches_from(arguments).ok()?;
    let (name, matches) = matches.subcommand()?;
    let path = matches.try_get_one::<PathBuf>("config").ok().flatten()?;
    Some((name.to_owned(), path.clone()))
}

fn with_file(command: Command, subcommand: &str, path: &Path) -> Result<Command, CliError> {
    let shown = path.display();
    let text = given::text("the settings file", path)?;
    let table: toml::Table = toml::from_str(&text).map_err(|error| {
        CliError::usage(format!("failed to read the settings file {shown}: {}", not_toml(&error, &text)))
    })?;
    let mut command = command;
    let known = keys_of(&command, subcommand);
    for (key, value) in table {
        let Some(argument) = known.iter().find(|argument| key_of(argument) == key) else {
            // A file may serve several commands; a key that none of them has is a mistake.
            if all_keys(&command).contains(&key) {
                continue;
            }
            return Err(unknown_key(&command, &key, path));
        };
        let values = texts(&value, argument).map_err(|what| {
            CliError::usage(format!("failed to use `{key}` of the settings file {shown}: {what}"))
        })?;
        let id = argument.get_id().clone();
        command = command.mut_subcommand(subcommand, |sub| {
            sub.mut_arg(id, |arg| arg.default_values(values).required(false))
        });
    }
    Ok(command)
}

fn keys_of(command: &Command, subcommand: &str) -> Vec<Arg> {
    let sub = command.find_subcommand(subcommand);
    let arguments = sub.into_iter().flat_map(Command::get_arguments);
    arguments.filter(|arg| arg.get_long().is_some_and(|long| long != "config")).cloned().collect()
}

fn all_keys(command: &Command) -> Vec<String> {
    command
        .get_subcommands()
        .flat_map(|sub| keys_of(command, sub.get_name()))
        .map(|arg| key_of(&arg))
        .collect()
}

/// The flag's name with underscores, as TOML writes keys.
fn key_of(argument: &Arg) -> String {
    argument.get_long().unwrap_or_default().replace('-', "_")
}

fn unknown_key(command: &Command, key: &str, path: &Path) -> CliError {
    let shown: String = printable(key).chars().take(LONG_LINE).collect();
    let error =
        CliError::usage(format!("the settings file {} has the unknown key `{shown}`", path.display()));
    let known = all_keys(command);
    match nearest(&shown, known.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("every long flag is a key, with _ for -"),
    }
}

fn texts(value: &Value, argument: &Arg) -> Result<Vec<String>, String> {
    let many = matches!(argument.get_action(), ArgAction::Append);
    let kind = Kind::of(argument);
    match value {
        Value::Array(items) if many => items.iter().map(|item| kind.text(item)).collect(),
        Value::Array(_) => Err("it takes one value, not a list".to_owned()),
        value => kind.text(value).map(|text| vec![text]),
    }
}

/// What a setting takes in TOML. A number for a text is a mistake: a lake is not called 5, and an
/// account id without quotes loses its leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Instant,
    Number,
    Flag,
}

impl Kind {
    fn of(argument: &Arg) -> Self {
        if matches!(argument.get_action(), ArgAction::SetTrue) {
            return Self::Flag;
        }
        let parsed = argument.get_value_parser().type_id();
        let numbers = [
            TypeId::of::<u8>(),
            TypeId::of::<u32>(),
            TypeId::of::<u64>(),
            TypeId::of::<usize>(),
            TypeId::of::<f64>(),
        ];
        if numbers.into_iter().any(|number| parsed == number) {
            Self::Number
        } else if parsed == TypeId::of::<RunArg>() || parsed == TypeId::of::<Timestamp>() {
            Self::Instant
        } else {
            Self::Text
        }
    }

    fn text(self, value: &Value) -> Result<String, String> {
        match (self, value) {
            (Self::Text | Self::Instant, Value::String(text)) => Ok(text.clone()),
            (Self::Instant, Value::Datetime(at)) => Ok(at.to_string()),
            (Self::Number, Value::Integer(number)) => Ok(number.to_string()),
            (Self::Number, Value::Float(number)) => Ok(number.to_string()),
            (Self::Flag, Value::Boolean(flag)) => Ok(flag.to_string()),
            (Self::Text, _) => Err("it takes a text in quotes".to_owned()),
            (Self::Instant, _) => Err("it takes an instant, or a text in quotes".to_owned()),
            (Self::Number, _) => Err("it takes a number".to_owned()),
            (Self::Flag, _) => Err("it takes true or false".to_owned()),
        }
    }
}
