//! A sign of life on a terminal's stderr while something takes long; nothing
//! anywhere else.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::out::Out;

/// Shown until dropped.
pub struct Spinner(Option<ProgressBar>);

/// Starts one, when somebody watches.
pub fn spin(out: &Out, text: &'static str) -> Spinner {
    if out.quiet || out.json || !std::io::stderr().is_terminal() {
        return Spinner(None);
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        .with_message(text)
        .with_style(ProgressStyle::default_spinner());
    bar.enable_steady_tick(Duration::from_millis(120));
    Spinner(Some(bar))
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
