//! The one integration binary: a module a subject, so that everything links once.

mod support {
    pub mod http;
    pub mod python;
    pub mod shell;
}

mod cli;
mod demo;
mod doctor;
mod lake_s3;
mod moto;
mod signals;
mod simulate;
