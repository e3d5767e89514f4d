//! The pages of `atrest report` that a browser is shown: made on the simulator, held here to what can be
//! said of them as text, and left where `ATREST_PAGES` names a folder.
//!
//! `tests/pages/run` names one, and holds them to the rest. One page for each state in which a reader may
//! find a run; names that would like to be markup; and the size of a large organization.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use atrest::clock::Timestamp;
use atrest::lake::{CommittedRun, Lake, MemoryStore};
use atrest::model::{Exception, ExceptionState, RunId};
use atrest::printable::printable;
use atrest::report::page::owner::Owners;
use atrest::report::page::trend;
use atrest::report::rows::{AccountRow, FindingRow, ListedBucketRow, ListedKeyRow};
use atrest::report::{self, Files, Format, INDEX, ReportError, SCOPE, Split};
use atrest::sim::world::Encryption;
use atrest::sim::{Shape, World, generate};

use crate::support::night::{self, Morning, NOW, Night, Rules, excepting, only_accounts, rejudge};
use crate::support::worlds::{Healthy, healthy};

const DAY: i64 = 86_400_000;
/// What a page may weigh: it is mailed.
const BYTES: usize = 3_000_000;

/// The folder that the pages are left in.
fn folder() -> Option<PathBuf> {
    std::env::var_os("ATREST_PAGES").map(PathBuf::from)
}

fn leave(file: &str, text: &str) {
    if let Some(folder) = folder() {
        fs::write(folder.join(file), text).unwrap();
    }
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

async fn committed(store: &Arc<MemoryStore>, run_id: &RunId) -> CommittedRun {
    let lake = Lake::open(Arc::<MemoryStore>::clone(store)).await.unwrap();
    CommittedRun::open(&lake, run_id).await.unwrap()
}

/// A run's page, once it is what every page is.
#[track_caller]
fn page(name: &str, store: &Arc<MemoryStore>, run_id: &RunId) -> String {
    let mut bytes = Vec::new();
    at_once(async {
        let run = committed(store, run_id).await;
        report::write(&run, Format::Html, &mut bytes).await.unwrap();
    });
    let page = String::from_utf8(bytes).unwrap();
    for always in ["<!DOCTYPE html>", SCOPE, run_id.as_str(), "Simulated: ", "</html>"] {
        assert!(page.contains(always), "{name} lacks {always}");
    }
    assert!(page.len() < BYTES, "{name} has {} bytes", page.len());
    leave(&format!("{name}.html"), &page);
    page
}

/// The page of a night.
#[track_caller]
fn page_of(name: &str, night: Night) -> String {
    let morning = night.run();
    morning.census();
    page(name, &morning.store, &morning.run_id)
}

/// Large enough for every piece of a page, pagers among them.
fn demo() -> World {
    generate::world(&Shape { seed: 1, accounts: 12, buckets: 120, keys: 60, regions: 2 }, NOW)
}

/// What follows a word in a page, up to the next quote, wherever it stands.
fn attributes<'p>(page: &'p str, before: &str) -> Vec<&'p str> {
    page.split(before).skip(1).map(|rest| rest.split_once('"').unwrap().0).collect()
}

/// The findings that ask for somebody's eyes, by account, as the lake has them.
fn asking(store: &Arc<MemoryStore>, run_id: &RunId) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    at_once(async {
        let run = committed(store, run_id).await;
        FindingRow::each(&run, |row| {
            if matches!(row.verdict, Some("fail" | "unknown" | "exempt")) {
                *counts.entry(row.account_id.unwrap().to_owned()).or_default() += 1;
            }
            Ok::<(), ReportError>(())
        })
        .await
        .unwrap();
    });
    counts
}

/// What the filters count is what the lake has, also where the page has a part of it.
#[track_caller]
fn assert_filters_count_the_lake(page: &str, lake: &BTreeMap<String, u64>) {
    let choices: Vec<&str> = page
        .split_once("<select name=\"account\">")
        .unwrap()
        .1
        .split("<option value=\"")
        .skip(2)
        .map(|rest| rest.split_once('"').unwrap().0)
        .take(lake.len())
        .collect();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for pair in attributes(page, "data-accounts=\"").into_iter().flat_map(str::split_whitespace) {
        let (place, count) = pair.split_once(':').unwrap();
        *counts.entry(choices[place.parse::<usize>().unwrap()].to_owned()).or_default() +=
            count.parse::<u64>().unwrap();
    }
    assert_eq!(&counts, lake);
    let groups: u64 =
        attributes(page, "data-count=\"").iter().map(|count| count.parse::<u64>().unwrap()).sum();
    assert_eq!(groups, lake.values().sum::<u64>());
}

