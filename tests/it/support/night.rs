//! One night in a test: a world, what goes wrong in it, and the tables that come of it.
//!
//! The scan and the publishing are the real ones, as `atrest scan` runs them; the network is the
//! simulator, the lake is in memory, time is tokio's paused clock on one thread, and wall time is
//! frozen unless a test moves it. The same night gives the same bytes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use super::wire::Wire;
use arrow::array::Array;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use atrest::aws::environment::{Caller, Environment, Tuning};
use atrest::check;
use atrest::clock::{Clock, DAY_MS, FrozenClock, Timestamp};
use atrest::lake::{Lake, MemoryStore, Store, canonical_json, sha256_hex};
use atrest::model::{
    AccountId, Exception, Exceptions, ExternalId, Region, RotationHistory, RunHeader, RunId, RunKind,
    ScanFilter, ScanSettings, Scope, Source, Standard,
};
use atrest::publish::{self, Census, FinalizeError, Judgement};
use atrest::scan::{self, Edge, Limits, ScanError, Silent};
use atrest::sim::{Recorder, Schedule, Simulator, World};
use atrest::standard;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The instant of every night: 2026-11-21T03:00:00Z.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_230_000_000);

/// The tables that the laws are about.
pub const LAWFUL: [&str; 5] = ["accounts", "buckets", "keys", "findings", "coverage"];

/// A row: a column's text, or `None` for NULL.
pub type Row = BTreeMap<String, Option<String>>;

/// How a night ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// As on Ctrl-C: the scan is told, and ends by itself.
    Told,
    /// As on `kill -9`: nothing runs any more.
    Killed,
}

/// What becomes of a world.
pub type Change = fn(&mut World);

/// A night to be run.
#[derive(Debug, Clone)]
pub struct Night {
    pub world: World,
    pub schedule: Schedule,
    /// Of the latencies and of the backoffs: other numbers, other orders.
    pub seed: u64,
    pub limits: Limits,
    pub tuning: Tuning,
    pub filter: ScanFilter,
    pub home: Region,
    pub store: Arc<MemoryStore>,
    pub role_name: String,
    pub external_id: Option<ExternalId>,
    pub clock: Arc<dyn Clock>,
    pub run: u32,
    /// When it begins.
    pub at: Timestamp,
    pub stop: Option<(usize, Stop)>,
    pub change: Option<(usize, Change)>,
    pub rules: Rules,
    pub history: RotationHistory,
    /// What its answers become on their way.
    pub wire: Option<Wire>,
}

/// What a night is judged by.
#[derive(Debug, Clone)]
pub struct Rules {
    pub standard: Standard,
    pub exceptions: Exceptions,
    pub as_of: Option<Timestamp>,
    pub max_lost: u8,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            standard: standard::built_in(),
            exceptions: Exceptions::default(),
            as_of: None,
            max_lost: publish::MAX_LOST,
        }
    }
}

/// What came of a night.
pub struct Morning {
    pub scan: Result<(), ScanError>,
    pub census: Option<Result<Census, FinalizeError>>,
    pub store: Arc<MemoryStore>,
    pub simulator: Arc<Simulator>,
    pub run_id: RunId,
    read: Mutex<BTreeMap<String, Vec<Row>>>,
}

impl fmt::Debug for Morning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Morning")
            .field("scan", &self.scan)
            .field("census", &self.census)
            .finish_non_exhaustive()
    }
}

/// A Region by its name.
pub fn region(name: &str) -> Region {
    name.parse().expect("a Region's name")
}

