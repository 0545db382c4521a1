//! Recordings, tables and figures of bouton.
//!
//! - [`recording`]: probe data in blocks, to memory or to a folder of NPZ and CSV, and back;
//! - [`read_npz`], [`read_npy`], [`read_csv_table`]: arrays and tables from files, for table nodes and weights;
//! - [`figure`]: multi-panel figures as SVG and PNG, without any font or library of the system;
//! - [`table`] and [`progress`]: text for the terminal.
//!
//! This crate knows nothing of models: it takes slices. Nothing here panics on what a user or a file gives;
//! readers refuse what exceeds their [`Limits`].
//!
//! `scripts/check_npz.py`, beside the sources, reads a recording with NumPy and compares it with the CSV.

mod csv;
mod error;
pub mod figure;
mod files;
mod npy;
mod npz;
pub mod progress;
pub mod recording;
mod say;
pub mod table;

pub use csv::{CsvOptions, CsvTable, TextTable, read_csv_from, read_csv_table, read_csv_table_with};
pub use error::{Error, Result};
pub use files::{fresh_folder, remove_unfinished};
pub use npy::{Limits, NpyArray, NpyData, npy_bytes, read_npy, read_npy_from, read_npy_with, write_npy};
pub use npz::{Npz, read_npz, read_npz_from, read_npz_with, write_npz, write_npz_with};
pub use say::say;