#[test]
fn a_census_with_every_trouble() {
    let morning = Night::over(demo()).run();
    morning.census();
    let page = page("demo", &morning.store, &morning.run_id);
    let lake = asking(&morning.store, &morning.run_id);
    assert_filters_count_the_lake(&page, &lake);
    assert_eq!(
        page.matches("id=\"f-").count() as u64,
        lake.values().sum::<u64>(),
        "all of them are on the page"
    );
    for words in ["This is the first census", "with access gaps that are not accepted", "Remediation: "] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn an_organization_without_a_bucket() {
    let mut world = World::new(NOW);
    for name in ["one", "two"] {
        world.add_account(name);
    }
    let page = page_of("empty", Night::over(world));
    assert!(
        page.contains("No customer managed key was listed.")
            && page.contains("No exceptions: no fail is accepted.")
    );
}

#[test]
fn a_part_of_the_organization() {
    let healthy = healthy();
    let page = page_of("filtered", Night::over(healthy.world).filtered(only_accounts([healthy.one])));
    assert!(page.contains(&format!("Filters: --account {}.", healthy.one)));
}

#[test]
fn an_old_night_in_another_light() {
    let night = Night::over(healthy().world).run();
    let rejudged = RunId::new(NOW, 2);
    let rules = Rules { as_of: Some(NOW.plus_millis(40 * DAY)), ..Rules::default() };
    rejudge(&night.store, &night.run_id, &rejudged, &rules).unwrap();
    let page = page("rejudged", &night.store, &rejudged);
    assert!(page.contains(&format!("Re-judged: the observations of run {} were judged again", night.run_id)));
    assert!(page.contains("Not compared: only a census is compared"));
}

/// The healthy organization a day later: something mended, something broken, something gone, something
/// that nobody can see any more, and more than one page of what is new.
fn a_day_later() -> World {
    let Healthy { mut world, one, two, .. } = healthy();
    world.add_bucket(one, "eu-west-1", "kms-missing").encryption = Some(Encryption::sse_s3());
    world.add_bucket(one, "eu-west-1", "new-and-open").encryption = None;
    for at in 0..40 {
        world.add_bucket(one, "eu-west-1", &format!("one-of-many-{at}"));
    }
    world.account_mut(two).buckets.remove("plain-s3");
    world.account_mut(two).buckets.get_mut("no-default").unwrap().denied_actions =
        vec!["s3:GetEncryptionConfiguration".into()];
    world
}

#[test]
fn what_changed_since_the_night_before() {
    let first = Night::over(healthy().world).run();
    first.census();
    let mut second = Night::over(a_day_later()).on(&first.store);
    second.run = 2;
    let page = page_of("changes", second);
    assert!(page.contains("Findings that fail: ") && !page.contains("This is the first census"));
}

/// A record from yesterday to a day that is `days` from now.
fn exception(id: &str, check_id: &str, reason: &str, days: i64) -> Exception {
    Exception { expires: NOW.plus_millis(days * DAY), ..night::exception(id, check_id, reason) }
}

/// One record for each state that an exception can be in, and one that ends within the month.
fn every_state() -> Vec<Exception> {
    let rotation = |id: &str, days| exception(id, "kms_rotation_enabled", "rotation_disabled", days);
    let shifted = |mut record: Exception, days: i64| {
        let shift = |at: Timestamp| at.plus_millis(days * DAY);
        (record.starts, record.expires) = (shift(record.starts), shift(record.expires));
        record
    };
    let used = rotation("EX-used", 60);
    let mut narrow = exception("EX-narrow", "s3_encryption_standard", "mode_below_standard", 20);
    narrow.max_matches = 1;
    let mut unused = rotation("EX-unused", 60);
    unused.resources = vec!["arn:aws:kms:eu-west-1:000000000000:key/none".to_owned()];
    vec![
        used,
        narrow,
        unused,
        exception("EX-soon", "s3_tls_only", "plain_http_not_refused", 10),
        exception("EX-long", "s3_tls_only", "no_policy", 3_000),
        shifted(rotation("EX-later", 30), 10),
        shifted(rotation("EX-over", 30), -60),
    ]
}

fn judged_with(records: Vec<Exception>) -> Rules {
    Rules { exceptions: excepting(records), ..Rules::default() }
}

#[test]
fn exceptions_in_every_state() {
    let morning: Morning = Night::over(healthy().world).judged_by(judged_with(every_state())).run();
    let states: Vec<(String, ExceptionState)> =
        morning.census().exceptions.iter().map(|used| (used.id.clone(), used.state)).collect();
    for state in ExceptionState::ALL {
        assert!(states.iter().any(|(_, found)| found == state), "{state:?} is in none of {states:?}");
    }
    let page = page("exceptions", &morning.store, &morning.run_id);
    for words in
        ["rejected", "expired", "not yet in force", "expiring within 30 days", "without a matching finding"]
    {
        assert!(page.contains(words), "{words}");
    }
}

/// Names that would like to be something else. A browser must show them as they are written here, but for
/// what turns the direction of text, which nobody may be shown as it is.
const HOSTILE: [&str; 8] = [
    "<script>window.__owned=1</script>",
    "\"><img src=x onerror=window.__owned=1>",
    "' onmouseover='window.__owned=1",
    "</style></script><!--",
    "&lt;b&gt; & O'Brien; &amp;",
    "\u{202e}gpj.exe\u{2066}",
    "javascript:window.__owned=1",
    "{{constructor.constructor('window.__owned=1')()}}",
];

/// Accounts, units, keys' aliases and buckets' references by those names, and one that never ends.
fn hostile() -> World {
    let mut world = World::new(NOW);
    let root = world.organization.root.clone();
    let endless = "x".repeat(300);
    for (at, name) in HOSTILE.into_iter().chain([endless.as_str()]).enumerate() {
        let unit = world.add_unit(name, &root);
        let account = world.add_account(name);
        world.account_mut(account).parent = unit;
        let alias = format!("alias/{name}");
        let key = world.add_key(account, "eu-west-1");
        (key.state, key.deletion_at) = ("PendingDeletion".into(), Some(NOW.plus_millis(9 * DAY)));
        let id = key.id.clone();
        world.add_alias(account, "eu-west-1", &alias, Some(&id));
        for (bucket, reference) in [("by-alias", alias.as_str()), ("by-id", &id), ("by-name", name)] {
            world.add_bucket(account, "eu-west-1", &format!("{bucket}-{at}")).encryption =
                Some(Encryption::kms(Some(reference)));
        }
    }
    world
}

#[test]
fn names_that_would_like_to_be_markup() {
    let mut record = exception(HOSTILE[0], "kms_rotation_enabled", "rotation_disabled", 60);
    (record.owner, record.ticket) = (HOSTILE[1].to_owned(), HOSTILE[3].to_owned());
    let page = page_of("hostile", Night::over(hostile()).judged_by(judged_with(vec![record])));
    assert_eq!(page.matches("<script>").count(), 1, "the page's own");
    assert!(!page.contains("<img") && !page.contains("<!--") && !page.contains('\u{202e}'));
    let shown: Vec<String> = HOSTILE.iter().map(|name| printable(name).into_owned()).collect();
    leave("hostile.json", &serde_json::to_string(&shown).unwrap());
}

/// Pages as files in memory.
#[derive(Default)]
struct Kept(BTreeMap<String, String>);

impl Files for Kept {
    fn file(
        &mut self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), ReportError>,
    ) -> Result<(), ReportError> {
        let mut bytes = Vec::new();
        write(&mut bytes)?;
        assert!(self.0.insert(name.to_owned(), String::from_utf8(bytes).unwrap()).is_none(), "{name} twice");
        Ok(())
    }
}

