//! From YAML text to trees, one a document, within the limits.

mod aliases;
mod stops;

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use granit_parser::{
    Event, Options, Parser, ScalarStyle, ScanError, Span, StructureStyle, Tag, options,
};

use super::{
    limits::{MAX_DEPTH, MAX_KEY_LENGTH, MAX_NODES, MAX_PROBLEMS_PER_DOCUMENT},
    scalar,
    source::Source,
    tree::{Content, Entry, Node},
};
use crate::problem::{ByteRange, Problem};

/// Reads all documents of `source`, and gives each that is well formed and not empty to `each`.
/// A document with a syntax error does not hide what is wrong in the next one.
pub(crate) fn parse<'s>(
    source: &'s Source,
    problems: &mut Vec<Problem>,
    mut each: impl FnMut(Node<'s>, &mut Vec<Problem>),
) {
    let mut parser = Parser::new_from_str_with_options(&source.text, parser_options());
    let mut nodes = 0;
    let mut alias_cost = 0;
    loop {
        let mut builder = Builder::new(source, &mut nodes, &mut alias_cost);
        match builder.document(&mut parser) {
            Ok(Parsed::Document(root)) => {
                let broken = !builder.problems.is_empty();
                problems.append(&mut builder.problems);
                if let Some(root) = root.filter(|_| !broken) {
                    each(root, problems);
                }
            }
            Ok(Parsed::End) => return,
            Err(stop) => {
                problems.append(&mut builder.problems);
                let is_final = stop.is_limit || problems.len() >= MAX_PROBLEMS_PER_DOCUMENT;
                problems.push(*stop.problem);
                if is_final || !matches!(parser.proceed_next_document(), Ok(true)) {
                    return;
                }
            }
        }
    }
}

fn parser_options() -> Options {
    // One deeper than ours, so that it is our words that say it.
    options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH + 1,
        block_nesting_limit: MAX_DEPTH + 1,
        emit_unresolved_aliases: true,
        simple_key_max_lookahead: MAX_KEY_LENGTH,
    }
}

enum Parsed<'s> {
    Document(Option<Node<'s>>),
    End,
}

/// Why the rest of a document cannot be read.
struct Stop {
    problem: Box<Problem>,
    /// Nothing further in the file is read.
    is_limit: bool,
}

/// A list or mapping that is not closed yet.
struct Open<'s> {
    start: u32,
    is_flow: bool,
    anchor: usize,
    content: OpenContent<'s>,
}

enum OpenContent<'s> {
    List(Vec<Node<'s>>),
    Map {
        entries: Vec<Entry<'s>>,
        /// The key whose value comes next.
        key: Key<'s>,
        /// Names seen, kept only for large mappings.
        seen: HashSet<Cow<'s, str>>,
        merges: Vec<Node<'s>>,
    },
}

/// The key of the value that comes next.
enum Key<'s> {
    /// What comes next is the key itself.
    None,
    Refused,
    Name(Cow<'s, str>, ByteRange),
}

/// Mappings up to this size are searched, larger ones are hashed.
const SMALL_MAP: usize = 24;

struct Builder<'s, 'c> {
    source: &'s Source,
    open: Vec<Open<'s>>,
    anchors: HashMap<usize, Node<'s>>,
    problems: Vec<Problem>,
    nodes: &'c mut usize,
    alias_cost: &'c mut usize,
}

impl<'s, 'c> Builder<'s, 'c> {
    fn new(source: &'s Source, nodes: &'c mut usize, alias_cost: &'c mut usize) -> Self {
        Self {
            source,
            open: Vec::new(),
            anchors: HashMap::new(),
            problems: Vec::new(),
            nodes,
            alias_cost,
        }
    }

