//! What to do about a census that lost too many accounts: where they can be looked for, and the one command that
//! accepts the loss, whole, so that it can be pasted.

use clap::ValueEnum as _;

use super::args::{LakeArgs, RulesArgs};
use super::error::CliError;
use super::rules;
use crate::model::RunId;
use crate::publish::FinalizeError;

/// The error of a publish, with what to do where accounts were lost, or with the file at fault.
pub fn refused(error: FinalizeError, lake: &LakeArgs, files: &RulesArgs) -> CliError {
    let FinalizeError::Lost { run_id, .. } = &error else { return rules::of_file(error, files) };
    let hint = format!(
        "`atrest doctor` tries one account. Where the accounts can be reached again, `atrest scan --run {run_id}` \
         asks the refused accounts again; a new run reads a list that has changed. To accept the loss for this night only:\n{}",
        accepting(run_id, lake, files)
    );
    CliError::from(error).hint(hint)
}

/// The command that publishes what is sealed, with the same lake and judged by the same files.
fn accepting(run_id: &RunId, lake: &LakeArgs, rules: &RulesArgs) -> String {
    let path = |path: &std::path::PathBuf| path.to_string_lossy().into_owned();
    let s3 = &lake.s3;
    let given = [
        ("--lake", Some(lake.uri.as_str().to_owned())),
        ("--lake-endpoint", s3.endpoint.clone()),
        ("--lake-owner", s3.owner.map(|owner| owner.to_string())),
        ("--lake-sse", s3.sse.and_then(|sse| Some(sse.to_possible_value()?.get_name().to_owned()))),
        ("--lake-kms-key", s3.kms_key.clone()),
        ("--standard", rules.standard.as_ref().map(path)),
        ("--exceptions", rules.exceptions.as_ref().map(path)),
    ];
    let flags = given.into_iter().filter_map(|(flag, value)| Some(format!("{flag} {}", quoted(&value?))));
    format!("atrest finalize {} --run {run_id} --max-lost 100", flags.collect::<Vec<_>>().join(" "))
}

/// A word as a POSIX shell reads it back.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:=@%+,-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn command(line: &[&str]) -> String {
        let cli = Cli::try_parse_from(["atrest", "scan"].iter().chain(line)).unwrap();
        let Command::Scan(args) = cli.command else { unreachable!("it is a scan") };
        accepting(&"20261121T030000Z-0badcafe".parse().unwrap(), &args.lake, &args.rules)
    }

    #[test]
    fn the_command_names_the_lake_and_the_files_as_a_shell_reads_them() {
        assert_eq!(
            command(&["--lake", "./my lake's", "--standard", "rules/s.toml", "--exceptions", "e x.toml"]),
            "atrest finalize --lake './my lake'\\''s' --standard rules/s.toml --exceptions 'e x.toml' --run \
             20261121T030000Z-0badcafe --max-lost 100"
        );
        let key = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
        let line = ["--lake", "s3://b/p", "--lake-owner", "111122223333", "--lake-kms-key", key];
        let more = ["--lake-sse", "aws:kms", "--lake-endpoint", "https://s3.example.com"];
        let told = command(&[line.as_slice(), &more].concat());
        let words: Vec<&str> = told.split(' ').collect();
        // It is a command that this program takes.
        let Command::Finalize(args) = Cli::try_parse_from(words).unwrap().command else { panic!("{told}") };
        assert_eq!((args.loss.max_lost, args.lake.uri.as_str()), (100, "s3://b/p"));
        assert_eq!(args.lake.s3.kms_key.as_deref(), Some(key));
        assert!(
            args.lake.s3.owner.is_some() && args.lake.s3.sse.is_some() && args.lake.s3.endpoint.is_some()
        );
    }
}
