//! What a heavy policy costs: every question that the checks ask of it, once.

use std::hint::black_box;
use std::time::Instant;

use atrest::model::Membership;
use atrest::policy::{
    KeyUse, Policy, UsedBy, admitted, key_use, plain_http, services_of_bucket, services_of_key,
    sse_c_uploads, uploads,
};
use atrest::sim::generate::heavy::{self, SHAPES, Spread};

use super::Failed;
use super::process::Figures;

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const BUCKET: &str = "arn:aws:s3:::b";
const TIMES: usize = 21;

/// Milliseconds of each question, the fastest of some runs (what a busy machine adds is no cost of a policy), and the bytes of the policy.
pub fn run(of: &str, spread: &str) -> Result<Figures, Failed> {
    if let Some(shape) = SHAPES.into_iter().find(|shape| format!("{shape:?}") == spread) {
        let text = heavy::shaped(shape);
        return if of == "key" { of_key(&text) } else { of_bucket(&text) };
    }
    let spread = match spread {
        "accounts" => Spread::Accounts,
        roles => Spread::Roles(roles.parse()?),
    };
    match of {
        "key" => of_key(&heavy::of_key(spread)),
        "bucket" => of_bucket(&heavy::of_bucket(spread)),
        _ => Err(format!("there is no policy of a {of}").into()),
    }
}

fn of_key(text: &str) -> Result<Figures, Failed> {
    let policy = Policy::parse_of_key(text)?;
    let account_id = heavy::account(0).parse()?;
    let asked = KeyUse { key_arn: KEY, account_id, membership: Membership::default(), bucket: UsedBy::Any };
    Ok(Figures::from([
        ("bytes".to_owned(), text.len() as f64),
        ("parsed".to_owned(), milliseconds(|| Policy::parse_of_key(text))),
        ("whom it admits".to_owned(), milliseconds(|| admitted(&policy, KEY))),
        ("services".to_owned(), milliseconds(|| services_of_key(&policy, KEY))),
        ("use by an account".to_owned(), milliseconds(|| key_use(&policy, &asked))),
    ]))
}

fn of_bucket(text: &str) -> Result<Figures, Failed> {
    let policy = Policy::parse(text)?;
    Ok(Figures::from([
        ("bytes".to_owned(), text.len() as f64),
        ("parsed".to_owned(), milliseconds(|| Policy::parse(text))),
        ("plain HTTP".to_owned(), milliseconds(|| plain_http(&policy, BUCKET))),
        ("uploads".to_owned(), milliseconds(|| uploads(&policy, BUCKET))),
        ("SSE-C".to_owned(), milliseconds(|| sse_c_uploads(&policy, BUCKET))),
        ("services".to_owned(), milliseconds(|| services_of_bucket(&policy, BUCKET))),
    ]))
}

fn milliseconds<T>(question: impl Fn() -> T) -> f64 {
    let once = |_| {
        let started = Instant::now();
        black_box(question());
        started.elapsed().as_secs_f64() * 1000.0
    };
    (0..TIMES).map(once).fold(f64::INFINITY, f64::min)
}
