//! `balance url_param`: the value of one parameter in the query, or in a form that was posted.

/// The value of parameter `name` in the query of a request target.
///
/// The first one counts; names are compared as bytes, nothing is decoded.
#[must_use]
pub fn url_param<'a>(target: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let question = target.iter().position(|byte| *byte == b'?')?;
    value(target.get(question + 1..)?, name)
}

/// The value of parameter `name` in a request body (`check_post`), as far as it has come.
///
/// A value that starts with a byte that no form holds there shows that this is not a form.
// Quirk: only the first byte is looked at, and white space there makes the value empty.
#[must_use]
pub fn url_param_in_body<'a>(body: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let value = value(body, name)?;
    match value.first() {
        Some(b' ' | b'\t' | b'\r' | b'\n') => Some(&[]),
        Some(byte) if !is_token(*byte) => None,
        _ => Some(value),
    }
}

fn value<'a>(query: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let named =
        |param: &&'a [u8]| param.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&b'='));
    let param = query.split(|byte| *byte == b'&').find(named)?;
    param.get(name.len() + 1..)
}

/// RFC 9110, 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(target: &str, expected: Option<&str>) {
        let value = url_param(target.as_bytes(), b"id");
        assert_eq!(value.map(|value| str::from_utf8(value).unwrap()), expected);
    }

    #[test]
    fn the_first_parameter_of_the_name_counts() {
        check("/?id=1", Some("1"));
        check("/?a=b&id=2&id=3", Some("2"));
        check("/?id=", Some(""));
        check("/?xid=1&idx=2", None);
        check("/?id", None);
        check("/id=1", None);
        check("/?id=a=b?c", Some("a=b?c"));
    }

    #[track_caller]
    fn check_body(body: &str, expected: Option<&str>) {
        let value = url_param_in_body(body.as_bytes(), b"id");
        assert_eq!(value.map(|value| str::from_utf8(value).unwrap()), expected);
    }

    #[test]
    fn a_body_that_is_no_form_has_no_parameter() {
        check_body("id=1", Some("1"));
        check_body("a=b&id=%20x&c=d", Some("%20x"));
        check_body("id=1 2", Some("1 2"));
        check_body("id= 2", Some(""));
        check_body("id=\"1\"", None);
        check_body("", None);
    }
}
