//! Tests of the one client against a small server on loopback.
