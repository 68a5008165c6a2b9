//! The command line: one file a command.
//!
//! A command gives an [`Exit`] or a [`Failure`], which has one; no error leaves through a `Result` of
//! `main`, whose code would be that of a difference.

mod admin_key;
mod apply;
mod biscuit;
mod changed;
mod diff;
mod environment;
mod exit;
mod export;
mod failure;
mod git;
mod history;
mod import;
mod keys;
mod local;
mod logging;
mod manifests;
mod module;
mod modules;
mod output;
mod remote;
mod rollback;
mod schema;
mod serve;
mod status;
mod trust;
mod tuples;
mod user;
mod validate;
mod way;
mod zanzibar;

use std::{io::Write as _, process::ExitCode};

use clap::{Parser, Subcommand};

pub use self::environment::ProcessSecrets;
use self::{exit::Exit, failure::Failure};

/// What the server failed with: words for a person.
type CommandError = Box<dyn std::error::Error + Send + Sync>;

/// How an admin key begins, for people and secret scanners.
const ADMIN_KEY_PREFIX: &str = "sk_admin_";

/// An identity provider whose whole configuration is a folder of YAML in git.
#[derive(Debug, Parser)]
#[command(name = "assay", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  assay serve --manifests idp/
  assay diff -f idp/
  assay apply -f idp/";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Arguments),
    /// Check manifests offline: all that is wrong, each with its place.
    Validate(validate::Arguments),
    /// Show what `apply` would change.
    Diff(diff::Arguments),
    /// Make manifests the configuration.
    Apply(apply::Arguments),
    /// Print the configuration as manifests.
    Export(export::Arguments),
    /// List the generations there were.
    History(history::Arguments),
    /// Go back to an earlier generation.
    Rollback(rollback::Arguments),
    /// Show what is stored and who serves it.
    Status(status::Arguments),
    /// List the modules.
    Modules(modules::Arguments),
    /// Switch a module on or off by hand.
    Module(module::Arguments),
    /// Make people, and bring them along or take them away in bulk.
    User(user::Arguments),
    /// Make keys to the admin API.
    AdminKey(admin_key::Arguments),
    /// Make, narrow, look into, check and revoke capability tokens.
    Biscuit(biscuit::Arguments),
    /// List and rotate signing keys.
    Keys(keys::Arguments),
    /// Bring along what other systems are configured with.
    Import(import::Arguments),
    /// Write tuples, and ask who may do what.
    Zanzibar(zanzibar::Arguments),
    /// Print the JSON Schemas of manifests, for editors.
    Schema(schema::Arguments),
}

/// Runs the command that this process was started with.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let message = panic.payload_as_str().unwrap_or("no message");
        let _ = writeln!(
            anstream::stderr(),
            "error: this is a bug in assay, please report it: {message} ({})",
            place.unwrap_or_default()
        );
    }));
    // Usage errors leave from here with 2, help and version with 0.
    let cli = Cli::parse();
    run(cli.command)
        .unwrap_or_else(|failure| failure.report())
        .into()
}

fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::AdminKey(arguments) => admin_key::run(arguments),
        Command::Diff(arguments) => block_on(diff::run(arguments)),
        Command::Apply(arguments) => block_on(apply::run(arguments)),
        Command::Export(arguments) => block_on(export::run(arguments)),
        Command::History(arguments) => block_on(history::run(arguments)),
        Command::Rollback(arguments) => block_on(rollback::run(arguments)),
        Command::Status(arguments) => block_on(status::run(arguments)),
        Command::Modules(arguments) => block_on(modules::run(arguments)),
        Command::Module(arguments) => block_on(module::run(arguments)),
        Command::User(arguments) => block_on(user::run(arguments)),
        Command::Biscuit(arguments) => block_on(biscuit::run(arguments)),
        Command::Keys(arguments) => block_on(keys::run(arguments)),
        Command::Zanzibar(arguments) => block_on(zanzibar::run(arguments)),
    }
}

/// A command is one task, so one thread is enough.
fn block_on(command: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(command)
}
