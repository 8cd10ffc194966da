//! Tests of discovery on answers in the shapes servers give.
