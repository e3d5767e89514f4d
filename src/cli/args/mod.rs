//! The command line: every flag, its `ATREST_…` twin and its key in the TOML file.

mod future;
mod iam;
mod lake;
mod loss;
mod role;
mod schema;
mod tuning;
mod value;

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use self::future::FutureArgs;
pub use self::iam::{IamArgs, IamRole};
pub use self::lake::{LakeArgs, LakeS3Args};
pub use self::loss::LossArgs;
pub use self::role::RoleArgs;
pub use self::schema::{Reader, SchemaArgs};
pub use self::tuning::{PaceArgs, TuningArgs};
pub use self::value::RunArg;
use self::value::{instant, region, unit};
use super::lake_uri::LakeUri;
use crate::clock::Timestamp;
use crate::model::{AccountId, Region, RunId, Severity};
use crate::report::Split;

const AFTER: &str = "\
Exit codes: 0 done, 1 internal, 2 usage or configuration, 3 findings at or above --fail-on,
4 published but partial, 5 nothing published: organization unreadable, every role refused, the
caller's credentials expired, or more accounts lost than --max-lost allows; 130 interrupted
by Ctrl-C, SIGTERM or SIGHUP.

Every flag has an ATREST_… twin and a key in the TOML file of --config; flag > environment > file.";

/// Behind a command's own flags, in its help.
const LAST: usize = 900;

/// The encryption-at-rest census of a whole AWS Organization.
#[derive(Debug, Parser)]
#[command(name = "atrest", version, after_help = AFTER, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
    /// Log more to stderr: -v for accounts, -vv for calls
    #[arg(short, long, global = true, action = clap::ArgAction::Count, display_order = LAST)]
    pub verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan a simulated organization and publish its census: no AWS needed
    #[cfg(feature = "sim")]
    Demo(DemoArgs),
    /// Try what tonight's scan will need, step by step, and say what to fix
    Doctor(DoctorArgs),
    /// Scan the organization and publish its census
    Scan(ScanArgs),
    /// Judge and publish the log of a run, without AWS
    Finalize(FinalizeArgs),
    /// Write a committed run as a page for people, or as files for machines
    Report(ReportArgs),
    /// Answer a question about a lake in a folder, through the duckdb executable; without arguments, list the questions
    Query(QueryArgs),
    /// Print the checks and the standard in effect, or convert a list of exceptions
    Checks(ChecksArgs),
    /// Print the least-privilege policies
    Iam(IamArgs),
    /// Print the lake's tables and views for Athena, Trino, DuckDB, CloudFormation, or as JSON
    Schema(SchemaArgs),
    /// Serve a simulated organization over HTTP, for any AWS client
    #[cfg(feature = "sim")]
    Simulate(SimulateArgs),
    /// Print shell completions
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages (atrest.1, atrest-scan.1, …) into a folder
    Man {
        /// The folder, such as /usr/local/share/man/man1; it is created where it does not exist
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// `demo`.
#[cfg(feature = "sim")]
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Folder of the demo; the lake goes into its folder `lake`
    #[arg(long, value_name = "DIR", default_value = "./atrest-demo", env = "ATREST_OUT")]
    pub out: PathBuf,
    /// Nights in the lake, the last one on 2026-11-21
    #[arg(long, value_name = "N", default_value_t = 31, env = "ATREST_NIGHTS", value_parser = clap::value_parser!(u16).range(1..=366))]
    pub nights: u16,
    /// The simulated organization
    #[command(flatten)]
    pub shape: ShapeArgs,
}

/// The most buckets, or keys, of a simulated organization: all of it is in memory.
#[cfg(feature = "sim")]
const MOST_SIMULATED: i64 = 5_000_000;

