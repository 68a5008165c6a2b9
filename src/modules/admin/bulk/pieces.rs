/// Bytes of a line: attributes of the most that there may be, and the rest.
pub const MAX_LINE: usize = 64 * 1_024;

/// One line of a file or of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which, from 1 on.
    pub number: u64,
    /// Without its end; `None` if it is longer than [`MAX_LINE`].
    pub text: Option<Vec<u8>>,
}

/// Puts lines together from the pieces in which a file or a body comes.
#[derive(Debug, Default)]
pub struct Pieces {
    begun: Vec<u8>,
    is_too_long: bool,
    ended: u64,
}

impl Pieces {
    /// The lines that end in this piece. Those without anything are left out, and counted.
    pub fn take(&mut self, piece: &[u8]) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut parts = piece.split(|byte| *byte == b'\n');
        // What follows the last line break is no line yet.
        let mut part = parts.next();
        while let Some(text) = part {
            self.add(text);
            part = parts.next();
            if part.is_some() {
                lines.extend(self.end());
            }
        }
        lines
    }

    /// The last line, if no line break ends it.
    pub fn finish(&mut self) -> Option<Line> {
        self.end()
    }

    fn add(&mut self, text: &[u8]) {
        if self.is_too_long || self.begun.len() + text.len() > MAX_LINE {
            self.is_too_long = true;
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(text);
        }
    }

    fn end(&mut self) -> Option<Line> {
        let text = std::mem::take(&mut self.begun);
        let is_too_long = std::mem::take(&mut self.is_too_long);
        self.ended += 1;
        let number = self.ended;
        if is_too_long {
            return Some(Line { number, text: None });
        }
        let is_blank = text.iter().all(u8::is_ascii_whitespace);
        (!is_blank).then_some(Line {
            number,
            text: Some(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<(u64, Option<String>)> {
        let mut all = Pieces::default();
        let mut lines: Vec<_> = pieces.iter().flat_map(|piece| all.take(piece)).collect();
        lines.extend(all.finish());
        let text = |text: Vec<u8>| String::from_utf8_lossy(&text).into_owned();
        lines
            .into_iter()
            .map(|line| (line.number, line.text.map(text)))
            .collect()
    }

    #[test]
    fn lines_are_the_same_however_they_come() {
        let expected = vec![
            (1, Some("a".to_owned())),
            (3, Some("bc\r".to_owned())),
            (4, Some("d".to_owned())),
        ];
        let whole: &[u8] = b"a\n \nbc\r\nd";
        assert_eq!(lines(&[whole]), expected);
        let bytes: Vec<&[u8]> = whole.chunks(1).collect();
        assert_eq!(lines(&bytes), expected);
        assert_eq!(lines(&[whole, b"\n"]), expected);
        assert_eq!(lines(&[b"", b"\n\n"]), []);
    }

    #[test]
    fn a_line_that_is_too_long_is_not_kept() {
        let long = vec![b'a'; MAX_LINE];
        assert_eq!(
            lines(&[&long, b"\nb"])[0].1.as_ref().map(String::len),
            Some(MAX_LINE)
        );
        assert_eq!(
            lines(&[&long, b"a", &long, b"\nb\n"]),
            [(1, None), (2, Some("b".to_owned()))]
        );
    }
}
