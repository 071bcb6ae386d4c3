//! `resolvers` sections (manual 5.3.2).

use std::time::Duration;

use config_parse::address::Address;
use diag::{Span, Spanned};

/// Who resolves names while the process runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolvers {
    /// Its name.
    pub name: Spanned<String>,
    /// `nameserver` and `parse-resolv-conf` lines in order.
    pub nameservers: Vec<Nameserver>,
    /// `accepted_payload_size`: the largest answer over UDP, in bytes.
    pub payload: u16,
    /// `resolve_retries`: how often a question is asked before it counts as failed.
    pub retries: u32,
    /// `timeout resolve`: from one question to the next of the same name.
    pub resolve: Duration,
    /// `timeout retry`: how long an answer may take.
    pub retry: Duration,
    /// `hold`.
    pub hold: Holds,
}

/// Where names are asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Nameserver {
    /// `nameserver NAME ADDRESS`.
    One {
        /// Its name.
        name: Spanned<String>,
        /// Where it is.
        address: Address,
        /// `tcp@`: it is asked over TCP only.
        stream: bool,
    },
    /// `parse-resolv-conf`: those of the system.
    System(Span),
}

/// `hold STATUS TIME`: how long what was known counts after answers of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words are the manual's own")]
pub struct Holds {
    pub nx: Duration,
    pub timeout: Duration,
    pub refused: Duration,
    pub other: Duration,
    pub valid: Duration,
    pub obsolete: Duration,
}

impl Resolvers {
    /// A section with nothing in it.
    pub fn new(name: Spanned<String>) -> Self {
        let half_a_minute = Duration::from_secs(30);
        Self {
            name,
            nameservers: Vec::new(),
            payload: 512,
            retries: 3,
            resolve: Duration::from_secs(1),
            retry: Duration::from_secs(1),
            hold: Holds {
                nx: half_a_minute,
                timeout: half_a_minute,
                refused: half_a_minute,
                other: half_a_minute,
                valid: Duration::from_secs(10),
                obsolete: Duration::ZERO,
            },
        }
    }
}
