//! The order of discovery (RFC 6764 §6): the configured address, the well-known one,
//! the table of services, the usual paths; then principal, homes, calendars.

use url::Url;

use crate::model::id::{Address, CalendarId};
use crate::model::server::{CalendarInfo, Capabilities};
use crate::provider::caldav::CalDav;
use crate::provider::caldav::discover::{self, Entry, Found, Principal, resolve};
use crate::provider::caldav::fingerprint::{Marks, Product, product};
use crate::provider::caldav::href::same;
use crate::provider::caldav::known;
use crate::provider::caldav::multistatus::Row;
use crate::provider::caldav::stream::{drain, refused};
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::http::Located;
use crate::provider::http::answer::Answer;
use crate::provider::http::request::{Read, ReadMethod};

/// Hosts that discovery follows from one to the next.
const MAX_HOSTS: usize = 3;

/// What discovery found out about an account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Homes of calendars, or the one configured calendar with Depth 0.
    pub homes: Vec<(Url, &'static str)>,
    /// The principal's mail addresses.
    pub addresses: Vec<Address>,
    /// Where free/busy of others is asked.
    pub outbox: Option<Url>,
    /// Where scheduling messages arrive.
    pub inbox: Option<Url>,
    /// Who answers.
    pub product: Product,
    /// For the engine.
    pub capabilities: Capabilities,
}

impl CalDav {
    /// Goes from the configured address to the account's homes.
    pub(super) async fn discover(&self) -> Result<Account, ProviderError> {
        let (entry, at) = self.entry().await?;
        let (principal, at) = match &entry.principal {
            Some(href) if entry.homes.is_empty() => self.principal(&at, href).await?,
            Some(_) | None if !entry.homes.is_empty() => self.principal(&at, at.as_str()).await?,
            Some(_) | None => (Principal::default(), at),
        };
        let mut homes = Vec::new();
        for href in &principal.homes {
            homes.push((self.adopted(&at, href)?, "1"));
        }
        if homes.is_empty() && entry.is_calendar {
            homes.push((self.http.base().clone(), "0"));
        }
        let Some((first, _)) = homes.first() else {
            return Err(nothing_at(self.http.base()));
        };
        let marks = self.marks(first).await?;
        let (product, auto_schedule) =
            (marks.product(first), marks.announces("calendar-auto-schedule"));
        let link = |href: &Option<String>| href.as_ref().and_then(|href| resolve(&at, href));
        let outbox = link(&principal.outbox).filter(|url| self.http.allows(url));
        let inbox = link(&principal.inbox).filter(|url| self.http.allows(url));
        self.http.slow_down(product.least_interval());
        let mut account = Account {
            capabilities: Capabilities {
                product: marks.shown(product),
                engine: product.mail_engine(auto_schedule),
                auto_schedule,
                sync_collection: false,
                free_busy_of_others: outbox.is_some() && product.answers_outbox(),
                addresses: principal.addresses.clone(),
            },
            homes,
            addresses: principal.addresses,
            outbox,
            inbox,
            product,
        };
        let calendars = self.list_calendars(&account).await?;
        account.capabilities.sync_collection =
            calendars.iter().any(|(_, found)| found.reports_changes);
        Ok(account)
    }

    /// The first address that knows a principal, a home, or is a calendar.
    async fn entry(&self) -> Result<(Entry, Url), ProviderError> {
        let base = self.http.base().clone();
        let others =
            known::well_known(&base).into_iter().chain(known::candidates(&base, &self.user));
        let mut calendar = None;
        let mut first_problem = None;
        for url in std::iter::once(base.clone()).chain(others) {
            match self.ask_entry(&url).await {
                Ok((entry, at)) => {
                    if entry.principal.is_some() || !entry.homes.is_empty() {
                        let is_calendar = calendar.is_some() || entry.is_calendar && url == base;
                        return Ok((Entry { is_calendar, ..entry }, at));
                    }
                    if entry.is_calendar && url == base {
                        calendar = Some((entry, at));
                    }
                }
                Err(error) if gives_up(&error, url == base) => return Err(error),
                Err(error) => first_problem = first_problem.or(Some(error)),
            }
        }
        calendar.ok_or_else(|| first_problem.unwrap_or_else(|| nothing_at(&base)))
    }

    /// Asks one address, through redirects to origins of the same domain.
    async fn ask_entry(&self, url: &Url) -> Result<(Entry, Url), ProviderError> {
        let mut url = url.clone();
        for _ in 0..MAX_HOSTS {
            match self.http.locate(&discover::entry_request(url.clone())).await? {
                Located::Elsewhere(target) => {
                    self.http.adopt(&target)?;
                    url = target;
                }
                Located::Here(mut answer) => {
                    let row = own_row(&mut answer).await?;
                    return Ok((Entry::read(&row), answer.url.clone()));
                }
            }
        }
        Err(ProviderError::new(ErrorKind::Protocol("redirects in circles".into()), url.path()))
    }

    async fn principal(&self, at: &Url, href: &str) -> Result<(Principal, Url), ProviderError> {
        let url = self.adopted(at, href)?;
        let mut answer = self.http.read(&discover::principal_request(url)).await?;
        let row = own_row(&mut answer).await?;
        Ok((Principal::read(&row), answer.url.clone()))
    }

