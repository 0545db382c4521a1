//! Rules as text through their public face. One program, so that it is linked once.

mod clopath;
mod delays;
mod encoders;
mod language;
mod oracle;
mod page;
mod papers;
mod plain;
mod robust;
mod sim;
mod spikes;
mod steps;
