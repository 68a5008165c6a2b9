//! A plan for people to read. Both renderings are made from [`super::PlanDocument`], which holds
//! no secrets, so that whoever has the document (a client of the admin API, say) can make them.

mod markdown;
mod phrase;
mod text;
mod unified;
mod visible;
mod yaml;

pub use markdown::{MARKDOWN_LIMIT, markdown};
pub use phrase::summary;
pub use text::text;
pub use visible::visible;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
