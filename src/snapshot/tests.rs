//! Tests of the snapshot.
