//! Calendar dates of timestamps, and `strftime` in the C locale.

/// A point in time in the calendar of some offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    /// From 1.
    pub(crate) month: u32,
    /// From 1.
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
    /// From Sunday, 0.
    pub(crate) weekday: u32,
    /// From 0.
    pub(crate) year_day: u32,
    seconds: i64,
    offset_minutes: i32,
}

pub(crate) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LONG_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const LONG_DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Seconds further from 1970 than this are cut off: far more than any clock, safe to compute with.
const FAR: i64 = 1 << 55;

impl Civil {
    /// The date of `seconds` since the epoch, `offset_ms` milliseconds east of UTC.
    pub(crate) fn new(seconds: i64, offset_ms: i64) -> Civil {
        let seconds = seconds.clamp(-FAR, FAR);
        let offset_ms = offset_ms.clamp(-86_400_000, 86_400_000);
        let local = seconds + offset_ms.div_euclid(1000);
        let (days, of_day) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let (year, month, day) = date_of(days);
        let first = days_of(year, 1, 1);
        Civil {
            year,
            month,
            day,
            hour: (of_day / 3600) as u32,
            minute: (of_day / 60 % 60) as u32,
            second: (of_day % 60) as u32,
            weekday: (days + 4).rem_euclid(7) as u32,
            year_day: (days - first) as u32,
            seconds,
            offset_minutes: (offset_ms / 60_000) as i32,
        }
    }

    pub(crate) fn month_name(&self) -> &'static str {
        MONTHS.get(self.month as usize - 1).copied().unwrap_or("")
    }

    pub(crate) fn day_name(&self) -> &'static str {
        DAYS.get(self.weekday as usize).copied().unwrap_or("")
    }

    /// `+0200`.
    pub(crate) fn zone(&self) -> String {
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let minutes = self.offset_minutes.unsigned_abs();
        format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
    }

    /// The week of the year when weeks begin on a weekday (0: Sunday, 1: Monday).
    fn week(&self, begins: u32) -> u32 {
        let since = (self.weekday + 7 - begins) % 7;
        (self.year_day + 7 - since) / 7
    }

    /// Year and week of ISO 8601.
    fn iso_week(&self) -> (i64, u32) {
        let monday_based = (self.weekday + 6) % 7;
        let thursday = i64::from(self.year_day) + 3 - i64::from(monday_based);
        let length = days_of(self.year + 1, 1, 1) - days_of(self.year, 1, 1);
        if thursday < 0 {
            let before = days_of(self.year, 1, 1) - days_of(self.year - 1, 1, 1);
            (self.year - 1, ((thursday + before) / 7 + 1) as u32)
        } else if thursday >= length {
            (self.year + 1, 1)
        } else {
            (self.year, (thursday / 7 + 1) as u32)
        }
    }

    /// The date as a format of `strftime(3)` says; a conversion that it does not know stays as it is.
    pub(crate) fn format(&self, format: &[u8], zone_name: &str) -> Vec<u8> {
        let mut out = String::new();
        let format = String::from_utf8_lossy(format);
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let mut conversion = chars.next();
            let mut skipped = None;
            // `E` and `O` ask for a locale's other forms, and the C locale has none.
            if matches!(conversion, Some('E' | 'O')) {
                skipped = conversion;
                conversion = chars.clone().next();
                if conversion.is_some_and(|c| c.is_ascii_alphabetic()) {
                    chars.next();
                } else {
                    conversion = None;
                }
            }
            let known = conversion.is_some_and(|c| self.conversion(c, zone_name, &mut out));
            if !known {
                out.push('%');
                out.extend(skipped);
                out.extend(conversion);
            }
        }
        out.into_bytes()
    }

    fn conversion(&self, conversion: char, zone_name: &str, out: &mut String) -> bool {
        let twelve = (self.hour + 11) % 12 + 1;
        let nested = |format: &str| {
            String::from_utf8_lossy(&self.format(format.as_bytes(), zone_name)).into_owned()
        };
        let text = match conversion {
            'a' => self.day_name().to_owned(),
            'A' => LONG_DAYS.get(self.weekday as usize).copied().unwrap_or("").to_owned(),
            'b' | 'h' => self.month_name().to_owned(),
            'B' => LONG_MONTHS.get(self.month as usize - 1).copied().unwrap_or("").to_owned(),
            'c' => nested("%a %b %e %H:%M:%S %Y"),
            'C' => format!("{:02}", self.year.div_euclid(100)),
            'd' => format!("{:02}", self.day),
            'D' | 'x' => nested("%m/%d/%y"),
            'e' => format!("{:2}", self.day),
            'F' => nested("%Y-%m-%d"),
            'g' => format!("{:02}", self.iso_week().0.rem_euclid(100)),
            'G' => self.iso_week().0.to_string(),
            'H' => format!("{:02}", self.hour),
            'I' => format!("{twelve:02}"),
            'j' => format!("{:03}", self.year_day + 1),
            'k' => format!("{:2}", self.hour),
            'l' => format!("{twelve:2}"),
            'm' => format!("{:02}", self.month),
            'M' => format!("{:02}", self.minute),
            'n' => String::from("\n"),
            'p' => String::from(if self.hour < 12 { "AM" } else { "PM" }),
            'P' => String::from(if self.hour < 12 { "am" } else { "pm" }),
            'r' => nested("%I:%M:%S %p"),
            'R' => nested("%H:%M"),
            's' => self.seconds.to_string(),
            'S' => format!("{:02}", self.second),
            't' => String::from("\t"),
            'T' | 'X' => nested("%H:%M:%S"),
            'u' => ((self.weekday + 6) % 7 + 1).to_string(),
            'U' => format!("{:02}", self.week(0)),
            'V' => format!("{:02}", self.iso_week().1),
            'w' => self.weekday.to_string(),
            'W' => format!("{:02}", self.week(1)),
            'y' => format!("{:02}", self.year.rem_euclid(100)),
            'Y' => self.year.to_string(),
            'z' => self.zone(),
            'Z' => zone_name.to_owned(),
            '%' => String::from("%"),
            _ => return false,
        };
        out.push_str(&text);
        true
    }
}

