//! When and where a run was made, for its manifest.

use std::time::SystemTime;

use bouton::{Level, Tier};
use serde_json::{Value, json};

/// The time (UTC), as `2026-11-29T05:43:00Z`.
pub(crate) fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// The machine: its name, system and processor, and what of it is used.
pub(crate) fn machine() -> Value {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let host = read("/proc/sys/kernel/hostname").or_else(|| std::env::var("COMPUTERNAME").ok());
    let processors = read("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find(|l| l.starts_with("model name")).and_then(|l| l.split_once(':'));
    json!({
        "host": host.map(|h| h.trim().to_string()),
        "system": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
        "processor": model.map(|m| m.1.trim()),
        "processors": processors_here(),
        "simd": simd(),
    })
}

/// Processors that this process may use.
pub(crate) fn processors_here() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn simd() -> &'static str {
    match Level::detect().tier() {
        Tier::Baseline => "baseline",
        Tier::Avx2 => "avx2",
        Tier::Avx512 => "avx512",
        _ => "other",
    }
}
