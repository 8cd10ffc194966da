//! Asks for a multistatus and passes its rows on as they arrive; a body that breaks
//! off is asked for again from the start.

use url::Url;

use crate::provider::caldav::fingerprint::{Marks, Product, product};
use crate::provider::caldav::multistatus::{Multistatus, Refusal, Row};
use crate::provider::caldav::xml::XmlError;
use crate::provider::error::{ErrorKind, ProviderError};
use crate::provider::http::Http;
use crate::provider::http::answer::Answer;
use crate::provider::http::request::Read;

/// What came of a question.
#[derive(Debug)]
pub enum Reply<T> {
    /// A multistatus, folded.
    Rows {
        /// The fold's result.
        value: T,
        /// The sync token at its end.
        token: Option<String>,
        /// Who answered.
        product: Product,
        /// Where, after redirects.
        at: Url,
    },
    /// Another status.
    Refused(Refused),
}

/// An answer that is no multistatus.
#[derive(Debug)]
pub struct Refused {
    /// Conditions in its body.
    pub refusal: Refusal,
    /// What it means if nobody knows better.
    pub error: ProviderError,
}

/// Asks and folds the rows; the fold starts anew when the body breaks off.
///
/// # Errors
/// Those of the connection, `Protocol` for a body that is no multistatus.
pub async fn rows<T: Default>(
    http: &Http,
    request: &Read,
    fold: impl Fn(&mut T, Row),
) -> Result<Reply<T>, ProviderError> {
    let mut attempt = 1;
    loop {
        let mut answer = http.read(request).await?;
        if answer.status != 207 {
            return Ok(Reply::Refused(refused(&mut answer).await));
        }
        let mut value = T::default();
        let drained = drain(&mut answer, &mut |row| {
            fold(&mut value, row);
            Ok(())
        })
        .await;
        match drained {
            Ok(token) => {
                let product = product_of(&answer);
                return Ok(Reply::Rows { value, token, product, at: answer.url });
            }
            Err(error) if broke_off(&error) && attempt < http.retry().attempts => {
                http.back_off(attempt).await;
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Passes the rows of one answer on.
///
/// # Errors
/// Those of the connection and of `take`, `Protocol` for a body that is no
/// multistatus.
pub async fn drain(
    answer: &mut Answer,
    take: &mut dyn FnMut(Row) -> Result<(), ProviderError>,
) -> Result<Option<String>, ProviderError> {
    let mut body = Multistatus::default();
    while let Some(piece) = answer.chunk().await? {
        let rows = body.feed(&piece).map_err(|why| broken(answer, why))?;
        rows.into_iter().try_for_each(&mut *take)?;
    }
    body.finish().map_err(|why| broken(answer, why))?;
    Ok(body.token)
}

/// An answer other than a multistatus, with its reasons.
pub async fn refused(answer: &mut Answer) -> Refused {
    let refusal = Refusal::read(&answer.refusal().await);
    let mut error = answer.unexpected();
    if !refusal.conditions.is_empty() {
        error.context = format!("{}: {}", error.context, refusal.text());
    }
    Refused { refusal, error }
}

fn broken(answer: &Answer, why: XmlError) -> ProviderError {
    let kind = if why == XmlError::Truncated {
        ErrorKind::Unavailable
    } else {
        ErrorKind::Protocol(why.to_string())
    };
    ProviderError::new(kind, answer.context()).caused_by(why)
}

/// Whether the connection, not the content, was at fault: worth asking again.
pub fn broke_off(error: &ProviderError) -> bool {
    let stalled =
        error.source.as_ref().is_some_and(|source| source.is::<tokio::time::error::Elapsed>());
    error.kind == ErrorKind::Unavailable && !stalled
}

/// The product behind an answer.
pub fn product_of(answer: &Answer) -> Product {
    product(&Marks {
        host: answer.url.host_str().unwrap_or(""),
        path: answer.url.path(),
        server: answer.header("server").unwrap_or(""),
        sabre: answer.header("x-sabre-version"),
        dav: &answer.header_list("dav"),
    })
}
