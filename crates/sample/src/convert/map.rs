//! Converters that look values up in map files (manual 7.3.1, `map`).
//!
//! The index that answers is made by the crate `acl`, behind [`crate::MapBuilder`].

use crate::arg::{Arg, ArgKind, Args};
use crate::names::MapMethod;
use crate::registry::ConvertEntry;
use crate::{Context, Sample, Type, Value, cast};

/// An entry: how keys are compared, and the types of keys and values.
const fn map(name: &'static str, input: Type, out: Type, args: &'static [ArgKind]) -> ConvertEntry {
    ConvertEntry::new(name, input, out, look_up, "the value of the key that matches, in a map file")
        .args(1, args)
}

macro_rules! maps {
    ($($name:literal $method:ident $input:ident $out:ident;)*
        keys: $($key:literal $key_method:ident $key_input:ident;)*) => {
        pub(super) static ENTRIES: &[ConvertEntry] = &[$(
            map($name, Type::$input, Type::$out,
                &[ArgKind::Map(MapMethod::$method, Type::$out), ArgKind::Str]),
        )* $(
            // A map whose values are of any type gives the key that matched.
            map($key, Type::$key_input, Type::Str,
                &[ArgKind::Map(MapMethod::$key_method, Type::Any)]),
        )*];
    };
}

maps! {
    "map" Str Str Str;
    "map_beg" Beg Str Str;
    "map_beg_int" Beg Str Int;
    "map_beg_ip" Beg Str Addr;
    "map_dir" Dir Str Str;
    "map_dir_int" Dir Str Int;
    "map_dir_ip" Dir Str Addr;
    "map_dom" Dom Str Str;
    "map_dom_int" Dom Str Int;
    "map_dom_ip" Dom Str Addr;
    "map_end" End Str Str;
    "map_end_int" End Str Int;
    "map_end_ip" End Str Addr;
    "map_int" Int Int Str;
    "map_int_int" Int Int Int;
    "map_int_ip" Int Int Addr;
    "map_ip" Ip Addr Str;
    "map_ip_int" Ip Addr Int;
    "map_ip_ip" Ip Addr Addr;
    "map_reg" Reg Str Str;
    "map_reg_int" Reg Str Int;
    "map_reg_ip" Reg Str Addr;
    "map_regm" Regm Str Str;
    "map_str" Str Str Str;
    "map_str_int" Str Str Int;
    "map_str_ip" Str Str Addr;
    "map_sub" Sub Str Str;
    "map_sub_int" Sub Str Int;
    "map_sub_ip" Sub Str Addr;
    keys:
    "map_beg_key" Beg Str;
    "map_dir_key" Dir Str;
    "map_dom_key" Dom Str;
    "map_end_key" End Str;
    "map_int_key" Int Int;
    "map_ip_key" Ip Addr;
    "map_reg_key" Reg Str;
    "map_str_key" Str Str;
    "map_sub_key" Sub Str;
}

/// A key that is in no line gives the default, read as the map's values are.
fn look_up<'a>(value: Value<'a>, args: &'a Args, _: &Context<'a>) -> Sample<'a> {
    let Arg::Map(map) = args.at(0) else { return Sample::Missing };
    if let Some(found) = map.look_up(&value) {
        return Sample::Known(found);
    }
    match args.str(1).and_then(|text| cast(Value::Str(text.into()), map.output())) {
        Some(default) => Sample::Known(default),
        None => Sample::Missing,
    }
}
