//! Checks, held by their truth tables.

mod accounts;
mod keys;
mod truth_table;
