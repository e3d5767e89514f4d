//! Checks, held by their truth tables.

mod buckets;
mod table;
