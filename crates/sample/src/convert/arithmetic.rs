//! Numbers: arithmetic that saturates, bits, and tests.

use crate::arg::{Arg, ArgKind, Args};
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value, cast};

use super::{bool, int, number};

const INT: Type = Type::Int;
const OPERAND: &[ArgKind] = &[ArgKind::Operand];

pub(super) static ENTRIES: &[ConvertEntry] = &[
    ConvertEntry::new("add", INT, INT, add, "the sum").args(1, OPERAND),
    ConvertEntry::new("and", INT, INT, and, "the bits of both").args(1, OPERAND),
    ConvertEntry::new("bool", INT, Type::Bool, not_zero, "whether it is not 0"),
    ConvertEntry::new("cpl", INT, INT, cpl, "every bit turned over"),
    ConvertEntry::new("div", INT, INT, div, "the quotient; by 0 the largest number")
        .args(1, OPERAND),
    ConvertEntry::new("even", INT, Type::Bool, even, "whether it is even"),
    ConvertEntry::new("mod", INT, INT, modulo, "the remainder; by 0 it is 0").args(1, OPERAND),
    ConvertEntry::new("mul", INT, INT, mul, "the product").args(1, OPERAND),
    ConvertEntry::new("neg", INT, INT, neg, "with the other sign"),
    ConvertEntry::new("not", INT, Type::Bool, not, "whether it is 0"),
    ConvertEntry::new("odd", INT, Type::Bool, odd, "whether it is odd"),
    ConvertEntry::new("or", INT, INT, or, "the bits of either").args(1, OPERAND),
    ConvertEntry::new("sub", INT, INT, sub, "the difference").args(1, OPERAND),
    ConvertEntry::new("xor", INT, INT, xor, "the bits of one alone").args(1, OPERAND),
];

/// The right-hand side: a number, or the variable's; missing when the variable is no number.
fn with<'a>(
    value: &Value<'_>,
    args: &Args,
    ctx: &Context<'_>,
    compute: fn(i64, i64) -> i64,
) -> Sample<'a> {
    let right = match args.at(0) {
        Arg::Int(number) => Some(*number),
        Arg::Var(id) => ctx.vars.read(*id).and_then(|value| match cast(value, Type::Int) {
            Some(Value::Int(number)) => Some(number),
            _ => None,
        }),
        _ => None,
    };
    right.map_or(Sample::Missing, |right| int(compute(number(value), right)))
}

fn add<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    with(&value, args, ctx, i64::saturating_add)
}

fn sub<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    with(&value, args, ctx, i64::saturating_sub)
}

fn mul<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    with(&value, args, ctx, i64::saturating_mul)
}

fn div<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    // The smallest number by -1 overflows, and saturates as the other operations do.
    with(&value, args, ctx, |a, b| a.checked_div(b).unwrap_or(i64::MAX))
}

fn modulo<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    with(&value, args, ctx, |a, b| a.checked_rem(b).unwrap_or(0))
}

fn and<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    with(&value, args, ctx, |a, b| a & b)
}

fn or<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    with(&value, args, ctx, |a, b| a | b)
}

fn xor<'a>(value: Value<'a>, args: &'a Args, ctx: &Context<'a>) -> Sample<'a> {
    with(&value, args, ctx, |a, b| a ^ b)
}

fn neg<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    int(number(&value).saturating_neg())
}

fn cpl<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    int(!number(&value))
}

fn not_zero<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    bool(number(&value) != 0)
}

fn not<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    bool(number(&value) == 0)
}

fn even<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    bool(number(&value) & 1 == 0)
}

fn odd<'a>(value: Value<'a>, _: &'a Args, _: &Context<'a>) -> Sample<'a> {
    bool(number(&value) & 1 == 1)
}
