//! Whether there is memory for something: a message in time, in place of the end of the program.

/// Sizes below this (bytes) are not worth asking about.
const SMALL: f64 = 64e6;

/// Refuses what needs more memory than there is: what the system says is free, what the limits of the process leave, and
/// what those of its control group leave. Where nothing is said, everything passes.
///
/// # Errors
/// The figure that is needed and the one that is free (GB), and which limit it is.
pub fn fits(bytes: f64) -> Result<(), String> {
    if bytes < SMALL {
        return Ok(());
    }
    for (what, free) in limits() {
        check(bytes, free, what)?;
    }
    Ok(())
}

fn check(bytes: f64, free: f64, what: &str) -> Result<(), String> {
    // Not a comparison the other way round: a size that isn't a number doesn't fit.
    if bytes <= free {
        return Ok(());
    }
    Err(format!("needs {:.3} GB of memory, {:.3} GB are free{what}", bytes / 1e9, free.max(0.0) / 1e9))
}

/// What is left (bytes), by each limit.
fn limits() -> Vec<(&'static str, f64)> {
    let mut all = vec![];
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let number = |text: String| text.trim().parse::<f64>().ok();
    if let Some(free) = read("/proc/meminfo").and_then(|t| available(&t)) {
        all.push(("", free));
    }
    #[cfg(target_os = "linux")]
    if let (Some(most), Some(used)) = (address_space(), read("/proc/self/statm").and_then(|t| pages(&t))) {
        all.push((" under the limit of the process's address space", most - used));
    }
    for (folder, most, used, stat) in [
        ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ] {
        let of = |name: &str| read(&format!("{folder}/{name}")).and_then(number);
        if let (Some(most), Some(used)) = (of(most), of(used)) {
            // Pages of files that nobody needs at the moment are counted as used, and given up when they are asked for.
            let files = read(&format!("{folder}/memory.stat")).and_then(|t| line(&t, stat)).unwrap_or(0.0);
            all.push((" in the control group", most - (used - files)));
        }
    }
    all
}

/// The number behind a name at the beginning of a line.
fn line(text: &str, name: &str) -> Option<f64> {
    text.lines().filter_map(|l| l.split_once(' ')).find(|(n, _)| *n == name)?.1.trim().parse().ok()
}

/// What `/proc/meminfo` says is available (bytes).
fn available(meminfo: &str) -> Option<f64> {
    let line = meminfo.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|k| 1024.0 * k)
}

/// The size of the process's address space (bytes) by `/proc/self/statm`.
#[cfg(target_os = "linux")]
fn pages(statm: &str) -> Option<f64> {
    // SAFETY: asks for a constant of the system.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    statm.split_whitespace().next()?.parse::<f64>().ok().map(|n| n * page as f64)
}

/// The limit of the process's address space (bytes), if there is one.
#[cfg(target_os = "linux")]
fn address_space() -> Option<f64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` lives for the call.
    let done = unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) };
    (done == 0 && limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_said_with_both_numbers() {
        assert_eq!(fits(8e15).is_err(), cfg!(target_os = "linux"));
        assert_eq!(check(1e9, 2e9, ""), Ok(()));
        let e = check(2e9, 1.5e9, " in the control group").unwrap_err();
        assert_eq!(e, "needs 2.000 GB of memory, 1.500 GB are free in the control group");
        assert!(check(f64::NAN, 1e9, "").is_err());
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:    2048 kB\n"), Some(2048.0 * 1024.0));
    }
}
