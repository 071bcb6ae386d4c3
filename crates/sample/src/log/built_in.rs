//! The formats that options name (manual 8.2.1 to 8.2.4).

use config_parse::log_format::{LogFormat, parse};
use config_parse::tree::Word;
use diag::Span;

/// A format that needs no writing down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuiltIn {
    /// No option at all in `mode tcp`: a short line when a connection comes.
    ConnectTcp,
    /// The same in `mode http`.
    ConnectHttp,
    /// `option tcplog`.
    Tcp,
    /// `option httplog`.
    Http,
    /// `option httplog clf`.
    HttpClf,
    /// `option tcplog clf`.
    TcpClf,
    /// A connection that failed before there was a stream; a message follows.
    Error,
}

impl BuiltIn {
    /// The format's text.
    pub fn text(self) -> &'static str {
        match self {
            BuiltIn::ConnectTcp => "Connect from %ci:%cp to %fi:%fp (%f/TCP)",
            BuiltIn::ConnectHttp => "Connect from %ci:%cp to %fi:%fp (%f/HTTP)",
            BuiltIn::Tcp => "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq",
            BuiltIn::Http => {
                "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc \
                 %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r"
            }
            BuiltIn::HttpClf => {
                "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr \
                 %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl"
            }
            BuiltIn::TcpClf => {
                "%{Q}o %{-Q}ci - - [%T] \"TCP \" 000 %B \"\" \"\" %cp %ms %ft %b %s %Th %Tw %Tc \
                 %Tt %U %ts-- %ac %fc %bc %sc %rc %sq %bq \"\" \"\" "
            }
            BuiltIn::Error => "%ci:%cp [%t] %ft/",
        }
    }

    /// The format, parsed as if it had been written.
    pub fn format(self) -> LogFormat {
        // The tests parse every one of them, so the empty format is never taken.
        parse(&Word::new(self.text(), Span::default())).unwrap_or_default()
    }
}
