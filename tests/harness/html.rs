//! As much HTML as it takes to find the forms of a page of ours: tags, attributes, and text.
//!
//! Not a parser of any HTML: that a real browser reads the pages the same way is what the tests in
//! `tests/browser` are for.

/// A tag, and the text from its end to the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// In lower case; an end tag keeps its slash.
    pub name: String,
    attributes: Vec<(String, String)>,
    pub text: String,
}

impl Tag {
    /// The value of an attribute; empty if it has none.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(attribute, _)| attribute == name)
            .map(|(_, value)| value.as_str())
    }
}

/// All tags of the page, in order; comments, declarations and what scripts and styles hold left out.
pub fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let (mut tag, after) = read_tag(&rest[1..]);
        rest = after;
        if tag.name == "script" || tag.name == "style" {
            let end = format!("</{}", tag.name);
            rest = rest.find(&end).map_or("", |end| &rest[end..]);
        }
        let text = &rest[..rest.find('<').unwrap_or(rest.len())];
        tag.text = unescape(text);
        tags.push(tag);
    }
    tags
}

/// Reads a tag after its `<`, and gives what comes after its `>`.
fn read_tag(source: &str) -> (Tag, &str) {
    let is_end_of_name = |c: char| c.is_whitespace() || c == '>';
    let (name, mut rest) = source.split_at(source.find(is_end_of_name).unwrap_or(source.len()));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() || rest.starts_with('>') {
            break;
        }
        let end = rest
            .find(|c: char| is_end_of_name(c) || c == '=' || c == '/')
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let (value, after) = match after.trim_start().strip_prefix('=') {
            Some(after) => read_value(after.trim_start()),
            None => ("", after),
        };
        attributes.push((name.to_ascii_lowercase(), unescape(value)));
        rest = after;
    }
    let tag = Tag {
        name: name.trim_end_matches('/').to_ascii_lowercase(),
        attributes,
        text: String::new(),
    };
    (tag, rest.strip_prefix('>').unwrap_or(rest))
}

fn read_value(source: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = source.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    let end = source
        .find(|c: char| c.is_whitespace() || c == '>')
        .unwrap_or(source.len());
    source.split_at(end)
}

/// Resolves the references that our templates write.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let (character, length) = rest
            .find(';')
            .and_then(|end| Some((character(&rest[1..end])?, end + 1)))
            .unwrap_or(('&', 1));
        plain.push(character);
        rest = &rest[length..];
    }
    plain + rest
}

fn character(reference: &str) -> Option<char> {
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = reference.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[test]
fn tags_are_found_with_their_attributes_and_text() {
    let found = tags(
        "<!doctype html><!-- <form> --><script>if (a<b) document.write('<form>')</script>\
         <Input disabled value='a&amp;&#39;&#x22;&b' name=q><br/>1 &lt; 2",
    );
    let names: Vec<_> = found.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(names, ["!doctype", "script", "/script", "input", "br"]);
    let input = &found[3];
    assert_eq!(input.attribute("value"), Some("a&'\"&b"));
    assert_eq!(input.attribute("name"), Some("q"));
    assert_eq!(input.attribute("disabled"), Some(""));
    assert_eq!(input.attribute("type"), None);
    assert_eq!(found[4].text, "1 < 2");
}
