//! `assay user import`.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::progress::Progress;
use crate::{
    cli::{
        Exit, Failure,
        output::{self, Format},
        way::{Importing, Where},
    },
    modules::admin::bulk::{ImportOptions, Imported, Pieces, SHOWN},
};

/// Bytes that are read at once.
const PIECE: usize = 64 * 1_024;

const EXAMPLES: &str = "\
Examples:
  assay user import people.ndjson --dry-run
  assay user import people.ndjson
  assay user import people.ndjson --update --make-groups
  zcat people.ndjson.gz | assay user import -";

/// What is imported, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The file, or `-` for standard input, which can be read only once: what comes before the first problem
    /// is then imported.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only look the file through.
    #[arg(long)]
    dry_run: bool,
    /// Make accounts that are there what their lines say, instead of leaving them as they are.
    #[arg(long)]
    update: bool,
    /// Make groups that are named and not there.
    #[arg(long)]
    make_groups: bool,
    /// How to say what was done.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    place: Where,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let file = &arguments.file;
    let options = ImportOptions {
        dry_run: arguments.dry_run,
        update: arguments.update,
        make_groups: arguments.make_groups,
    };
    let way = arguments.place.to_write().await?;
    let can_read_twice = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if can_read_twice && !arguments.dry_run {
        let looked_through = ImportOptions {
            dry_run: true,
            ..options
        };
        let importing = way.import_users(looked_through).await?;
        let found = read("checking", file, importing).await?;
        if found.problem_count > 0 {
            return Err(refused(file, &found));
        }
    }
    let what = if arguments.dry_run {
        "checking"
    } else {
        "importing"
    };
    let importing = way.import_users(options).await?;
    let imported = read(what, file, importing).await?;
    if imported.problem_count > 0 {
        return Err(refused(file, &imported));
    }
    match arguments.output {
        Format::Json => output::print_json(&imported)?,
        Format::Text => output::print_line(&summary(&imported))?,
    }
    Ok(Exit::Done)
}

async fn read(what: &str, file: &Path, mut importing: Importing<'_>) -> Result<Imported, Failure> {
    let mut input: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(file).map_err(|error| unreadable(file, &error))?)
    };
    let mut progress = Progress::new();
    let mut pieces = Pieces::default();
    let mut buffer = vec![0; PIECE];
    loop {
        let read = input
            .read(&mut buffer)
            .map_err(|error| unreadable(file, &error))?;
        if read == 0 {
            break;
        }
        importing.take(pieces.take(&buffer[..read])).await?;
        progress.tell(what, importing.so_far().people());
    }
    importing
        .take(pieces.finish().into_iter().collect())
        .await?;
    let imported = importing.finish().await;
    progress.clear();
    imported
}

fn unreadable(file: &Path, error: &io::Error) -> Failure {
    Failure::invalid(format!("cannot read {}: {error}", file.display()))
}

/// The problems with their places, as a compiler would say them.
fn refused(file: &Path, imported: &Imported) -> Failure {
    let name = if file == Path::new("-") {
        "<stdin>".to_owned()
    } else {
        file.display().to_string()
    };
    let lines = imported.problems.iter();
    let mut text: Vec<String> = lines.map(|problem| format!("{name}:{problem}")).collect();
    let more = imported.problem_count.saturating_sub(SHOWN as u64);
    if more > 0 {
        text.push(format!("and {more} more problems"));
    }
    text.push(if imported.people() == 0 || imported.dry_run {
        "nothing was imported".to_owned()
    } else {
        let done = summary(imported);
        format!("before the first problem {done}; the rest was not imported, so put it right and import once more")
    });
    Failure::invalid(text.join("\n"))
}

fn summary(imported: &Imported) -> String {
    let Imported {
        created,
        updated,
        unchanged,
        groups_made,
        ..
    } = imported;
    let mut text = format!("{created} created, {updated} updated, {unchanged} unchanged");
    if *groups_made > 0 {
        // A String takes everything.
        _ = write!(text, ", {groups_made} groups made");
    }
    if imported.dry_run {
        text.push_str(" (dry run)");
    }
    text
}
