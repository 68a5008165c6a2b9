//! Reads relationships: `document:readme#viewer@user:ada[office_hours:{"zone":"utc"}]`.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    import::{ImportError, Placed, Source},
    tuple::{Object, Subject, Tuple},
};

/// Reads one relationship a line. Blank lines and comments (`//`) are passed over.
pub fn relationships(source: Source<'_>) -> Result<Vec<Placed>, ImportError> {
    let mut tuples = Vec::new();
    let mut start = 0;
    for line in source.text.split_inclusive('\n') {
        let written = line.trim();
        if !written.is_empty() && !written.starts_with("//") {
            let at = start + (line.len() - line.trim_start().len());
            let tuple = relationship(written).map_err(|message| source.error(at, message))?;
            tuples.push(Placed { at, tuple });
        }
        start += line.len();
    }
    Ok(tuples)
}

/// Reads one relationship, with its signs or as `zed` prints it (`document:readme viewer user:ada`); the error
/// says what is wrong with it.
pub fn relationship(text: &str) -> Result<Tuple, String> {
    let expected = "expected `type:id#relation@type:id`";
    let (resource, relation, rest) = match text.split_once(['#', ' ']) {
        Some((resource, rest)) if text[resource.len()..].starts_with('#') => {
            let (relation, rest) = rest.split_once('@').ok_or(expected)?;
            (resource, relation, rest)
        }
        Some((resource, rest)) => {
            let (relation, rest) = rest.trim_start().split_once(' ').ok_or(expected)?;
            (resource, relation, rest.trim_start())
        }
        None => return Err(expected.to_owned()),
    };
    let (subject, mut rest) = match rest.find('[') {
        Some(at) => (&rest[..at], rest[at..].trim_end()),
        None => (rest, ""),
    };
    let (namespace, id) = resource.split_once(':').ok_or(expected)?;
    let mut tuple = Tuple {
        resource: Object {
            namespace: namespace.to_owned(),
            id: id.to_owned(),
        },
        relation: relation.to_owned(),
        subject: self::subject(subject.trim_end()).ok_or(expected)?,
        caveat: None,
        expires_at: None,
    };
    while !rest.is_empty() {
        let inner = rest.strip_prefix('[').ok_or("expected `[` or the end")?;
        rest = if let Some(inner) = inner.strip_prefix("expiration:") {
            let (moment, rest) = inner.split_once(']').ok_or("a `[` is never closed")?;
            tuple.expires_at = Some(self::moment(moment)?);
            rest
        } else {
            let end = inner.find([':', ']']).ok_or("a `[` is never closed")?;
            let (name, after) = inner.split_at(end);
            let (context, rest) = match after.strip_prefix(':') {
                None => (Map::new(), &after[1..]),
                Some(json) => {
                    let (context, length) = self::context(json)?;
                    let rest = json[length..].trim_start();
                    (
                        context,
                        rest.strip_prefix(']')
                            .ok_or("expected `]` after the context")?,
                    )
                }
            };
            tuple.caveat = Some((name.to_owned(), context));
            rest
        };
    }
    Ok(tuple)
}

/// `user:ada`, `user:*`, `group:staff#member`; `user:ada#...` is `user:ada`.
fn subject(text: &str) -> Option<Subject> {
    let (namespace, rest) = text.split_once(':')?;
    let (id, relation) = match rest.split_once('#') {
        None | Some((_, "...")) => (rest.trim_end_matches("#..."), None),
        Some((id, relation)) => (id, Some(relation.to_owned())),
    };
    Some(Subject {
        namespace: namespace.to_owned(),
        id: id.to_owned(),
        relation,
    })
}

/// SpiceDB also leaves the zone out, and means UTC.
fn moment(text: &str) -> Result<i64, String> {
    let parsed = text
        .parse::<Timestamp>()
        .or_else(|_| format!("{text}Z").parse::<Timestamp>());
    let moment = parsed.map_err(|_| format!("`{}` is no moment", text.escape_debug()))?;
    Ok(moment.as_millisecond())
}

fn context(text: &str) -> Result<(Map<String, Value>, usize), String> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Map<String, Value>>();
    match values.next() {
        Some(Ok(context)) => Ok((context, values.byte_offset())),
        Some(Err(error)) => Err(format!("the context is no JSON object: {error}")),
        None => Err("expected a JSON object".to_owned()),
    }
}
