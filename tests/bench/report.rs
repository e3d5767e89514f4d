//! Which scenarios are run, and the Markdown that their figures become.

use std::collections::BTreeSet;

use atrest::sim::generate::heavy::SHAPES;

use super::process::{self, Figures, Server};
use super::{Failed, calls};

/// How large a run of the bench is.
struct Size {
    /// Buckets of the CPU scenarios, and how often each is run.
    cpu: (usize, usize),
    /// Accounts and buckets of the scans over the socket.
    scans: &'static [(usize, usize)],
    /// Accounts, buckets and keys of the finalizations.
    finalizations: &'static [(usize, usize, usize)],
    /// The same of the finalizations with exceptions.
    excepted: (usize, usize, usize),
}

/// How many exceptions there are.
const EXCEPTIONS: [usize; 4] = [0, 300, 3_000, 30_000];

const WHOLE: Size = Size {
    cpu: (10_000, 5),
    scans: &[(100, 10_000), (1, 10_000), (1_000, 100_000)],
    finalizations: &[
        (100, 10_000, 1_000),
        (1, 10_000, 1_000),
        (1_000, 100_000, 10_000),
        (1, 300_000, 30_000),
        (1_000, 1_000_000, 200_000),
    ],
    excepted: (50, 50_000, 5_000),
};

const QUICK: Size = Size {
    cpu: (4_000, 3),
    scans: &[(20, 1_000), (1, 1_000)],
    finalizations: &[(20, 2_000, 200), (1, 2_000, 200)],
    excepted: (10, 2_000, 200),
};

/// Runs everything, and prints the tables.
pub fn run(quick: bool) -> Result<(), Failed> {
    let started = std::time::Instant::now();
    let size = if quick { QUICK } else { WHOLE };
    let mut text = String::from("# What a census costs\n\n");
    text += &calls_table(&process::run(&["calls", "default"])?, &process::run(&["calls", "plain"])?);
    text += &cpu_table(&size)?;
    text += &policy_table()?;
    text += &memory_tables(&size)?;
    text += &exceptions_table(size.excepted)?;
    let arguments = if quick { " -- --quick" } else { "" };
    let seconds = started.elapsed().as_secs_f64();
    println!("{text}Repeat with `cargo bench --bench census{arguments}` ({seconds:.0} s).");
    Ok(())
}

/// Each policy's questions, in milliseconds.
fn policy_table() -> Result<String, Failed> {
    let mut text = String::from(
        "## Heavy policies\n\nFive hundred principals in five statements with conditions, and long lists under conditions; milliseconds, \
         the fastest of 21.\n\n| policy of a | lists | bytes | question: ms |\n|---|---|--:|---|\n",
    );
    let spreads = [("key", "1"), ("key", "500"), ("key", "accounts"), ("bucket", "500")];
    let shapes = SHAPES.map(|shape| format!("{shape:?}"));
    for (of, lists) in spreads.into_iter().chain(shapes.iter().map(|shape| ("key", shape.as_str()))) {
        let figures = process::run(&["policy", of, lists])?;
        let is_roles = lists.parse::<usize>().is_ok();
        let principals = if is_roles { format!("roles of {lists} accounts") } else { lists.to_owned() };
        let questions = figures.iter().filter(|(name, _)| *name != "bytes");
        let questions: Vec<String> = questions.map(|(name, ms)| format!("{name}: {ms:.1}")).collect();
        let bytes = figure(&figures, "bytes");
        text += &format!("| {of} | {principals} | {bytes} | {} |\n", questions.join(", "));
    }
    Ok(text + "\n")
}

fn figure(figures: &Figures, name: &str) -> f64 {
    figures.get(name).copied().unwrap_or_default()
}