/// The ARNs of buckets and keys, by table and account.
fn owned(store: &Arc<MemoryStore>, run_id: &RunId) -> BTreeMap<&'static str, BTreeMap<String, Vec<String>>> {
    let mut owned = BTreeMap::from([("buckets", BTreeMap::new()), ("keys", BTreeMap::new())]);
    let mut add = |table: &str, account_id: Option<&str>, arn: Option<&str>| {
        let of: &mut BTreeMap<String, Vec<String>> = owned.get_mut(table).unwrap();
        of.entry(account_id.unwrap().to_owned()).or_default().push(arn.unwrap().to_owned());
        Ok::<(), ReportError>(())
    };
    at_once(async {
        let run = committed(store, run_id).await;
        ListedBucketRow::each(&run, |row| add("buckets", row.account_id, row.bucket_arn)).await.unwrap();
        ListedKeyRow::each(&run, |row| add("keys", row.account_id, row.key_arn)).await.unwrap();
    });
    assert!(owned.values().all(|of| !of.is_empty()));
    owned
}

fn split(morning: &Morning, by: Split) -> BTreeMap<String, String> {
    let mut kept = Kept::default();
    at_once(async {
        let run = committed(&morning.store, &morning.run_id).await;
        report::write_split(&run, by, &mut kept).await.unwrap();
    });
    kept.0
}

