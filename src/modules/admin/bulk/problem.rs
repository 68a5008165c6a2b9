use std::fmt;

use serde::{Deserialize, Serialize};

/// Problems that are told; of the others there is only the number.
pub const SHOWN: usize = 100;

/// What is wrong with a line. Has names of fields, never what a line says of somebody.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct LineProblem {
    /// Which line, from 1 on.
    pub line: u64,
    /// Where in it, as in `groups[2]`; nowhere, if it is the line itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl LineProblem {
    /// One with the line itself.
    pub fn of_line(line: u64, message: impl fmt::Display) -> Self {
        Self {
            line,
            field: None,
            message: message.to_string(),
        }
    }

    /// One with a field.
    pub fn of(line: u64, field: impl fmt::Display, message: impl fmt::Display) -> Self {
        Self {
            field: Some(field.to_string()),
            ..Self::of_line(line, message)
        }
    }
}

/// Line, field and what is wrong, to be put behind the name of a file and a colon.
impl fmt::Display for LineProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            None => write!(f, "{}: {}", self.line, self.message),
            Some(field) => write!(f, "{}: {field}: {}", self.line, self.message),
        }
    }
}