/// The shape of a simulated organization.
#[cfg(feature = "sim")]
#[derive(Debug, Args)]
pub struct ShapeArgs {
    /// Seed of the simulated organization: the same seed, the same bytes
    #[arg(long, value_name = "N", default_value_t = 1, env = "ATREST_SEED")]
    pub seed: u64,
    /// Accounts in the organization
    #[arg(long, value_name = "N", default_value_t = 12, env = "ATREST_ACCOUNTS", value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pub accounts: u32,
    /// Buckets in total
    #[arg(long, value_name = "N", default_value_t = 300, env = "ATREST_BUCKETS", value_parser = clap::value_parser!(u32).range(..=MOST_SIMULATED))]
    pub buckets: u32,
    /// KMS keys in total
    #[arg(long, value_name = "N", default_value_t = 120, env = "ATREST_KEYS", value_parser = clap::value_parser!(u32).range(..=MOST_SIMULATED))]
    pub keys: u32,
}

/// `simulate`.
#[cfg(feature = "sim")]
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Address to listen on: loopback only
    #[arg(long, value_name = "ADDR", env = "ATREST_LISTEN")]
    pub listen: std::net::SocketAddr,
    /// The simulated organization
    #[command(flatten)]
    pub shape: ShapeArgs,
    /// Write the simulated state as JSON to this file, then serve
    #[arg(long, value_name = "FILE", env = "ATREST_DUMP")]
    pub dump: Option<PathBuf>,
    /// Milliseconds before every answer
    #[arg(long, value_name = "MS", default_value_t = 0, env = "ATREST_LATENCY", value_parser = clap::value_parser!(u64).range(..=60_000))]
    pub latency: u64,
}

/// The standard and the exceptions.
#[derive(Debug, Clone, Args)]
pub struct RulesArgs {
    /// The organization's standard, a TOML file [default: the built-in one; see `atrest checks`]
    #[arg(long, value_name = "FILE", env = "ATREST_STANDARD")]
    pub standard: Option<PathBuf>,
    /// Dated exceptions, a TOML file
    #[arg(long, value_name = "FILE", env = "ATREST_EXCEPTIONS")]
    pub exceptions: Option<PathBuf>,
}

/// `scan`.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// The lake
    #[command(flatten)]
    pub lake: LakeArgs,
    /// Run to start, or to continue if it is not committed: a run id, or a scheduler's timestamp
    #[arg(long, value_name = "RUN|INSTANT", env = "ATREST_RUN")]
    pub run: Option<RunArg>,
    /// The audit role
    #[command(flatten)]
    pub role: RoleArgs,
    /// TOML file with any of these settings
    #[arg(long, value_name = "FILE", env = "ATREST_CONFIG")]
    pub config: Option<PathBuf>,
    /// Standard and exceptions
    #[command(flatten)]
    pub rules: RulesArgs,
    /// Print how many calls the scan will make, and stop
    #[arg(long, env = "ATREST_ESTIMATE")]
    pub estimate: bool,
    /// End with exit code 3 if something fails at this severity or a more severe one
    #[arg(long, value_name = "SEVERITY", value_enum, env = "ATREST_FAIL_ON")]
    pub fail_on: Option<FailOn>,
    /// End with exit code 0 even if the census is partial (coverage), or if there are findings
    #[arg(long, value_name = "WHAT", value_delimiter = ',', env = "ATREST_EXIT_ZERO_FOR")]
    pub exit_zero_for: Vec<ExitZeroFor>,
    /// How much the census may lose
    #[command(flatten)]
    pub loss: LossArgs,
    /// Whether to accept a run in the future
    #[command(flatten)]
    pub future: FutureArgs,
    /// Do not read the history of rotations (kms:ListKeyRotations)
    #[arg(long, env = "ATREST_NO_ROTATION_HISTORY")]
    pub no_rotation_history: bool,
    /// Also read it for keys with imported material, which are rotated on demand (one call for each key)
    #[arg(long, env = "ATREST_IMPORTED_ROTATION_HISTORY")]
    pub imported_rotation_history: bool,
    // The parts with a heading come last: what follows one would stand under it.
    /// Which part of the organization
    #[command(flatten)]
    pub filter: FilterArgs,
    /// How AWS is called
    #[command(flatten)]
    pub tuning: TuningArgs,
    /// Speed
    #[command(flatten)]
    pub pace: PaceArgs,
}

