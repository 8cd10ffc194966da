//! The ledger: append-only facts about meetings, and the verdicts they fold to.
