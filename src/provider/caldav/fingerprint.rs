//! Which product answers, by the marks it leaves, and what follows from it: whose
//! mail rules apply and which habits must be worked around. The habits are listed,
//! with their tests, in `docs/providers.md`.

use crate::model::server::MailEngine;

/// Products that differ in something onbeat does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Product {
    /// Radicale.
    Radicale,
    /// Xandikos.
    Xandikos,
    /// Cyrus IMAP.
    Cyrus,
    /// Fastmail (Cyrus).
    Fastmail,
    /// Stock sabre/dav: Baïkal, Davis, ownCloud, hosted kin.
    Sabre,
    /// Nextcloud.
    Nextcloud,
    /// SOGo.
    Sogo,
    /// DAViCal.
    Davical,
    /// Stalwart.
    Stalwart,
    /// Apple's Calendar and Contacts Server.
    CalendarServer,
    /// iCloud.
    Icloud,
    /// Google's CalDAV front.
    Google,
    /// Zimbra.
    Zimbra,
    /// Open-Xchange: mailbox.org and others.
    Ox,
    /// GMX, WEB.DE, mail.com.
    Gmx,
    /// Yahoo.
    Yahoo,
    /// Zoho.
    Zoho,
    /// Posteo.
    Posteo,
    /// Purelymail.
    Purelymail,
    /// Bedework.
    Bedework,
    /// DavMail before Exchange.
    DavMail,
    /// Anything else.
    Unknown,
}

/// What an answer shows of the product.
#[derive(Debug, Clone, Default)]
pub struct Marks<'a> {
    /// Host name of the server.
    pub host: &'a str,
    /// Path of the principal, home or calendar.
    pub path: &'a str,
    /// Server.
    pub server: &'a str,
    /// X-Sabre-Version.
    pub sabre: Option<&'a str>,
    /// All DAV header values.
    pub dav: &'a str,
}

impl Marks<'_> {
    /// Whether the DAV header has a token.
    pub fn announces(&self, token: &str) -> bool {
        self.dav.split(',').any(|entry| entry.trim().eq_ignore_ascii_case(token))
    }
}

/// Hosts of the large services; a name matches itself and names below it.
const HOSTS: [(&str, Product); 19] = [
    ("fastmail.com", Product::Fastmail),
    ("messagingengine.com", Product::Fastmail),
    ("icloud.com", Product::Icloud),
    ("googleusercontent.com", Product::Google),
    ("google.com", Product::Google),
    ("mailbox.org", Product::Ox),
    ("gmx.net", Product::Gmx),
    ("gmx.com", Product::Gmx),
    ("gmx.de", Product::Gmx),
    ("web.de", Product::Gmx),
    ("mail.com", Product::Gmx),
    ("yahoo.com", Product::Yahoo),
    ("zoho.com", Product::Zoho),
    ("zoho.eu", Product::Zoho),
    ("zoho.in", Product::Zoho),
    ("posteo.de", Product::Posteo),
    ("posteo.net", Product::Posteo),
    ("purelymail.com", Product::Purelymail),
    ("infomaniak.com", Product::Sabre),
];

/// The product behind an answer.
pub fn product(marks: &Marks<'_>) -> Product {
    let host = marks.host.to_ascii_lowercase();
    let below = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    if let Some((_, product)) = HOSTS.iter().find(|(domain, _)| below(domain)) {
        return *product;
    }
    let server = marks.server.to_ascii_lowercase();
    let dav_has = |prefix: &str| marks.dav.split(',').any(|t| t.trim().starts_with(prefix));
    let by_name = [
        ("cyrus", Product::Cyrus),
        ("stalwart", Product::Stalwart),
        ("davical", Product::Davical),
        ("sogo", Product::Sogo),
        ("zimbra", Product::Zimbra),
        ("open-xchange", Product::Ox),
        ("calendarserver", Product::CalendarServer),
        ("radicale", Product::Radicale),
        ("xandikos", Product::Xandikos),
        ("davmail", Product::DavMail),
        ("bedework", Product::Bedework),
    ];
    if let Some((_, product)) = by_name.iter().find(|(name, _)| server.contains(name)) {
        return *product;
    }
    if dav_has("nextcloud-") || dav_has("nc-") {
        return Product::Nextcloud;
    }
    if marks.sabre.is_some() || dav_has("oc-") {
        return Product::Sabre;
    }
    let by_path = [
        ("/remote.php/", Product::Nextcloud),
        ("/caldav.php/", Product::Davical),
        ("/SOGo/", Product::Sogo),
        ("/dav/pal/", Product::Stalwart),
        ("/dav/cal/", Product::Stalwart),
        ("/ucaldav/", Product::Bedework),
    ];
    if let Some((_, product)) = by_path.iter().find(|(path, _)| marks.path.contains(path)) {
        return *product;
    }
    // Two that do not name themselves and are known by what they announce.
    if marks.announces("add-member") && marks.announces("sync-collection") {
        return Product::Xandikos;
    }
    if marks.dav.split(',').map(str::trim).eq([
        "1",
        "2",
        "3",
        "calendar-access",
        "addressbook",
        "extended-mkcol",
    ]) {
        return Product::Radicale;
    }
    Product::Unknown
}