/// A severity, as `--fail-on` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Any fail
    Informational,
    /// Low and worse
    Low,
    /// Medium and worse
    Medium,
    /// High and critical
    High,
    /// Critical only
    Critical,
}

impl From<FailOn> for Severity {
    fn from(word: FailOn) -> Self {
        match word {
            FailOn::Informational => Self::Informational,
            FailOn::Low => Self::Low,
            FailOn::Medium => Self::Medium,
            FailOn::High => Self::High,
            FailOn::Critical => Self::Critical,
        }
    }
}

/// What `--exit-zero-for` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExitZeroFor {
    /// Exit 4 becomes 0
    Coverage,
    /// Exit 3 becomes 0
    Findings,
}

/// Which part of the organization; without any of these, all of it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Filters (the run becomes `filtered`)")]
pub struct FilterArgs {
    /// Only this account; may be repeated
    #[arg(long, value_name = "ID", value_delimiter = ',', env = "ATREST_ACCOUNT")]
    pub account: Vec<AccountId>,
    /// Not this account; may be repeated
    #[arg(long, value_name = "ID", value_delimiter = ',', env = "ATREST_EXCLUDE_ACCOUNT")]
    pub exclude_account: Vec<AccountId>,
    /// Only accounts under this organizational unit; may be repeated
    #[arg(long, value_name = "ID|NAME", value_delimiter = ',', env = "ATREST_OU", value_parser = unit)]
    pub ou: Vec<String>,
    /// Only this Region; may be repeated
    #[arg(long, value_name = "REGION", value_delimiter = ',', env = "ATREST_REGION", value_parser = region)]
    pub region: Vec<Region>,
}

/// `finalize`.
#[derive(Debug, Args)]
pub struct FinalizeArgs {
    /// The lake
    #[command(flatten)]
    pub lake: LakeArgs,
    /// Run whose log to judge; if it is committed, the result is a new run of kind `rejudged`
    #[arg(long, value_name = "RUN", env = "ATREST_RUN")]
    pub run: RunId,
    /// Date of judgement, for expiries and ages [default: the log's start]
    #[arg(long, value_name = "INSTANT", env = "ATREST_AS_OF", value_parser = instant)]
    pub as_of: Option<Timestamp>,
    /// Standard and exceptions
    #[command(flatten)]
    pub rules: RulesArgs,
    /// How much the census may lose
    #[command(flatten)]
    pub loss: LossArgs,
    /// Whether to accept a run in the future
    #[command(flatten)]
    pub future: FutureArgs,
    /// TOML file with any of these settings
    #[arg(long, value_name = "FILE", env = "ATREST_CONFIG")]
    pub config: Option<PathBuf>,
    /// How AWS is called
    #[command(flatten)]
    pub tuning: TuningArgs,
}

/// `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The lake
    #[command(flatten)]
    pub lake: LakeArgs,
    /// Committed run [default: the newest census, or the newest run if there is no census]
    #[arg(long, value_name = "RUN", env = "ATREST_RUN")]
    pub run: Option<RunId>,
    /// Format
    #[arg(long, value_enum, env = "ATREST_FORMAT")]
    pub format: ReportFormat,
    /// Table, for csv and json
    #[arg(long, value_name = "TABLE", env = "ATREST_TABLE", value_parser = PossibleValuesParser::new(super::report::names()))]
    pub table: Option<String>,
    /// File to write, completely or not at all; - is stdout. With --split-by, a folder
    #[arg(short, long, value_name = "PATH", env = "ATREST_OUTPUT")]
    pub output: PathBuf,
    /// Write a folder with a page for each account or organizational unit, and an index
    #[arg(long, value_enum, value_name = "WHAT", env = "ATREST_SPLIT_BY", conflicts_with = "summary")]
    pub split_by: Option<SplitBy>,
    /// Write only the first part of the page and the trend, on two sheets of paper
    #[arg(long, env = "ATREST_SUMMARY")]
    pub summary: bool,
    /// TOML file with any of these settings
    #[arg(long, value_name = "FILE", env = "ATREST_CONFIG")]
    pub config: Option<PathBuf>,
    /// How AWS is called
    #[command(flatten)]
    pub tuning: TuningArgs,
}