#[test]
fn a_page_for_each_account_has_all_of_it() {
    let morning = Night::over(demo()).run();
    morning.census();
    let mut pages = split(&morning, Split::Account);
    let index = pages.remove(INDEX).unwrap();
    assert!(index.contains(Split::Account.mark()) && index.contains(SCOPE) && index.contains("Simulated: "));
    let lake = asking(&morning.store, &morning.run_id);
    assert_eq!(pages.len(), morning.census().accounts.len());
    let resources = owned(&morning.store, &morning.run_id);
    let mut uids = BTreeSet::new();
    for (name, page) in &pages {
        let account_id = name.strip_suffix(".html").unwrap();
        assert!(index.contains(&format!("href=\"{name}\"")), "{name} is in the index");
        let found = attributes(page, "<tr id=\"f-");
        assert_eq!(found.len() as u64, lake.get(account_id).copied().unwrap_or_default(), "{name}");
        assert!(attributes(page, "data-account=\"").iter().all(|it| *it == account_id), "{name}");
        uids.extend(found);
        // All of it: what passes everything is there by its name, too.
        let of = |table: &str| resources[table].get(account_id).cloned().unwrap_or_default();
        for arn in of("buckets").into_iter().chain(of("keys")) {
            let name = arn.rsplit([':', '/']).next().unwrap();
            assert!(page.replace("<wbr>", "").contains(name), "{name} is on {account_id}'s page");
        }
    }
    assert_eq!(uids.len() as u64, lake.values().sum::<u64>(), "each finding is on one page");
    let (name, largest) = pages.iter().max_by_key(|(_, page)| page.len()).unwrap();
    leave(&format!("account-{name}"), largest);
    leave("index.html", &index);
}

/// The ids of the accounts under each unit, and the last unit's name, as the lake has them.
fn units(morning: &Morning) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let mut units: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    at_once(async {
        let run = committed(&morning.store, &morning.run_id).await;
        AccountRow::each(&run, |row| {
            let (ids, names) = (row.ou_ids.unwrap(), row.ou_names.unwrap());
            for (id, name) in ids.iter().flatten().zip(names) {
                let (known, accounts) = units.entry((*id).to_owned()).or_default();
                name.unwrap().clone_into(known);
                accounts.insert(row.account_id.unwrap().to_owned());
            }
            Ok::<(), ReportError>(())
        })
        .await
        .unwrap();
    });
    units
}

#[test]
fn a_page_for_each_unit_has_the_accounts_under_it() {
    let morning = Night::over(demo()).run();
    let mut pages = split(&morning, Split::Unit);
    let index = pages.remove(INDEX).unwrap();
    let all_on_index = format!("of {} buckets</strong>", morning.census().run.totals.buckets);
    assert!(index.contains(Split::Unit.mark()) && index.contains(SCOPE) && index.contains(&all_on_index));
    let units = units(&morning);
    assert!(units.len() > 2 && units.values().any(|(_, accounts)| accounts.len() > 1));
    assert_eq!(
        pages.keys().map(|name| name.trim_end_matches(".html")).collect::<Vec<_>>(),
        units.keys().collect::<Vec<_>>()
    );
    let lake = asking(&morning.store, &morning.run_id);
    let mut asked = 0;
    for (id, (name, accounts)) in &units {
        let page = &pages[&format!("{id}.html")];
        assert!(
            index.contains(&format!("href=\"{id}.html\"")) && index.contains(name.as_str()),
            "{id} is in the index"
        );
        let under: BTreeMap<String, u64> = lake
            .iter()
            .filter(|(account, _)| accounts.contains(*account))
            .map(|(id, count)| (id.clone(), *count))
            .collect();
        assert_filters_count_the_lake(page, &under);
        assert!(
            page.contains(&format!("<dd>{}</dd>", accounts.len())) && page.contains("By framework"),
            "{id}"
        );
        // What is asked of the lake for a unit is of it alone.
        let of_unit = page.matches(&format!("contains(ou_ids, '{id}')")).count();
        assert_eq!(of_unit, page.matches("\nWHERE dt = '").count());
        asked += of_unit;
    }
    assert!(asked > 0);
    let (id, _) = units
        .iter()
        .filter(|(_, (_, accounts))| accounts.len() > 1)
        .min_by_key(|(_, (_, it))| it.len())
        .unwrap();
    leave(&format!("unit-{id}.html"), &pages[&format!("{id}.html")]);
    leave("units.html", &index);
}

