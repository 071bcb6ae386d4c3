//! Statistics as data: a column's name, number, type and meaning beside the struct that holds it.

/// The type of a value, as the typed format names it (management 9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// Text.
    Str,
    /// 32 bits, not negative.
    U32,
    /// 64 bits, not negative.
    U64,
    /// 32 bits with a sign.
    S32,
}

impl FieldType {
    /// `str`, `u32`, `u64`, `s32`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::S32 => "s32",
        }
    }
}

/// One value of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// Text.
    Str(&'a str),
    /// Any number that is not negative.
    Unsigned(u64),
    /// A number with a sign.
    Signed(i64),
}

/// One column of a table of statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its number in the typed format. There are holes.
    pub position: u16,
    /// Its name in every format.
    pub name: &'static str,
    /// The type of its values.
    pub kind: FieldType,
    /// Origin, nature and scope, one letter each (management 9.2).
    pub tags: &'static str,
    /// The same in rows about a whole backend.
    pub backend_tags: &'static str,
    /// What it holds, in our words (`desc`).
    pub description: &'static str,
}

/// What JSON calls a letter of [`Column::tags`].
pub(crate) fn tag_words(tags: &str) -> [&'static str; 3] {
    let mut letters = tags.bytes();
    let origin = match letters.next() {
        Some(b'S') => "Status",
        Some(b'K') => "Key",
        Some(b'C') => "Config",
        Some(b'P') => "Product",
        _ => "Metric",
    };
    let nature = match letters.next() {
        Some(b'A') => "Age",
        Some(b'a') => "Avg",
        Some(b'C') => "Counter",
        Some(b'D') => "Duration",
        Some(b'L') => "Limit",
        Some(b'M') => "Max",
        Some(b'm') => "Min",
        Some(b'N') => "Name",
        Some(b'O') => "Output",
        Some(b'R') => "Rate",
        Some(b'T') => "Time",
        _ => "Gauge",
    };
    let scope = match letters.next() {
        Some(b'C') => "Cluster",
        Some(b'P') => "Process",
        Some(b's') => "System",
        _ => "Service",
    };
    [origin, nature, scope]
}

/// Declares a struct of optional values together with the table of its columns.
macro_rules! columns {
    (
        $(#[$doc:meta])* struct $row:ident; $(#[$table_doc:meta])* const $table:ident;
        $($position:literal $field:ident $name:literal: $kind:ident $tags:ident $backend:ident
            $words:literal,)*
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct $row {
            $(
                #[doc = concat!("`", $name, "`: ", $words, ".")]
                pub $field: Option<columns!(@rust $kind)>,
            )*
        }

        $(#[$table_doc])*
        const $table: &[Column] = &[
            $(Column {
                position: $position,
                name: $name,
                kind: columns!(@kind $kind),
                tags: stringify!($tags),
                backend_tags: stringify!($backend),
                description: $words,
            },)*
        ];

        impl $row {
            /// Every column with its value here, in order.
            pub fn fields(&self) -> impl Iterator<Item = (&'static Column, Option<Value<'_>>)> {
                let values = [$(self.$field.as_ref().map(columns!(@value $kind)),)*];
                $table.iter().zip(values)
            }
        }
    };
    (@rust str) => { String };
    (@rust u32) => { u32 };
    (@rust u64) => { u64 };
    (@rust s32) => { i32 };
    (@kind str) => { FieldType::Str };
    (@kind u32) => { FieldType::U32 };
    (@kind u64) => { FieldType::U64 };
    (@kind s32) => { FieldType::S32 };
    (@value str) => { |text: &String| Value::Str(text) };
    (@value u32) => { |number: &u32| Value::Unsigned(u64::from(*number)) };
    (@value u64) => { |number: &u64| Value::Unsigned(*number) };
    (@value s32) => { |number: &i32| Value::Signed(i64::from(*number)) };
}

pub(crate) use columns;