/// What `report` makes a page for each of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SplitBy {
    /// Accounts: each page has everything about its account
    Account,
    /// Organizational units: each page has the accounts in its unit and in the units below it
    Ou,
}

impl SplitBy {
    /// What the report calls it.
    pub const fn split(self) -> Split {
        match self {
            Self::Account => Split::Account,
            Self::Ou => Split::Unit,
        }
    }
}

/// What `report` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// One page for people, in one file: for any browser, and for print
    Html,
    /// A table, NULL as an empty field
    Csv,
    /// A table as one array, with one row on each line
    Json,
    /// Every finding as an OCSF 1.6.0 Compliance Finding, one JSON object on each line
    Ocsf,
    /// The four columns of aws-samples' S3 default encryption audit, and some more
    S3AuditCsv,
}

impl ReportFormat {
    /// The word on the command line.
    pub fn word(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// `query`.
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// Question; without it, list the questions
    #[arg(value_name = "NAME", conflicts_with = "sql")]
    pub name: Option<String>,
    /// The lake: a folder
    #[arg(long, value_name = "DIR", env = "ATREST_LAKE")]
    pub lake: Option<LakeUri>,
    /// Statement of your own, in DuckDB's SQL, over the lake's tables and views
    #[arg(long, value_name = "SQL", env = "ATREST_SQL", allow_hyphen_values = true)]
    pub sql: Option<String>,
    /// Value of a parameter of the question; may be repeated
    #[arg(long, value_name = "NAME=VALUE", env = "ATREST_PARAM")]
    pub param: Vec<String>,
    /// How rows are written
    #[arg(long, value_enum, default_value_t = QueryFormat::Table, env = "ATREST_FORMAT")]
    pub format: QueryFormat,
    /// The duckdb executable: a path, or a name on the PATH
    #[arg(long, value_name = "PROGRAM", default_value = "duckdb", env = "ATREST_DUCKDB")]
    pub duckdb: PathBuf,
    /// Do not compare the lake's files with the hashes of their runs
    #[arg(long, env = "ATREST_NO_VERIFY")]
    pub no_verify: bool,
    /// TOML file with any of these settings
    #[arg(long, value_name = "FILE", env = "ATREST_CONFIG")]
    pub config: Option<PathBuf>,
}

/// What `query` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QueryFormat {
    /// A table, for people
    Table,
    /// With a header, NULL as an empty field
    Csv,
    /// One array with an object for each row
    Json,
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The lake: a folder, or s3://bucket/prefix
    #[arg(long, value_name = "URI", env = "ATREST_LAKE")]
    pub lake: Option<LakeUri>,
    /// What a lake on S3 is asked for by
    #[command(flatten)]
    pub s3: LakeS3Args,
    /// Account to try the role in [default: the first active one that is not the caller's]
    #[arg(long, value_name = "ID", env = "ATREST_ACCOUNT")]
    pub account: Option<AccountId>,
    /// The audit role
    #[command(flatten)]
    pub role: RoleArgs,
    /// TOML file with any of these settings
    #[arg(long, value_name = "FILE", env = "ATREST_CONFIG")]
    pub config: Option<PathBuf>,
    /// How AWS is called
    #[command(flatten)]
    pub tuning: TuningArgs,
}

/// `checks`.
#[derive(Debug, Args)]
pub struct ChecksArgs {
    /// Standard and exceptions
    #[command(flatten)]
    pub rules: RulesArgs,
    /// Print the buckets in this file as exceptions.toml: {"bucket"="12/31/26 00:00","other"="None"}
    #[arg(long, value_name = "FILE", env = "ATREST_IMPORT_EXCEPTIONS")]
    pub import_exceptions: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_agrees_with_itself() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