/// `Sun, 09 Sep 2001 01:46:40 GMT` without the zone, for a fraction to follow (RFC 9110, 5.6.7).
pub(crate) fn http_date(seconds: i64) -> String {
    let date = Civil::new(seconds, 0);
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02}",
        date.day_name(),
        date.day,
        date.month_name(),
        date.year,
        date.hour,
        date.minute,
        date.second
    )
}

/// Seconds since the epoch of a date in one of HTTP's three forms (RFC 9110, 5.6.7).
pub(crate) fn seconds_of(text: &str) -> Option<i64> {
    let (day_name, rest) = text.split_once(' ')?;
    let words: Vec<&str> = rest.split_ascii_whitespace().collect();
    let (day, month, year, time) = match (day_name.strip_suffix(','), words.as_slice()) {
        (Some(_), [day, month, year, time, "GMT"]) => (*day, *month, year.parse().ok()?, *time),
        (Some(_), [date, time, "GMT"]) => {
            let mut parts = date.split('-');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            let year: i64 = year.parse().ok()?;
            // Two digits: those of this century's beginning or of the one before (RFC 6265).
            (day, month, if year < 70 { year + 2000 } else { year + 1900 }, *time)
        }
        (None, [month, day, time, year]) => (*day, *month, year.parse().ok()?, *time),
        _ => return None,
    };
    let month = MONTHS.iter().position(|name| *name == month)? as i64 + 1;
    let day: i64 = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    let mut parts = time.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let in_range =
        (0..24).contains(&hour) && (0..60).contains(&minute) && (0..61).contains(&second);
    let seconds = days_of(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    (in_range && parts.next().is_none()).then_some(seconds)
}

/// Days since 1970 to year, month and day. Years begin in March here, so that leap days come last.
fn date_of(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

/// Days since 1970 of a date.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seconds: i64, format: &str, expected: &str) {
        let text = Civil::new(seconds, 0).format(format.as_bytes(), "UTC");
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn strftime_is_that_of_the_c_locale() {
        check(
            1_700_000_000,
            "%D %T %R %F %c %x %X %h %C %g %G %u %w %U %W %V %I %l %k %p %P %r %s|%E|%q",
            "11/14/23 22:13:20 22:13 2023-11-14 Tue Nov 14 22:13:20 2023 11/14/23 22:13:20 Nov 20 \
             23 2023 2 2 46 46 46 10 10 22 PM pm 10:13:20 PM 1700000000|%E|%q",
        );
        check(
            1_000_000_000,
            "%a %A %b %B %d %e %j %y %%",
            "Sun Sunday Sep September 09  9 252 01 %",
        );
    }

    #[test]
    fn the_three_forms_of_a_date_are_one_time() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(seconds_of(text), Some(784_111_777), "{text}");
        }
        for text in ["", "Sun, 06 Nov 1994", "Sun, 06 Foo 1994 08:49:37 GMT", "tomorrow"] {
            assert_eq!(seconds_of(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_has_its_successor() {
        for day in -146_097..146_097 {
            let (year, month, date) = date_of(day);
            assert_eq!(days_of(year, i64::from(month), i64::from(date)), day);
        }
    }
}
