use std::{
    io::{IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

/// How often the line is written anew.
const EVERY: Duration = Duration::from_millis(200);

/// How far long work is: one line on standard error that is written over and over, if that is a terminal.
pub(super) struct Progress {
    is_shown: bool,
    written: Option<Instant>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            is_shown: std::io::stderr().is_terminal(),
            written: None,
        }
    }

    /// Says how far it is.
    pub(super) fn tell(&mut self, what: &str, people: u64) {
        let is_due = self
            .written
            .is_none_or(|written| written.elapsed() >= EVERY);
        if self.is_shown && is_due {
            // With standard error gone there is nobody to tell.
            let _ = write!(anstream::stderr(), "\r{what}: {people} people\x1b[K");
            self.written = Some(Instant::now());
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if self.written.take().is_some() {
            let _ = write!(anstream::stderr(), "\r\x1b[K");
        }
    }
}