/// An exception from yesterday to tomorrow for whatever a check's reason fails, up to 1,000 findings.
pub fn exception(id: &str, check_id: &str, reason: &str) -> Exception {
    Exception {
        id: id.to_owned(),
        check_id: check::find(check_id).expect("a check").id,
        accepts: [reason.to_owned()].into(),
        scope: Scope::default(),
        resources: Vec::new(),
        max_matches: 1_000,
        reason: "to be mended with the next release".to_owned(),
        compensating_control: None,
        owner: "payments".to_owned(),
        requested_by: "dev".to_owned(),
        approved_by: "ciso".to_owned(),
        approved_at: NOW.plus_millis(-2 * DAY_MS),
        ticket: "SEC-1".to_owned(),
        starts: NOW.plus_millis(-DAY_MS),
        expires: NOW.plus_millis(DAY_MS),
        supersedes: None,
        imported_without_expiry: false,
        sha256: format!("{id:0>64}"),
    }
}

/// A file of these exceptions, for which any text will do.
pub fn excepting(records: impl IntoIterator<Item = Exception>) -> Exceptions {
    let records: Vec<Exception> = records.into_iter().collect();
    let names: Vec<String> =
        records.iter().map(|record| format!("{} {}", record.id, record.sha256)).collect();
    let text = names.join("\n");
    Exceptions { records, sha256: Some(sha256_hex(text.as_bytes())), text: Some(text) }
}

/// Gives a standard another text: to a run that is what makes it another.
pub fn reword(standard: &mut Standard, text: &str) {
    (standard.sha256, standard.text) = (sha256_hex(text.as_bytes()), text.to_owned());
}

/// A wall clock that goes with tokio's, from the first look at it on.
#[derive(Debug, Default)]
pub struct MovingClock(OnceLock<Instant>);

impl Clock for MovingClock {
    fn now(&self) -> Timestamp {
        let passed = self.0.get_or_init(Instant::now).elapsed();
        NOW.plus_millis(i64::try_from(passed.as_millis()).expect("a night is short"))
    }
}

/// The filter that names only these Regions.
pub fn only_regions(names: &[&str]) -> ScanFilter {
    ScanFilter { regions: names.iter().map(|name| region(name)).collect(), ..ScanFilter::default() }
}

/// The filter that names only these accounts.
pub fn only_accounts(accounts: impl IntoIterator<Item = AccountId>) -> ScanFilter {
    ScanFilter { accounts: accounts.into_iter().collect(), ..ScanFilter::default() }
}

impl Night {
    /// A night over a world in which nothing goes wrong.
    pub fn over(world: World) -> Self {
        Self {
            world,
            schedule: Schedule::none(),
            seed: 7,
            limits: Limits::default(),
            tuning: Tuning::default(),
            filter: ScanFilter::default(),
            home: region("eu-west-1"),
            store: Arc::new(MemoryStore::new()),
            role_name: "atrest-audit".to_owned(),
            external_id: None,
            clock: Arc::new(FrozenClock(NOW)),
            run: 1,
            at: NOW,
            stop: None,
            change: None,
            rules: Rules::default(),
            history: RotationHistory::default(),
            wire: None,
        }
    }

