//! `assay serve`.

mod folder;
mod welcome;

use std::path::PathBuf;

use assay_reconciler::Problems;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use self::folder::Folder;
use super::{CommandError, Exit, Failure, logging};
use crate::{
    boot::{BootConfig, BootError, OpenError, Opened, Overrides},
    generation::ApplyError,
    modules::{admin::Refusal, mail},
    server::Server,
};

/// Threads for work that blocks: passwords, files.
const BLOCKING_THREADS: usize = 32;

const EXAMPLES: &str = "\
Examples:
  assay serve --manifests idp/ --watch
  assay serve --config /etc/assay/engine.toml
  assay serve --listen 127.0.0.1:0 --data-dir /tmp/assay

Environment:
  ASSAY_MASTER_KEY, ASSAY_MASTER_KEY_FILE  32 bytes in base64 or hex; needed with PostgreSQL
  ASSAY_LOG                                what is logged, such as `debug` or `info,assay=debug`
  ASSAY_LOG_FORMAT                         `text` or `json`";

/// The command's arguments.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The boot configuration; `engine.toml` in this folder, if there is one, unless given.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen, over `server.bind_addr`; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Where SQLite keeps its file, over `backend.data_dir`.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Files and folders of manifests to apply before listening.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    manifests: Vec<PathBuf>,
    /// Apply the manifests again whenever a file changes, one that `fromFile` names included.
    #[arg(long, requires = "manifests")]
    watch: bool,
}

/// Serves until it is told to stop.
pub(super) fn run(arguments: Arguments) -> Result<Exit, Failure> {
    logging::begin().map_err(Failure::invalid)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(serve(arguments));
    // What still blocks is nobody's any more.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => Ok(Exit::Done),
        Err(error) => Err(failure(error)),
    }
}

fn failure(error: CommandError) -> Failure {
    let error = match error.downcast::<Problems>() {
        Ok(problems) => return Failure::from(*problems),
        Err(error) => error,
    };
    let error = match error.downcast::<BootError>() {
        Ok(error) => return Failure::from(*error),
        Err(error) => error,
    };
    let error = match error.downcast::<OpenError>() {
        Ok(error) => return Failure::from(*error),
        Err(error) => error,
    };
    match error.downcast::<ApplyError>() {
        Ok(error) => Failure::from(Refusal::from(*error)),
        Err(error) => Failure::failed(error.as_ref()),
    }
}

async fn serve(arguments: Arguments) -> Result<(), CommandError> {
    // Before anything else, so that a signal is never met by the default of dying at once.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    let config = BootConfig::load(&Overrides {
        config: arguments.config,
        listen: arguments.listen,
        data_dir: arguments.data_dir,
    })?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let mut folder = Folder::new(arguments.manifests);
    // Before the database is opened, and made if there is none: what is wrong leaves no trace.
    let manifests = folder.read().await?;
    let opened = Opened::open(&config).await?;
    folder.apply(&opened.engine, manifests).await?;
    let snapshot = opened.engine.snapshot(None).await?;
    welcome::first_admin_key(&opened.engine, &snapshot, &config).await?;

    let engine = opened.engine.clone();
    let server = Server::start(&config, opened, &snapshot).await?;
    tracing::info!("listening on http://{}", server.address());
    if let Some(told) = mail::destination(&snapshot, config.mail_folder().as_deref()) {
        tracing::info!("{told}");
    }
    let stop = CancellationToken::new();
    let watching = arguments
        .watch
        .then(|| tokio::spawn(folder.watch(engine, stop.clone())));

    either(&mut interrupt, &mut terminate).await;
    tracing::info!("stopping; a second signal ends it at once");
    stop.cancel();
    let stopping = async {
        if let Some(watching) = watching {
            watching.await?;
        }
        server.stop().await;
        Ok::<_, CommandError>(())
    };
    tokio::select! {
        outcome = stopping => outcome?,
        () = either(&mut interrupt, &mut terminate) => tracing::warn!("stopped at once"),
    }
    Ok(())
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
