//! The ACLs that samples ask for by name: `acl(name)` in actions, formats and conditions.

use config_parse::condition::{AclExpr, Condition, Test};
use config_parse::expr::Expr;
use config_parse::log_format::{LogFormat, Piece};

use super::{Action, NumberValue, ReplyBody, Rule, TimeoutValue};

impl Rule {
    /// The names that its action and its anonymous ACLs ask for, without a `!` in front.
    pub fn acls_asked(&self) -> Vec<&str> {
        let mut names = Vec::new();
        action(&self.action.value, &mut names);
        if let Some(condition) = &self.condition {
            acls_asked(condition, &mut names);
        }
        names
    }
}

/// Adds the names that the anonymous ACLs of a condition ask for.
pub fn acls_asked<'m>(condition: &'m Condition, names: &mut Vec<&'m str>) {
    for term in condition.any.iter().flatten() {
        if let Test::Anonymous(acl) = &term.test {
            acls_of_line(acl, names);
        }
    }
}

/// Adds the names that the expression of an ACL asks for.
pub fn acls_of_line<'m>(acl: &'m AclExpr, names: &mut Vec<&'m str>) {
    expr(&acl.expr, names);
}

fn expr<'m>(expr: &'m Expr, names: &mut Vec<&'m str>) {
    if expr.fetch.name.value != "acl" {
        return;
    }
    for arg in expr.fetch.args.iter().flatten() {
        let name = arg.value.trim();
        names.push(name.strip_prefix('!').unwrap_or(name).trim());
    }
}

fn format<'m>(format: &'m LogFormat, names: &mut Vec<&'m str>) {
    for piece in &format.pieces {
        if let Piece::Expr { expr: sample, .. } = piece {
            expr(sample, names);
        }
    }
}

fn action<'m>(action: &'m Action, names: &mut Vec<&'m str>) {
    match action {
        Action::Deny(reply) | Action::Tarpit(reply) | Action::Return(reply) => {
            reply.headers.iter().for_each(|(_, value)| format(value, names));
            if let ReplyBody::Format(body) = &reply.body {
                format(body, names);
            }
        }
        Action::Redirect(to) => format(&to.to, names),
        Action::AddHeader { value, .. }
        | Action::SetHeader { value, .. }
        | Action::ReplaceHeader { value, .. }
        | Action::ReplaceValue { value, .. }
        | Action::EarlyHint { value, .. }
        | Action::SetVarFmt { value, .. }
        | Action::SetMethod(value)
        | Action::SetQuery(value)
        | Action::SetUri(value)
        | Action::SetPath { value, .. }
        | Action::ReplacePath { value, .. }
        | Action::ReplaceUri { value, .. }
        | Action::Auth { realm: Some(value) } => format(value, names),
        Action::ChangeList { key, value, .. } => {
            format(key, names);
            value.iter().for_each(|value| format(value, names));
        }
        Action::SetVar { value, .. }
        | Action::DoResolve { value, .. }
        | Action::SetAddress { value, .. }
        | Action::Capture { value, .. }
        | Action::SetPriority { value, .. }
        | Action::SetTimeout { value: TimeoutValue::Expr(value), .. }
        | Action::SetMark { value: NumberValue::Expr(value), .. }
        | Action::SetRetries(NumberValue::Expr(value)) => expr(value, names),
        _ => {}
    }
}
