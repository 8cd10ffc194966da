//! The words of onbeat: data only. No I/O, no serde, no logic past constructors
//! and trivial reads. See `docs/glossary.md`.

pub mod agenda;
pub mod event;
pub mod id;
pub mod journal;
pub mod ledger;
pub mod observation;
pub mod pair;
pub mod plan;
pub mod report;
pub mod resource;
pub mod server;
pub mod snapshot;
pub mod time;
