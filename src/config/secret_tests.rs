//! Secrets from every place, and what is refused.

use std::os::unix::fs::OpenOptionsExt;

use super::*;

fn file(dir: &Path, name: &str, mode: u32, text: &str) -> PathBuf {
    use std::io::Write;
    let path = dir.join(name);
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(mode).open(&path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    path
}

fn command(argv: &[&str]) -> SecretSource {
    SecretSource::Command(argv.iter().map(|word| (*word).to_owned()).collect())
}

#[test]
fn the_first_line_of_a_private_file_counts() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "good", 0o600, "hunter2\r\nlogin: elena\n");
    let secret = SecretSource::File(path).fetch("work", &Env::default()).unwrap();
    assert_eq!(secret.reveal(), "hunter2");
    assert_eq!(format!("{secret:?}"), "Secret(…)");
}

#[test]
fn a_file_others_may_read_is_refused_with_the_command_that_helps() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "open", 0o600, "hunter2\n");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = SecretSource::File(path).fetch("work", &Env::default()).unwrap_err();
    assert!(error.to_string().contains("mode 0644"));
    assert!(error.remedy().starts_with("run: chmod 600 "));
    assert!(!format!("{error:?}{error}").contains("hunter2"));
}

#[test]
fn missing_and_empty_files_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let gone = SecretSource::File(dir.path().join("gone")).fetch("w", &Env::default());
    assert!(matches!(gone, Err(SecretError::File { .. })));
    let empty = file(dir.path(), "empty", 0o600, "\nhunter2\n");
    let empty = SecretSource::File(empty).fetch("w", &Env::default());
    assert!(matches!(empty, Err(SecretError::Empty { .. })));
    let binary = dir.path().join("binary");
    std::fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
    std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o600)).unwrap();
    let binary = SecretSource::File(binary).fetch("w", &Env::default());
    assert!(matches!(binary, Err(SecretError::Empty { .. })));
}

#[test]
fn a_command_is_run_without_a_shell() {
    let secret = command(&["printf", "%s\\nsecond", "$HOME; hunter2"]);
    assert_eq!(secret.fetch("w", &Env::default()).unwrap().reveal(), "$HOME; hunter2");
}

#[test]
fn a_command_that_fails_is_missing_or_floods_is_refused() {
    let env = Env::default();
    let failed = command(&["sh", "-c", "echo hunter2; exit 3"]).fetch("w", &env).unwrap_err();
    assert!(matches!(failed, SecretError::Exit { .. }));
    assert!(!failed.to_string().contains("hunter2"));
    let missing = command(&["/no/such/program"]).fetch("w", &env).unwrap_err();
    assert!(matches!(missing, SecretError::Run { .. }));
    let flood = command(&["yes", "hunter2"]).fetch("w", &env).unwrap_err();
    assert!(matches!(flood, SecretError::Exit { .. }));
    let silent = command(&["true"]).fetch("w", &env).unwrap_err();
    assert!(matches!(silent, SecretError::Empty { .. }));
}

#[test]
fn a_command_that_hangs_is_stopped() {
    let argv = ["sleep".to_owned(), "60".to_owned()];
    let error = from_command(&argv, Duration::from_millis(50)).unwrap_err();
    assert!(matches!(error, SecretError::Timeout { .. }));
}

#[test]
fn credentials_lie_in_the_service_managers_directory() {
    let dir = tempfile::tempdir().unwrap();
    file(dir.path(), "dav", 0o600, "hunter2");
    let source = SecretSource::Credential("dav".to_owned());
    let env = Env { credentials_directory: Some(dir.path().to_owned()), ..Env::default() };
    assert_eq!(source.fetch("w", &env).unwrap().reveal(), "hunter2");
    let error = source.fetch("w", &Env::default()).unwrap_err();
    assert!(error.remedy().contains("LoadCredential=dav"));
    let other = SecretSource::Credential("other".to_owned()).fetch("w", &env);
    assert!(matches!(other, Err(SecretError::NoCredential { .. })));
}

#[cfg(not(feature = "keyring"))]
#[test]
fn without_the_keyring_the_other_ways_are_named() {
    let error = SecretSource::Keyring.fetch("work", &Env::default()).unwrap_err();
    for way in ["file", "command", "credential"] {
        assert!(error.remedy().contains(way));
    }
}
