//! The one integration binary: a module a subject, so that everything links once.

mod support {
    pub mod night;
    pub mod python;
    pub mod worlds;
}

mod join;
mod laws;
mod least_privilege;
mod limits;
mod moto;
mod survive;
