//! To be written.

pub mod ledger_payload;
