//! RFC 5545 text ⇄ model. Fetched calendars live as bytes in a lossless
//! content-line index ([`lines`]); events are read from it ([`parse`]), their
//! occurrences computed ([`recur`]), and edits replace single lines ([`edit`]).
//! It knows nothing of servers, files, pairs' history or the clock.

pub mod compare;
pub mod component;
pub mod edit;
pub mod lines;
pub mod marks;
pub mod parse;
pub mod property;
pub mod recur;
pub mod tz;
pub mod value;
pub mod write;
