//! The catalogue holds together: codes are unique, in order, and each has its page.

use std::path::Path;

use diag::{Severity, catalogue, entry};

#[test]
fn codes_are_unique_and_in_order_of_their_numbers() {
    let numbers: Vec<&str> = catalogue().map(|entry| &entry.code[1..]).collect();
    for pair in numbers.windows(2) {
        assert!(pair[0] < pair[1], "{} stands before {}", pair[0], pair[1]);
    }
}

#[test]
fn a_code_begins_with_the_letter_of_its_severity() {
    for entry in catalogue() {
        let letter = match entry.severity {
            Severity::Error => 'E',
            Severity::Warning => 'W',
            Severity::Note => 'N',
        };
        assert!(entry.code.starts_with(letter), "{}", entry.code);
        assert_eq!(entry.code.len(), 5, "{}", entry.code);
        assert!(diag::entry(entry.code).is_some());
    }
    assert!(entry("E9999").is_none());
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    for entry in catalogue() {
        let page = pages.join(format!("{}.md", entry.code));
        let text = std::fs::read_to_string(&page).unwrap_or_default();
        assert!(text.starts_with(&format!("# {}: ", entry.code)), "docs/errors/{}.md", entry.code);
    }
    for page in std::fs::read_dir(&pages).into_iter().flatten().flatten() {
        let name = page.file_name().to_string_lossy().into_owned();
        let code = name.trim_end_matches(".md");
        assert!(entry(code).is_some() || name == "README.md", "{name} is the page of no code");
    }
}
