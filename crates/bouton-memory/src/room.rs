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
    // The tightest limit is the one to tell.
    let tightest = limits().into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
    tightest.map_or(Ok(()), |(what, free)| check(bytes, free, what))
}

/// `len` zeros, asked for before they are taken.
///
/// # Errors
/// More memory than there is, with the figure.
pub fn zeros(len: usize) -> Result<Vec<f64>, String> {
    let mut x = vec![];
    reserve(&mut x, len)?;
    x.resize(len, 0.0);
    Ok(x)
}

/// Room for `more` items in a list, asked for before it is taken. The list takes no more than that.
///
/// # Errors
/// More memory than there is, with the figure; the list stays as it was.
pub fn reserve<T>(list: &mut Vec<T>, more: usize) -> Result<(), String> {
    if list.capacity() - list.len() >= more {
        return Ok(());
    }
    let bytes = more as f64 * size_of::<T>() as f64;
    fits(bytes)?;
    list.try_reserve_exact(more)
        .map_err(|_| format!("needs {:.3} GB of memory, and the system gives less", bytes / 1e9))
}

/// Room for one more row of `row` items at the end of a list that grows without end. It grows by half of what it is, so that
/// this is asked rarely, and by less where that much isn't there.
///
/// # Errors
/// More memory than there is, with the figure; the list stays as it was.
pub fn grow<T>(list: &mut Vec<T>, row: usize) -> Result<(), String> {
    if list.capacity() - list.len() >= row {
        return Ok(());
    }
    // Less than what is worth asking about would be taken without a question.
    let least = row.max(if list.len() * size_of::<T>() < SMALL as usize {
        0
    } else {
        SMALL as usize / size_of::<T>() + 1
    });
    reserve(list, least.max(list.len() / 2)).or_else(|_| reserve(list, least))
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
    {
        let status = read("/proc/self/status").unwrap_or_default();
        for (data, used, what) in [
            (false, "VmSize:", " under the limit of the process's address space"),
            (true, "VmData:", " under the limit of the process's data"),
        ] {
            if let (Some(most), Some(used)) = (limit_of(data), kilobytes(&status, used)) {
                all.push((what, most - used));
            }
        }
    }
    for group in groups(&read("/proc/self/cgroup").unwrap_or_default()) {
        let (folder, [most, used, stat]) = group;
        let of = |name: &str| read(&format!("{folder}/{name}")).and_then(number);
        if let (Some(most), Some(used)) = (of(most), of(used)) {
            // Pages of files that nobody needs at the moment are counted as used, and given up when they are asked for.
            let files = read(&format!("{folder}/memory.stat")).and_then(|t| line(&t, stat)).unwrap_or(0.0);
            all.push((" in the control group", most - (used - files)));
        }
    }
    all
}

/// Folders in which the limits of a process's control groups stand, and the names of the files there, by
/// `/proc/self/cgroup`. A group has its own limit and those of all groups above it. In a container the paths may be those of
/// outside, where only the root is there to be read.
fn groups(text: &str) -> Vec<(String, [&'static str; 3])> {
    const V1: [&str; 3] = ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"];
    const V2: [&str; 3] = ["memory.max", "memory.current", "inactive_file"];
    let mut all = vec![];
    let mut add = |root: &str, path: &str, files| {
        let mut path = path.trim_end_matches('/');
        loop {
            all.push((format!("{root}{path}"), files));
            let Some((above, _)) = path.rsplit_once('/') else { break };
            path = above;
        }
    };
    let lines = || text.lines().filter_map(|l| l.split_once(':')?.1.split_once(':'));
    let v1 = lines().find(|(controllers, _)| controllers.split(',').any(|c| c == "memory"));
    add("/sys/fs/cgroup/memory", v1.map_or("", |l| l.1), V1);
    let v2 = lines().find(|(controllers, _)| controllers.is_empty());
    add("/sys/fs/cgroup", v2.map_or("", |l| l.1), V2);
    all
}

/// The number behind a name at the beginning of a line.
fn line(text: &str, name: &str) -> Option<f64> {
    text.lines().filter_map(|l| l.split_once(' ')).find(|(n, _)| *n == name)?.1.trim().parse().ok()
}

/// What `/proc/meminfo` says is available (bytes).
fn available(meminfo: &str) -> Option<f64> {
    kilobytes(meminfo, "MemAvailable:")
}

/// Bytes behind a name at the beginning of a line, of a file that counts in kB.
fn kilobytes(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|l| l.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|k| 1024.0 * k)
}

/// The limit of the process's data, or of its address space (bytes), if there is one.
#[cfg(target_os = "linux")]
fn limit_of(data: bool) -> Option<f64> {
    let which = if data { libc::RLIMIT_DATA } else { libc::RLIMIT_AS };
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` lives for the call.
    let done = unsafe { libc::getrlimit(which, &raw mut limit) };
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
        assert_eq!(kilobytes("VmSize:\t  10 kB\nVmData:\t   3 kB\n", "VmData:"), Some(3.0 * 1024.0));
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:    2048 kB\n"), Some(2048.0 * 1024.0));
    }

    #[test]
    fn a_group_has_its_own_limit_and_those_above_it() {
        let of =
            |text| groups(text).into_iter().map(|(f, files)| format!("{f}/{}", files[0])).collect::<Vec<_>>();
        let root = ["/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"];
        assert_eq!(of(""), root);
        assert_eq!(of("4:memory:/\n1:cpu:/x\n0::/\n"), root);
        assert_eq!(
            of("0::/user.slice/run.scope\n")[1..],
            [
                "/sys/fs/cgroup/user.slice/run.scope/memory.max",
                "/sys/fs/cgroup/user.slice/memory.max",
                "/sys/fs/cgroup/memory.max"
            ]
        );
        let v1 = of("9:name=systemd:/s\n4:cpu,memory:/box/a\n0::/\n");
        assert_eq!(
            v1[..2],
            [
                "/sys/fs/cgroup/memory/box/a/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/box/memory.limit_in_bytes"
            ]
        );
        assert_eq!(v1.len(), 4);
    }

    #[test]
    fn a_list_that_can_not_grow_stays_as_it_was() {
        let mut x = vec![1.0, 2.0];
        for e in [
            reserve(&mut x, 1 << 60).unwrap_err(),
            zeros(usize::MAX).unwrap_err(),
            grow(&mut x, 1 << 50).unwrap_err(),
        ] {
            assert!(e.contains("needs") && e.contains("GB"), "{e}");
        }
        assert_eq!(x, [1.0, 2.0]);
        grow(&mut x, 10).unwrap();
        assert_eq!((x.capacity(), zeros(3).unwrap()), (12, vec![0.0; 3]));
    }
}
