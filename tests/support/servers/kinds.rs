//! How each server is configured and started in its folder. One function each;
//! everything they write lies in that folder.

use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use super::install;
use super::process::Guarded;
use super::{DOMAIN, USERS, password};

pub const RADICALE: (&str, &str) = ("radicale", "3.9.0");
pub const XANDIKOS: (&str, &str) = ("xandikos", "0.4.10");

/// Radicale: files, no scheduling, every user sees the own tree only.
pub fn radicale(folder: &Path, port: u16) -> Result<Guarded, String> {
    let bin = install::python(RADICALE.0, RADICALE.1)?;
    let users: String = USERS.iter().map(|user| format!("{user}:{}\n", password(user))).collect();
    write(&folder.join("users"), &users)?;
    let at = folder.display();
    let config = format!(
        "[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = htpasswd\nhtpasswd_filename = {at}/users\n\
         htpasswd_encryption = plain\ndelay = 0\n[rights]\ntype = owner_only\n\
         [storage]\nfilesystem_folder = {at}/data\n"
    );
    write(&folder.join("config"), &config)?;
    let config = format!("{at}/config");
    start(&bin.join("radicale"), &["--config", &config], folder)
}

/// Xandikos: git folders, schedules between its own users.
pub fn xandikos(folder: &Path, port: u16) -> Result<Guarded, String> {
    let bin = install::python(XANDIKOS.0, XANDIKOS.1)?;
    let script = folder.join("serve.py");
    write(&script, include_str!("xandikos.py"))?;
    let data = folder.join("data");
    fs::create_dir_all(&data).map_err(|e| e.to_string())?;
    let (script, data, port) =
        (script.display().to_string(), data.display().to_string(), port.to_string());
    let mut args = vec![script.as_str(), &data, &port, DOMAIN];
    args.extend(USERS);
    start(&bin.join("python"), &args, folder)
}

/// Cyrus: RFC 6638 in full; mail for strangers goes to the sink's port.
pub fn cyrus(folder: &Path, port: u16, imap: u16, smtp: u16) -> Result<Guarded, String> {
    let master = install::cyrus()?;
    let said = |e: std::io::Error| e.to_string();
    for part in
        ["var/db", "var/log", "var/msg", "var/socket", "var/user", "spool", "run/proc", "run/lock"]
    {
        fs::create_dir_all(folder.join(part)).map_err(said)?;
    }
    let is_root = is_root();
    write(&folder.join("imapd.conf"), &imapd_conf(folder, smtp, is_root))?;
    write(&folder.join("cyrus.conf"), &cyrus_conf(folder, port, imap))?;
    if !folder.join("sasldb2").exists() {
        for user in USERS.iter().chain(&["cyrus"]) {
            add_sasl_user(&folder.join("sasldb2"), user)?;
        }
    }
    if is_root {
        install::run(Command::new("chown").args(["-R", "cyrus:mail"]).arg(folder))?;
    }
    let (imapd, services) = (folder.join("imapd.conf"), folder.join("cyrus.conf"));
    let (imapd, services) = (imapd.display().to_string(), services.display().to_string());
    let pid = folder.join("run/master.pid").display().to_string();
    start(&master, &["-C", &imapd, "-M", &services, "-p", &pid], folder)
}

fn imapd_conf(folder: &Path, smtp: u16, is_root: bool) -> String {
    let at = folder.display();
    let own_user = if is_root { String::new() } else { format!("cyrus_user: {}\n", user_name()) };
    format!(
        "configdirectory: {at}/var\ndefaultpartition: default\npartition-default: {at}/spool\n\
         proc_path: {at}/run/proc\nmboxname_lockpath: {at}/run/lock\n\
         lmtpsocket: {at}/var/socket/lmtp\nidlesocket: {at}/var/socket/idle\n\
         notifysocket: {at}/var/socket/notify\nservername: localhost\nadmins: cyrus\n\
         calendar_user_address_set: {DOMAIN}\nautocreate_users: anyone\nautocreate_quota: 0\n\
         altnamespace: yes\nunixhierarchysep: yes\nhttpmodules: caldav\nhttpallowcompress: 0\n\
         caldav_historical_age: -1\nallowplaintext: yes\nsasl_pwcheck_method: auxprop\n\
         sasl_auxprop_plugin: sasldb\nsasl_mech_list: PLAIN\nsasl_sasldb_path: {at}/sasldb2\n\
         smtp_backend: host\nsmtp_host: 127.0.0.1:{smtp}\numask: 077\n{own_user}"
    )
}

fn cyrus_conf(folder: &Path, port: u16, imap: u16) -> String {
    let conf = folder.join("imapd.conf");
    let conf = conf.display();
    format!(
        "START {{ recover cmd=\"/usr/sbin/cyrus ctl_cyrusdb -C {conf} -r\" }}\n\
         SERVICES {{\n\
         imap cmd=\"imapd -C {conf}\" listen=\"127.0.0.1:{imap}\" prefork=0 maxchild=4\n\
         http cmd=\"httpd -C {conf}\" listen=\"127.0.0.1:{port}\" prefork=1 maxchild=16\n\
         }}\nEVENTS {{ }}\n"
    )
}

/// Puts a user and password into a SASL password file.
fn add_sasl_user(file: &Path, user: &str) -> Result<(), String> {
    let said = |e: std::io::Error| format!("saslpasswd2: {e}");
    let mut child = Command::new("/usr/sbin/saslpasswd2")
        .args(["-p", "-c", "-f"])
        .arg(file)
        .args(["-u", "localhost", user])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(said)?;
    let mut input = child.stdin.take().ok_or("no pipe")?;
    input.write_all(password(user).as_bytes()).map_err(said)?;
    drop(input);
    let status = child.wait().map_err(said)?;
    if status.success() { Ok(()) } else { Err(format!("saslpasswd2: {status}")) }
}

/// Creates the users' mailboxes, to which Cyrus hangs their calendars.
pub fn cyrus_mailboxes(imap: u16) -> std::io::Result<()> {
    let stream = TcpStream::connect(("127.0.0.1", imap))?;
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20)))?;
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    let login = format!("LOGIN cyrus {}", password("cyrus"));
    let mut commands = vec![login];
    commands.extend(USERS.iter().map(|user| format!("CREATE user/{user}")));
    lines.next().transpose()?;
    for (n, command) in commands.iter().enumerate() {
        write!(out, "t{n} {command}\r\n")?;
        let tag = format!("t{n} ");
        let answer = loop {
            let line = lines.next().transpose()?.ok_or(std::io::ErrorKind::UnexpectedEof)?;
            if line.starts_with(&tag) {
                break line;
            }
        };
        let exists = answer.contains("already exists");
        if !answer.contains(" OK ") && !exists {
            return Err(std::io::Error::other(format!("{command}: {answer}")));
        }
    }
    out.write_all(b"bye LOGOUT\r\n")
}

fn start(program: &Path, args: &[&str], folder: &Path) -> Result<Guarded, String> {
    Guarded::start(program, args, &folder.join("log"))
        .map_err(|e| format!("{}: {e}", program.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

fn id(flag: &str) -> String {
    let out = Command::new("id").arg(flag).output();
    out.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default()
}

fn is_root() -> bool {
    id("-u") == "0"
}

fn user_name() -> String {
    id("-un")
}
