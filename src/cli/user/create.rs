//! `assay user create`.

use std::io::Read as _;

use serde_json::{Map, Value};

use crate::{
    cli::{Exit, Failure, output, way::Where},
    crypto::{Secret, token},
    modules::admin::CreateUser,
};

/// Bytes of a password that are read; a longer one is refused.
const MAX_PASSWORD_BYTES: u64 = 64 * 1024;

const EXAMPLES: &str = "\
Examples:
  assay user create --email ada@example.com
  assay user create --email ada@example.com --password-stdin < password
  assay user create --email ada@example.com --admin
  assay user create --email ada@example.com --attribute name='Ada Lovelace' --attribute locale=en
  assay user create --email ada@example.com --attribute phone_number_verified:=true";

/// What somebody is made with.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The e-mail address that identifies the account.
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// Read the password from standard input; a line break at its end does not count.
    #[arg(long)]
    password_stdin: bool,
    /// Let the person use the admin console.
    #[arg(long)]
    admin: bool,
    /// By which id another system knows the person.
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// What is known about the person: NAME=TEXT, or NAME:=JSON for what is no text. May repeat.
    #[arg(long = "attribute", value_name = "NAME=TEXT", value_parser = attribute)]
    attributes: Vec<(String, Value)>,
    #[command(flatten)]
    place: Where,
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let Arguments {
        email,
        password_stdin,
        admin,
        external_id,
        attributes,
        place,
    } = arguments;
    let password = if password_stdin {
        read()?
    } else {
        Secret::new(token::identifier().map_err(|error| Failure::failed(&error))?)
    };
    let request = CreateUser {
        email,
        password: Some(password.clone()),
        is_admin: admin,
        external_id,
        attributes: Value::Object(Map::from_iter(attributes)),
    };
    let person = place.to_write().await?.create_user(&request).await?;
    output::note(&format!("created {} ({})", person.email, person.id));
    if !password_stdin {
        output::note("The password, shown only now:");
        output::print_line(password.expose())?;
    }
    Ok(Exit::Done)
}

fn attribute(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("write NAME=TEXT, or NAME:=JSON for what is no text")?;
    match name.strip_suffix(':') {
        None => Ok((name.to_owned(), value.into())),
        Some(name) => serde_json::from_str(value)
            .map(|value| (name.to_owned(), value))
            .map_err(|error| format!("what follows `{name}:=` is no JSON: {error}")),
    }
}

fn read() -> Result<Secret<String>, Failure> {
    let mut text = String::new();
    let read = std::io::stdin()
        .lock()
        .take(MAX_PASSWORD_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| Failure::invalid(format!("cannot read the password: {error}")))?;
    let password = Secret::new(text);
    if read as u64 > MAX_PASSWORD_BYTES {
        return Err(Failure::invalid(
            "what stands on standard input is too long for a password",
        ));
    }
    let line = password.expose();
    let line = line.strip_suffix('\n').unwrap_or(line);
    Ok(Secret::from(line.strip_suffix('\r').unwrap_or(line)))
}