    /// The same, judged by other rules.
    pub fn judged_by(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// The same with faults.
    pub fn with(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// The same for a part of the organization.
    pub fn filtered(mut self, filter: ScanFilter) -> Self {
        self.filter = filter;
        self
    }

    /// The same with so much at a time.
    pub fn at_once(mut self, accounts: usize, resources: usize) -> Self {
        self.limits = Limits { accounts_in_flight: accounts, resources_in_flight: resources };
        self
    }

    /// The same, ended when the n-th call (1 is the first) is about to leave.
    pub fn stopped_at(mut self, call: usize, how: Stop) -> Self {
        self.stop = Some((call, how));
        self
    }

    /// The same, in a world that changes just before the n-th call (1 is the first).
    pub fn changing_at(mut self, call: usize, change: Change) -> Self {
        self.change = Some((call, change));
        self
    }

    /// The same on the lake that another night left.
    pub fn on(mut self, store: &Arc<MemoryStore>) -> Self {
        self.store = Arc::clone(store);
        self
    }

    /// The same at another instant, where its clock stands still.
    pub fn at(mut self, at: Timestamp) -> Self {
        (self.at, self.clock) = (at, Arc::new(FrozenClock(at)));
        self
    }

    /// The run's id.
    pub fn run_id(&self) -> RunId {
        RunId::new(self.at, self.run)
    }

    /// The header that the shell writes.
    pub fn header(&self) -> RunHeader {
        let settings = ScanSettings {
            role_name: self.role_name.clone(),
            external_id_sha256: None,
            filter: self.filter.clone(),
            history: self.history,
            no_session_policy: false,
        };
        RunHeader {
            run_id: self.run_id(),
            started_at: self.at,
            kind: if settings.filter.is_census() { RunKind::Census } else { RunKind::Filtered },
            source: Source::Simulator,
            tool_version: "0.0.0".to_owned(),
            settings_sha256: sha256_hex(canonical_json(&settings).as_bytes()),
            settings,
        }
    }

    /// Scans, and publishes where the scan came to its end.
    pub fn run(self) -> Morning {
        in_paused_time(self.go())
    }

    /// The same on any store, beside whatever else runs in the caller's time.
    pub async fn beside(
        &self,
        store: Arc<dyn Store>,
    ) -> (Result<(), ScanError>, Option<Result<Census, FinalizeError>>) {
        let (run_id, header) = (self.run_id(), self.header());
        let simulator = Simulator::new(self.world.clone(), self.schedule.clone(), Arc::clone(&self.clock));
        let simulator = Arc::new(simulator.with_seed(self.seed));
        let lake = match Lake::open(store).await {
            Ok(lake) => lake,
            Err(error) => return (Err(error.into()), None),
        };
        let scan = self.scan(&simulator, &header, &lake).await;
        let census = match &scan {
            Ok(()) => {
                Some(Box::pin(publish::finalize(&lake, &judgement(&run_id, &run_id, &self.rules))).await)
            }
            Err(_) => None,
        };
        (scan, census)
    }

    async fn go(self) -> Morning {
        let (run_id, header) = (self.run_id(), self.header());
        let simulator = Simulator::new(self.world.clone(), self.schedule.clone(), Arc::clone(&self.clock));
        let simulator = Arc::new(simulator.with_seed(self.seed));
        let lake = open(&self.store).await;
        let scan = self.scan(&simulator, &header, &lake).await;
        let census = match (&scan, self.stop) {
            (Ok(()), _) => Some(publish::finalize(&lake, &judgement(&run_id, &run_id, &self.rules)).await),
            _ => None,
        };
        Morning { scan, census, store: self.store, simulator, run_id, read: Mutex::default() }
    }

    async fn scan(
        &self,
        simulator: &Arc<Simulator>,
        header: &RunHeader,
        lake: &Lake,
    ) -> Result<(), ScanError> {
        let (told, killed) = (CancellationToken::new(), CancellationToken::new());
        let mut base = simulator.configuration(&self.home);
        let event = match (self.stop, self.change) {
            (Some((call, Stop::Told)), _) => Some((call, Event::End(told.clone()))),
            (Some((call, Stop::Killed)), _) => Some((call, Event::End(killed.clone()))),
            (None, Some((call, change))) => Some((call, Event::Change(Arc::clone(simulator), change))),
            (None, None) => None,
        };
        if let Some((call, event)) = event {
            let client = Eventful { inner: simulator.client(), sent: Arc::default(), call, event };
            base = base.to_builder().http_client(SharedHttpClient::new(client)).build();
        }
        if let Some(wire) = &self.wire {
            base = base.to_builder().http_client(wire.over(simulator.client())).build();
        }
        let clock = Arc::clone(&self.clock);
        let aws =
            Environment::new(&base, clock, self.tuning, Source::Simulator, self.home.clone(), self.seed);
        let edge = Edge::new(aws, self.caller(), self.external_id.clone(), header, self.limits);
        tokio::select! {
            biased;
            () = killed.cancelled() => {
                Err(ScanError::Interrupted { run_id: header.run_id.clone(), sealed: 0 })
            }
            result = scan::scan(&edge, lake, header, &Silent, &told) => result,
        }
    }

    /// Told and not asked, so that a schedule is about the scan alone; a test of its own asks.
    fn caller(&self) -> Caller {
        Caller {
            account_id: self.world.caller.account,
            arn: self.world.caller.arn.clone(),
            partition: self.world.partition.clone(),
        }
    }
}

/// Judges a committed run's log again, as another run.
pub fn rejudge(
    store: &Arc<MemoryStore>,
    observed: &RunId,
    run_id: &RunId,
    rules: &Rules,
) -> Result<Census, FinalizeError> {
    in_paused_time(async {
        let lake = open(store).await;
        publish::finalize(&lake, &judgement(observed, run_id, rules)).await
    })
}

/// `atrest finalize` of what is sealed, beside whatever else runs in the caller's time.
pub async fn publish(lake: &Lake, run_id: &RunId, rules: &Rules) -> Result<Census, FinalizeError> {
    publish::finalize(lake, &judgement(run_id, run_id, rules)).await
}

fn judgement(observed: &RunId, run_id: &RunId, rules: &Rules) -> Judgement {
    Judgement {
        observed_run_id: observed.clone(),
        run_id: run_id.clone(),
        as_of: rules.as_of,
        judged_at: NOW,
        tool_version: "0.0.0".to_owned(),
        build_sha256: None,
        standard: rules.standard.clone(),
        exceptions: rules.exceptions.clone(),
        max_lost: rules.max_lost,
    }
}

async fn open(store: &Arc<MemoryStore>) -> Lake {
    Lake::open(Arc::<MemoryStore>::clone(store)).await.expect("the lake opens")
}

/// Runs to the end in a time that stands still while there is work.
pub fn in_paused_time<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(future)
}

impl Morning {
    /// The published census.
    pub fn census(&self) -> &Census {
        match (&self.scan, &self.census) {
            (Ok(()), Some(Ok(census))) => census,
            other => panic!("the night was not published: {other:?}"),
        }
    }

