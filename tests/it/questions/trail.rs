//! Who changed it, by the organization's trail.

use std::collections::BTreeMap;

use atrest::model::AccountId;
use atrest::query::{self, schema};
use atrest::sim::{Effect, Rule, Schedule, World};
use serde_json::{Value, json};

use super::{Lake, Nights, REPLICA, line};
use crate::support::night::{Night, region};
use crate::support::python::{Venv, venv};
use crate::support::worlds::{Healthy, healthy};

/// An event of the trail: `region name request [response]`, the last two JSON.
struct Event<'a> {
    account: AccountId,
    region: &'a str,
    name: &'a str,
    request: String,
    response: Option<String>,
}

fn event<'a>(account: AccountId, region: &'a str, name: &'a str, request: &Value) -> Event<'a> {
    Event { account, region, name, request: request.to_string(), response: None }
}

impl Event<'_> {
    fn answered(mut self, key_arn: &str) -> Self {
        self.response = Some(json!({ "keyId": key_arn }).to_string());
        self
    }

    fn row(&self, number: usize) -> String {
        let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let source = if self.name.contains("Bucket") { "s3.amazonaws.com" } else { "kms.amazonaws.com" };
        format!(
            "SELECT '{number}' AS eventid, '2026-11-22T02:00:00Z' AS eventtime, '{source}' AS eventsource,
             {} AS eventname, {} AS requestparameters, {} AS responseelements, '{}' AS recipientaccountid,
             {} AS awsregion, '192.0.2.1' AS sourceipaddress, CAST(NULL AS varchar) AS errorcode,
             {{'arn': 'arn:aws:iam::111122223333:user/dev', 'accountid': '111122223333'}} AS useridentity",
            text(self.name),
            text(&self.request),
            self.response.as_deref().map_or_else(|| "CAST(NULL AS varchar)".to_owned(), text),
            self.account,
            text(self.region),
        )
    }
}

