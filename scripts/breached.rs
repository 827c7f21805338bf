//! Writes `src/accounts/server/breached.bin` from a list of passwords, one a line: `scripts/breached.sh`.
#![expect(clippy::unwrap_used, reason = "it is run by hand")]

use std::{fs, io::Read};

use ticketping_leptos::accounts::server::{breached, normalised_if_accepted};

fn main() {
    let mut list = Vec::new();
    std::io::stdin().read_to_end(&mut list).unwrap();
    let list = String::from_utf8_lossy(&list);
    // Those that are refused anyway need no place.
    let hard: Vec<String> = list.lines().filter_map(|line| normalised_if_accepted(line.trim_end())).collect();
    fs::write("src/accounts/server/breached.bin", breached::encode(hard.iter().map(String::as_str))).unwrap();
    println!("{} passwords", hard.len());
}
