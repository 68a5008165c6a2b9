use super::{Filter, Literal, Operator, Written};
use crate::modules::admin::scim::{
    error::{ScimError, ScimType},
    limits::{MAX_DEPTH, MAX_FILTER, MAX_TERMS},
    path::AttributePath,
};

/// `members[value eq "4711"]`, `emails[type eq "work"].value`.
#[derive(Debug)]
pub(in crate::modules::admin::scim) struct ValuePath {
    pub(in crate::modules::admin::scim) path: AttributePath,
    pub(in crate::modules::admin::scim) filter: Written,
    pub(in crate::modules::admin::scim) part: Option<String>,
}

/// Reads a filter.
pub(in crate::modules::admin::scim) fn parse(text: &str) -> Result<Written, ScimError> {
    let mut reader = Reader::of(text)?;
    let filter = reader.alternatives(0)?;
    reader.skip_blanks();
    match reader.rest() {
        "" => Ok(filter),
        _ => Err(reader.wrong("`and`, `or` or the end")),
    }
}

/// Reads a path with a filter in it.
pub(in crate::modules::admin::scim) fn parse_path(text: &str) -> Result<ValuePath, ScimError> {
    let mut reader = Reader::of(text)?;
    let path = reader.path()?;
    reader.expect('[')?;
    let filter = reader.alternatives(1)?;
    reader.skip_blanks();
    reader.expect(']')?;
    let part = match reader.rest() {
        "" => None,
        rest => match rest.strip_prefix('.') {
            Some(part) if !part.is_empty() => Some(part.to_owned()),
            _ => return Err(reader.wrong("a dot and the name of a part, or the end")),
        },
    };
    Ok(ValuePath { path, filter, part })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    terms: usize,
}

impl<'a> Reader<'a> {
    fn of(text: &'a str) -> Result<Self, ScimError> {
        if text.len() > MAX_FILTER {
            return Err(refused(format!(
                "a filter may have {MAX_FILTER} bytes at most"
            )));
        }
        Ok(Self {
            text,
            at: 0,
            terms: 0,
        })
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Tells the place, and not what is there: a filter has names and addresses of people in it.
    fn wrong(&self, wanted: &str) -> ScimError {
        refused(format!(
            "{wanted} expected at character {} of the filter",
            self.text.get(..self.at).unwrap_or_default().chars().count() + 1
        ))
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(' ').len();
    }

    fn expect(&mut self, wanted: char) -> Result<(), ScimError> {
        if self.rest().starts_with(wanted) {
            self.at += wanted.len_utf8();
            return Ok(());
        }
        Err(self.wrong(&format!("`{wanted}`")))
    }

    /// The word here: up to a blank, a parenthesis or a bracket.
    fn word(&self) -> &'a str {
        let rest = self.rest();
        let end = rest.find([' ', '(', ')', '[', ']', '"']);
        rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
    }

    /// Whether this word comes next; if so, it is passed.
    fn keyword(&mut self, keyword: &str) -> bool {
        let before = self.at;
        self.skip_blanks();
        if self.word().eq_ignore_ascii_case(keyword) {
            self.at += keyword.len();
            return true;
        }
        self.at = before;
        false
    }

    fn alternatives(&mut self, depth: usize) -> Result<Written, ScimError> {
        let mut filter = self.conjunction(depth)?;
        while self.keyword("or") {
            let right = self.conjunction(depth)?;
            filter = Filter::Or(Box::new(filter), Box::new(right));
        }
        Ok(filter)
    }

    fn conjunction(&mut self, depth: usize) -> Result<Written, ScimError> {
        let mut filter = self.term(depth)?;
        while self.keyword("and") {
            let right = self.term(depth)?;
            filter = Filter::And(Box::new(filter), Box::new(right));
        }
        Ok(filter)
    }

    fn term(&mut self, depth: usize) -> Result<Written, ScimError> {
        self.skip_blanks();
        if self.rest().starts_with('(') {
            return self.group(depth);
        }
        let before = self.at;
        if self.keyword("not") {
            self.skip_blanks();
            if self.rest().starts_with('(') {
                return Ok(Filter::Not(Box::new(self.group(depth)?)));
            }
            self.at = before;
        }
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(refused(format!(
                "a filter may have {MAX_TERMS} comparisons at most"
            )));
        }
        let path = self.path()?;
        if self.rest().starts_with('[') {
            self.at += 1;
            let inner = self.alternatives(deeper(depth)?)?;
            self.skip_blanks();
            self.expect(']')?;
            return Ok(Filter::Values(path, Box::new(inner)));
        }
        self.skip_blanks();
        let word = self.word();
        if word.eq_ignore_ascii_case("pr") {
            self.at += word.len();
            return Ok(Filter::Present(path));
        }
        let operator = Operator::of(word)
            .ok_or_else(|| self.wrong("one of `eq ne co sw ew gt ge lt le pr`"))?;
        self.at += word.len();
        self.skip_blanks();
        Ok(Filter::Compare(path, operator, self.literal()?))
    }

    fn group(&mut self, depth: usize) -> Result<Written, ScimError> {
        self.expect('(')?;
        let inner = self.alternatives(deeper(depth)?)?;
        self.skip_blanks();
        self.expect(')')?;
        Ok(inner)
    }

    fn path(&mut self) -> Result<AttributePath, ScimError> {
        self.skip_blanks();
        let word = self.word();
        let path = AttributePath::parse(word).ok_or_else(|| self.wrong("the name of an attribute"));
        self.at += word.len();
        path
    }

    fn literal(&mut self) -> Result<Literal, ScimError> {
        let wrong = |reader: &Self| reader.wrong("a text in quotes, a number, true, false or null");
        let rest = self.rest();
        if rest.starts_with('"') {
            let end = end_of_text(rest).ok_or_else(|| wrong(self))?;
            let text = rest.get(..end).unwrap_or_default();
            let text = serde_json::from_str(text).map_err(|_| wrong(self))?;
            self.at += end;
            return Ok(Literal::Text(text));
        }
        let word = self.word();
        let literal = match word.to_ascii_lowercase().as_str() {
            "null" => Literal::Null,
            "true" => Literal::Flag(true),
            "false" => Literal::Flag(false),
            _ => Literal::Number(serde_json::from_str(word).map_err(|_| wrong(self))?),
        };
        self.at += word.len();
        Ok(literal)
    }
}

fn deeper(depth: usize) -> Result<usize, ScimError> {
    if depth >= MAX_DEPTH {
        return Err(refused(format!(
            "a filter may be {MAX_DEPTH} parentheses or brackets deep at most"
        )));
    }
    Ok(depth + 1)
}

/// Where a JSON string ends that begins here.
fn end_of_text(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn refused(detail: String) -> ScimError {
    ScimError::new(ScimType::InvalidFilter, detail)
}
