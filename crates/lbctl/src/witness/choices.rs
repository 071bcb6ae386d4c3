//! The ways to make one ACL line true.

use std::net::IpAddr;

use config_parse::condition::{AclExpr, MatchMethod};

use super::example::example;

/// Patterns of a line that are tried.
const MOST: usize = 8;

/// A text that shall be, begin with, end with or hold something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    Whole(String),
    Begins(String),
    Ends(String),
    Holds(String),
}

/// A change of a sketch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Touch {
    Method(String),
    Path(Shape),
    Host(Shape),
    Header(String, Shape),
    /// A parameter of the query.
    Param(String, Shape),
    Cookie(String, Shape),
    Source(IpAddr),
    Port(u16),
    Name(String),
}

/// What makes the line true; empty when it is not understood.
pub(super) fn choices(line: &AclExpr) -> Vec<Touch> {
    let fetch = &line.expr.fetch;
    let written = fetch.name.value.as_str();
    let (name, own) = acl::keyword(written).unwrap_or((written, MatchMethod::Str));
    let (name, own) = match name.strip_suffix("_ip") {
        Some(base) => (base, MatchMethod::Ip),
        None => (name, own),
    };
    let method = line.method.as_ref().map_or(own, |method| method.value);
    let argument = fetch.args.as_deref().and_then(<[_]>::first).map(|arg| arg.value.clone());
    let mut out = Vec::new();
    if matches!(method, MatchMethod::Found) || line.patterns.is_empty() {
        out.extend(touch(name, argument.as_deref(), Shape::Whole("1".into())));
        return out;
    }
    for pattern in line.patterns.iter().take(MOST) {
        let text = pattern.value.as_str();
        match name {
            "src" | "dst" => out.extend(address(text).filter(|_| name == "src").map(Touch::Source)),
            "dst_port" | "fc_dst_port" => out.extend(text.parse().ok().map(Touch::Port)),
            _ => {
                let shape = match method {
                    MatchMethod::Ip => address(text).map(|ip| Shape::Whole(ip.to_string())),
                    MatchMethod::Reg => example(text).map(Shape::Whole),
                    MatchMethod::Beg => Some(Shape::Begins(text.to_owned())),
                    MatchMethod::End => Some(Shape::Ends(text.to_owned())),
                    MatchMethod::Sub => Some(Shape::Holds(text.to_owned())),
                    MatchMethod::Dir => Some(Shape::Holds(format!("/{}/", text.trim_matches('/')))),
                    MatchMethod::Dom => Some(Shape::Whole(text.trim_matches('.').to_owned())),
                    MatchMethod::Len => {
                        text.parse().ok().map(|n: usize| Shape::Whole("a".repeat(n.min(4096))))
                    }
                    MatchMethod::Bool => Some(Shape::Whole("1".into())),
                    _ => Some(Shape::Whole(text.to_owned())),
                };
                out.extend(shape.and_then(|shape| touch(name, argument.as_deref(), shape)));
            }
        }
    }
    out
}

fn touch(name: &str, argument: Option<&str>, shape: Shape) -> Option<Touch> {
    let named = argument.map(str::to_owned);
    Some(match name {
        "path" | "pathq" | "url" | "capture.req.uri" => Touch::Path(shape),
        "method" => match shape {
            Shape::Whole(method) => Touch::Method(method),
            _ => return None,
        },
        "base" => return base(shape),
        "query" => match shape {
            Shape::Whole(text) | Shape::Begins(text) | Shape::Holds(text) | Shape::Ends(text) => {
                Touch::Param(text, Shape::Whole(String::new()))
            }
        },
        "req.hdr" | "hdr" | "req.fhdr" | "fhdr" | "req.hdr_cnt" | "hdr_cnt" | "req.fhdr_cnt"
        | "req.hdr_val" | "hdr_val" => match named?.to_ascii_lowercase() {
            host if host == "host" => Touch::Host(shape),
            other => Touch::Header(other, shape),
        },
        "urlp" | "url_param" => Touch::Param(named?, shape),
        "req.cook" | "cook" => Touch::Cookie(named?, shape),
        "req.ssl_sni" | "req_ssl_sni" | "ssl_fc_sni" => match shape {
            Shape::Whole(text) => Touch::Name(text),
            Shape::Begins(text) => Touch::Name(format!("{text}a")),
            Shape::Ends(text) | Shape::Holds(text) => {
                Touch::Name(text.trim_start_matches('.').to_owned())
            }
        },
        _ => return None,
    })
}

/// `base` is host and path in one.
fn base(shape: Shape) -> Option<Touch> {
    match shape {
        Shape::Whole(text) | Shape::Begins(text) => {
            let host = text.split('/').next().unwrap_or_default();
            Some(Touch::Host(Shape::Whole(host.to_owned())))
        }
        Shape::Ends(text) | Shape::Holds(text) => Some(Touch::Path(Shape::Ends(text))),
    }
}

/// An address of a network.
fn address(text: &str) -> Option<IpAddr> {
    text.split('/').next()?.parse().ok()
}