    /// The calls.
    pub fn recorder(&self) -> Recorder {
        self.simulator.recorder()
    }

    /// Whether the lake shows a committed run.
    pub fn is_published(&self) -> bool {
        self.store.objects().keys().any(|key| key.starts_with("runs/"))
    }

    /// The bytes of the tables that the laws are about, by key.
    pub fn bytes(&self) -> BTreeMap<String, Vec<u8>> {
        let lawful = |key: &String| LAWFUL.iter().any(|table| key.starts_with(&format!("{table}/")));
        self.store.objects().into_iter().filter(|(key, _)| lawful(key)).collect()
    }

    /// A table's rows.
    pub fn rows(&self, table: &str) -> Vec<Row> {
        let mut read = self.read.lock().expect("no other thread");
        let rows = || rows_of(&self.store, table, &self.run_id);
        read.entry(table.to_owned()).or_insert_with(rows).clone()
    }

    /// The row whose column holds that text.
    pub fn row(&self, table: &str, column: &str, text: &str) -> Row {
        let mut found = self.rows(table).into_iter().filter(|row| row[column].as_deref() == Some(text));
        let row = found.next().unwrap_or_else(|| panic!("{table} has no {column} = {text}"));
        assert!(found.next().is_none(), "{table} has {column} = {text} twice");
        row
    }

    /// An account's row.
    pub fn account(&self, id: AccountId) -> Row {
        self.row("accounts", "account_id", &id.to_string())
    }

    /// `status/reason` of an account.
    pub fn status(&self, id: AccountId) -> String {
        let row = self.account(id);
        let word = |name: &str| row[name].clone().unwrap_or_else(|| "-".to_owned());
        format!("{}/{}", word("scan_status"), word("scan_reason"))
    }

