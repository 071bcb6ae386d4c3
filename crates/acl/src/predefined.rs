//! The ACLs that need no declaration (manual 7.4).

use config_parse::condition::AclExpr;
use config_parse::expr::{Call, Expr};
use diag::{Span, Spanned};
use sample::CompileEnv;

use crate::Test;

/// A criterion of a predefined ACL: a keyword, its argument, patterns.
struct Criterion {
    name: &'static str,
    keyword: &'static str,
    arg: Option<&'static str>,
    patterns: &'static [&'static str],
}

const fn acl(
    name: &'static str,
    keyword: &'static str,
    patterns: &'static [&'static str],
) -> Criterion {
    Criterion { name, keyword, arg: None, patterns }
}

const CRITERIA: &[Criterion] = &[
    acl("FALSE", "always_false", &[]),
    Criterion { arg: Some("content-length"), ..acl("HTTP_CONTENT", "req.hdr_val", &["gt", "0"]) },
    acl("HTTP", "req.proto_http", &[]),
    acl("HTTP_1.0", "req.ver", &["1.0"]),
    acl("HTTP_1.1", "req.ver", &["1.1"]),
    acl("HTTP_2.0", "req.ver", &["2.0"]),
    acl("HTTP_3.0", "req.ver", &["3.0"]),
    acl("HTTP_URL_ABS", "url_reg", &["^[^/:]*://"]),
    acl("HTTP_URL_SLASH", "url_beg", &["/"]),
    acl("HTTP_URL_STAR", "url", &["*"]),
    acl("LOCALHOST", "src", &["127.0.0.1/8", "::1"]),
    acl("METH_CONNECT", "method", &["CONNECT"]),
    acl("METH_DELETE", "method", &["DELETE"]),
    acl("METH_GET", "method", &["GET", "HEAD"]),
    acl("METH_HEAD", "method", &["HEAD"]),
    acl("METH_OPTIONS", "method", &["OPTIONS"]),
    acl("METH_POST", "method", &["POST"]),
    acl("METH_PUT", "method", &["PUT"]),
    acl("METH_TRACE", "method", &["TRACE"]),
    acl("RDP_COOKIE", "req.rdp_cookie_cnt", &["gt", "0"]),
    acl("REQ_CONTENT", "req.len", &["gt", "0"]),
    acl("TRUE", "always_true", &[]),
    acl("WAIT_END", "wait_end", &[]),
];

/// Their names.
pub fn predefined() -> impl Iterator<Item = &'static str> {
    CRITERIA.iter().map(|criterion| criterion.name)
}

/// The test of a predefined ACL, as if it had been written where its name stands.
pub(crate) fn test(name: &str, span: Span, env: &mut CompileEnv<'_>) -> Option<Test> {
    let criterion = CRITERIA.iter().find(|criterion| criterion.name == name)?;
    let call = Call {
        name: Spanned::new(criterion.keyword.to_owned(), span),
        args: criterion.arg.map(|arg| vec![Spanned::new(arg.to_owned(), span)]),
        span,
    };
    let acl = AclExpr {
        expr: Expr { fetch: call, converters: Vec::new(), span },
        ignore_case: false,
        no_resolve: false,
        map_file: false,
        id: None,
        method: None,
        files: Vec::new(),
        patterns: criterion
            .patterns
            .iter()
            .map(|pattern| Spanned::new((*pattern).to_owned(), span))
            .collect(),
        span,
    };
    Test::compile_predefined(name, &acl, env).ok()
}
