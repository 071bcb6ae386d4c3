//! `option http-restrict-req-hdr-names`: what becomes of header names that applications may read as others
//! (`a_b` as `a-b`). A proxy looks at them behind its own `http-request` rules.

use std::ops::ControlFlow;

use config::model::Proxy;

use crate::moment::Moment;
use crate::{ReplyKind, Verdict, error_page};

/// Deletes odd names, or refuses the request, as the proxy's option says.
pub(crate) fn names(proxy: &Proxy, m: &mut Moment<'_>) -> ControlFlow<Verdict> {
    let Some(option) = &proxy.restrict_req_hdr_names else { return ControlFlow::Continue(()) };
    let span = option.span;
    match option.value.as_str() {
        "delete" => {
            if let Some(head) = m.head_mut() {
                head.fields.remove_where(|name, _| is_odd(name));
            }
        }
        "reject" if m.head().is_some_and(|head| head.fields.names().any(is_odd)) => {
            let mut page = error_page::choose(m.program, m.stream, 403);
            page.kind = ReplyKind::Deny;
            page.rule = Some(span);
            return ControlFlow::Break(Verdict::Reply(Box::new(page)));
        }
        _ => {}
    }
    ControlFlow::Continue(())
}

fn is_odd(name: &[u8]) -> bool {
    !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}
