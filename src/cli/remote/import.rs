use reqwest::{Method, StatusCode, header::CONTENT_TYPE};
use serde_json::Value;

use super::{Failure, Remote};
use crate::{
    clock::UnixMillis,
    modules::admin::{
        bulk::{BATCH, ImportOptions, Imported, Incoming, Line, LineProblem, Seen},
        kind,
    },
};

/// Bytes of one request: less than the megabyte that proxies let through unless they are told otherwise.
const MAX_REQUEST: usize = 900 * 1_024;

/// Sends lines to a server as they come, in requests that each take a moment.
pub(in crate::cli) struct RemoteImport<'r> {
    remote: &'r Remote,
    options: ImportOptions,
    seen: Seen,
    waiting: Vec<Line>,
    bytes: usize,
    so_far: Imported,
}

impl<'r> RemoteImport<'r> {
    pub(in crate::cli) fn new(remote: &'r Remote, options: ImportOptions) -> Self {
        Self {
            remote,
            options,
            seen: Seen::default(),
            waiting: Vec::new(),
            bytes: 0,
            so_far: Imported {
                dry_run: options.dry_run,
                ..Imported::default()
            },
        }
    }

    pub(in crate::cli) fn so_far(&self) -> &Imported {
        &self.so_far
    }

    pub(in crate::cli) async fn take(&mut self, lines: Vec<Line>) -> Result<(), Failure> {
        for line in lines {
            let bytes = line.text.as_ref().map_or(0, Vec::len) + 1;
            if self.waiting.len() == BATCH || self.bytes + bytes > MAX_REQUEST {
                self.send().await?;
            }
            self.bytes += bytes;
            self.waiting.push(line);
        }
        Ok(())
    }

    pub(in crate::cli) async fn finish(mut self) -> Result<Imported, Failure> {
        self.send().await?;
        Ok(self.so_far)
    }

    async fn send(&mut self) -> Result<(), Failure> {
        let lines = std::mem::take(&mut self.waiting);
        let mut body = Vec::with_capacity(std::mem::take(&mut self.bytes));
        let Some(first) = lines.first().map(|line| line.number) else {
            return Ok(());
        };
        let mut problems = Vec::new();
        for line in &lines {
            match &line.text {
                Some(text) => body.extend_from_slice(text),
                // It stays here, and an empty line in its place.
                None => problems.extend(
                    Incoming::read(line, UnixMillis::now())
                        .err()
                        .into_iter()
                        .flatten(),
                ),
            }
            body.push(b'\n');
            problems.extend(self.doubled(line, first));
        }
        let is_sound = problems.is_empty() && self.so_far.problem_count == 0;
        let options = ImportOptions {
            dry_run: self.options.dry_run || !is_sound,
            ..self.options
        };
        let mut done = self.remote.import_lines(body, options).await?;
        for problem in &mut done.problems {
            // The server counts from the first line of the request.
            let place = usize::try_from(problem.line).unwrap_or_default();
            let line = lines.get(place.saturating_sub(1));
            problem.line = line.map_or(first, |line| line.number);
        }
        done.problem_count += problems.len() as u64;
        done.problems.append(&mut problems);
        done.problems.sort_by_key(|problem| problem.line);
        if options.dry_run && !self.options.dry_run {
            // Nothing came of them.
            done = Imported {
                problem_count: done.problem_count,
                problems: done.problems,
                ..Imported::default()
            };
        }
        self.so_far.add(done);
        Ok(())
    }

    /// What a line has that one of an earlier request had: the server sees only one request.
    fn doubled(&mut self, line: &Line, first: u64) -> Vec<LineProblem> {
        // What else is wrong with it, the server says.
        let Ok(person) = Incoming::read(line, UnixMillis::now()) else {
            return Vec::new();
        };
        let doubled = self.seen.note(&person).into_iter();
        let doubled = doubled.filter(|(earlier, _)| *earlier < first);
        doubled.map(|(_, problem)| problem).collect()
    }
}

impl Remote {
    async fn import_lines(
        &self,
        body: Vec<u8>,
        options: ImportOptions,
    ) -> Result<Imported, Failure> {
        let request = self
            .request(Method::POST, "auth/users/import")?
            .query(&options)
            .header(CONTENT_TYPE, "application/x-ndjson")
            .body(body);
        let (status, body) = self.read(request).await?;
        if status.is_success() {
            return self.decode(&body);
        }
        let mut problem: Value = serde_json::from_slice(&body).unwrap_or_default();
        let kind = problem["type"].as_str().unwrap_or_default();
        let is_of_lines = status == StatusCode::UNPROCESSABLE_ENTITY
            && kind.rsplit(':').next() == Some(kind::INVALID_LINES);
        if is_of_lines && let Ok(imported) = serde_json::from_value(problem["imported"].take()) {
            return Ok(imported);
        }
        Err(self.refused(status, &body))
    }
}
