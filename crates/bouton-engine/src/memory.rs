//! Whether there is memory for something: a message in time, in place of the end of the program.

/// Sizes below this (bytes) are not worth asking about.
const SMALL: f64 = 256e6;

/// Refuses what needs more memory than the system says is free. Where it doesn't say, everything passes.
pub(crate) fn fits(bytes: f64) -> Result<(), String> {
    if bytes < SMALL {
        return Ok(());
    }
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let free = text.lines().find_map(|l| l.strip_prefix("MemAvailable:"));
    let free = free.and_then(|l| l.split_whitespace().next()).and_then(|k| k.parse::<f64>().ok());
    check(bytes, free.map_or(f64::INFINITY, |k| 1024.0 * k))
}

fn check(bytes: f64, free: f64) -> Result<(), String> {
    if bytes <= free {
        return Ok(());
    }
    Err(format!("needs {:.3} GB of memory, {:.3} GB are free", bytes / 1e9, free / 1e9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_said_with_both_numbers() {
        assert_eq!(fits(8e15).is_err(), cfg!(target_os = "linux"));
        assert_eq!(check(1e9, 2e9), Ok(()));
        let e = check(2e9, 1.5e9).unwrap_err();
        assert!(e.contains("2.000 GB") && e.contains("1.500 GB"), "{e}");
    }
}
