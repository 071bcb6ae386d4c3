//! The form of the statistics page: `s=SERVER` (several), `action=ACTION`, `b=BACKEND` or `b=#ID`.

use health::{AdminOrder, HealthOrder};

use crate::Generation;

/// What the form asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    servers: Vec<String>,
    action: Option<String>,
    backend: Option<String>,
}

/// Does what the form says; the word that the page shows afterwards.
pub(super) fn carry_out(body: &[u8], generation: &Generation) -> &'static str {
    let asked = read(body);
    let (Some(action), Some(name)) = (&asked.action, &asked.backend) else { return "NONE" };
    if asked.servers.is_empty() {
        return "NONE";
    }
    let Some(order) = Order::named(action) else { return "ERRP" };
    let mut backends = generation.program.backends();
    let wanted = |known: &rules::Backend<'_>| match name.strip_prefix('#') {
        Some(id) => id.parse() == Ok(known.id()),
        None => known.name() == name,
    };
    let Some(backend) = backends.find(wanted) else { return "ERRP" };
    let live = generation.backend(backend.reference());
    let mut done = 0;
    for server in &asked.servers {
        let at = live.servers.iter().position(|known| known.state.name() == server);
        let Some(at) = at.and_then(|at| u32::try_from(at).ok()) else { continue };
        match order {
            Order::Admin(order) => live.order(at, order),
            Order::Health(order) => live.order_health(at, order),
            Order::Checks { paused } => {
                if let Some(known) = live.server(at) {
                    known.state.health().pause_checks(paused);
                }
            }
            Order::Shutdown => {
                if let Some(known) = live.server(at) {
                    known.state.kill_streams();
                }
            }
        }
        done += 1;
    }
    match done {
        0 => "ERRP",
        some if some == asked.servers.len() => "DONE",
        _ => "PART",
    }
}

/// What is done to a server.
#[derive(Debug, Clone, Copy)]
enum Order {
    Admin(AdminOrder),
    Health(HealthOrder),
    Checks { paused: bool },
    Shutdown,
}

impl Order {
    fn named(action: &str) -> Option<Order> {
        Some(match action {
            "ready" => Order::Admin(AdminOrder::Ready),
            "drain" => Order::Admin(AdminOrder::Drain),
            "maint" | "disable" => Order::Admin(AdminOrder::Maint),
            "enable" => Order::Admin(AdminOrder::Enable),
            "hrunn" => Order::Health(HealthOrder::Up),
            "hnolb" => Order::Health(HealthOrder::Stopping),
            "hdown" => Order::Health(HealthOrder::Down),
            "ehlth" => Order::Checks { paused: false },
            "dhlth" => Order::Checks { paused: true },
            "shutdown" => Order::Shutdown,
            _ => return None,
        })
    }
}

fn read(body: &[u8]) -> Asked {
    let mut asked = Asked::default();
    for pair in body.split(|byte| *byte == b'&') {
        let text = String::from_utf8_lossy(pair);
        let (name, value) = text.split_once('=').unwrap_or((&text, ""));
        let value = decoded(value);
        match name {
            "s" => asked.servers.push(value),
            "action" => asked.action = Some(value),
            "b" => asked.backend = Some(value),
            _ => {}
        }
    }
    asked
}

/// `%XX` and `+` of a form.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match (byte, code.and_then(|code| u8::from_str_radix(code, 16).ok())) {
            (b'%', Some(code)) => {
                out.push(code);
                rest = &after[2..];
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_names_servers_an_action_and_a_backend() {
        let asked = read(b"s=a&s=b+c&action=drain&b=%23%33");
        assert_eq!(asked.servers, ["a", "b c"]);
        assert_eq!(asked.action.as_deref(), Some("drain"));
        assert_eq!(asked.backend.as_deref(), Some("#3"));
    }

    #[test]
    fn what_is_cut_off_is_text() {
        assert_eq!(decoded("a%4"), "a%4");
        assert_eq!(decoded("%zz%"), "%zz%");
    }
}
