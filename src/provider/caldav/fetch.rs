//! Fetches the text of members: multiget in batches that fit, and GET for whatever
//! that leaves open. One member that cannot be read does not stop the others.

use crate::model::id::{Etag, Href};
use crate::model::resource::Resource;
use crate::provider::caldav::changes::Reading;
use crate::provider::caldav::get::{self, Defect, MAX_OBJECT};
use crate::provider::caldav::href::{Place, place};
use crate::provider::caldav::list::Member;
use crate::provider::caldav::multiget::{self, AIM, Awaited, BATCH, Got};
use crate::provider::caldav::stream::{broke_off, drain, refused};
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::http::answer::Answer;

/// Text collected before it is given to the sink.
const FLUSH: usize = 1 << 20;

/// How one multiget ended.
enum Ended {
    /// To the end of its answer.
    Answered,
    /// The server does not do it, or not this one.
    Refused,
}

impl Reading<'_> {
    /// Reads members into the sink.
    pub(super) async fn fetch(&mut self, members: Vec<Member>) -> Result<(), ProviderError> {
        let (mut size, mut members) = (BATCH, members.into_iter());
        loop {
            let batch: Vec<Member> = members.by_ref().take(size).collect();
            if batch.is_empty() {
                return Ok(());
            }
            let count = batch.len();
            let bytes = self.batch(batch).await?;
            // What the last ones weighed, the next ones will.
            size = (AIM * count / bytes.max(1)).clamp(1, BATCH).min(size * 2);
        }
    }

    /// Reads one batch and gives its size in bytes.
    async fn batch(&mut self, members: Vec<Member>) -> Result<usize, ProviderError> {
        let mut awaited = Awaited::new(&self.url, members);
        let mut bytes = 0;
        let mut attempt = 1;
        while !awaited.is_empty() && self.multiget_refused < 2 {
            match self.multiget(&mut awaited, &mut bytes).await {
                Ok(Ended::Answered) => {
                    self.multiget_refused = 0;
                    break;
                }
                Ok(Ended::Refused) => {
                    self.multiget_refused += 1;
                    break;
                }
                Err(error) if broke_off(&error) && attempt < self.http.retry().attempts => {
                    self.http.back_off(attempt).await;
                    attempt += 1;
                }
                // One member may make the whole answer unreadable, or break it off.
                Err(error) if broke_off(&error) || matches!(error.kind, ErrorKind::Protocol(_)) => {
                    self.multiget_refused += 1;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        let left: Vec<Href> = awaited.members().map(|member| member.href.clone()).collect();
        for href in left {
            bytes += self.single(href).await?;
        }
        Ok(bytes)
    }

    async fn multiget(
        &mut self,
        awaited: &mut Awaited,
        bytes: &mut usize,
    ) -> Result<Ended, ProviderError> {
        let hrefs = awaited.members().map(|member| &member.href);
        let request = multiget::request(self.url.clone(), hrefs);
        let mut answer = self.http.read(&request).await?;
        if answer.status != 207 {
            let refused = refused(&mut answer).await;
            tracing::debug!(calendar = %self.id, error = %refused.error, "multiget refused");
            return Ok(Ended::Refused);
        }
        let (mut ready, mut ready_bytes) = (Vec::new(), 0);
        let url = self.url.clone();
        let drained = drain(&mut answer, &mut |row| {
            match awaited.take(&url, row) {
                Some(Got::Data(href, etag, data)) => {
                    *bytes += data.len();
                    ready_bytes += data.len();
                    ready.push(self.resource(href, Some(etag), data));
                }
                Some(Got::TooLarge(href)) => self.skip(href, too_large(), false)?,
                None => {}
            }
            if ready_bytes >= FLUSH {
                ready_bytes = 0;
                self.touched = true;
                self.sink.changed(std::mem::take(&mut ready))?;
            }
            Ok(())
        })
        .await;
        // What came before a break is true all the same.
        if !ready.is_empty() {
            self.touched = true;
            self.sink.changed(ready)?;
        }
        drained.map(|_| Ended::Answered)
    }

    /// Reads one member by GET and gives its size.
    async fn single(&mut self, href: Href) -> Result<usize, ProviderError> {
        let Place::Member(member) = place(&self.url, href.as_str()) else { return Ok(0) };
        let answer = match self.http.read(&get::request(&member)).await {
            Ok(answer) => answer,
            Err(error) if error.kind == ErrorKind::Unavailable && self.breaks == 0 => {
                self.breaks += 1;
                self.skip(href, error.to_string(), true)?;
                return Ok(0);
            }
            Err(error) => return Err(error),
        };
        self.breaks = 0;
        match read_object(answer).await {
            Ok((data, etag)) => {
                let bytes = data.len();
                self.touched = true;
                let resource = self.resource(href, etag, data);
                self.sink.changed(vec![resource])?;
                return Ok(bytes);
            }
            Err(Unread::Gone) => {
                self.touched = true;
                self.sink.removed(&href)?;
            }
            Err(Unread::Never(why)) => self.skip(href, why, false)?,
            Err(Unread::NotNow(why)) => self.skip(href, why, true)?,
        }
        Ok(0)
    }

    fn resource(&self, href: Href, etag: Option<Etag>, data: Vec<u8>) -> Resource {
        Resource { calendar: self.id.clone(), href, etag, parent: None, data }
    }
}

/// Why a member was not read.
pub enum Unread {
    /// It is not there.
    Gone,
    /// It can never be kept.
    Never(String),
    /// It may come another time.
    NotNow(String),
}

/// The object in an answer to GET, and its tag.
pub async fn read_object(mut answer: Answer) -> Result<(Vec<u8>, Option<Etag>), Unread> {
    match answer.status {
        200 => {}
        404 | 410 => return Err(Unread::Gone),
        403 | 405 | 406 => return Err(Unread::Never(answer.unexpected().to_string())),
        _ => return Err(Unread::NotNow(answer.unexpected().to_string())),
    }
    if answer.is_html() {
        return Err(Unread::NotNow(answer.unexpected().to_string()));
    }
    let etag = get::etag(answer.header("etag"));
    let data = answer.body(MAX_OBJECT).await.map_err(|error| {
        if error.kind == ErrorKind::TooLarge {
            Unread::Never(too_large())
        } else {
            Unread::NotNow(error.to_string())
        }
    })?;
    match get::defect(&data) {
        None => Ok((data, etag)),
        Some(Defect::Incomplete) => Err(Unread::NotNow(Defect::Incomplete.text().to_owned())),
        Some(Defect::Foreign) => Err(Unread::Never(Defect::Foreign.text().to_owned())),
    }
}

fn too_large() -> String {
    format!("larger than {} MiB", MAX_OBJECT >> 20)
}
