//! What the documentation shows is so: every sample in `README.md`, `docs/` and the READMEs of
//! `config-examples/` is run or validated here, as it is printed.

mod commands;
mod links;
mod page;
mod recipes;
mod samples;
mod shell;
