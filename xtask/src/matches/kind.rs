//! The match methods: a list of patterns for each, and keys that match some of them, nearly, or not at all.

use std::fmt::Write as _;

/// Draws that are the same for the same seed.
#[derive(Debug)]
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) fn new(seed: u64) -> Draws {
        Draws(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next()).unwrap_or(0) % end.max(1)
    }

    fn letters(&mut self, least: usize, most: usize) -> String {
        let length = least + self.below(most - least + 1);
        (0..length).map(|_| char::from(b'a' + self.below(16) as u8)).collect()
    }
}

/// One method.
#[derive(Debug)]
pub(crate) struct Kind {
    /// The word behind `-m`.
    pub(crate) name: &'static str,
    /// The converter that looks keys up the same way.
    pub(crate) map: Option<&'static str>,
    pattern: fn(&mut Draws) -> String,
    /// A key that a pattern may match.
    near: fn(&str, &mut Draws) -> String,
}

/// Every method that takes patterns from a file.
pub(crate) const KINDS: &[Kind] = &[
    Kind { name: "str", map: Some("map_str"), pattern: host, near: same_or_longer },
    Kind { name: "beg", map: Some("map_beg"), pattern: path, near: with_tail },
    Kind { name: "end", map: Some("map_end"), pattern: host, near: with_front },
    Kind { name: "sub", map: Some("map_sub"), pattern: piece, near: in_the_middle },
    Kind { name: "dir", map: Some("map_dir"), pattern: directory, near: in_a_path },
    Kind { name: "dom", map: Some("map_dom"), pattern: host, near: in_a_name },
    Kind { name: "reg", map: Some("map_reg"), pattern: regex, near: of_regex },
    Kind { name: "int", map: Some("map_int"), pattern: numbers, near: near_number },
    Kind { name: "ip", map: Some("map_ip"), pattern: network, near: of_network },
    Kind { name: "len", map: None, pattern: lengths, near: of_length },
    Kind { name: "bin", map: None, pattern: hexadecimal, near: of_hexadecimal },
];

impl Kind {
    /// Patterns of the method.
    pub(crate) fn list(&self, lines: usize, draws: &mut Draws) -> Vec<String> {
        (0..lines).map(|_| (self.pattern)(draws)).collect()
    }

    /// Keys, three of four made of a pattern of the list.
    pub(crate) fn keys(&self, list: &[String], count: usize, draws: &mut Draws) -> Vec<String> {
        let key = |_| {
            let strange = (self.pattern)(draws);
            let pattern = match draws.below(4) {
                0 => &strange,
                _ => list.get(draws.below(list.len())).unwrap_or(&strange),
            };
            (self.near)(pattern, draws)
        };
        (0..count).map(key).collect()
    }
}

fn host(draws: &mut Draws) -> String {
    let label = draws.letters(1, 6);
    match draws.below(4) {
        0 => format!("{label}.{}", draws.letters(1, 3)),
        1 => format!("{label}.{}.com", draws.letters(1, 4)),
        _ => format!("{}.{label}.example.org", draws.letters(1, 4)),
    }
}

fn same_or_longer(pattern: &str, draws: &mut Draws) -> String {
    match draws.below(4) {
        0 => format!("{pattern}a"),
        1 => pattern.to_uppercase(),
        _ => pattern.to_owned(),
    }
}

fn path(draws: &mut Draws) -> String {
    let mut path = String::new();
    for _ in 0..=draws.below(4) {
        let _ = write!(path, "/{}", draws.letters(1, 4));
    }
    path
}

fn with_tail(pattern: &str, draws: &mut Draws) -> String {
    match draws.below(4) {
        0 => pattern.to_owned(),
        1 => pattern[..pattern.len() - 1].to_owned(),
        2 => format!("{pattern}{}", path(draws)),
        _ => format!("{pattern}{}", draws.letters(1, 8)),
    }
}

fn with_front(pattern: &str, draws: &mut Draws) -> String {
    match draws.below(4) {
        0 => pattern.to_owned(),
        1 => pattern[1..].to_owned(),
        2 => format!("{}.{pattern}", draws.letters(1, 4)),
        _ => format!("{}{pattern}", draws.letters(1, 8)),
    }
}

fn piece(draws: &mut Draws) -> String {
    draws.letters(5, 10)
}

fn in_the_middle(pattern: &str, draws: &mut Draws) -> String {
    format!("{}{pattern}{}", draws.letters(0, 20), draws.letters(0, 20))
}

fn directory(draws: &mut Draws) -> String {
    let first = draws.letters(2, 6);
    match draws.below(3) {
        0 => format!("{first}/{}", draws.letters(1, 4)),
        _ => first,
    }
}

