//! When AWS says no: its message reaches whoever has to act, a caller whose session ends does not pass for
//! an organization that refuses, and a census that lost its sight is not published unasked.

use std::sync::Arc;

use atrest::clock::{DAY_MS, Timestamp};
use atrest::model::{AccountId, FaultKind};
use atrest::publish::{Census, FinalizeError};
use atrest::scan::ScanError;
use atrest::sim::world::{AccountState, Denial, DeniedBy};
use atrest::sim::{Effect, Rule, Schedule, World};

use crate::laws::{agrees_with_itself, clean, same_bytes};
use crate::support::http::serve;
use crate::support::night::{Morning, NOW, Night, Rules, only_accounts};
use crate::support::shell::{Shell, Simulated, committed, names};
use crate::support::worlds::healthy;

const RUN: &str = "20261121T030000Z-0badcafe";

fn error(status: u16, code: &str, message: &str) -> Effect {
    Effect::Error { status, code: code.to_owned(), message: message.to_owned() }
}

// The message

#[test]
fn the_message_is_in_the_lake_and_no_secret_with_it() {
    let healthy = healthy();
    let message =
        "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: sts:TagSession on resource: x";
    let refused = Rule::always(error(403, "AccessDenied", message)).on("sts:AssumeRole").account(healthy.two);
    let leaky = format!("no such key AKIAIOSFODNN7EXAMPLE with the token {}\u{202e}\nend", "aZ9+".repeat(80));
    let leaky =
        Rule::always(error(403, "AccessDenied", &leaky)).on("s3:GetBucketPolicy").account(healthy.one);
    let morning = Night::over(healthy.world).with(Schedule::of([refused, leaky])).run();
    agrees_with_itself(&morning);
    let sample = |account: AccountId, operation: &str| {
        let rows = morning.rows("coverage");
        let id = account.to_string();
        let row = rows.iter().find(|row| {
            row["account_id"].as_deref() == Some(&id) && row["operation"].as_deref() == Some(operation)
        });
        row.unwrap()["sample_message"].clone()
    };
    assert_eq!(sample(healthy.two, "sts:AssumeRole").as_deref(), Some(message));
    assert_eq!(
        sample(healthy.one, "s3:GetBucketPolicy").as_deref(),
        Some("no such key [removed] with the token [removed]\\u{202e} end")
    );
    assert_eq!(sample(healthy.one, "kms:ListKeys"), None, "nothing failed");
    // The log has it by each read, under the same rules.
    let objects = morning.store.objects();
    let segment = &objects[&format!("observations/{}/{}.jsonl.zst", morning.run_id, healthy.one)];
    let log = String::from_utf8(zstd::decode_all(&segment[..]).unwrap()).unwrap();
    let reads = log.lines().filter(|line| line.starts_with(r#"{"record":"bucket""#));
    assert!(reads.clone().count() > 10 && reads.clone().all(|line| line.contains("no such key [removed]")));
    assert!(!log.contains("AKIAIOSFODNN7EXAMPLE") && !log.contains("aZ9+aZ9+"), "{log}");
}

#[test]
fn a_refusal_is_told_with_its_message_and_the_advice_that_fits() {
    let simulated = Simulated::start("--accounts 3 --buckets 4 --keys 2");
    let shell = Shell::on(&simulated);
    let refused = shell.atrest("scan --lake lake --role-name no-such-role -v").ended(5);
    // As an error, and by account in the log that -v asks for.
    let said = "is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::";
    assert!(refused.stderr.matches(said).count() >= 2, "{refused}");
    assert!(refused.stderr.contains("check --role-name and --external-id"), "{refused}");
}

#[test]
fn a_wrong_clock_is_told_as_one() {
    let body = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                <Code>SignatureDoesNotMatch</Code><Message>Signature not yet current: 20261127T220000Z is still later \
                than 20261127T211500Z (20261127T210000Z + 15 min.)</Message></Error></ErrorResponse>";
    let address = serve("403 Forbidden", "text/xml", body);
    let shell = Shell::new()
        .with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", "secret")
        .with("AWS_REGION", "eu-west-1")
        .with("AWS_ENDPOINT_URL", &format!("http://{address}"));
    let refused = shell.atrest("scan --lake lake").ended(2);
    assert!(refused.stderr.contains("SignatureDoesNotMatch: Signature not yet current: 2026"), "{refused}");
    assert!(refused.stderr.contains("this host's clock is 3600 seconds ahead of AWS's"), "{refused}");
    assert!(!refused.stderr.contains("renew"), "{refused}");
}

/// A clock that goes wrong in the night is wrong for every account: none of them is sealed by it.
#[test]
fn a_clock_that_goes_wrong_in_the_night_is_no_account_s_fault() {
    let healthy = healthy();
    let before = clean(&healthy.world);
    let skewed = || {
        error(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        )
    };
    let s3 = || Rule::always(skewed()).on("s3:*").account(healthy.one);
    let sts =
        Rule::always(error(403, "SignatureDoesNotMatch", "Signature expired: x")).on("sts:GetCallerIdentity");
    let stopped = Night::over(healthy.world.clone()).with(Schedule::of([s3(), sts])).run();
    assert!(matches!(stopped.scan, Err(ScanError::CallerLost { .. })), "{stopped:?}");
    let continued = Night::over(healthy.world.clone()).on(&stopped.store).run();
    same_bytes(&before.bytes(), &continued.bytes());
    // Where STS takes the clock, S3's word stands: the credentials were not taken, and no Region is missing.
    let morning = Night::over(healthy.world.clone()).with(Schedule::of([s3()])).run();
    morning.census();
    let listed = morning.coverage(healthy.one, "global", "s3:ListBuckets");
    assert_eq!(listed, "asked 1 identity 1 incomplete RequestTimeTooSkewed");
}

/// The role is to blame for a refusal. Where STS was busy, or did not know the caller, something else is.
#[test]
fn only_a_refusal_blames_the_role() {
    let (world, _) = twenty();
    for (status, code, blamed) in [
        (403, "AccessDenied", true),
        (503, "ServiceUnavailable", false),
        (400, "Throttling", false),
        (403, "RegionDisabledException", false),
    ] {
        let rule = Rule::always(error(status, code, "as it is")).on("sts:AssumeRole");
        let stopped = Night::over(world.clone()).with(Schedule::of([rule])).run();
        let error = stopped.scan.as_ref().unwrap_err();
        assert!(matches!(error, ScanError::EveryRoleRefused { .. }), "{error}");
        let told = error.to_string();
        assert_eq!(told.contains("was refused in 20 of the first accounts"), blamed, "{told}");
        assert!(told.contains(&format!("each time with {code}")), "{told}");
    }
}

/// A listing of units that never ends is told to its end, and loses names alone.
#[test]
fn units_that_are_listed_without_end_lose_their_names() {
    let world = healthy().world;
    let before = clean(&world);
    let rule = Rule::always(Effect::EmptyPage).on("organizations:ListOrganizationalUnitsForParent");
    let morning = Night::over(world).with(Schedule::of([rule])).run();
    morning.census();
    let units = |morning: &Morning, column: &str| -> Vec<Option<String>> {
        morning.rows("accounts").into_iter().map(|row| row[column].clone()).collect()
    };
    assert_eq!(units(&before, "ou_ids"), units(&morning, "ou_ids"));
    assert_ne!(units(&before, "ou_names"), units(&morning, "ou_names"));
}

/// What stands in the place of a code is kept as a code may be: short, printable, without a secret.
#[test]
fn a_code_that_is_none_of_awss_is_kept_as_far_as_it_may_be() {
    let healthy = healthy();
    let long = "Long".repeat(200);
    for (code, kept) in [
        ("", None),
        (" ", None),
        ("Odd\u{202e}Code", Some("Odd\\u{202e}Code")),
        ("CodeOf AKIAIOSFODNN7EXAMPLE", Some("CodeOf [removed]")),
        (long.as_str(), Some(&long[..128])),
    ] {
        let rule = Rule::always(error(400, code, "m")).on("s3:GetBucketPolicy").account(healthy.one);
        let morning = Night::over(healthy.world.clone()).with(Schedule::of([rule])).run();
        morning.census();
        let rows = morning.rows("coverage");
        let id = healthy.one.to_string();
        let row = rows.iter().find(|row| {
            row["account_id"].as_deref() == Some(&id)
                && row["operation"].as_deref() == Some("s3:GetBucketPolicy")
        });
        assert_eq!(row.unwrap()["sample_code"].as_deref(), kept, "{code:?}");
    }
}

// The caller's own credentials

fn calls(morning: &Morning, operation: &str) -> usize {
    morning.recorder().of(operation).count()
}

/// Wherever the caller's session ends: what is continued afterwards is the same night as one without.
#[test]
fn a_session_that_ends_anywhere_stops_the_night_and_loses_nothing() {
    let mut world = healthy().world;
    for n in 0..6 {
        let id = world.add_account(&format!("more-{n}"));
        world.add_bucket(id, "eu-west-1", &format!("more-{n}"));
    }
    let before = clean(&world);
    let assumed = calls(&before, "sts:AssumeRole");
    for nth in 1..=assumed {
        // STS takes the caller's credentials no more, whatever they ask; members' sessions go on.
        let ended = |operation: &str, from| {
            let from = u32::try_from(from).unwrap();
            Rule::always(Effect::ExpiredToken).on(operation).calls(from, u32::MAX)
        };
        let rules = [ended("sts:AssumeRole", nth), ended("sts:GetCallerIdentity", 1)];
        let stopped = Night::over(world.clone()).with(Schedule::of(rules)).at_once(3, 4).run();
        match &stopped.scan {
            Err(ScanError::CallerLost { fault, sealed: Some(sealed), .. }) => {
                assert_eq!((fault.kind, fault.code.as_deref()), (FaultKind::Identity, Some("ExpiredToken")));
                assert!(*sealed < assumed as u64, "{sealed} of {assumed}");
            }
            other => panic!("the {nth}th: {other:?}"),
        }
        assert!(!stopped.is_published());
        assert_eq!(calls(&stopped, "sts:GetCallerIdentity"), 1, "asked once, whoever failed");
        let continued = Night::over(world.clone()).on(&stopped.store).run();
        continued.census();
        same_bytes(&before.bytes(), &continued.bytes());
    }
}

/// A session of an account cannot be renewed: what it read in the meantime is not sealed as it is.
#[test]
fn an_account_whose_session_outlives_the_callers_is_asked_again() {
    let healthy = healthy();
    let before = clean(&healthy.world);
    let expired = |operation: &str| Rule::always(Effect::ExpiredToken).on(operation);
    let rules = [
        expired("s3:GetBucketEncryption").account(healthy.one),
        expired("sts:AssumeRole").account(healthy.one).calls(2, u32::MAX),
        expired("sts:GetCallerIdentity"),
    ];
    let stopped = Night::over(healthy.world.clone()).with(Schedule::of(rules)).run();
    assert!(matches!(stopped.scan, Err(ScanError::CallerLost { .. })), "{stopped:?}");
    let segment = format!("/{}.jsonl.zst", healthy.one);
    assert!(!stopped.store.objects().keys().any(|key| key.ends_with(&segment)));
    let continued = Night::over(healthy.world).on(&stopped.store).run();
    same_bytes(&before.bytes(), &continued.bytes());
}

#[test]
fn a_list_that_ends_with_the_callers_session_is_not_kept() {
    let world = healthy().world;
    let before = clean(&world);
    for operation in ["organizations:ListAccounts", "organizations:ListOrganizationalUnitsForParent"] {
        let expired = |operation: &str| Rule::always(Effect::ExpiredToken).on(operation);
        let rules = [expired(operation), expired("sts:GetCallerIdentity")];
        let stopped = Night::over(world.clone()).with(Schedule::of(rules)).run();
        assert!(matches!(stopped.scan, Err(ScanError::CallerLost { .. })), "{operation}: {stopped:?}");
        assert!(!stopped.store.objects().keys().any(|key| key.contains("organization.jsonl")));
        let continued = Night::over(world.clone()).on(&stopped.store).run();
        same_bytes(&before.bytes(), &continued.bytes());
    }
}

/// New credentials came in the meantime: the accounts that the old ones failed are scanned once more.
#[test]
fn accounts_that_failed_before_new_credentials_came_are_scanned_again() {
    let world = healthy().world;
    let before = clean(&world);
    let rule = Rule::always(Effect::ExpiredToken).on("sts:AssumeRole").first_of_each(6);
    let morning = Night::over(world.clone()).with(Schedule::of([rule])).run();
    morning.census();
    assert!(calls(&morning, "sts:GetCallerIdentity") >= 1);
    same_bytes(&before.bytes(), &morning.bytes());
    // Where they fail for good although STS knows the caller, the accounts say so, and the night ends.
    let two = healthy().two;
    let rule = Rule::always(Effect::ExpiredToken).on("sts:AssumeRole").account(two);
    let morning = Night::over(world).with(Schedule::of([rule])).run();
    morning.census();
    assert_eq!(morning.status(two), "unreachable/faults");
    assert_eq!(
        morning.coverage(two, "global", "sts:AssumeRole"),
        "asked 1 identity 1 incomplete ExpiredToken"
    );
}

/// A `credential_process` that works a few times, and then says that its session is over. Its credentials
/// end so soon that the SDK asks for new ones each time.
fn by_a_process(simulated: &Simulated, works: usize) -> (Shell, String) {
    let shell = Shell::on(simulated);
    let script = format!(
        "echo x >> calls; if [ $(wc -l < calls) -gt {works} ]; then echo 'the session is over: AKIAIOSFODNN7EXAMPLE' >&2; exit 3; fi\n\
         printf '{{\"Version\":1,\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"%s\",\"Expiration\":\"%s\"}}' \
         '{}' '{}' \"$(date -u -d '+5 seconds' +%Y-%m-%dT%H:%M:%SZ)\"\n",
        simulated.variable("AWS_ACCESS_KEY_ID"),
        simulated.variable("AWS_SECRET_ACCESS_KEY"),
    );
    let process = shell.write("process.sh", &script);
    let config = shell.write(
        "config",
        &format!("[profile p]\nregion = eu-west-1\ncredential_process = sh {}\n", process.display()),
    );
    let shell = shell
        .without("AWS_ACCESS_KEY_ID")
        .without("AWS_SECRET_ACCESS_KEY")
        .with("AWS_PROFILE", "p")
        .with("AWS_CONFIG_FILE", config.to_str().unwrap());
    (shell, script)
}

#[test]
fn a_credential_process_that_fails_is_the_callers_trouble() {
    let simulated = Simulated::start("--accounts 8 --buckets 8 --keys 8");
    let (shell, script) = by_a_process(&simulated, 5);
    let line = format!("scan --lake lake --run {RUN} --max-attempts 1 --accounts-in-flight 1 -vv");
    let stopped = shell.atrest(&format!("{line} --exit-zero-for coverage,findings")).ended(5);
    let said = stopped.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("cannot be loaded any more: Error retrieving credentials: external process"),
        "{stopped}"
    );
    assert!(said.contains(&format!("continue with --run {RUN}")), "{stopped}");
    assert!(said.contains("read=\"identity\"") && !said.contains("read=\"transport\""), "{stopped}");
    assert!(!said.contains("AKIAIOSFODNN7EXAMPLE"), "{stopped}");
    assert_eq!(committed(&shell.path("lake")), Vec::<String>::new());
    let sealed = names(&shell.path("lake/observations")).len();
    // A new session: the same command goes on.
    shell.write("process.sh", &script.replace("-gt 5", "-gt 5000"));
    let finished = shell.atrest(&line);
    assert_eq!(committed(&shell.path("lake")), [RUN], "{finished}");
    assert!(names(&shell.path("lake/observations")).len() > sealed);
}

/// The lake's first calls come before any account, its last ones after all of them.
#[test]
fn a_session_that_ends_at_any_call_of_a_scan_to_s3_ends_it_with_5() {
    let simulated = Simulated::start("--accounts 2 --buckets 4 --keys 2");
    let mut ends = Vec::new();
    for works in 2.. {
        let (shell, _) = by_a_process(&simulated, works);
        let line = format!("scan --lake s3://atrest-lake/{works} --run {RUN} --max-attempts 1");
        let finished = shell.atrest(&line);
        let code = finished.status.code();
        if code == Some(0) {
            break;
        }
        let said = finished.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        // Asked before the lake is: no run has begun.
        let has_begun = !said.contains("failed to load the AWS credentials");
        assert_eq!(code, Some(if has_begun { 5 } else { 2 }), "after {works} calls: {finished}");
        assert!(!has_begun || said.contains(&format!("continue with --run {RUN}")), "{finished}");
        ends.push(has_begun);
    }
    assert!(ends.iter().filter(|has_begun| **has_begun).count() > 10, "the night is long: {ends:?}");
}

// A census that lost its sight

const LATER: Timestamp = Timestamp::from_millis(NOW.millis() + DAY_MS);

/// Twenty accounts beside management, each with a bucket.
fn twenty() -> (World, Vec<AccountId>) {
    let mut world = World::new(NOW);
    let mut ids = Vec::new();
    for n in 0..20 {
        let id = world.add_account(&format!("a-{n}"));
        world.account_mut(id).joined_at = NOW.plus_millis(-400 * DAY_MS);
        world.add_bucket(id, "eu-west-1", &format!("b-{n}"));
        ids.push(id);
    }
    (world, ids)
}

fn without_roles(world: &World, ids: &[AccountId]) -> World {
    let mut world = world.clone();
    for id in ids {
        world.account_mut(*id).roles.clear();
    }
    world
}

fn lost(morning: &Morning) -> (u64, u64, u64) {
    match &morning.census {
        Some(Err(FinalizeError::Lost { loss, .. })) => (loss.reached, loss.refused, loss.unlisted),
        other => panic!("{other:?}"),
    }
}

fn accepting_all() -> Rules {
    Rules { max_lost: 100, ..Rules::default() }
}

fn census(morning: &Morning) -> &Census {
    morning.census()
}

#[test]
fn a_census_that_lost_its_sight_is_not_published_unless_it_is_accepted() {
    let (world, ids) = twenty();
    let first = Night::over(without_roles(&world, &ids[10..])).run();
    assert!(census(&first).not_compared.is_none(), "a first census has no limit");
    let full = Night::over(world.clone()).on(&first.store).at(NOW.plus_millis(3_600_000)).run();
    full.census();

    // Four refuse and two have left: six of twenty-one.
    let mut less = without_roles(&world, &ids[..4]);
    for id in &ids[4..6] {
        less.accounts.remove(id);
    }
    let tonight = || Night::over(less.clone()).on(&full.store).at(LATER);
    let refused = tonight().run();
    assert_eq!(lost(&refused), (21, 4, 2));
    let said = refused.census.as_ref().unwrap().as_ref().unwrap_err().to_string();
    assert!(said.contains("6 of 21 are lost: 4 refused, 2 no longer listed"), "{said}");
    let published = |morning: &Morning| {
        let run = morning.run_id.to_string();
        morning.store.objects().keys().any(|key| key.contains(&run) && !key.starts_with("observations/"))
    };
    assert!(!published(&refused), "not a table of it");
    assert!(
        refused.store.objects().keys().any(|key| key.contains(&format!("{}/{}", refused.run_id, ids[9])))
    );

    // Accepted for this night, without asking AWS again; the next one is held against what it reached.
    let accepted = tonight().judged_by(accepting_all()).run();
    accepted.census();
    assert!(published(&accepted));
    let asked = calls(&accepted, "sts:AssumeRole");
    assert_eq!(asked, 4, "those that refused alone, and none that is sealed");
    let next = Night::over(less).on(&full.store).at(LATER.plus_millis(DAY_MS)).run();
    next.census();
}

#[test]
fn accounts_that_refused_are_asked_again_by_a_continued_run() {
    let (world, ids) = twenty();
    let first = Night::over(world.clone()).run();
    let expected = Night::over(world.clone()).on(&first.store).at(LATER).run();
    let (expected, only) = (expected.bytes(), Night::over(world.clone()).run());
    let refused = Night::over(without_roles(&world, &ids[..7])).on(&only.store).at(LATER).run();
    assert_eq!(lost(&refused), (21, 7, 0));
    let mended = Night::over(world).on(&only.store).at(LATER).run();
    mended.census();
    same_bytes(&expected, &mended.bytes());
}

#[test]
fn what_is_no_loss_stops_no_census() {
    let (world, ids) = twenty();
    let first = Night::over(world.clone()).run();
    // Each on a copy of the first night's lake.
    let tonight = |world: World| {
        let store = Arc::new(atrest::lake::MemoryStore::new());
        for (key, bytes) in first.store.objects() {
            store.plant(&key, &bytes);
        }
        Night::over(world).on(&store).at(LATER)
    };
    let of_five = tonight(without_roles(&world, &ids[..5])).run();
    of_five.census();
    let mut suspended = world.clone();
    for id in &ids[..10] {
        suspended.account_mut(*id).state = AccountState::Suspended;
    }
    tonight(suspended).run().census();
    let part = tonight(without_roles(&world, &ids[..8])).filtered(only_accounts(ids[..9].to_vec())).run();
    part.census();
    // Accounts that come are no loss either, and hide none.
    let mut more = without_roles(&world, &ids[..6]);
    for n in 0..40 {
        more.add_account(&format!("new-{n}"));
    }
    assert_eq!(lost(&tonight(more).run()), (21, 6, 0));
}

#[test]
fn a_last_census_that_cannot_be_read_is_told_and_sets_no_limit() {
    let (world, ids) = twenty();
    let first = Night::over(world.clone()).run();
    let objects = first.store.objects();
    let accounts = objects.keys().find(|key| key.starts_with("accounts/")).unwrap();
    first.store.plant(accounts, b"torn");
    let tonight = Night::over(without_roles(&world, &ids[..10])).on(&first.store).at(LATER).run();
    let why = census(&tonight).not_compared.clone().unwrap();
    assert!(why.contains(accounts.as_str()), "{why}");
}

#[test]
fn a_torn_last_census_is_passed_over_for_the_one_before_it() {
    let (world, ids) = twenty();
    let first = Night::over(world.clone()).run();
    let second = Night::over(world.clone()).on(&first.store).at(NOW.plus_millis(3_600_000)).run();
    second.census();
    let of_second = |key: &&String| key.starts_with("accounts/") && key.contains(second.run_id.as_str());
    let objects = first.store.objects();
    first.store.plant(objects.keys().find(of_second).unwrap(), b"torn");
    let tonight = Night::over(without_roles(&world, &ids[..10])).on(&first.store).at(LATER).run();
    assert_eq!(lost(&tonight), (21, 10, 0));
    let said = tonight.census.unwrap().unwrap_err().to_string();
    assert!(said.contains(&format!("of the accounts that census {} reached", first.run_id)), "{said}");
}

/// A service control policy leaves the session and takes every read.
#[test]
fn accounts_in_which_every_listing_is_refused_are_lost() {
    let (world, ids) = twenty();
    let closed = |ids: &[AccountId], actions: &[&'static str]| {
        let mut world = world.clone();
        for id in ids {
            let denials = actions.iter().map(|action| Denial::of(DeniedBy::Scp, action));
            world.account_mut(*id).denials.extend(denials);
        }
        world
    };
    let first = Night::over(world.clone()).run();
    let night = |world: World, days| Night::over(world).on(&first.store).at(NOW.plus_millis(days * DAY_MS));
    assert_eq!(lost(&night(closed(&ids[..7], &["s3:*", "kms:*", "account:*"]), 1).run()), (21, 7, 0));
    let blind = closed(&ids[..7], &["s3:*", "kms:*"]);
    assert_eq!(lost(&night(blind.clone(), 2).run()), (21, 7, 0), "the Regions alone are no sight");
    // Whoever lists the keys sees something.
    night(closed(&ids[..7], &["s3:*"]), 3).run().census();
    // Accepted once, they are nothing that the next night could lose.
    night(blind.clone(), 4).judged_by(accepting_all()).run().census();
    night(blind, 5).run().census();
}

/// The simulator's organization of twenty accounts, which has eight of them the night after.
#[test]
fn the_command_that_accepts_a_loss_can_be_pasted() {
    let larger = Simulated::start("--accounts 20 --buckets 20 --keys 4");
    let smaller = Simulated::start("--accounts 8 --buckets 20 --keys 4");
    let lake = tempfile::tempdir().unwrap();
    let lake = lake.path().join("a lake").display().to_string();
    Shell::on(&larger).run(["scan", "--lake", &lake]);
    let shell = Shell::on(&smaller);
    let stopped = shell.run(["scan", "--lake", &lake, "--run", LOSING]).ended(5);
    assert!(stopped.stderr.contains("no longer listed"), "{stopped}");
    let command =
        stopped.stderr.lines().find(|line| line.trim_start().starts_with("atrest finalize ")).unwrap();
    assert_eq!(command.trim(), format!("atrest finalize --lake '{lake}' --run {LOSING} --max-lost 100"));
    let again = shell.run(["finalize", "--lake", &lake, "--run", LOSING]).ended(5);
    assert!(again.stderr.contains(command), "{again}");
    shell.run(["finalize", "--lake", &lake, "--run", LOSING, "--max-lost", "100"]).ended(4);
}

/// A run after the larger organization's, whose id is of today.
const LOSING: &str = "20990101T030000Z-0badcafe";

#[test]
fn a_log_that_is_judged_again_is_not_held_against_the_night_before() {
    let (world, ids) = twenty();
    let first = Night::over(world.clone()).run();
    let tonight = Night::over(without_roles(&world, &ids[..10])).on(&first.store).at(LATER);
    let accepted = tonight.judged_by(accepting_all()).run();
    accepted.census();
    let again = atrest::model::RunId::new(LATER.plus_millis(1_000), 2);
    let rejudged = crate::support::night::rejudge(&first.store, &accepted.run_id, &again, &Rules::default());
    assert!(rejudged.is_ok(), "{rejudged:?}");
}
