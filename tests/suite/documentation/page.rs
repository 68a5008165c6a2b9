//! Reads Markdown as far as its samples, headings and links go.

use std::path::{Path, PathBuf};

/// A page of the documentation.
pub struct Page {
    /// Relative to the repository.
    pub file: PathBuf,
    pub blocks: Vec<Block>,
    pub links: Vec<String>,
    /// The anchors of its headings.
    pub anchors: Vec<String>,
}

/// A fenced block of code.
pub struct Block {
    /// The line of its fence.
    pub line: usize,
    pub language: String,
    pub text: String,
}

pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page with samples.
pub fn pages() -> Vec<Page> {
    let mut files = vec![PathBuf::from("README.md")];
    find(
        Path::new("docs"),
        &|name| Path::new(name).extension().is_some_and(|e| e == "md"),
        &mut files,
    );
    find(
        Path::new("config-examples"),
        &|name| name == "README.md",
        &mut files,
    );
    files.sort();
    files.iter().map(|file| Page::read(file)).collect()
}

fn find(folder: &Path, wanted: &dyn Fn(&str) -> bool, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = folder.join(&name);
        if entry.file_type().unwrap().is_dir() {
            if name != "node_modules" {
                find(&path, wanted, files);
            }
        } else if wanted(&name) {
            files.push(path);
        }
    }
}

impl Page {
    pub fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(repository().join(file)).unwrap();
        Self {
            file: file.to_owned(),
            ..Self::parse(&text)
        }
    }

    fn parse(text: &str) -> Self {
        let mut page = Self {
            file: PathBuf::new(),
            blocks: Vec::new(),
            links: Vec::new(),
            anchors: Vec::new(),
        };
        let mut open: Option<Block> = None;
        for (index, line) in text.lines().enumerate() {
            let fence = line.strip_prefix("```");
            match (&mut open, fence) {
                (Some(_), Some(_)) => page.blocks.extend(open.take()),
                (Some(block), None) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, Some(language)) => {
                    open = Some(Block {
                        line: index + 1,
                        language: language.to_owned(),
                        text: String::new(),
                    });
                }
                (None, None) => page.prose(index + 1, line),
            }
        }
        assert!(open.is_none(), "a block is not closed");
        page
    }

    fn prose(&mut self, number: usize, line: &str) {
        // Indented code has no language, so nothing would run it.
        assert!(
            !line.starts_with("    "),
            "line {number}: fence it and name its language"
        );
        if line.starts_with('#') {
            self.anchors
                .push(anchor(line.trim_start_matches('#').trim()));
        }
        let mut rest = line;
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, after)) = after.split_once(')') else {
                break;
            };
            self.links.push(target.to_owned());
            rest = after;
        }
    }

    /// The block's place, for a message.
    pub fn place(&self, block: &Block) -> String {
        format!("{}:{}", self.file.display(), block.line)
    }
}

impl Block {
    /// The file that the sample is, if its first line says: `# idp/grafana.yaml`.
    pub fn path(&self) -> Option<&str> {
        let path = self.text.lines().next()?.strip_prefix("# ")?;
        let is_path = !path.contains(' ') && path.contains('.');
        is_path.then_some(path)
    }
}

/// The anchor that code hosts give a heading.
fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

#[test]
fn blocks_headings_and_links_are_found() {
    let page = Page::parse(
        "# `engine.toml`, now\n\nSee [a](b.md#c) and [d](https://e).\n```yaml\n# idp/f.yaml\ng: 1\n```\n",
    );
    assert_eq!(page.anchors, ["enginetoml-now"]);
    assert_eq!(page.links, ["b.md#c", "https://e"]);
    let [block] = &page.blocks[..] else {
        panic!("one block");
    };
    assert_eq!((block.line, &*block.language), (4, "yaml"));
    assert_eq!(block.path(), Some("idp/f.yaml"));
    assert_eq!(block.text, "# idp/f.yaml\ng: 1\n");
}