impl Product {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Radicale => "Radicale",
            Self::Xandikos => "Xandikos",
            Self::Cyrus => "Cyrus IMAP",
            Self::Fastmail => "Fastmail",
            Self::Sabre => "sabre/dav",
            Self::Nextcloud => "Nextcloud",
            Self::Sogo => "SOGo",
            Self::Davical => "DAViCal",
            Self::Stalwart => "Stalwart",
            Self::CalendarServer => "Calendar Server",
            Self::Icloud => "iCloud",
            Self::Google => "Google CalDAV",
            Self::Zimbra => "Zimbra",
            Self::Ox => "Open-Xchange",
            Self::Gmx => "GMX",
            Self::Yahoo => "Yahoo",
            Self::Zoho => "Zoho",
            Self::Posteo => "Posteo",
            Self::Purelymail => "Purelymail",
            Self::Bedework => "Bedework",
            Self::DavMail => "DavMail",
            Self::Unknown => "unknown server",
        }
    }

    /// Whose mail rules apply; `auto_schedule` is announced in the DAV header.
    pub fn mail_engine(self, auto_schedule: bool) -> MailEngine {
        match self {
            _ if !auto_schedule => MailEngine::None,
            Self::Cyrus | Self::Fastmail => MailEngine::Cyrus,
            Self::Sabre => MailEngine::Sabre,
            Self::Nextcloud => MailEngine::Nextcloud,
            Self::Stalwart => MailEngine::Stalwart,
            Self::Xandikos => MailEngine::Xandikos,
            Self::Radicale
            | Self::Sogo
            | Self::Davical
            | Self::CalendarServer
            | Self::Icloud
            | Self::Google
            | Self::Zimbra
            | Self::Ox
            | Self::Gmx
            | Self::Yahoo
            | Self::Zoho
            | Self::Posteo
            | Self::Purelymail
            | Self::Bedework
            | Self::DavMail
            | Self::Unknown => MailEngine::Unknown,
        }
    }

    /// `If-None-Match: *` does not protect an existing resource here: what lies at
    /// the address, and whether the UID is taken, is asked before a create.
    pub fn overwrites_on_create(self) -> bool {
        matches!(self, Self::Sogo | Self::Zimbra | Self::Google)
    }

    /// The same UID may be stored twice: it is asked for before a create.
    pub fn stores_uid_twice(self) -> bool {
        matches!(self, Self::Sabre | Self::Davical | Self::Posteo | Self::Nextcloud | Self::Zimbra)
    }

    /// DELETE ignores If-Match: the tag is compared before it is sent.
    pub fn deletes_unconditionally(self) -> bool {
        self == Self::Sogo
    }

    /// Entity tags are counters that start again with every new resource.
    pub fn reuses_tags(self) -> bool {
        self == Self::Sogo
    }

    /// A taken UID is said by status 409 and prose.
    pub fn conflict_is_uid(self) -> bool {
        self == Self::Sogo
    }

    /// Answers a sync token it never gave out with an error (RFC 6578 §3.2). Others
    /// may answer with everything they have, or with nothing.
    pub fn refuses_strange_tokens(self) -> bool {
        matches!(
            self,
            Self::Radicale
                | Self::Xandikos
                | Self::Cyrus
                | Self::Fastmail
                | Self::Sabre
                | Self::Nextcloud
                | Self::CalendarServer
                | Self::Icloud
                | Self::Google
        )
    }

    /// A reply to an occurrence without override is not put into the organizer's event
    /// and lies in the inbox only.
    pub fn leaves_replies_in_inbox(self) -> bool {
        matches!(self, Self::Cyrus | Self::Fastmail)
    }

    /// Answers VFREEBUSY questions in the outbox; Google and Open-Xchange have one
    /// and do not.
    pub fn answers_outbox(self) -> bool {
        !matches!(self, Self::Google | Self::Ox | Self::CalendarServer)
    }

    /// The sync report never tells of removals.
    pub fn hides_removals(self) -> bool {
        self == Self::Bedework
    }

    /// Least time between two requests, where a service counts them.
    pub fn least_interval(self) -> std::time::Duration {
        std::time::Duration::from_millis(match self {
            Self::Gmx => 2000,
            Self::Ox => 200,
            Self::Zoho | Self::Yahoo => 100,
            Self::Radicale
            | Self::Xandikos
            | Self::Cyrus
            | Self::Fastmail
            | Self::Sabre
            | Self::Nextcloud
            | Self::Sogo
            | Self::Davical
            | Self::Stalwart
            | Self::CalendarServer
            | Self::Icloud
            | Self::Google
            | Self::Zimbra
            | Self::Posteo
            | Self::Purelymail
            | Self::Bedework
            | Self::DavMail
            | Self::Unknown => 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(host: &str, path: &str, server: &str, sabre: Option<&str>, dav: &str) -> Product {
        product(&Marks { host, path, server, sabre, dav })
    }

    // Header fields as the servers send them.
    const RADICALE: &str = "1, 2, 3, calendar-access, addressbook, extended-mkcol";
    const XANDIKOS: &str = "1, 2, 3, calendar-access, calendar-auto-schedule, addressbook, extended-mkcol, add-member, sync-collection, quota";
    const CYRUS: &str = "1, 2, 3, access-control, extended-mkcol, resource-sharing, calendar-access, calendar-auto-schedule, calendar-query-extended, calendar-availability, calendar-managed-attachments, calendarserver-sharing, inbox-availability";
    const SABRE: &str = "1, 3, extended-mkcol, access-control, calendarserver-principal-property-search, calendar-access, calendar-proxy, calendar-auto-schedule, calendar-availability, resource-sharing, calendarserver-sharing";

    #[test]
    fn products_are_told_by_their_header_fields() {
        let at = |path, server, sabre, dav| seen("dav.example.org", path, server, sabre, dav);
        let nextcloud = "1, calendar-access, nc-calendar-search, nextcloud-checksum-update";
        for (product, is) in [
            (at("/alice/", "WSGIServer/0.2 CPython/3.11.7", None, RADICALE), Product::Radicale),
            (
                at("/alice/calendars/", "Python/3.11 aiohttp/3.14.5", None, XANDIKOS),
                Product::Xandikos,
            ),
            (at("/dav/calendars/user/a/", "Cyrus-HTTP/3.6.1-Debian", None, CYRUS), Product::Cyrus),
            (at("/dav.php/calendars/a/", "nginx", Some("4.7.1"), SABRE), Product::Sabre),
            (at("/cloud/dav/", "nginx", Some("4.7.0"), nextcloud), Product::Nextcloud),
        ] {
            assert_eq!(product, is);
        }
    }

    #[test]
    fn products_are_told_by_their_paths_and_hosts() {
        let plain = "1, 2, 3, access-control, calendar-access, calendar-auto-schedule";
        for (host, path, is) in [
            ("dav.example.org", "/remote.php/dav/calendars/a/", Product::Nextcloud),
            ("dav.example.org", "/SOGo/dav/alice/Calendar/", Product::Sogo),
            ("dav.example.org", "/caldav.php/alice/", Product::Davical),
            ("dav.example.org", "/dav/cal/alice/", Product::Stalwart),
            ("p42-caldav.icloud.com", "/123/calendars/", Product::Icloud),
            ("caldav.fastmail.com", "/dav/calendars/user/a@b/", Product::Fastmail),
            ("dav.mailbox.org", "/caldav/1/", Product::Ox),
            ("notfastmail.com", "/", Product::Unknown),
        ] {
            assert_eq!(seen(host, path, "nginx", None, plain), is, "{host}{path}");
        }
    }

    #[test]
    fn nobody_mails_without_automatic_scheduling() {
        assert_eq!(Product::Sabre.mail_engine(false), MailEngine::None);
        assert_eq!(Product::Unknown.mail_engine(false), MailEngine::None);
        assert_eq!(Product::Unknown.mail_engine(true), MailEngine::Unknown);
        assert_eq!(Product::Nextcloud.mail_engine(true), MailEngine::Nextcloud);
        assert_eq!(Product::Fastmail.mail_engine(true), MailEngine::Cyrus);
    }

    #[test]
    fn tokens_of_the_dav_header_are_compared_whole() {
        let marks =
            Marks { dav: "1, Calendar-Access , x-calendar-auto-schedule", ..Marks::default() };
        assert!(marks.announces("calendar-access"));
        assert!(!marks.announces("calendar-auto-schedule"));
    }
}
