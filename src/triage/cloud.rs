//! Object stores: `s3://`, `gs://` and `az://`. Credentials and endpoints come from the environment only.

use std::collections::HashMap;
use std::io::{self, Seek, Write};
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as Key;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::runtime::Runtime;

use crate::triage::engine::Stamp;
use crate::triage::input::Named;
use crate::triage::source::Source;

/// The stores that names lead to; each is connected to once.
pub(super) struct Stores {
    runtime: Runtime,
    known: HashMap<String, Arc<dyn ObjectStore>>,
}

/// Bytes of an object that is kept in memory; a larger one waits in a temporary file without a name.
const MEMORY: u64 = 32 << 20;

impl Stores {
    /// No store yet.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn new() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, known: HashMap::new() })
    }

    fn store(&mut self, place: &Place<'_>) -> io::Result<Arc<dyn ObjectStore>> {
        let bucket = format!("{}://{}", place.scheme, place.bucket);
        if let Some(store) = self.known.get(&bucket) {
            return Ok(Arc::clone(store));
        }
        let store: Arc<dyn ObjectStore> = match place.scheme {
            "s3" => Arc::new(AmazonS3Builder::from_env().with_url(&bucket).build().map_err(io_error)?),
            "gs" => {
                Arc::new(GoogleCloudStorageBuilder::from_env().with_url(&bucket).build().map_err(io_error)?)
            }
            _ => Arc::new(MicrosoftAzureBuilder::from_env().with_url(&bucket).build().map_err(io_error)?),
        };
        self.known.insert(bucket, Arc::clone(&store));
        Ok(store)
    }

    /// The whole object.
    ///
    /// # Errors
    /// What the store says.
    pub(super) fn fetch(&mut self, name: &str) -> io::Result<Source> {
        let place = Place::of(name)?;
        let store = self.store(&place)?;
        self.runtime.block_on(async {
            let got = store.get(&place.key()?).await.map_err(io_error)?;
            let size = got.meta.size;
            if size <= MEMORY {
                let bytes = got.bytes().await.map_err(io_error)?;
                return Ok(Source::of_memory(&bytes[..]));
            }
            let mut file = tempfile::tempfile()?;
            let mut stream = got.into_stream();
            while let Some(bytes) = stream.next().await {
                file.write_all(&bytes.map_err(io_error)?)?;
            }
            file.rewind()?;
            Ok(Source::of_file(file, size))
        })
    }

    /// The object of that name, or all objects below it, in the order of the store, which is that of the bytes of their
    /// names.
    pub(super) fn list(mut self, name: &str) -> Box<dyn Iterator<Item = Named> + Send> {
        let found = Place::of(name).and_then(|place| {
            let store = self.store(&place)?;
            let prefix = place.key()?;
            if !name.ends_with('/') && !place.key.is_empty() {
                match self.runtime.block_on(store.head(&prefix)) {
                    Ok(meta) => return Ok(Listing::One(named(&place.root(), &meta))),
                    Err(Error::NotFound { .. }) => {}
                    Err(error) => return Err(io_error(error)),
                }
            }
            Ok(Listing::Many(place.root(), store.list((!place.key.is_empty()).then_some(&prefix))))
        });
        match found {
            Ok(Listing::One(one)) => Box::new(std::iter::once(one)),
            Ok(Listing::Many(root, stream)) => Box::new(Objects {
                runtime: self.runtime,
                stream,
                root,
                name: name.into(),
                found: false,
                ended: false,
            }),
            Err(error) => Box::new(std::iter::once(failed(name, &error))),
        }
    }
}

enum Listing {
    One(Named),
    Many(String, BoxStream<'static, object_store::Result<ObjectMeta>>),
}

/// The objects of a listing.
struct Objects {
    runtime: Runtime,
    stream: BoxStream<'static, object_store::Result<ObjectMeta>>,
    root: String,
    name: String,
    found: bool,
    ended: bool,
}

impl Iterator for Objects {
    type Item = Named;

    fn next(&mut self) -> Option<Named> {
        if self.ended {
            return None;
        }
        match self.runtime.block_on(self.stream.next()) {
            Some(Ok(meta)) => {
                self.found = true;
                Some(named(&self.root, &meta))
            }
            Some(Err(error)) => {
                self.ended = true;
                Some(failed(&self.name, &io_error(error)))
            }
            None if self.found => None,
            None => {
                self.ended = true;
                Some(failed(
                    &self.name,
                    &io::Error::new(io::ErrorKind::NotFound, "no such object, and none below it"),
                ))
            }
        }
    }
}

fn named(root: &str, meta: &ObjectMeta) -> Named {
    let modified_ns = meta.last_modified.timestamp_nanos_opt().and_then(|ns| u64::try_from(ns).ok());
    let stamp = modified_ns.map(|modified_ns| Stamp { size: meta.size, modified_ns });
    Named::File(PathBuf::from(format!("{root}{}", meta.location)), stamp)
}

fn failed(name: &str, error: &io::Error) -> Named {
    Named::Failed(name.into(), error.to_string(), error.kind())
}

/// A name in its parts.
struct Place<'n> {
    scheme: &'n str,
    bucket: &'n str,
    key: &'n str,
}

impl<'n> Place<'n> {
    fn of(name: &'n str) -> io::Result<Self> {
        let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, why.to_owned());
        let (scheme, rest) = name.split_once("://").ok_or_else(|| wrong("no name of an object"))?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(wrong("the name of the bucket is missing"));
        }
        if bucket.contains(['@', ':', '?']) {
            return Err(wrong("credentials come from the environment, not from a name"));
        }
        Ok(Self { scheme, bucket, key })
    }

    fn key(&self) -> io::Result<Key> {
        Key::parse(self.key).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string()))
    }

    fn root(&self) -> String {
        format!("{}://{}/", self.scheme, self.bucket)
    }
}

fn io_error(error: Error) -> io::Error {
    let text = cause_of(&error);
    let kind = match &error {
        Error::NotFound { .. } => io::ErrorKind::NotFound,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => io::ErrorKind::PermissionDenied,
        Error::InvalidPath { .. } => io::ErrorKind::InvalidInput,
        _ if text.contains("404 Not Found") => io::ErrorKind::NotFound,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, text)
}

/// What is at the root of an error, without what differs from one try to the next: the texts around it tell how long the
/// request took, and what the server sent has the number of the request.
fn cause_of(error: &Error) -> String {
    let mut root: &dyn std::error::Error = error;
    while let Some(source) = root.source() {
        root = source;
    }
    let text = root.to_string();
    text.split(['<', '\n']).next().unwrap_or_default().trim_end_matches([' ', ':']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_bucket_and_no_credentials() {
        let place = Place::of("s3://uploads/a/b c.pcap").unwrap();
        assert_eq!((place.scheme, place.bucket, place.key), ("s3", "uploads", "a/b c.pcap"));
        assert_eq!(place.root(), "s3://uploads/");
        for name in ["s3://", "s3:///key", "s3://id:secret@bucket/key"] {
            assert!(Place::of(name).is_err(), "{name}");
        }
    }
}
