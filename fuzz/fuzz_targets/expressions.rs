//! What words hold: sample expressions, conditions, log formats, addresses, durations. No bytes make a parser panic.
#![no_main]

use config_parse::tree::Word;
use config_parse::{address, condition, expr, log_format, quantity};
use diag::{FileId, Span};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let span = Span::new(FileId(0), 0, u32::try_from(text.len()).unwrap_or(u32::MAX));
    let word = Word::new(text, span);
    let _ = expr::parse(&word);
    let _ = log_format::parse(&word);
    let _ = address::parse_list(&word);
    let _ = quantity::duration(text, quantity::Unit::Second);
    let _ = quantity::size(text);
    let words: Vec<Word<'_>> = text.split(' ').map(|part| Word::new(part, span)).collect();
    let _ = condition::parse(&words);
    let _ = condition::parse_acl(&words);
});
