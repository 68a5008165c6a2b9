//! People: the rows of `users`. Not a module of the product, but what the modules that sign people in
//! share.

mod attribute_form;
mod attribute_rules;
mod attributes;
mod change_email;
mod create;
mod email;
mod external_id;
mod group;
mod lookup;
mod many;
mod state;

pub use self::{
    attribute_rules::{AttributeRules, Misfits},
    attributes::{
        Attributes, AttributesRefused, ChangeAttributesError, change_attributes, search_key,
    },
    change_email::{change_email, verify_email},
    create::{CreateUserError, NewUser, create},
    email::{Email, NotAnEmail},
    external_id::{ExternalIdError, is_external_id, set_external_id},
    group::{
        Group, GroupError, GroupName, NotAGroupName, add_members, change_group, delete_group,
        make_group, remove_members,
    },
    lookup::{User, by_email, by_id},
    many::{Key, Known, Record, change_all, create_all, find_all, find_and_hold},
    state::{UserState, delete, disable, enable, end_all, set_password_hash},
};
