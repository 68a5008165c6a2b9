//! The server's log, on standard error.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::{
    EnvFilter, Layer as _, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// What is logged unless told otherwise.
const DEFAULT: &str = "info";

/// Begins to log: what `ASSAY_LOG`, else `RUST_LOG`, lets through (`info` unless set), one line an
/// event, or one JSON object with `ASSAY_LOG_FORMAT=json`.
///
/// # Errors
/// A variable that makes no sense.
pub(super) fn begin() -> Result<(), String> {
    let (name, directives) = ["ASSAY_LOG", "RUST_LOG"]
        .into_iter()
        .find_map(|name| Some((name, std::env::var(name).ok()?)))
        .unwrap_or(("ASSAY_LOG", DEFAULT.to_owned()));
    let filter = EnvFilter::try_new(&directives)
        .map_err(|error| format!("`{name}` is `{directives}`, which is no log filter: {error}"))?;
    let format = std::env::var("ASSAY_LOG_FORMAT").unwrap_or_default();
    let lines = match format.as_str() {
        "json" => fmt::layer().json().with_writer(io::stderr).boxed(),
        "" | "text" => fmt::layer()
            .with_target(false)
            .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
            .with_writer(io::stderr)
            .boxed(),
        other => {
            return Err(format!(
                "`ASSAY_LOG_FORMAT` is `{other}`; it is `text` or `json`"
            ));
        }
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init()
        .map_err(|error| error.to_string())?;
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string);
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(at, "panic: {message}");
    }));
    Ok(())
}
