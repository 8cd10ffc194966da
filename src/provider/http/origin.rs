//! Where credentials may go: the configured origin, and origins found by
//! discovery in the same domain over TLS. Decides on URLs only; sends nothing.

use std::collections::BTreeSet;

use url::{Host, Url};

/// Domains under which neighbours are strangers to each other, so that "the same
/// domain" is not "the same owner". Not a public suffix list: those are caught by
/// the rule for short second levels; these are the hosts of self-hosters.
const SHARED_DOMAINS: [&str; 14] = [
    "duckdns.org",
    "dyndns.org",
    "dynu.net",
    "ddns.net",
    "no-ip.org",
    "freeddns.org",
    "myds.me",
    "synology.me",
    "spdns.de",
    "selfhost.eu",
    "github.io",
    "ngrok.io",
    "ts.net",
    "herokuapp.com",
];

/// Scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Origin(String, String, u16);

impl Origin {
    fn of(url: &Url) -> Option<Self> {
        Some(Self(
            url.scheme().to_owned(),
            url.host_str()?.to_ascii_lowercase(),
            url.port_or_known_default()?,
        ))
    }
}

/// The origins an account may talk to.
#[derive(Debug, Clone)]
pub struct Origins {
    base: Url,
    known: BTreeSet<Origin>,
}

impl Origins {
    /// Starts from the configured URL.
    ///
    /// # Errors
    /// For people: why the URL cannot be used (no https, credentials inside).
    pub fn new(base: &Url) -> Result<Self, String> {
        secure(base)?;
        if !base.username().is_empty() || base.password().is_some() {
            return Err(
                "the URL contains a user name or password; use the settings for them".into()
            );
        }
        let known = Origin::of(base).into_iter().collect();
        Ok(Self { base: base.clone(), known })
    }

    /// Whether requests (and with them credentials) may go there.
    pub fn allows(&self, url: &Url) -> bool {
        Origin::of(url).is_some_and(|origin| self.known.contains(&origin))
    }

    /// Takes in an origin that discovery found.
    ///
    /// # Errors
    /// For people: why the server's word is not enough.
    pub fn adopt(&mut self, url: &Url) -> Result<(), String> {
        if self.allows(url) {
            return Ok(());
        }
        let place = shown(url);
        if url.scheme() != "https" {
            return Err(format!(
                "the server points to {place}, which is another origin without TLS; credentials are not sent there"
            ));
        }
        if url.port().is_some() && url.port() != self.base.port() || !same_domain(&self.base, url) {
            return Err(format!(
                "the server points to {place}, outside of its own domain; if you trust it, use that address in the configuration"
            ));
        }
        self.known.extend(Origin::of(url));
        Ok(())
    }
}

/// Scheme, host and path, for messages: no user, no query.
pub fn shown(url: &Url) -> String {
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or(""), url.path())
}

fn secure(url: &Url) -> Result<(), String> {
    match url.scheme() {
        "https" if url.host().is_some() => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        "http" => Err(format!("{} would send the password unencrypted; use https", shown(url))),
        _ => Err(format!("{} is not an https address", url.as_str())),
    }
}

/// Whether the URL names this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn same_domain(base: &Url, other: &Url) -> bool {
    let (Some(Host::Domain(base)), Some(Host::Domain(other))) = (base.host(), other.host()) else {
        return false;
    };
    let (base, other) = (base.to_ascii_lowercase(), other.to_ascii_lowercase());
    let labels: Vec<&str> = base.split('.').collect();
    let parent = if labels.len() > 2 { base.split_once('.').map_or("", |(_, p)| p) } else { &base };
    let own = parent == base;
    if !own && (!parent.contains('.') || is_shared(parent)) {
        return false;
    }
    other == parent || other.ends_with(&format!(".{parent}"))
}

/// `co.uk`, `com.au` and kin (a country and a short second level), and the list.
fn is_shared(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    let country_second_level =
        matches!(labels.as_slice(), [second, top] if top.len() == 2 && second.len() <= 3);
    country_second_level || SHARED_DOMAINS.contains(&domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn tls_is_required_except_on_this_machine() {
        for good in [
            "https://dav.example.org/",
            "http://127.0.0.1:5232/",
            "http://[::1]/",
            "http://localhost/",
        ] {
            assert!(Origins::new(&url(good)).is_ok(), "{good}");
        }
        for bad in [
            "http://dav.example.org/",
            "ftp://example.org/",
            "http://127.0.0.1.example.org/",
            "file:///etc/passwd",
        ] {
            assert!(Origins::new(&url(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_repeated() {
        let error = Origins::new(&url("https://u:sesame@example.org/")).unwrap_err();
        assert!(!error.contains("sesame"));
    }

    #[test]
    fn another_port_or_scheme_is_another_origin() {
        let origins = Origins::new(&url("http://127.0.0.1:5232/")).unwrap();
        assert!(origins.allows(&url("http://127.0.0.1:5232/x/")));
        assert!(!origins.allows(&url("http://127.0.0.1:8902/x/")));
        assert!(!origins.allows(&url("https://127.0.0.1:5232/x/")));
        assert!(!origins.allows(&url("http://localhost:5232/x/")));
    }

    #[test]
    fn discovery_may_lead_to_a_partition_of_the_same_domain() {
        for (base, target) in [
            ("https://caldav.icloud.com/", "https://p42-caldav.icloud.com/1/calendars/"),
            ("https://example.org/", "https://dav.example.org/"),
            ("https://dav.example.org/", "https://example.org/"),
            ("https://dav.example.org:8443/", "https://dav2.example.org:8443/"),
        ] {
            let mut origins = Origins::new(&url(base)).unwrap();
            assert!(!origins.allows(&url(target)));
            origins.adopt(&url(target)).unwrap();
            assert!(origins.allows(&url(target)));
        }
    }

    #[test]
    fn discovery_never_leads_elsewhere() {
        for (base, target) in [
            ("https://dav.example.org/", "http://dav.example.org/"),
            ("https://dav.example.org/", "https://dav.example.org:8443/"),
            ("https://dav.example.org/", "https://example.com/"),
            ("https://dav.example.org/", "https://evilexample.org/"),
            ("https://shop.co.uk/", "https://evil.co.uk/"),
            ("https://dav.co.uk/", "https://evil.co.uk/"),
            ("https://alice.duckdns.org/", "https://evil.duckdns.org/"),
            ("https://192.0.2.1/", "https://192.0.2.2/"),
            ("http://127.0.0.1:5232/", "http://127.0.0.1:8902/"),
        ] {
            let mut origins = Origins::new(&url(base)).unwrap();
            assert!(origins.adopt(&url(target)).is_err(), "{base} → {target}");
            assert!(!origins.allows(&url(target)));
        }
    }
}
