//! Lists: the objects of a subject, and the subjects of an object.
//!
//! What could be in a list is walked to, and so is what certainly is; of the rest the check says, so that
//! the two never differ. Lists are in the order of names and are cut into pages by name, so that a page can
//! be asked of any server that has the tuples of the same revision.

mod marks;
mod order;
mod resources;
mod subjects;

pub use resources::ResourcesQuestion;
pub use subjects::SubjectsQuestion;

use crate::check::Answer;

/// A part of a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Page {
    /// What everyone of the type gets who is not among the items. No, in lists of objects.
    pub everyone: Answer,
    /// Names with their answers. A no stands only for one that is excluded from everyone.
    pub items: Vec<(String, Answer)>,
    /// Where the next page begins: after this name. Nothing: there is no more.
    pub after: Option<String>,
}
