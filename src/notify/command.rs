//! A program as a way to tell the owner, a desktop notification among them.
//! Run without a shell, with a time limit; the notice comes as arguments and
//! as JSON on its standard input.

use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::AsyncWriteExt as _;

use crate::notify::{Notice, Notifier, NotifyError, Topic};

/// How long a program may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Runs a program for each notice. `{title}`, `{body}`, `{pair}` and `{key}` in
/// its arguments are replaced.
#[derive(Debug, Clone)]
pub struct Command {
    name: String,
    argv: Vec<String>,
}

impl Command {
    /// Any program.
    pub fn new(argv: Vec<String>) -> Self {
        Self { name: argv.first().cloned().unwrap_or_else(|| "command".to_owned()), argv }
    }

    /// A desktop notification through `notify-send` (freedesktop) or
    /// `osascript` (macOS).
    pub fn desktop() -> Self {
        let argv: &[&str] = if cfg!(target_os = "macos") {
            // The texts are arguments of the script, never part of it.
            &[
                "osascript",
                "-e",
                "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run",
                "{title}",
                "{body}",
            ]
        } else {
            &["notify-send", "--app-name=onbeat", "--", "{title}", "{body}"]
        };
        let argv = argv.iter().map(|part| (*part).to_owned()).collect();
        Self { name: "desktop".to_owned(), argv }
    }

    fn arguments(&self, notice: &Notice) -> Vec<String> {
        let pair = notice.pair.as_ref().map_or("", |pair| pair.as_str());
        self.argv
            .iter()
            .skip(1)
            .map(|arg| match arg.as_str() {
                "{title}" => notice.title.clone(),
                "{body}" => notice.body.clone(),
                "{pair}" => pair.to_owned(),
                "{key}" => notice.key.clone(),
                other => other.to_owned(),
            })
            .collect()
    }
}

/// The notice as JSON, the same for programs and receivers of our own.
pub fn as_json(notice: &Notice) -> serde_json::Value {
    serde_json::json!({
        "key": notice.key,
        "topic": match notice.topic {
            Topic::Flag => "flag",
            Topic::Account => "account",
            Topic::Prep => "prep",
            Topic::Proposal => "proposal",
            Topic::Digest => "digest",
        },
        "pair": notice.pair.as_ref().map(|pair| pair.as_str()),
        "title": notice.title,
        "body": notice.body,
        "at": notice.at.to_string(),
    })
}

#[async_trait(?Send)]
impl Notifier for Command {
    fn name(&self) -> &str {
        &self.name
    }

    fn takes(&self, topic: Topic) -> bool {
        topic != Topic::Digest || self.name != "desktop"
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let Some(program) = self.argv.first() else {
            return Ok(());
        };
        let run = |source| NotifyError::Run { program: program.clone(), source };
        let mut child = tokio::process::Command::new(program)
            .args(self.arguments(notice))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(run)?;
        let text = as_json(notice).to_string();
        let stdin = child.stdin.take();
        let work = async {
            if let Some(mut stdin) = stdin {
                // A program that does not read its input is free to ignore it.
                let _ = stdin.write_all(text.as_bytes()).await;
            }
            child.wait().await
        };
        let status = tokio::time::timeout(LIMIT, work)
            .await
            .map_err(|_| NotifyError::Timeout { what: program.clone(), seconds: LIMIT.as_secs() })?
            .map_err(run)?;
        if status.success() {
            Ok(())
        } else {
            Err(NotifyError::Exit { program: program.clone(), status: status.to_string() })
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::id::PairId;

    fn notice() -> Notice {
        Notice {
            key: "pushed-twice/bob".into(),
            topic: Topic::Flag,
            pair: Some(PairId::new("bob")),
            title: "Bob: pushed twice; rm -rf".into(),
            body: "$(echo no)".into(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[tokio::test]
    async fn the_program_gets_arguments_and_json() {
        let dir = tempfile::tempdir().unwrap();
        let script = "printf '%s\\n' \"$2\" \"$3\" > \"$1\"; cat >> \"$1\"";
        let file = dir.path().join("got").display().to_string();
        let argv = ["sh", "-c", script, "sh", &file, "{title}", "{body}"].map(str::to_owned);
        Command::new(argv.to_vec()).notify(&notice()).await.unwrap();
        let got = std::fs::read_to_string(&file).unwrap();
        assert!(got.starts_with("Bob: pushed twice; rm -rf\n$(echo no)\n{"), "{got}");
        assert!(got.contains("\"key\":\"pushed-twice/bob\""), "{got}");
    }

    #[tokio::test]
    async fn failure_is_said() {
        let error = Command::new(vec!["false".into()]).notify(&notice()).await.unwrap_err();
        assert!(error.to_string().contains("false failed"), "{error}");
        let error = Command::new(vec!["/no/such".into()]).notify(&notice()).await.unwrap_err();
        assert_eq!(error.to_string(), "/no/such cannot be run");
    }
}