fn calls_table(default: &Figures, plain: &Figures) -> String {
    let mut text = String::from(
        "## Calls\n\nThe default organization of the simulator, and a plain one: 12 accounts with 25 \
         SSE-S3 buckets and 10 rotating keys each, in one of 3 Regions.\n\n\
         | API | default: calls | default: each | plain: calls | plain: each | of |\n|---|--:|--:|--:|--:|---|\n",
    );
    let operations: BTreeSet<&String> =
        default.keys().chain(plain.keys()).filter(|name| name.contains(':')).collect();
    for operation in &operations {
        let per = calls::per(operation);
        let each = |figures| figure(figures, operation) / figure(figures, per);
        let row = (figure(default, operation), each(default), figure(plain, operation), each(plain));
        text += &format!("| `{operation}` | {} | {:.2} | {} | {:.2} | {per} |\n", row.0, row.1, row.2, row.3);
    }
    for per in ["buckets", "keys", "accounts"] {
        let total = |figures| {
            let of_it = operations.iter().filter(|operation| calls::per(operation) == per);
            of_it.map(|operation| figure(figures, operation)).sum::<f64>()
        };
        let (a, b) = (total(default), total(plain));
        let (listed_a, listed_b) = (figure(default, per), figure(plain, per));
        text += &format!(
            "| **all, by {per}** ({listed_a}; {listed_b}) | {a} | {:.2} | {b} | {:.2} | {per} |\n",
            a / listed_a,
            b / listed_b,
        );
    }
    let total = |figures| operations.iter().map(|operation| figure(figures, operation)).sum::<f64>();
    let (a, b) = (total(default), total(plain));
    let (of_a, of_b) = (a / figure(default, "accounts"), b / figure(plain, "accounts"));
    text + &format!("| **all** | {a} | {of_a:.2} | {b} | {of_b:.2} | accounts |\n\n")
}

fn cpu_table(size: &Size) -> Result<String, Failed> {
    let (buckets, rounds) = size.cpu;
    let buckets = buckets.to_string();
    let micros = |subject: &str| -> Result<f64, Failed> {
        let figures = process::run(&["cpu", subject, &buckets])?;
        Ok(figure(&figures, "seconds") / figure(&figures, "calls") * 1e6)
    };
    let (mut scans, mut bares, mut simulators) = (Vec::new(), Vec::new(), Vec::new());
    // In turn, so that what else the machine does falls on all alike.
    for _ in 0..rounds {
        scans.push(micros("scan")?);
        bares.push(micros("bare")?);
        simulators.push(micros("simulator")?);
    }
    let ratios = scans.iter().zip(&bares).map(|(scan, bare)| scan / bare).collect();
    let rounds_of = || scans.iter().zip(&bares).zip(&simulators);
    let without = rounds_of().map(|((scan, bare), sim)| (scan - sim) / (bare - sim)).collect();
    Ok(format!(
        "## CPU per call\n\nGetBucketEncryption and GetBucketPolicy of {buckets} buckets, {rounds} rounds in \
         turn; user and system time; median (least to most).\n\n| | |\n|---|--:|\n\
         | a scan's call, µs | {} |\n| a bare SDK call, µs | {} |\n\
         | of either, the simulator, µs | {} |\n| **scan / bare** | **{}** |\n\
         | scan / bare, the simulator taken off | {} |\n\n",
        spread(scans.clone(), 0),
        spread(bares.clone(), 0),
        spread(simulators.clone(), 0),
        spread(ratios, 2),
        spread(without, 2),
    ))
}

fn spread(mut figures: Vec<f64>, digits: usize) -> String {
    figures.sort_by(f64::total_cmp);
    let (least, middle, most) = (figures[0], figures[figures.len() / 2], figures[figures.len() - 1]);
    format!("{middle:.digits$} ({least:.digits$} to {most:.digits$})")
}

