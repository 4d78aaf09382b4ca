//! Times, said to people.

use std::time::SystemTime;

use lockwright_kernel::clock::Timestamp;

/// Between a file system's clock and this host's, which may differ: for people, and nothing is decided by it.
pub(crate) fn age(since: Timestamp) -> String {
    let seconds = seconds_ago(since);
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds}s"),
        (0, 0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (0, hours, minutes, _) => format!("{hours}h {minutes}m"),
        (days, hours, ..) => format!("{days}d {hours}h"),
    }
}

/// In UTC: of the last 24 hours the time, as `12:34:26Z`, and of others the date as well.
pub(crate) fn short(stamp: Timestamp) -> String {
    let whole = date_and_time(stamp);
    match whole.split_once('T') {
        Some((_, time)) if seconds_ago(stamp) < 86_400 => time.to_owned(),
        _ => whole,
    }
}

fn seconds_ago(since: Timestamp) -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(since.since_epoch()).as_secs()
}

/// In UTC, as `2026-11-21T12:34:26Z`.
pub(crate) fn date_and_time(stamp: Timestamp) -> String {
    let seconds = stamp.since_epoch().as_secs();
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The date so many days after 1970-01-01.
fn date(mut days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, wanted) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_600, "2025-01-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(date_and_time(Timestamp::new(Duration::from_secs(seconds))), wanted);
        }
    }
}
