//! Tests of the whole provider against a scripted server on loopback.
