//! The listener, what every request and response goes through, the swap of generations, health,
//! metrics, and shutdown. What is served is the modules' business.

mod answer;
mod assemble;
mod connection;
mod fallback;
mod follow;
mod headers;
mod health;
pub mod limits;
mod listen;
mod live;
mod metrics;
mod path;
mod proxy;
mod shared;
mod start;
mod tasks;
#[cfg(test)]
mod tests;

pub use self::start::{Server, StartError};