/// `event matched_by region resource` of the answer, the resource by the end of its ARN.
fn who(lake: &Lake, venv: &Venv, events: &[Event<'_>]) -> Vec<String> {
    let question = query::find("who_changed_it").unwrap();
    let given = BTreeMap::from([("since".to_owned(), "2026-11-22".to_owned())]);
    let statement = query::fill(question.text, &question.header().parameters, &given).unwrap();
    let trail: Vec<String> = events.iter().enumerate().map(|(number, event)| event.row(number)).collect();
    let script = format!(
        "{}CREATE OR REPLACE VIEW cloudtrail_logs AS {};\n{statement};",
        schema::prelude("lake", &statement, |_| true),
        trail.join(" UNION ALL ")
    );
    let said = lake.0.duckdb(venv, &script);
    let rows: Vec<Value> =
        if said.trim().is_empty() { Vec::new() } else { serde_json::from_str(&said).unwrap() };
    let short = |row: &Value| {
        let resource = row["resource_arn"].as_str().map_or("-", |arn| arn.rsplit([':', '/']).next().unwrap());
        format!("{} {resource}", line(row, &["event_id", "matched_by", "event_region", "region"]))
    };
    let mut found: Vec<String> = rows.iter().map(short).collect();
    found.sort();
    found
}

/// The healthy world with another key under an alias of the same name elsewhere, and the id of `alias/plain`.
fn with_plain() -> (Healthy, String) {
    let mut healthy = healthy();
    let place = |account: AccountId, place: &str, world: &mut World| {
        let id = world.add_key(account, place).id.clone();
        world.add_alias(account, place, "alias/plain", Some(&id));
    };
    place(healthy.one, "us-east-1", &mut healthy.world);
    place(healthy.two, "eu-west-1", &mut healthy.world);
    for place in ["eu-west-1", "us-east-1"] {
        let key = healthy.world.region_mut(healthy.two, place).keys.get_mut(REPLICA).unwrap();
        key.rotation.enabled = false;
    }
    let aliases = &healthy.world.accounts[&healthy.one].regions[&region("eu-west-1")].aliases;
    let plain = aliases["alias/plain"].target.clone().unwrap();
    (healthy, plain)
}

#[test]
fn an_event_counts_in_the_region_of_its_resource() {
    let venv = venv();
    let (healthy, _) = with_plain();
    let (one, two) = (healthy.one, healthy.two);
    let lake = Lake::of(Night::over(healthy.world), &venv);
    let bucket = json!({ "bucketName": "kms-missing" });
    let events = [
        event(two, "eu-west-1", "DisableKeyRotation", &json!({ "keyId": REPLICA })),
        event(two, "ap-south-1", "DisableKeyRotation", &json!({ "keyId": REPLICA })),
        event(one, "eu-west-1", "PutBucketEncryption", &bucket),
        event(one, "us-east-1", "PutBucketEncryption", &bucket),
        event(one, "us-east-1", "CreateBucket", &bucket),
        event(two, "us-east-1", "CreateBucket", &bucket),
    ];
    assert_eq!(
        who(&lake, &venv, &events),
        [
            format!("0 name eu-west-1 eu-west-1 {REPLICA}"),
            "2 name eu-west-1 eu-west-1 kms-missing".to_owned(),
            "4 name us-east-1 eu-west-1 kms-missing".to_owned(),
        ]
    );
}

#[test]
fn an_alias_names_the_key_that_a_census_saw_it_on() {
    let venv = venv();
    let (healthy, plain) = with_plain();
    let (one, two) = (healthy.one, healthy.two);
    let mut moved = healthy.world.clone();
    let other = moved.add_key(one, "eu-west-1").id.clone();
    let mut nights = Nights::new();
    nights.then(Night::over(moved.clone()));
    moved.add_alias(one, "eu-west-1", "alias/plain", Some(&other));
    nights.then(Night::over(moved));
    let lake = nights.lake(&venv);

    let alias_arn = format!("arn:aws:kms:eu-west-1:{one}:alias/plain");
    let by_key = |id: &str| json!({ "keyId": id });
    let of_alias = json!({ "aliasName": "alias/plain", "targetKeyId": other });
    let gone = json!({ "aliasName": "alias/nowhere" });
    let events = [
        event(one, "eu-west-1", "DisableKey", &by_key(&alias_arn)),
        event(one, "eu-west-1", "DisableKey", &by_key("alias/plain"))
            .answered(&format!("arn:aws:kms:eu-west-1:{one}:key/{plain}")),
        event(one, "eu-west-1", "UpdateAlias", &of_alias),
        event(one, "eu-west-1", "DeleteAlias", &gone),
        event(one, "us-east-1", "DeleteAlias", &gone),
        event(two, "eu-west-1", "DeleteAlias", &gone),
        event(two, "us-east-1", "DisableKey", &by_key("alias/plain")),
        // What a bucket's default names is changed by a change of the alias, not by one of the key.
        event(one, "eu-west-1", "DisableKey", &by_key("alias/nowhere")),
    ];
    assert_eq!(
        who(&lake, &venv, &events),
        [
            format!("0 alias eu-west-1 eu-west-1 {plain}"),
            format!("0 alias eu-west-1 eu-west-1 {other}"),
            "1 bucket_key eu-west-1 eu-west-1 kms-key-id".to_owned(),
            format!("1 name eu-west-1 eu-west-1 {plain}"),
            format!("2 alias eu-west-1 eu-west-1 {plain}"),
            "2 bucket_key_alias eu-west-1 eu-west-1 kms-alias".to_owned(),
            format!("2 name eu-west-1 eu-west-1 {other}"),
            "3 bucket_key_alias eu-west-1 eu-west-1 kms-missing-alias".to_owned(),
        ]
    );
}

#[test]
fn an_alias_that_could_not_be_read_is_said() {
    let venv = venv();
    let (healthy, _) = with_plain();
    let denied = Rule::always(Effect::AccessDenied).on("kms:ListAliases").account(healthy.one);
    let night = Night::over(healthy.world.clone()).with(Schedule::of([denied.region("eu-west-1")]));
    let lake = Lake::of(night, &venv);
    let disabled = |place| event(healthy.one, place, "DisableKey", &json!({ "keyId": "alias/unheard-of" }));
    assert_eq!(
        who(&lake, &venv, &[disabled("eu-west-1"), disabled("us-east-1")]),
        ["0 unread_alias eu-west-1 eu-west-1 -"]
    );
}
