//! Where in the world an address is: a file that the operator provides, in the MaxMind DB format, as GeoLite2
//! and DB-IP have it. Shown to the owner of a session and to administrators; nothing is decided by it.

use std::{
    collections::HashMap,
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use maxminddb::{MaxMindDbError, Reader};
use serde::Deserialize;

use super::SessionSummary;
use crate::modules::{Context, pages::Language};

/// The language of a name where there is none in the reader's.
const ENGLISH: &str = "en";

/// The file in use. A new one in its place is taken up at the next question.
#[derive(Debug, Default)]
pub struct Places {
    open: Mutex<Option<Opened>>,
}

#[derive(Clone, Debug)]
struct Opened {
    path: PathBuf,
    modified: Option<SystemTime>,
    database: Arc<Reader<Vec<u8>>>,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlacesError {
    /// It cannot be read.
    #[error("the database of places {} cannot be read: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is another file.
    #[error(
        "the database of places {} is no MaxMind DB ({source}): take a file such as GeoLite2-City.mmdb",
        path.display()
    )]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Why.
        source: MaxMindDbError,
    },
}

/// What is read of an entry.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry<'a> {
    #[serde(borrow)]
    city: Named<'a>,
    #[serde(borrow)]
    country: Named<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named<'a> {
    #[serde(borrow)]
    names: HashMap<&'a str, &'a str>,
}

impl<'a> Named<'a> {
    fn in_language(&self, language: &str) -> Option<&'a str> {
        let name = self.names.get(language).or_else(|| self.names.get(ENGLISH));
        name.copied().filter(|name| !name.is_empty())
    }
}

impl Places {
    /// The database in the file, opened again if there is another one by now.
    fn database(&self, path: &Path) -> Result<Arc<Reader<Vec<u8>>>, PlacesError> {
        let modified = fs::metadata(path)
            .map_err(|source| unreadable(path, source))?
            .modified()
            .ok();
        // Held while the file is read: who comes in the meantime would read it as well.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = open.as_ref()
            && opened.path == path
            && opened.modified == modified
        {
            return Ok(Arc::clone(&opened.database));
        }
        // Both at once may be more than there is room for.
        *open = None;
        let database = Arc::new(read(path)?);
        *open = Some(Opened {
            path: path.to_owned(),
            modified,
            database: Arc::clone(&database),
        });
        Ok(database)
    }
}

/// Whether the file can be used.
pub(super) fn check(path: &Path) -> Result<(), PlacesError> {
    read(path).map(drop)
}

fn read(path: &Path) -> Result<Reader<Vec<u8>>, PlacesError> {
    let bytes = fs::read(path).map_err(|source| unreadable(path, source))?;
    Reader::from_source(bytes).map_err(|source| PlacesError::Malformed {
        path: path.to_owned(),
        source,
    })
}

fn unreadable(path: &Path, source: io::Error) -> PlacesError {
    PlacesError::File {
        path: path.to_owned(),
        source,
    }
}

/// "Berlin, Germany", in the order of `addresses`: `None` where the file says nothing. Also `None`, with a
/// line in the log, if the file cannot be used any more: nobody is kept out for want of it.
pub(in crate::modules) async fn of(
    context: &Context,
    addresses: Vec<Option<String>>,
    language: &'static Language,
) -> Vec<Option<String>> {
    let nowhere = vec![None; addresses.len()];
    let Some(path) = context.snapshot.session_settings().place_database.clone() else {
        return nowhere;
    };
    let places = Arc::clone(&context.places);
    let found = tokio::task::spawn_blocking(move || {
        let database = places.database(Path::new(&path))?;
        let place = |address: Option<String>| named(&database, &address?, language.tag);
        Ok(addresses.into_iter().map(place).collect())
    });
    match found.await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            let error: PlacesError = error;
            tracing::warn!("sessions are shown without their places: {error}");
            nowhere
        }
        Err(_) => nowhere,
    }
}

/// Says of each session where it was begun.
pub(in crate::modules) async fn fill_in(
    context: &Context,
    sessions: &mut [SessionSummary],
    language: &'static Language,
) {
    let addresses = sessions.iter().map(|session| session.ip.clone()).collect();
    let places = of(context, addresses, language).await;
    for (session, place) in sessions.iter_mut().zip(places) {
        session.place = place;
    }
}

fn named(database: &Reader<Vec<u8>>, address: &str, language: &str) -> Option<String> {
    let address: IpAddr = address.parse().ok()?;
    let entry: Entry<'_> = database.lookup(address).ok()?.decode().ok()??;
    let parts = [
        entry.city.in_language(language),
        entry.country.in_language(language),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
