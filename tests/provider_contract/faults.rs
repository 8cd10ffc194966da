//! Faults between provider and server; nothing may be concluded from them.
