//! A request in the making.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rules::Program;

use super::choices::{Shape, Touch};
use explanation::request::{self, Asked};

/// A text whose front, middle and end are asked for one by one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Text {
    whole: Option<String>,
    front: String,
    middle: String,
    end: String,
}

impl Text {
    fn is_free(&self) -> bool {
        *self == Text::default()
    }

    fn touch(&mut self, shape: &Shape) {
        match shape {
            Shape::Whole(text) => self.whole = Some(text.clone()),
            // The longer of two fronts may begin with the shorter one.
            Shape::Begins(text) if text.len() > self.front.len() => self.front = text.clone(),
            Shape::Ends(text) if text.len() > self.end.len() => self.end = text.clone(),
            Shape::Holds(text) => self.middle.push_str(text),
            Shape::Begins(_) | Shape::Ends(_) => {}
        }
    }

    fn text(&self) -> String {
        match &self.whole {
            Some(whole) => whole.clone(),
            None => format!("{}{}{}", self.front, self.middle, self.end),
        }
    }
}

/// What a request is to be; what nobody asked for is free.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sketch {
    method: Option<String>,
    path: Text,
    host: Text,
    headers: Vec<(String, Text)>,
    params: Vec<(String, Text)>,
    cookies: Vec<(String, Text)>,
    source: Option<IpAddr>,
    port: Option<u16>,
    name: Option<String>,
}

impl Sketch {
    pub(super) fn touch(&mut self, touch: &Touch) {
        match touch {
            Touch::Method(method) => self.method = Some(method.clone()),
            Touch::Path(shape) => self.path.touch(shape),
            Touch::Host(shape) => self.host.touch(shape),
            Touch::Header(name, shape) => named(&mut self.headers, name).touch(shape),
            Touch::Param(name, shape) => named(&mut self.params, name).touch(shape),
            Touch::Cookie(name, shape) => named(&mut self.cookies, name).touch(shape),
            Touch::Source(ip) => self.source = Some(*ip),
            Touch::Port(port) => self.port = Some(*port),
            Touch::Name(name) => self.name = Some(name.clone()),
        }
    }

    /// Whether a touch changes what nobody asked for yet.
    pub(super) fn leaves_free(&self, touch: &Touch) -> bool {
        let free =
            |list: &[(String, Text)], name: &str| list.iter().all(|(known, _)| known != name);
        match touch {
            Touch::Method(_) => self.method.is_none(),
            Touch::Path(_) => self.path.is_free(),
            Touch::Host(_) => self.host.is_free(),
            Touch::Header(name, _) => free(&self.headers, name),
            Touch::Param(name, _) => free(&self.params, name),
            Touch::Cookie(name, _) => free(&self.cookies, name),
            Touch::Source(_) => self.source.is_none(),
            Touch::Port(_) => self.port.is_none(),
            Touch::Name(_) => self.name.is_none(),
        }
    }

    /// The same with a longer path, when its end is free.
    pub(super) fn below(&self, more: &str) -> Option<Sketch> {
        let open = self.path.whole.is_none() && self.path.end.is_empty() && !self.path.is_free();
        open.then(|| {
            let mut sketch = self.clone();
            sketch.path.middle.push_str(more);
            sketch
        })
    }

    fn target(&self) -> String {
        let mut path = self.path.text();
        if !path.starts_with(['/', '*']) && !path.contains("://") {
            path.insert(0, '/');
        }
        let mut sign = if path.contains('?') { '&' } else { '?' };
        for (name, value) in &self.params {
            let value = value.text();
            path.push(sign);
            path.push_str(name);
            if !value.is_empty() {
                path.push('=');
                path.push_str(&value);
            }
            sign = '&';
        }
        path
    }

    fn host(&self) -> String {
        if self.host.is_free() {
            return "www.example".into();
        }
        let host = self.host.text();
        match host.as_str() {
            dot if dot.starts_with('.') => format!("a{dot}"),
            dot if dot.ends_with('.') => format!("{dot}example"),
            _ => host,
        }
    }

    fn headers(&self) -> Vec<(String, String)> {
        let mut headers = vec![("Host".to_owned(), self.host())];
        headers.extend(self.headers.iter().map(|(name, text)| (name.clone(), text.text())));
        if !self.cookies.is_empty() {
            let pairs: Vec<String> =
                self.cookies.iter().map(|(name, text)| format!("{name}={}", text.text())).collect();
            headers.push(("Cookie".into(), pairs.join("; ")));
        }
        headers
    }

    fn source(&self) -> IpAddr {
        self.source.unwrap_or(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7)))
    }

    /// The request, as it comes in on a listener.
    pub(crate) fn asked(&self, program: &Program, listener: usize) -> Option<Asked> {
        let method = self.method.as_deref().unwrap_or("GET");
        let source = SocketAddr::new(self.source(), 40000);
        let (target, headers) = (self.target(), self.headers());
        let plain = |text: &str| text.bytes().all(|byte| (b' '..127).contains(&byte));
        let sound = plain(&target)
            && !target.contains(' ')
            && headers.iter().all(|(_, value)| plain(value));
        let mut asked = request::made_up(program, listener, method, &target, &headers, source)?;
        asked.hello = self.name.as_deref().map(request::client_hello);
        sound.then_some(asked)
    }

    /// Whether it may come in on a port.
    pub(super) fn fits_port(&self, port: Option<u16>) -> bool {
        self.port.is_none_or(|wanted| port == Some(wanted))
    }

    /// The arguments of `lbctl explain` for it.
    pub(crate) fn in_words(&self) -> String {
        let method = self.method.as_deref().unwrap_or("GET");
        let mut words = format!("{method} http://{}{}", self.host(), self.target());
        for (name, value) in self.headers().iter().skip(1) {
            words.push_str(&format!(" -H '{name}: {value}'"));
        }
        if let Some(name) = &self.name {
            words.push_str(&format!(" --sni {name}"));
        }
        if let Some(source) = self.source {
            words.push_str(&format!(" --src {source}"));
        }
        words
    }
}

fn named<'l>(list: &'l mut Vec<(String, Text)>, name: &str) -> &'l mut Text {
    let at = list.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
        list.push((name.to_owned(), Text::default()));
        list.len() - 1
    });
    &mut list[at].1
}
