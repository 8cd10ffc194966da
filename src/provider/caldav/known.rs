//! Where to ask when the configured address does not lead to a principal by itself:
//! the well-known address (RFC 6764 §5), the addresses of services that have none,
//! and the usual paths of self-hosted servers. A table and a loop; asks nothing.

use url::Url;

/// Services by host, with the path of principal or server; `{user}` is the login.
const SERVICES: [(&str, &str); 12] = [
    ("caldav.fastmail.com", "/dav/principals/user/{user}/"),
    ("caldav.icloud.com", "/"),
    ("posteo.de", "/"),
    ("gmx.net", "/begenda/dav/{user}/"),
    ("gmx.com", "/begenda/dav/{user}/"),
    ("web.de", "/begenda/dav/{user}/"),
    ("mail.com", "/begenda/dav/{user}/"),
    ("yahoo.com", "/dav/{user}/"),
    ("zoho.com", "/caldav"),
    ("zoho.eu", "/caldav"),
    ("purelymail.com", "/webdav/"),
    ("infomaniak.com", "/"),
];

/// Paths of self-hosted servers: Nextcloud, Baïkal and Davis, Zimbra and Cyrus and
/// Stalwart, DAViCal, SOGo, Open-Xchange, the root.
const PATHS: [&str; 8] = [
    "/remote.php/dav/",
    "/dav.php/",
    "/dav/",
    "/caldav.php/",
    "/SOGo/dav/{user}/",
    "/caldav/",
    "/principals/",
    "/",
];

/// The well-known address of a server.
pub fn well_known(base: &Url) -> Option<Url> {
    base.join("/.well-known/caldav").ok()
}

/// Further addresses worth a question, on the configured origin, best first.
pub fn candidates(base: &Url, user: &str) -> Vec<Url> {
    let host = base.host_str().unwrap_or("").to_ascii_lowercase();
    let below = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    let own = SERVICES.iter().filter(|(domain, _)| below(domain)).map(|(_, path)| *path);
    let user: String = url::form_urlencoded::byte_serialize(user.as_bytes()).collect();
    let mut found: Vec<Url> = Vec::new();
    for path in own.chain(PATHS) {
        if path.contains("{user}") && user.is_empty() {
            continue;
        }
        let url = base.join(&path.replace("{user}", &user));
        found.extend(url.ok().filter(|url| url != base && !found.contains(url)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_come_before_the_usual_paths() {
        let base = Url::parse("https://caldav.fastmail.com/").unwrap();
        let asked = candidates(&base, "me@fastmail.com");
        assert_eq!(
            asked[0].as_str(),
            "https://caldav.fastmail.com/dav/principals/user/me%40fastmail.com/"
        );
        assert!(asked.iter().all(|url| url.origin() == base.origin()));
        let gmx = candidates(&Url::parse("https://caldav.gmx.net/").unwrap(), "x@gmx.de");
        assert_eq!(gmx[0].path(), "/begenda/dav/x%40gmx.de/");
    }

    #[test]
    fn the_configured_address_is_not_asked_again() {
        let base = Url::parse("https://cloud.example.org/remote.php/dav/").unwrap();
        let asked = candidates(&base, "");
        assert!(!asked.contains(&base) && asked.iter().all(|url| !url.path().contains("SOGo")));
        assert_eq!(well_known(&base).unwrap().path(), "/.well-known/caldav");
    }
}