fn in_a_path(pattern: &str, draws: &mut Draws) -> String {
    let (front, tail) = (path(draws), draws.letters(1, 4));
    match draws.below(5) {
        0 => format!("/{pattern}"),
        1 => format!("{front}/{pattern}?{tail}=1"),
        2 => format!("{front}/{pattern}{tail}"),
        3 => format!("{front}{pattern}/{tail}"),
        _ => format!("{front}/{pattern}/{tail}"),
    }
}

fn in_a_name(pattern: &str, draws: &mut Draws) -> String {
    let (front, tail) = (draws.letters(1, 4), draws.letters(1, 3));
    match draws.below(5) {
        0 => pattern.to_owned(),
        1 => format!("{front}.{pattern}:80"),
        2 => format!("{front}{pattern}"),
        3 => format!("{pattern}.{tail}"),
        _ => format!("{front}.{pattern}.{tail}"),
    }
}

fn regex(draws: &mut Draws) -> String {
    let (a, b) = (draws.letters(2, 4), draws.letters(1, 3));
    match draws.below(6) {
        0 => format!("^/{a}/[0-9]+$"),
        1 => format!("\\.{a}\\.({b}|org)$"),
        2 => format!("^(www\\.)?{a}\\."),
        3 => format!("{a}[a-f]{{2}}{b}"),
        4 => format!("^/{a}(/.*)?$"),
        _ => format!("{a}.*{b}x"),
    }
}

fn of_regex(pattern: &str, draws: &mut Draws) -> String {
    let letters: String = pattern.chars().filter(char::is_ascii_lowercase).take(6).collect();
    match draws.below(5) {
        0 => format!("/{letters}/{}", draws.below(100)),
        1 => format!("{}.{letters}.org", draws.letters(1, 4)),
        2 => format!("www.{letters}.net"),
        3 => format!("{letters}ab{}x", draws.letters(1, 3)),
        _ => format!("/{letters}"),
    }
}

fn numbers(draws: &mut Draws) -> String {
    let low = draws.below(2_000_000_000);
    match draws.below(4) {
        0 => format!("{low}:{}", low + draws.below(500)),
        1 => format!("-{}", draws.below(1_000_000)),
        _ => low.to_string(),
    }
}

fn near_number(pattern: &str, draws: &mut Draws) -> String {
    let low: i64 = pattern.split(':').next().and_then(|low| low.parse().ok()).unwrap_or(0);
    (low + draws.below(3) as i64 * draws.below(200) as i64).to_string()
}

fn network(draws: &mut Draws) -> String {
    let bits = draws.next() as u32;
    let ip = std::net::Ipv4Addr::from_bits(bits);
    match draws.below(6) {
        0 => format!("{ip}"),
        1 => format!("2001:db8:{:x}:{:x}::/{}", bits >> 16, bits & 0xffff, 48 + draws.below(17)),
        2 => format!("2001:db8::{:x}", bits & 0xffff),
        _ => format!("{ip}/{}", 12 + draws.below(21)),
    }
}

fn of_network(pattern: &str, draws: &mut Draws) -> String {
    let ip = pattern.split('/').next().unwrap_or(pattern);
    match ip.parse::<std::net::Ipv4Addr>() {
        Ok(ip) => {
            let bits = 4 * draws.below(6);
            let low = draws.below(1 << bits) as u32;
            std::net::Ipv4Addr::from_bits(ip.to_bits() ^ low).to_string()
        }
        Err(_) if draws.below(2) == 0 => ip.to_owned(),
        Err(_) => ip.replace("::", &format!(":{:x}::", draws.below(5))),
    }
}

fn lengths(draws: &mut Draws) -> String {
    let low = 300 + draws.below(90_000);
    match draws.below(50) {
        0 => draws.below(60).to_string(),
        1 => format!("{}:{}", low, low + 5),
        _ => low.to_string(),
    }
}

fn of_length(pattern: &str, draws: &mut Draws) -> String {
    let low: usize = pattern.split(':').next().and_then(|low| low.parse().ok()).unwrap_or(0);
    "x".repeat(1 + (low % 1000) + draws.below(3))
}

fn hexadecimal(draws: &mut Draws) -> String {
    draws.letters(3, 8).bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn of_hexadecimal(pattern: &str, draws: &mut Draws) -> String {
    let bytes = pattern.as_bytes().chunks(2).filter_map(|pair| {
        u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok().map(char::from)
    });
    let text: String = bytes.collect();
    if draws.below(4) == 0 { format!("{text}a") } else { text }
}
