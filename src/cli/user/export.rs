//! `assay user export`.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::progress::Progress;
use crate::{
    cli::{
        Exit, Failure, output,
        way::{Way, Where},
    },
    modules::admin::bulk::Hashes,
};

const EXAMPLES: &str = "\
Examples:
  assay user export people.ndjson
  assay user export - | gzip > people.ndjson.gz
  assay user export people.ndjson --with-password-hashes";

/// What is exported, and where to.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The file, which only its owner can read, or `-` for standard output.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Take password hashes along that other systems made and nobody has signed in with here. Those made here
    /// are of no use elsewhere, and stay. An admin key needs the permission `users.export`.
    #[arg(long)]
    with_password_hashes: bool,
    #[command(flatten)]
    place: Where,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let way = arguments.place.to_read().await?;
    let hashes = if arguments.with_password_hashes {
        Hashes::Taken
    } else {
        Hashes::Left
    };
    let written = if arguments.file == Path::new("-") {
        match write(&way, hashes, &mut io::stdout().lock()).await {
            // A reader that has gone, such as `head`, has had enough.
            Err(Stopped::Writing(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                return Ok(Exit::Done);
            }
            written => written.map_err(|stopped| stopped.failure(&arguments.file))?,
        }
    } else {
        to_file(&way, hashes, &arguments.file)
            .await
            .map_err(|stopped| stopped.failure(&arguments.file))?
    };
    output::note(&format!("exported {} people", written.people));
    if let Some(kept) = written.kept_passwords.filter(|kept| *kept > 0) {
        output::note(&format!(
            "{kept} of them have a password whose hash is not in the file"
        ));
    }
    Ok(Exit::Done)
}

/// What was written.
struct Written {
    people: u64,
    /// A server does not say.
    kept_passwords: Option<u64>,
}

/// Why it was not.
enum Stopped {
    Reading(Failure),
    Writing(io::Error),
}

impl Stopped {
    fn failure(self, file: &Path) -> Failure {
        match self {
            Self::Reading(failure) => failure,
            Self::Writing(error) => {
                Failure::invalid(format!("cannot write {}: {error}", file.display()))
            }
        }
    }
}

/// Beside the file first: what is there under its name is always whole.
async fn to_file(way: &Way, hashes: Hashes, file: &Path) -> Result<Written, Stopped> {
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    // One that an interrupted run left may be readable to others.
    let _ = fs::remove_file(&partial);
    let mut output = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)
        .map_err(Stopped::Writing)?;
    let written = write(way, hashes, &mut output).await?;
    output.sync_all().map_err(Stopped::Writing)?;
    fs::rename(&partial, file).map_err(Stopped::Writing)?;
    Ok(written)
}

async fn write(way: &Way, hashes: Hashes, output: &mut dyn Write) -> Result<Written, Stopped> {
    way.begin_export(hashes).await.map_err(Stopped::Reading)?;
    let mut written = Written {
        people: 0,
        kept_passwords: None,
    };
    let mut progress = Progress::new();
    let mut after = String::new();
    loop {
        let page = way.export_users(&after, hashes).await;
        let page = page.map_err(Stopped::Reading)?;
        output
            .write_all(page.lines.as_bytes())
            .map_err(Stopped::Writing)?;
        written.people += page.people;
        if let Some(kept) = page.kept_passwords {
            *written.kept_passwords.get_or_insert(0) += kept;
        }
        progress.tell("exporting", written.people);
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    progress.clear();
    output.flush().map_err(Stopped::Writing)?;
    Ok(written)
}
