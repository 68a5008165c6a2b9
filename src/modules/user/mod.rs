//! People: the rows of `users`. Not a module of the product, but what the modules that sign people in
//! share.

mod attribute_form;
mod attributes;
mod change_email;
mod create;
mod email;
mod lookup;
mod state;

pub use self::{
    attributes::{Attributes, AttributesRefused, ChangeAttributesError, change_attributes},
    change_email::{change_email, verify_email},
    create::{CreateUserError, NewUser, create},
    email::{Email, NotAnEmail},
    lookup::{User, by_email, by_id},
    state::{UserState, disable, enable, end_all, set_password_hash},
};
