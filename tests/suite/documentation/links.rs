//! Links between files of the repository lead somewhere.

use std::path::Path;

use super::page::{Page, pages, repository};

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut followed = 0;
    let mut broken = Vec::new();
    for page in pages()
        .into_iter()
        .chain([Page::read(Path::new("CHANGELOG.md"))])
    {
        for link in page.links.iter().filter(|link| !link.contains("://")) {
            followed += 1;
            if !leads_somewhere(&page, link) {
                broken.push(format!("{}: {link}", page.file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(followed > 5, "only {followed} links were found");
}

fn leads_somewhere(page: &Page, link: &str) -> bool {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() {
        page.file.clone()
    } else {
        page.file.with_file_name("").join(file)
    };
    if !repository().join(&target).exists() {
        return false;
    }
    heading.is_empty() || Page::read(&target).anchors.iter().any(|a| a == heading)
}
