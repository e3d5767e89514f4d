//! The one integration binary: a module a subject, so that everything links once.

mod support {
    pub mod python;
}

mod moto;
