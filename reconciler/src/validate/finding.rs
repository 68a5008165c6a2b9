//! A problem while its document is at hand, before its place has a line.

use crate::{
    load::{
        Origin,
        source::Source,
        tree::{Node, Step},
    },
    problem::{ByteRange, Location, Problem},
};

/// Something wrong with one document.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) code: &'static str,
    pub(crate) place: Place,
    pub(crate) message: String,
    pub(crate) label: Option<String>,
    pub(crate) help: Option<String>,
}

/// Where in a document.
#[derive(Debug)]
pub(crate) enum Place {
    Steps(Vec<Step>),
    At(ByteRange),
}

impl Finding {
    pub(crate) fn new(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self {
            code,
            place,
            message: message.into(),
            label: None,
            help: None,
        }
    }

    /// A finding at a path within `spec`; `/` separates keys.
    pub(crate) fn in_spec(
        code: &'static str,
        path: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let mut steps = vec![Step::Key("spec".into())];
        let keys = path.split('/').filter(|key| !key.is_empty());
        steps.extend(keys.map(|key| Step::Key(key.into())));
        Self::new(code, Place::Steps(steps), message)
    }

    /// Points at the element that is `text`, in the list found so far.
    pub(crate) fn item(mut self, text: &str) -> Self {
        if let Place::Steps(steps) = &mut self.place {
            steps.push(Step::Item(text.to_owned()));
        }
        self
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The file that is being read.
pub(crate) struct Context<'a> {
    pub(crate) source: &'a Source,
    pub(crate) origin: Origin,
    /// Which document of the file it is, from 0.
    pub(crate) document: usize,
}

impl Context<'_> {
    /// The place of `steps` in the document `root`.
    pub(crate) fn locate(&self, root: &Node<'_>, place: &Place) -> Location {
        let (at, pointer) = match place {
            Place::Steps(steps) => root.find(steps),
            Place::At(at) => (*at, root.pointer_of(*at).unwrap_or_default()),
        };
        let mut location = self.source.locate(at);
        location.pointer = match self.origin {
            Origin::Manifest => pointer,
            Origin::Request => format!("/{}{pointer}", self.document),
        };
        location
    }

    pub(crate) fn problem(&self, root: &Node<'_>, finding: Finding) -> Problem {
        Problem {
            code: finding.code,
            at: self.locate(root, &finding.place),
            message: finding.message,
            label: finding.label,
            help: finding.help,
            also: Vec::new(),
        }
    }
}
