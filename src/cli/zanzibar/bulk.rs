//! `assay zanzibar import` and `export`.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::{
    cli::{Exit, Failure, output, way::Where},
    modules::admin::bulk::{Line, Pieces},
};

/// Bytes that are read at once.
const PIECE: usize = 64 * 1_024;
/// Lines that are written at once.
const BATCH: usize = 5_000;

/// What is imported.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay zanzibar import tuples.ndjson\n  zcat tuples.ndjson.gz | assay zanzibar import -"
)]
pub(super) struct Import {
    /// The file, or `-` for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: Where,
}

/// Where to.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  assay zanzibar export tuples.ndjson\n  assay zanzibar export - | gzip > tuples.ndjson.gz"
)]
pub(super) struct Export {
    /// The file, which only its owner can read, or `-` for standard output.
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    #[command(flatten)]
    place: Where,
}

pub(super) async fn import(import: Import) -> Result<Exit, Failure> {
    let file = &import.file;
    let unreadable =
        |error: io::Error| Failure::invalid(format!("cannot read {}: {error}", file.display()));
    let mut input: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(file).map_err(unreadable)?)
    };
    let way = import.place.to_write().await?;
    let desk = way.tuples().await?;
    let mut pieces = Pieces::default();
    let mut batch: Vec<Line> = Vec::new();
    let mut buffer = vec![0; PIECE];
    let (mut tuples, mut changed) = (0, 0);
    loop {
        let read = input.read(&mut buffer).map_err(unreadable)?;
        let lines = if read == 0 {
            pieces.finish().into_iter().collect()
        } else {
            pieces.take(&buffer[..read])
        };
        batch.extend(lines);
        while batch.len() >= BATCH || (read == 0 && !batch.is_empty()) {
            let rest = batch.split_off(batch.len().min(BATCH));
            let lines = std::mem::replace(&mut batch, rest);
            let number = lines.len();
            changed += desk.import(lines).await.map_err(|failure| {
                failure.before(&format!(
                    "{}, {tuples} tuples are imported, and then: ",
                    file.display()
                ))
            })?;
            tuples += number;
        }
        if read == 0 {
            break;
        }
    }
    output::note(&format!(
        "{tuples} tuples, {changed} of them new or changed"
    ));
    Ok(Exit::Done)
}

pub(super) async fn export(export: Export) -> Result<Exit, Failure> {
    let file = &export.file;
    let unwritable =
        |error: io::Error| Failure::invalid(format!("cannot write {}: {error}", file.display()));
    let way = export.place.to_read().await?;
    let desk = way.tuples().await?;
    if file == Path::new("-") {
        let number = desk.export(&mut io::stdout().lock(), &unwritable).await?;
        output::note(&format!("exported {number} tuples"));
        return Ok(Exit::Done);
    }
    // Beside the file first: what is there under its name is always whole.
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    let _ = std::fs::remove_file(&partial);
    let mut output = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)
        .map_err(unwritable)?;
    let number = desk
        .export(&mut output as &mut dyn Write, &unwritable)
        .await?;
    output.sync_all().map_err(unwritable)?;
    std::fs::rename(&partial, file).map_err(unwritable)?;
    output::note(&format!("exported {number} tuples"));
    Ok(Exit::Done)
}
