//! The one integration binary: a module a subject, so that everything links once.

mod support {
    pub mod night;
    pub mod python;
    pub mod worlds;
}

mod laws;
mod moto;
mod survive;
