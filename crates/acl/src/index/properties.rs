//! Every index gives what a walk over the list gives.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn entries(patterns: &[Vec<u8>]) -> Vec<(u32, &[u8])> {
    patterns.iter().enumerate().map(|(id, text)| (id as u32, text.as_slice())).collect()
}

/// Texts of few letters and all delimiters, so that patterns are often found.
fn text(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    vec(prop::sample::select(b"ab./:?".to_vec()), length)
}

fn patterns() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(text(1..6), 0..40)
}

/// Expressions over the letters of [`text`], with all that decides which texts they need.
fn expression() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(
        "a b ab ba . / .* .+ a? (ab)? (a|b) (ab|ba|) [ab] [^a] a{2} (b/)+ (.*a)* ^ $ \\b (?i)a :"
            .split(' ')
            .collect::<Vec<_>>(),
    );
    vec(piece, 1..7).prop_map(|pieces| pieces.concat())
}

/// Where the pattern stands between delimiters, the manual's way: byte by byte.
fn stands(text: &[u8], pattern: &[u8], delimiters: &[u8]) -> bool {
    let is = |byte: &u8| delimiters.contains(byte);
    let start = pattern.iter().position(|byte| !is(byte));
    let end = pattern.iter().rposition(|byte| !is(byte));
    let (Some(start), Some(end)) = (start, end) else { return false };
    let word = &pattern[start..=end];
    (0..text.len()).any(|at| {
        text[at..].starts_with(word)
            && (at == 0 || is(&text[at - 1]))
            && text.get(at + word.len()).is_none_or(is)
    })
}

fn first(patterns: &[Vec<u8>], matches: impl Fn(&[u8]) -> bool) -> Option<u32> {
    patterns.iter().position(|pattern| matches(pattern)).map(|id| id as u32)
}

proptest! {
    #[test]
    fn equal_bytes(patterns in patterns(), text in text(0..8)) {
        let expected = first(&patterns, |pattern| pattern == text);
        prop_assert_eq!(Exact::new(&entries(&patterns)).find(&text), expected);
    }

    #[test]
    fn the_longest_prefix(patterns in patterns(), text in text(0..10)) {
        let longest = patterns.iter().filter(|it| text.starts_with(it)).map(Vec::len).max();
        let expected = longest.and_then(|longest| first(&patterns, |it| *it == text[..longest]));
        prop_assert_eq!(Prefixes::longest(&entries(&patterns)).find(&text), expected);
    }

    #[test]
    fn the_first_suffix(patterns in patterns(), text in text(0..10)) {
        let expected = first(&patterns, |pattern| text.ends_with(pattern));
        prop_assert_eq!(Suffixes::new(&entries(&patterns)).find(&text), expected);
    }

    #[test]
    fn the_first_substring(patterns in patterns(), text in text(0..12)) {
        let expected =
            first(&patterns, |pattern| text.windows(pattern.len()).any(|part| part == pattern));
        prop_assert_eq!(Substrings::new(&entries(&patterns)).find(&text), expected);
    }

    #[test]
    fn the_first_substring_of_a_multitude(patterns in vec(text(4..11), 1..40), text in text(0..16)) {
        let expected =
            first(&patterns, |pattern| text.windows(pattern.len()).any(|part| part == pattern));
        let index = super::substring::Multitude::new(&entries(&patterns));
        prop_assert_eq!(index.map(|index| index.find(&text)), Some(expected));
    }

    #[test]
    fn the_first_word(patterns in patterns(), text in text(0..16)) {
        for (delimiters, bytes) in [(Delimiters::Slashes, &b"/?"[..]), (Delimiters::Dots, b"/?.:")] {
            let expected = first(&patterns, |pattern| stands(&text, pattern, bytes));
            prop_assert_eq!(Words::new(&entries(&patterns), delimiters).find(&text), expected);
        }
    }

    #[test]
    fn the_first_range(
        ranges in vec((-20_i64..20, prop_oneof![-1_i64..12, Just(i64::MAX)]), 0..40),
        number in prop_oneof![-25_i64..25, Just(i64::MIN), Just(i64::MAX)],
    ) {
        let listed: Vec<_> = ranges
            .iter()
            .enumerate()
            .map(|(id, (low, width))| (id as u32, *low, low.saturating_add(*width)))
            .collect();
        let expected =
            listed.iter().find(|(_, low, high)| (low..=high).contains(&&number)).map(|it| it.0);
        prop_assert_eq!(Numbers::new(listed.clone()).find(number), expected);
    }

    #[test]
    fn the_first_expression(
        patterns in vec(expression(), 0..24), text in text(0..14), ignore_case in any::<bool>(),
    ) {
        let compile = |pattern: &String| sample::regex::compile(pattern, ignore_case).unwrap();
        let list: Vec<_> = (0..).zip(patterns.iter().map(compile)).collect();
        let text = if ignore_case { text.to_ascii_uppercase() } else { text };
        let expected = list.iter().find(|(_, regex)| regex.is_match(&text)).map(|it| it.0);
        prop_assert_eq!(Regexes::new(list, ignore_case).find(&text), expected);
    }

    #[test]
    fn the_longest_network(nets in vec((0_u32..16, 26_u32..33), 0..40), host in 0_u32..16) {
        // Addresses from 10.0.0.0 to 10.0.0.15, masks of 26 to 32 bits.
        let base = 0x0a00_0000;
        let listed: Vec<_> = nets
            .iter()
            .enumerate()
            .map(|(id, (bits, length))| {
                let mask = u32::MAX << (32 - length);
                (id as u32, Network::V4 { bits: base | bits, mask }, *length, mask)
            })
            .collect();
        let fits = |bits: u32, mask: u32| (base | host) & mask == bits & mask;
        let expected = nets
            .iter()
            .zip(&listed)
            .filter(|((bits, _), (.., mask))| fits(base | bits, *mask))
            .max_by(|(_, a), (_, b)| a.2.cmp(&b.2).then(b.0.cmp(&a.0)))
            .map(|(_, found)| found.0);
        let networks: Vec<_> = listed.iter().map(|(id, network, ..)| (*id, *network)).collect();
        let ip = IpAddr::V4((base | host).into());
        prop_assert_eq!(Networks::new(&networks).find(ip), expected);
    }
}
