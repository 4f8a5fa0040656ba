//! The inputs beside the capture, read from the options.

use std::path::Path;

use tlspcap::error::{Error, Result};
use tlspcap::explain::{Options, PolicyChoice};
use tlspcap::tls::keylog::Secrets;
use tlspcap::trust::{Policy, Store};

use super::args::{Inputs, Roots, TrustPolicy};

/// The options of an explanation, as the user gave them.
pub(crate) fn options(inputs: &Inputs) -> Result<Options> {
    Ok(Options {
        store: store(inputs)?,
        policy: policy(inputs.trust_policy),
        host: inputs.host.clone(),
        secrets: secrets(&inputs.keylog)?,
        at: inputs.at.as_deref().map(moment).transpose()?,
        now: Some(jiff::Timestamp::now().as_second()),
        ..Options::default()
    })
}

/// The trust store of the options.
fn store(inputs: &Inputs) -> Result<Store> {
    if inputs.truststore.is_empty() {
        return match inputs.roots {
            Roots::Mozilla => Ok(Store::mozilla()),
            Roots::System => Store::system(),
            Roots::None => Ok(Store::none()),
        };
    }
    let password = match &inputs.truststore_password_file {
        Some(path) => Some(first_line(path)?),
        None => inputs.truststore_password.clone(),
    };
    let stores: Result<Vec<Store>> =
        inputs.truststore.iter().map(|path| Store::load(path, password.as_deref())).collect();
    Ok(Store::merge(stores?))
}

fn first_line(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// The secrets of the key logs.
pub(crate) fn secrets(files: &[std::path::PathBuf]) -> Result<Secrets> {
    let mut secrets = Secrets::default();
    for path in files {
        for warning in secrets.read(path)? {
            anstream::eprintln!("tlspcap: {}: {}", path.display(), tlspcap::render::escape(&warning.text));
        }
    }
    Ok(secrets)
}

const fn policy(choice: TrustPolicy) -> PolicyChoice {
    match choice {
        TrustPolicy::Auto => PolicyChoice::Auto,
        TrustPolicy::Java => PolicyChoice::Fixed(Policy::Java),
        TrustPolicy::Openssl => PolicyChoice::Fixed(Policy::Openssl),
        TrustPolicy::OpensslPartial => PolicyChoice::Fixed(Policy::OpensslPartial),
        TrustPolicy::Webpki => PolicyChoice::Fixed(Policy::Webpki),
        TrustPolicy::Strict => PolicyChoice::Fixed(Policy::Strict),
    }
}

/// A moment: RFC 3339, a date, or seconds since 1970.
fn moment(text: &str) -> Result<i64> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(seconds);
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(time.as_second());
    }
    let date =
        text.parse::<jiff::civil::Date>().ok().and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok());
    date.map(|zoned| zoned.timestamp().as_second()).ok_or_else(|| {
        Error::Usage(format!(
            "--at {text}: expected a time such as 2026-11-24T10:00:00Z, a date, or seconds since 1970"
        ))
    })
}
