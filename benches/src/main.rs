//! Measures the release server against a bare hyper server, nginx and the cost of a signature.
//!
//! `cargo build --release && cargo run --release -p cartable-bench -- [--quick] [CASE…]`. The method is in README.md.

mod bare;
mod cases;
mod connection;
mod load;
mod nginx;
mod proof;
mod server;
mod sign_in;
mod table;

use std::time::Duration;

use cases::Bench;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == bare::ARGUMENT) {
        return tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(bare::serve());
    }
    // One thread: the generator takes as little as it can from the server beside it.
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(measure(&arguments))
}

async fn measure(arguments: &[String]) -> Result<()> {
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let (rounds, round) = if quick { (1, Duration::from_secs(1)) } else { (5, Duration::from_secs(3)) };
    let named: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|argument| !argument.starts_with("--")).collect();
    if let Some(unknown) = named.iter().find(|name| !cases::NAMES.contains(name)) {
        return Err(format!("no case `{unknown}`; there are: {}", cases::NAMES.join(" ")).into());
    }
    let mut bench = Bench::start(rounds, round).await?;
    let mut rows = Vec::new();
    for case in cases::NAMES.into_iter().filter(|name| named.is_empty() || named.contains(name)) {
        eprintln!("{case} …");
        match bench.case(case).await {
            Ok(measured) => rows.extend(measured),
            Err(cause) => rows.push(table::Row::new(case, "").measured(format!("not measured: {cause}"))),
        }
    }
    println!("{}", table::HEAD);
    for row in rows {
        println!("{row}");
    }
    Ok(())
}
