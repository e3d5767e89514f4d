//! Checks, held by their truth tables.

mod accounts;
mod buckets;
mod keys;
mod table;
mod truth_table;