    fn document<I>(&mut self, parser: &mut I) -> Result<Parsed<'s>, Stop>
    where
        I: Iterator<Item = Result<(Event<'s>, Span), ScanError>>,
    {
        let mut root = None;
        let mut in_document = false;
        loop {
            let Some(event) = parser.next() else {
                return Ok(Parsed::End);
            };
            let (event, span) = event.map_err(|error| self.syntax(&error))?;
            let at = range(&span);
            let done = match event {
                Event::DocumentStart(..) => {
                    in_document = true;
                    None
                }
                Event::DocumentEnd => {
                    let empty = |node: &Node<'_>| matches!(node.content, Content::Null);
                    return Ok(Parsed::Document(root.filter(|node| !empty(node))));
                }
                Event::StreamEnd if in_document => return Ok(Parsed::Document(root)),
                Event::StreamEnd => return Ok(Parsed::End),
                Event::Scalar(text, style, anchor, tag) => {
                    let node = self.scalar(text, style, tag.as_deref(), at);
                    Some((node, anchor))
                }
                Event::SequenceStart(style, anchor, tag) => {
                    self.tag(tag.as_deref(), "seq", at);
                    self.begin(at, style, anchor, OpenContent::List(Vec::new()))?;
                    None
                }
                Event::MappingStart(style, anchor, tag) => {
                    self.tag(tag.as_deref(), "map", at);
                    let content = OpenContent::Map {
                        entries: Vec::new(),
                        key: Key::None,
                        seen: HashSet::new(),
                        merges: Vec::new(),
                    };
                    self.begin(at, style, anchor, content)?;
                    None
                }
                Event::SequenceEnd | Event::MappingEnd => self.end(at)?,
                Event::Alias(id) => Some((self.alias(id, at)?, 0)),
                Event::UnresolvedAlias(name) => {
                    let message = format!("there is no `&{name}` before this `*{name}`");
                    self.problem(
                        "yaml",
                        at,
                        message,
                        "an anchor must stand in the same document, above its alias",
                    );
                    Some((
                        Node {
                            at,
                            content: Content::Null,
                        },
                        0,
                    ))
                }
                _ => None,
            };
            if let Some((node, anchor)) = done {
                *self.nodes += 1;
                if *self.nodes > MAX_NODES {
                    return Err(self.limit(at, format!("more than {MAX_NODES} values in one file")));
                }
                if anchor > 0 {
                    self.anchors.insert(anchor, node.clone());
                    self.spend(&node, at)?;
                }
                self.place(node, &mut root);
            }
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'s, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        at: ByteRange,
    ) -> Node<'s> {
        let content = match tag.map(|tag| (tag.core_suffix(), tag)) {
            None if style == ScalarStyle::Plain => scalar::resolve(text),
            None | Some((Some("str"), _)) => Content::Text(text),
            Some((Some(suffix @ ("int" | "float" | "bool" | "null")), _)) => {
                let content = scalar::resolve(text);
                let agrees = matches!(
                    (suffix, &content),
                    ("int" | "float", Content::Number(_))
                        | ("bool", Content::Bool(_))
                        | ("null", Content::Null)
                );
                if !agrees {
                    self.problem(
                        "yaml",
                        at,
                        format!("the tag `!!{suffix}` does not fit the value"),
                        "leave the tag out",
                    );
                }
                content
            }
            Some((_, tag)) => {
                self.unknown_tag(tag, at);
                Content::Text(text)
            }
        };
        Node { at, content }
    }

    fn tag(&mut self, tag: Option<&Tag>, fits: &str, at: ByteRange) {
        if let Some(tag) = tag
            && tag.core_suffix() != Some(fits)
        {
            self.unknown_tag(tag, at);
        }
    }

    fn unknown_tag(&mut self, tag: &Tag, at: ByteRange) {
        let message = format!("the tag `{}` has no meaning here", tag.original());
        self.problem(
            "yaml",
            at,
            message,
            "leave the tag out; manifests are plain data",
        );
    }

    fn begin(
        &mut self,
        at: ByteRange,
        style: StructureStyle,
        anchor: usize,
        content: OpenContent<'s>,
    ) -> Result<(), Stop> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.limit(at, format!("lists and mappings more than {MAX_DEPTH} deep")));
        }
        self.open.push(Open {
            start: at.start,
            is_flow: style == StructureStyle::Flow,
            anchor,
            content,
        });
        Ok(())
    }

    fn end(&mut self, at: ByteRange) -> Result<Option<(Node<'s>, usize)>, Stop> {
        let Some(open) = self.open.pop() else {
            return Ok(None);
        };
        // The event that closes a block stands before the next token, below empty lines.
        let end_of = |last: Option<u32>| match last {
            Some(end) if !open.is_flow => end,
            _ => at.end.max(open.start),
        };
        let (end, content) = match open.content {
            OpenContent::List(items) => {
                (end_of(items.last().map(|i| i.at.end)), Content::List(items))
            }
            OpenContent::Map {
                mut entries,
                merges,
                ..
            } => {
                let end = end_of(entries.last().map(|e| e.value.at.end.max(e.key_at.end)));
                for merge in merges {
                    self.merge(&mut entries, merge)?;
                }
                (end, Content::Map(entries))
            }
        };
        let at = ByteRange {
            start: open.start,
            end,
        };
        Ok(Some((Node { at, content }, open.anchor)))
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, node: Node<'s>, root: &mut Option<Node<'s>>) {
        let Some(open) = self.open.last_mut() else {
            *root = Some(node);
            return;
        };
        match &mut open.content {
            OpenContent::List(items) => items.push(node),
            OpenContent::Map {
                entries,
                key,
                seen,
                merges,
            } => match std::mem::replace(key, Key::None) {
                Key::None => *key = as_key(node, self.source, &mut self.problems),
                Key::Refused => {}
                Key::Name(name, _) if name == "<<" => merges.push(node),
                Key::Name(name, key_at) => {
                    if entries.len() == SMALL_MAP {
                        seen.extend(entries.iter().map(|entry| entry.key.clone()));
                    }
                    let is_new = if entries.len() < SMALL_MAP {
                        !entries.iter().any(|entry| entry.key == name)
                    } else {
                        seen.insert(name.clone())
                    };
                    if is_new {
                        entries.push(Entry {
                            key: name,
                            key_at,
                            value: node,
                        });
                    } else if let Some(first) = entries.iter().find(|entry| entry.key == name) {
                        let first_at = self.source.locate(first.key_at);
                        push(&mut self.problems, || {
                            Problem::new(
                                "duplicate-key",
                                self.source.locate(key_at),
                                format!("the key `{name}` stands twice in one mapping"),
                            )
                            .label("here again")
                            .also(first_at, "first here")
                            .help("keep one of the two")
                        });
                    }
                }
            },
        }
    }
}

