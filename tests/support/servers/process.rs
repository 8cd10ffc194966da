//! A child process that cannot outlive the test: a small shell stands between,
//! leads the process group, and ends the group when its standard input closes,
//! which the system does however the test process ends.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Ends the server when the pipe closes, and the pipe's reader when the server ends.
const GUARD: &str = r#"
exec 3<&0
"$@" </dev/null &
server=$!
( cat <&3 >/dev/null; kill -TERM "$server"; sleep 5; kill -KILL 0 ) &
wait "$server"
kill -KILL 0
"#;

/// Waits for the pipe to close and the group to end, then removes the folder.
const SWEEP: &str = r#"
cat >/dev/null
while kill -0 -- "-$1" 2>/dev/null; do sleep 0.1; done
rm -rf -- "$2"
"#;

/// A running server process with everything it forked.
#[derive(Debug)]
pub struct Guarded {
    child: Child,
}

impl Guarded {
    /// Starts a program; what it says goes to the log file.
    pub fn start(program: &Path, args: &[&str], log: &Path) -> io::Result<Self> {
        let out = File::options().create(true).append(true).open(log)?;
        let child = Command::new("/bin/sh")
            .args(["-c", GUARD, "guard"])
            .arg(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(out.try_clone()?)
            .stderr(out)
            .process_group(0)
            .spawn()?;
        Ok(Self { child })
    }

    /// Whether the server has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks the server to end, and waits until the whole group has.
    pub fn stop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().ok();
    }

    /// Ends the group at once, as a power cut does.
    pub fn kill(&mut self) {
        let group = format!("-{}", self.child.id());
        Command::new("kill").args(["-KILL", "--", &group]).status().ok();
        self.child.wait().ok();
    }
}

impl Guarded {
    /// Removes a folder after this process and the test have ended, for a server
    /// that lives as long as the test process and is never dropped.
    pub fn sweep_after(&self, folder: &Path) -> io::Result<Child> {
        Command::new("/bin/sh")
            .args(["-c", SWEEP, "sweep", &self.child.id().to_string()])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.stop();
    }
}