    /// The URL of something a server named, if requests may go there.
    fn adopted(&self, at: &Url, href: &str) -> Result<Url, ProviderError> {
        let Some(url) = resolve(at, href) else {
            let why = "the server names an address that is none".to_owned();
            return Err(ProviderError::new(ErrorKind::Protocol(why), at.path()));
        };
        self.http.adopt(&url)?;
        Ok(url)
    }

    /// The DAV and Server header of a home; OPTIONS, which every server answers.
    async fn marks(&self, home: &Url) -> Result<OwnedMarks, ProviderError> {
        let answer = self.http.read(&Read::new(ReadMethod::Options, home.clone())).await?;
        Ok(OwnedMarks {
            host: answer.url.host_str().unwrap_or("").to_owned(),
            server: answer.header("server").unwrap_or("").to_owned(),
            sabre: answer.header("x-sabre-version").map(str::to_owned),
            dav: answer.header_list("dav"),
        })
    }

    /// The calendars of all homes, in the servers' order.
    pub(super) async fn list_calendars(
        &self,
        account: &Account,
    ) -> Result<Vec<(CalendarInfo, Found)>, ProviderError> {
        let mut calendars: Vec<(CalendarInfo, Found)> = Vec::new();
        for (home, depth) in &account.homes {
            let mut answer =
                self.http.read(&discover::calendars_request(home.clone(), depth)).await?;
            if answer.status != 207 {
                return Err(refused(&mut answer).await.error);
            }
            let mut found = Vec::new();
            drain(&mut answer, &mut |row| {
                found.extend(Found::read(&row));
                Ok(())
            })
            .await?;
            for found in found {
                let Some(url) = resolve(&answer.url, &found.href) else { continue };
                if !self.http.allows(&url) || calendars.iter().any(|(_, f)| f.href == found.href) {
                    continue;
                }
                calendars.push((self.info(&url, &found), found));
            }
        }
        Ok(calendars)
    }

    fn info(&self, url: &Url, found: &Found) -> CalendarInfo {
        // The address as the server writes it, complete where it is on another host.
        let here = url.origin() == self.http.base().origin();
        let collection = if here { found.href.clone() } else { url.to_string() };
        CalendarInfo {
            id: CalendarId { account: self.account.clone(), collection },
            name: found.name.clone(),
            writable: found.writable,
            opaque: found.opaque,
            zone: found.zone.clone(),
        }
    }
}

/// The row of the resource that was asked, with Depth 0.
async fn own_row(answer: &mut Answer) -> Result<Row, ProviderError> {
    if answer.status != 207 {
        return Err(refused(answer).await.error);
    }
    let (url, mut rows) = (answer.url.clone(), Vec::new());
    drain(answer, &mut |row| {
        rows.push(row);
        Ok(())
    })
    .await?;
    let own = |row: &Row| resolve(&url, &row.href).is_some_and(|href| same(&href, &url));
    let at = rows.iter().position(own).unwrap_or(0);
    if rows.is_empty() {
        let why = "an empty answer".to_owned();
        return Err(ProviderError::new(ErrorKind::Protocol(why), answer.context()));
    }
    Ok(rows.swap_remove(at))
}

/// Whether discovery ends with this error. Paths that are only guessed may answer as
/// they like, but wrong credentials are wrong everywhere.
fn gives_up(error: &ProviderError, configured: bool) -> bool {
    match error.kind {
        ErrorKind::Unauthorized
        | ErrorKind::NoCredentials
        | ErrorKind::Tls(_)
        | ErrorKind::RateLimited { .. } => true,
        ErrorKind::Unavailable => configured,
        ErrorKind::NotFound
        | ErrorKind::PreconditionFailed
        | ErrorKind::UidExists { .. }
        | ErrorKind::SyncTokenInvalid
        | ErrorKind::Forbidden
        | ErrorKind::OutcomeUnknown
        | ErrorKind::Protocol(_)
        | ErrorKind::TooLarge
        | ErrorKind::Unsupported(_)
        | ErrorKind::Sink => false,
    }
}

fn nothing_at(base: &Url) -> ProviderError {
    let why = "no calendars found there; check the address, or give that of the calendar itself";
    let place = crate::provider::http::origin::shown(base);
    ProviderError::new(ErrorKind::Protocol(why.to_owned()), place)
}

/// Header fields of an answer that is gone.
struct OwnedMarks {
    host: String,
    server: String,
    sabre: Option<String>,
    dav: String,
}

impl OwnedMarks {
    fn of<'a>(&'a self, path: &'a str) -> Marks<'a> {
        let (host, server, dav) = (self.host.as_str(), self.server.as_str(), self.dav.as_str());
        Marks { host, path, server, sabre: self.sabre.as_deref(), dav }
    }

    fn product(&self, at: &Url) -> Product {
        product(&self.of(at.path()))
    }

    fn announces(&self, token: &str) -> bool {
        self.of("").announces(token)
    }

    /// Name and version for people.
    fn shown(&self, product: Product) -> String {
        let version = self.sabre.clone().unwrap_or_else(|| {
            self.server.split_ascii_whitespace().next().unwrap_or("").to_owned()
        });
        let version: String = version.chars().filter(|c| !c.is_control()).take(60).collect();
        if version.is_empty() {
            product.name().to_owned()
        } else {
            format!("{} ({version})", product.name())
        }
    }
}
