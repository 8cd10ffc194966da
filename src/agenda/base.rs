//! The record of a block as it was last written: the base of the next merge.
