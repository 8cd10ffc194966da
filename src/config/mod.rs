//! Reading the configuration: the file, the environment, where secrets lie. The
//! shell asks here; nothing pure does. It knows no calendar and no state.

pub mod account;
pub mod env;
mod error;
mod load;
mod pair;
mod raw;
pub mod secret;
pub mod settings;
pub(crate) mod words;
pub mod write;

pub use account::{Account, AccountKind};
pub use error::{ConfigError, Problem};
pub use load::{Config, HolidayReader, HolidaySource, Places, Reload, load, locate, parse, reload};
pub use secret::{Secret, SecretError, SecretSource};
pub use write::{Draft, DraftAccount, DraftKind, DraftMe, DraftPair, write_initial};
