//! The lines a managed block stands between in a DESCRIPTION. The only place
//! that spells them; what stands inside is `agenda`'s business.

/// First line of a managed block.
pub const BEGIN: &str = "— 1:1 agenda · onbeat —";
/// Last line of a managed block.
pub const END: &str = "— end of agenda —";
