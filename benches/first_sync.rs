//! Measures a first reading and an idle one of a real CalDAV calendar into a sink
//! that keeps nothing: `cargo bench --bench first_sync -- URL USER PASSWORD [CALENDAR]
//! [ROUNDS]`. Prints one line of JSON per round and the peak memory. The bare client
//! beside it (`bare_client.py`) replays the same requests for comparison.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, missing_docs)]

use std::time::Instant;

use onbeat::model::id::{AccountId, Etag, Href};
use onbeat::model::resource::Resource;
use onbeat::provider::caldav::{CalDav, CalDavConfig};
use onbeat::provider::http::auth::Auth;
use onbeat::provider::http::secret::Secret;
use onbeat::provider::{CalendarProvider, MirrorSink, ProviderError};

/// Counts and forgets.
#[derive(Default)]
struct Null {
    resources: usize,
    bytes: usize,
    unchanged: usize,
    removed: usize,
}

impl MirrorSink for Null {
    fn known(&mut self, _: &Href) -> Result<Option<Etag>, ProviderError> {
        Ok(None)
    }
    fn changed(&mut self, batch: Vec<Resource>) -> Result<(), ProviderError> {
        self.resources += batch.len();
        self.bytes += batch.iter().map(|resource| resource.data.len()).sum::<usize>();
        Ok(())
    }
    fn unchanged(&mut self, _: &Href) -> Result<(), ProviderError> {
        self.unchanged += 1;
        Ok(())
    }
    fn removed(&mut self, _: &Href) -> Result<(), ProviderError> {
        self.removed += 1;
        Ok(())
    }
}

fn peak_kib() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.and_then(|line| line.split_ascii_whitespace().nth(1)).unwrap_or("0").to_owned()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let [url, user, password, rest @ ..] = args.as_slice() else {
        println!("usage: first_sync URL USER PASSWORD [CALENDAR] [ROUNDS]");
        return;
    };
    let auth = Auth::Basic { user: user.clone(), password: Secret::new(password) };
    let config = CalDavConfig::new(AccountId::new("bench"), url.parse().unwrap(), auth);
    let provider = CalDav::new(config).unwrap();
    let capabilities = provider.capabilities().await.unwrap();
    let calendars = provider.calendars().await.unwrap();
    println!("{capabilities:?}");
    for calendar in &calendars {
        println!("{calendar:?}");
    }
    let wanted = rest.first().filter(|name| !name.is_empty());
    let calendar = calendars
        .iter()
        .find(|c| wanted.is_none_or(|name| c.id.collection.contains(name.as_str())))
        .unwrap();
    for _ in 0..rest.get(1).and_then(|n| n.parse().ok()).unwrap_or(1) {
        let (mut sink, start) = (Null::default(), Instant::now());
        let first = provider.changes(&calendar.id, None, &mut sink).await.unwrap();
        let first_s = start.elapsed().as_secs_f64();
        let (mut idle, start) = (Null::default(), Instant::now());
        let second = provider.changes(&calendar.id, first.next.as_ref(), &mut idle).await.unwrap();
        println!(
            "{{\"resources\":{},\"bytes\":{},\"first_s\":{first_s:.3},\"extent\":\"{:?}\",\"skipped\":{},\"idle_s\":{:.3},\"idle\":\"{:?}\",\"peak_kib\":{}}}",
            sink.resources,
            sink.bytes,
            first.extent,
            first.skipped.len(),
            start.elapsed().as_secs_f64(),
            second.extent,
            peak_kib(),
        );
    }
}