/// Takes a value as a key.
fn as_key<'s>(node: Node<'s>, source: &Source, problems: &mut Vec<Problem>) -> Key<'s> {
    let at = node.at;
    match node.content {
        Content::Text(text) if text.len() <= MAX_KEY_LENGTH => return Key::Name(text, at),
        Content::Text(_) => push(problems, || {
            Problem::new(
                "limit",
                source.locate(at),
                format!("a key of more than {MAX_KEY_LENGTH} bytes"),
            )
        }),
        Content::Null | Content::Bool(_) | Content::Number(_) => push(problems, || {
            let text = source.text.get(at.as_range()).unwrap_or_default();
            let problem = Problem::new("wrong-type", source.locate(at), "a key must be text");
            if text.is_empty() {
                problem.help("write a name before the colon")
            } else {
                problem.help(format!("quote it: `\"{text}\"`"))
            }
        }),
        Content::List(_) | Content::Map(_) => {
            push(problems, || {
                Problem::new(
                    "wrong-type",
                    source.locate(at),
                    "a key must be text, not a list or mapping",
                )
                .help(
                    "a `{{ template }}` is not filled in here; quote the value \
if it is meant as text",
                )
            });
        }
    }
    Key::Refused
}

fn push(problems: &mut Vec<Problem>, problem: impl FnOnce() -> Problem) {
    if problems.len() < MAX_PROBLEMS_PER_DOCUMENT {
        problems.push(problem());
    }
}

fn range(span: &Span) -> ByteRange {
    let narrow = |offset: Option<usize>| u32::try_from(offset.unwrap_or(0)).unwrap_or(u32::MAX);
    ByteRange {
        start: narrow(span.start.byte_offset()),
        end: narrow(span.end.byte_offset()),
    }
}