fn memory_tables(size: &Size) -> Result<String, Failed> {
    let mut text = String::from(
        "## Memory of a scan\n\nThe simulator is in another process, over a socket without TLS; a key for \
         every ten buckets; published rates off. MB are 10^6 bytes, the most that the process held.\n\n\
         | accounts | buckets | at rest, MB | peak, MB | s | CPU s | log, bytes a bucket |\n\
         |--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for &(accounts, buckets) in size.scans {
        let (accounts, keys, buckets) =
            (accounts.to_string(), (buckets / 10).to_string(), buckets.to_string());
        let lake = tempfile::tempdir()?;
        let path = lake.path().to_str().ok_or("the temporary folder's name is not UTF-8")?;
        let scan = {
            let server = Server::start(&["serve", &accounts, &buckets])?;
            process::run(&["scan", &accounts, &buckets, &server.address, path])?
        };
        // Publishing shows that no bucket was lost on the way.
        let census = process::run(&["finalize", &accounts, &buckets, &keys, path])?;
        text += &format!(
            "| {accounts} | {buckets} | {:.0} | **{:.0}** | {:.0} | {:.0} | {:.0} |\n",
            figure(&scan, "at_rest_mb"),
            figure(&scan, "peak_mb"),
            figure(&scan, "seconds"),
            figure(&scan, "cpu_seconds"),
            figure(&census, "log_bytes") / figure(&census, "buckets"),
        );
    }
    text += "\n## Memory and speed of `finalize`\n\nOver a log in a folder that the generator wrote \
             without a wire, and judged by the built-in standard. A row is a row of any table.\n\n\
             | accounts | buckets | keys | findings | s | at rest, MB | peak, MB | rows/s | rows per CPU s | \
             log, bytes a bucket | Parquet, bytes a bucket | a key | a finding |\n\
             |--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
    let mut logs = Vec::new();
    let mut held = Vec::new();
    for &(accounts, buckets, keys) in size.finalizations {
        let (accounts, buckets, keys) = (accounts.to_string(), buckets.to_string(), keys.to_string());
        let lake = tempfile::tempdir()?;
        let path = lake.path().to_str().ok_or("the temporary folder's name is not UTF-8")?;
        let log = process::run(&["log", &accounts, &buckets, &keys, path])?;
        logs.push(figure(&log, "seconds") / figure(&log, "resources") * 1e6);
        // The same log with a twentieth of the findings, into a lake of its own.
        let few = process::run(&["finalize-by-one-check", &accounts, &buckets, &keys, &twin(path)?])?;
        let census = process::run(&["finalize", &accounts, &buckets, &keys, path])?;
        held.push(figure(&census, "peak_mb") / figure(&few, "peak_mb"));
        let (rows, listed) = (figure(&census, "rows"), figure(&census, "buckets"));
        text += &format!(
            "| {accounts} | {listed} | {} | {} | {:.1} | {:.0} | **{:.0}** | {:.0} | {:.0} | {:.0} | {:.1} | {:.1} | {:.1} |\n",
            figure(&census, "keys"),
            figure(&census, "findings"),
            figure(&census, "seconds"),
            figure(&census, "at_rest_mb"),
            figure(&census, "peak_mb"),
            rows / figure(&census, "seconds"),
            rows / figure(&census, "cpu_seconds").max(0.01),
            figure(&census, "log_bytes") / listed,
            figure(&census, "bucket_bytes") / listed,
            figure(&census, "key_bytes") / figure(&census, "keys"),
            figure(&census, "finding_bytes") / figure(&census, "findings"),
        );
    }
    let (per, held) = (spread(logs, 1), spread(held, 2));
    text += &format!(
        "\nWriting and sealing the log took {per} µs a bucket or key. Peak memory with every check over \
                     that with one check, of the same log: {held}.\n\n"
    );
    Ok(text)
}

/// What exceptions cost: the same log, judged with more and more of them.
fn exceptions_table((accounts, buckets, keys): (usize, usize, usize)) -> Result<String, Failed> {
    let mut text = format!(
        "## Exceptions\n\n`finalize` of {buckets} buckets in {accounts} accounts; the exceptions name buckets, a third \
         of them whole, a third by how they begin, a third by how they end. With any, the log is read once more to \
         count.\n\n| exceptions | s | CPU s | peak, MB |\n|--:|--:|--:|--:|\n"
    );
    let (accounts, buckets, keys) = (accounts.to_string(), buckets.to_string(), keys.to_string());
    for count in EXCEPTIONS {
        let lake = tempfile::tempdir()?;
        let path = lake.path().to_str().ok_or("the temporary folder's name is not UTF-8")?;
        process::run(&["log", &accounts, &buckets, &keys, path])?;
        let count = count.to_string();
        let census = process::run(&["finalize-with-exceptions", &accounts, &buckets, &keys, &count, path])?;
        let [seconds, cpu, peak] = ["seconds", "cpu_seconds", "peak_mb"].map(|name| figure(&census, name));
        text += &format!("| {count} | {seconds:.1} | {cpu:.1} | {peak:.0} |\n");
    }
    Ok(text + "\n")
}

/// A lake beside `lake` with the same log.
fn twin(lake: &str) -> Result<String, Failed> {
    let twin = format!("{lake}/twin");
    let copied = std::process::Command::new("cp")
        .args(["-r", &format!("{lake}/observations"), &format!("{lake}/twin-observations")])
        .status()?;
    std::fs::create_dir(&twin)?;
    std::fs::rename(format!("{lake}/twin-observations"), format!("{twin}/observations"))?;
    if copied.success() { Ok(twin) } else { Err("the log could not be copied".into()) }
}
