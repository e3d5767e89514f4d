//! The laws.

use crate::support::night::Night;
use crate::support::worlds::{healthy, troubled};

#[test]
fn look() {
    let start = std::time::Instant::now();
    let m = Night::over(healthy().world).run();
    println!("{} calls {:?} {:?}", m.recorder().records().len(), start.elapsed(), m.census().run.totals);
    for t in ["accounts", "buckets", "keys", "coverage"] { for r in m.rows(t) { println!("{t} {:?}", r.into_iter().filter_map(|(k,v)| Some(format!("{k}={}", v?))).collect::<Vec<_>>().join(" ")); } }
    let start = std::time::Instant::now();
    let m = Night::over(troubled(3)).run();
    println!("{} calls {:?} {:?}", m.recorder().records().len(), start.elapsed(), m.census().run.totals);
}