#[test]
fn the_pages_of_owners_do_not_depend_on_how_many_are_read_at_once() {
    let morning = Night::over(demo()).run();
    morning.census();
    let gathered = |by: Split, at_once_at_most: u64| {
        at_once(async {
            let run = committed(&morning.store, &morning.run_id).await;
            let owners = Owners::of(&run, by, at_once_at_most).await.unwrap();
            let mut pages = Vec::new();
            let each = owners.each(&run, |page| {
                pages.push(format!("{:?} {:?} {:?}", page.view, page.findings, page.buckets));
                Ok(())
            });
            each.await.unwrap();
            pages
        })
    };
    for by in [Split::Account, Split::Unit] {
        assert_eq!(gathered(by, 1), gathered(by, u64::MAX));
    }
}

#[test]
fn two_sheets_of_paper() {
    let morning = Night::over(demo()).run();
    morning.census();
    let mut bytes = Vec::new();
    at_once(async {
        let run = committed(&morning.store, &morning.run_id).await;
        report::write(&run, Format::HtmlSummary, &mut bytes).await.unwrap();
    });
    let page = String::from_utf8(bytes).unwrap();
    assert!(page.contains(SCOPE) && page.contains("no fail at medium or worse and no unknown"));
    assert!(!page.contains("<details"), "what is closed is not on paper");
    leave("summary.html", &page);
}

#[test]
fn nights_with_a_hole_between_them() {
    let first = Night::over(healthy().world).run();
    let posture = first.census().findings.posture();
    let mut last = first.run_id.clone();
    for (day, run) in [(1, 2), (4, 3), (5, 4)] {
        let mut night = Night::over(a_day_later()).on(&first.store).at(NOW.plus_millis(day * DAY));
        night.run = run;
        let morning = night.run();
        morning.census();
        last = morning.run_id;
    }
    let page = page("trend", &first.store, &last);
    assert!(page.contains("Of the 6 nights since the first one here, 2 have no census"), "a hole is said");
    let clean = format!(
        "No fail at medium or worse and no unknown: {} of {}",
        posture.buckets.clean,
        posture.buckets.all()
    );
    assert!(page.contains(&clean), "{clean}");
    assert_eq!(page.matches("<svg class=\"trend\"").count(), 1);
    let run = at_once(committed(&first.store, &last));
    let trend = at_once(trend::read(&run)).unwrap();
    assert_eq!(trend.nights.iter().map(|night| night.days_ago).collect::<Vec<_>>(), [5, 4, 1, 0]);
    assert!(trend.nights.iter().all(|night| night.posture.is_some()));
}

#[test]
fn a_page_of_a_hundred_thousand_findings() {
    if folder().is_none() {
        println!("skipped: only the browser asks for a page of this size, in tests/pages/run");
        return;
    }
    let shape = Shape { seed: 3, accounts: 150, buckets: 9_000, keys: 2_500, regions: 3 };
    let morning = Night::over(generate::world(&shape, NOW)).at_once(8, 16).run();
    morning.census();
    let run = at_once(committed(&morning.store, &morning.run_id));
    let files = run.manifest().files.iter().filter(|file| file.table == "findings");
    let findings: u64 = files.map(|file| file.rows).sum();
    assert!(findings > 100_000, "{findings}");
    let page = page("large", &morning.store, &morning.run_id);
    assert!(page.contains("These are the first "), "the page shows a part, and says so");
    assert_filters_count_the_lake(&page, &asking(&morning.store, &morning.run_id));
}
