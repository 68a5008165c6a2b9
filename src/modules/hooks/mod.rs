//! Webhooks: services of the operator's that are asked before something happens, and told after it did.
//! Not a module of the product, but points that modules pass.
//!
//! [`before`] asks and waits; [`after`] writes what is to be told in the transaction that does it, and
//! a task of its own tells it until it is taken. Requests are signed as Standard Webhooks say.

mod before;
mod delivery;
mod happening;
mod outbox;
mod signature;

pub use self::{
    before::{Refused, before},
    delivery::{WebhookDeliveries, committed, run},
    happening::Happening,
    outbox::{DeliveryState, WebhookDelivery, after, list},
};
