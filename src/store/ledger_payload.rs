//! One ledger fact as a row's `kind` and `payload` (JSON), both ways. Knows
//! nothing of SQL; the field names are the stored format and never change meaning.