    /// A coverage row as `asked known …`: the columns that are not 0, and `complete`; empty where
    /// there is no such row.
    pub fn coverage(&self, account: AccountId, region: &str, operation: &str) -> String {
        let id = account.to_string();
        let row = self.rows("coverage").into_iter().find(|row| {
            row["account_id"].as_deref() == Some(&id)
                && row["region"].as_deref() == Some(region)
                && row["operation"].as_deref() == Some(operation)
        });
        row.map(|row| in_short(&row)).unwrap_or_default()
    }
}

/// The columns of a coverage row that are not 0, in the contract's order.
pub fn in_short(row: &Row) -> String {
    let mut words: Vec<String> = Vec::new();
    for name in COUNTS {
        let count = row[name].as_deref().unwrap_or("NULL");
        if count != "0" {
            words.push(format!("{name} {count}"));
        }
    }
    words.push(if row["complete"].as_deref() == Some("true") { "complete" } else { "incomplete" }.to_owned());
    for name in ["denied_by", "deny_type", "sample_code"] {
        words.extend(row[name].clone());
    }
    words.join(" ")
}

/// The counts of a coverage row.
pub const COUNTS: [&str; 12] = [
    "asked",
    "known",
    "absent",
    "gone",
    "denied",
    "throttled",
    "transport",
    "service",
    "protocol",
    "identity",
    "unavailable",
    "not_asked",
];

/// A table's rows of one run, straight from Parquet.
pub fn rows_of(store: &MemoryStore, table: &str, run_id: &RunId) -> Vec<Row> {
    let prefix = format!("{table}/dt={}/{run_id}-", run_id.date());
    let objects = store.objects();
    let files = objects.into_iter().filter(|(key, _)| key.starts_with(&prefix));
    files.flat_map(|(_, bytes)| rows_of_file(bytes)).collect()
}

/// The rows of one file.
pub fn rows_of_file(bytes: Vec<u8>) -> Vec<Row> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).expect("a Parquet file");
    let mut rows = Vec::new();
    for batch in reader.build().expect("a reader") {
        let batch = batch.expect("a batch");
        let options = FormatOptions::default().with_null("∅");
        let columns: Vec<_> = batch
            .schema()
            .fields()
            .iter()
            .zip(batch.columns())
            .map(|(field, column)| {
                // An instant as its milliseconds: to print a zone, arrow wants a database of zones.
                let column = match column.data_type() {
                    DataType::Timestamp(..) => &cast(column, &DataType::Int64).expect("instants are numbers"),
                    _ => column,
                };
                let formatter =
                    ArrayFormatter::try_new(column.as_ref(), &options).expect("a printable column");
                let texts = (0..column.len())
                    .map(|at| (!column.is_null(at)).then(|| formatter.value(at).to_string()))
                    .collect::<Vec<_>>();
                (field.name().clone(), texts)
            })
            .collect();
        for at in 0..batch.num_rows() {
            rows.push(columns.iter().map(|(name, texts)| (name.clone(), texts[at].clone())).collect());
        }
    }
    rows
}

/// What happens at a call.
#[derive(Debug, Clone)]
enum Event {
    /// The night ends, and the call never leaves.
    End(CancellationToken),
    /// The world changes, and the call finds it so.
    Change(Arc<Simulator>, Change),
}

/// An HTTP client with an event at its n-th call.
#[derive(Debug, Clone)]
struct Eventful<C> {
    inner: C,
    sent: Arc<AtomicUsize>,
    call: usize,
    event: Event,
}

impl HttpClient for Eventful<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let Self { inner, sent, call, event } = self.clone();
        let inner = inner.http_connector(settings, components);
        SharedHttpConnector::new(Eventful { inner, sent, call, event })
    }
}

impl HttpConnector for Eventful<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let nth = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
        match &self.event {
            Event::End(end) if nth >= self.call => {
                end.cancel();
                return HttpConnectorFuture::new(std::future::pending());
            }
            Event::Change(simulator, change) if nth == self.call => simulator.change(change),
            _ => {}
        }
        self.inner.call(request)
    }
}
