//! Tuples by either way: those of the database itself, or those of a server.

use std::io::{self, Write};

use reqwest::{
    Method,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::{Map, Value};

use super::{Exit, Failure, local::Local, remote::Remote, way::Way};
use crate::modules::{Problem, admin::bulk::Line, zanzibar::Desk};

const LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// Where tuples are read and written.
pub(super) enum Tuples<'w> {
    /// In the database.
    Local(Box<Desk>),
    /// At a server.
    Remote(&'w Remote),
}

impl Way {
    /// Where tuples are.
    pub(super) async fn tuples(&self) -> Result<Tuples<'_>, Failure> {
        Ok(match self {
            Way::Local(local) => Tuples::Local(Box::new(local.desk().await?)),
            Way::Remote(remote) => Tuples::Remote(remote),
        })
    }

    /// What `POST /auth/zanzibar/...` says to a body.
    pub(super) async fn ask_permissions(
        &self,
        path: &str,
        body: Map<String, Value>,
    ) -> Result<Value, Failure> {
        let body = Value::Object(body);
        match self.tuples().await? {
            Tuples::Local(desk) => desk.ask(path, body).map_err(|problem| refused(&problem)),
            Tuples::Remote(remote) => remote.send(&format!("../zanzibar/{path}"), &body).await,
        }
    }
}

impl Local {
    async fn desk(&self) -> Result<Desk, Failure> {
        let opened = self.opened()?;
        let snapshot = opened.engine.snapshot(None).await;
        let snapshot = snapshot.map_err(|error| Failure::failed(&error))?;
        let (store, keyring) = (opened.store.clone(), opened.keyring.clone());
        let desk = Desk::open(store, keyring, opened.clock.clone(), &snapshot).await;
        desk.map_err(|error| Failure::failed(&error))
    }
}

fn refused(problem: &Problem) -> Failure {
    let document = problem.document();
    let words = document["detail"]
        .as_str()
        .unwrap_or(problem.kind())
        .to_owned();
    Failure::new(Exit::of_kind(problem.kind()), words)
}

impl Tuples<'_> {
    /// Touches the tuples of some lines, and says how many are other than before.
    pub(super) async fn import(&self, lines: Vec<Line>) -> Result<u64, Failure> {
        let remote = match self {
            Tuples::Local(desk) => {
                let imported = desk.import(lines).await;
                return imported.map_err(|error| Failure::invalid(error.to_string()));
            }
            Tuples::Remote(remote) => remote,
        };
        let mut body = Vec::new();
        let first = lines.first().map_or(1, |line| line.number);
        let mut next = first;
        for Line { number, text } in lines {
            let text = text
                .ok_or_else(|| Failure::invalid(format!("line {number}: the line is too long")))?;
            // So that the server counts as the file does, from the first of these on: blank lines are left out.
            body.resize(
                body.len() + usize::try_from(number - next).unwrap_or(0),
                b'\n',
            );
            body.extend(text);
            body.push(b'\n');
            next = number + 1;
        }
        let request = remote.request(Method::POST, "../zanzibar/import")?;
        let request = request.header(CONTENT_TYPE, LINES).body(body);
        let (status, body) = remote.read(request).await?;
        if status.is_success() {
            let imported: Value = remote.decode(&body)?;
            return Ok(imported["changed"].as_u64().unwrap_or_default());
        }
        let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
        match (problem["line"].as_u64(), problem["detail"].as_str()) {
            (Some(line), Some(detail)) => {
                let of_the_file = format!("line {}:", line + first - 1);
                let detail = detail.replacen(&format!("line {line}:"), &of_the_file, 1);
                Err(Failure::invalid(detail))
            }
            _ => Err(remote.refused(status, &body)),
        }
    }

    /// Writes every tuple as a line, and says how many there are.
    pub(super) async fn export(
        &self,
        output: &mut dyn Write,
        unwritable: &dyn Fn(io::Error) -> Failure,
    ) -> Result<u64, Failure> {
        match self {
            Tuples::Local(desk) => {
                let mut number = 0;
                for tuple in desk.tuples() {
                    let line = serde_json::to_string(&tuple)?;
                    writeln!(output, "{line}").map_err(unwritable)?;
                    number += 1;
                }
                Ok(number)
            }
            Tuples::Remote(remote) => {
                let request = remote.request(Method::GET, "../zanzibar/export")?;
                let mut number = 0;
                remote
                    .stream(request, &mut |piece| {
                        number += piece.split(|byte| *byte == b'\n').skip(1).count() as u64;
                        output.write_all(piece).map_err(unwritable)
                    })
                    .await?;
                Ok(number)
            }
        }
    }
}
