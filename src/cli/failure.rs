use std::{error::Error, fmt::Display, io::Write as _};

use assay_reconciler::Problems;

use super::{Exit, output};
use crate::{
    boot::{BootError, OpenError},
    modules::admin::Refusal,
};

/// Why a command did not do what it was asked: words for a person and a code for a program.
#[derive(Debug)]
pub(super) struct Failure {
    exit: Exit,
    words: Words,
}

#[derive(Debug)]
enum Words {
    Message(String),
    /// Shown with the places.
    Problems(Box<Problems>),
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            words: Words::Message(message.into()),
        }
    }

    /// The same with more words before it.
    pub(super) fn before(mut self, words: &str) -> Self {
        if let Words::Message(message) = &mut self.words {
            message.insert_str(0, words);
        }
        self
    }

    /// What was given is wrong.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Exit::Invalid, message)
    }

    /// Something that should work did not.
    pub(super) fn failed(error: &(dyn Error + 'static)) -> Self {
        Self::new(Exit::Failed, with_causes(error))
    }

    /// Says it on standard error, and gives the code.
    pub(super) fn report(&self) -> Exit {
        match &self.words {
            Words::Message(message) => say(message),
            Words::Problems(problems) => {
                let text = problems.render(output::stderr_has_colour());
                let _ = write!(anstream::stderr(), "{text}");
            }
        }
        self.exit
    }
}

fn say(message: &dyn Display) {
    let red = anstyle::AnsiColor::Red.on_default().bold();
    // With standard error gone there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{red}error:{red:#} {message}");
}

/// An error and what caused it, as far as it does not say so itself.
pub(super) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self {
            exit: Exit::Invalid,
            words: Words::Problems(Box::new(problems)),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let exit = Exit::of_kind(refusal.kind());
        match refusal {
            Refusal::Manifests(problems) => problems.into(),
            other => Self::new(exit, with_causes(&other)),
        }
    }
}

impl From<BootError> for Failure {
    fn from(error: BootError) -> Self {
        Self::invalid(with_causes(&error))
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let exit = match &error {
            OpenError::Store(store) if store.is_unavailable() => Exit::Unreachable,
            OpenError::MasterKey(_) | OpenError::OtherMasterKey => Exit::Invalid,
            _ => Exit::Failed,
        };
        Self::new(exit, with_causes(&error))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::failed(&error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::failed(&error)
    }
}
