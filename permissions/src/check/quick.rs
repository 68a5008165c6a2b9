//! The way most checks go: a few unions, nothing that depends on anything.
//!
//! It has no memory and no order to keep, so it costs little more than the rows it looks at.
//! Whatever is not simple, or is more than a few, is left to the walk that can do everything.

use super::{outcome::Truth, solve::Checker};
use crate::{
    index::{EVERYONE, Row},
    plan::{Direct, NodeId, Op},
};

/// Grounds that are looked at before the other walk takes over. They are looked for in a list.
const MAX_GROUNDS: usize = 48;

/// It cannot be said this way.
struct NotSimple;

#[derive(Default)]
struct Found {
    grounds: Vec<(NodeId, u32)>,
    granted: bool,
}

impl Found {
    fn follow(&mut self, node: NodeId, row: Row<'_>) -> Result<(), NotSimple> {
        for (object, condition) in row.iter() {
            if condition != 0 {
                return Err(NotSimple);
            }
            if !self.grounds.contains(&(node, object)) {
                if self.grounds.len() == MAX_GROUNDS {
                    return Err(NotSimple);
                }
                self.grounds.push((node, object));
            }
        }
        Ok(())
    }
}

impl Checker<'_> {
    /// The truth of a ground, if it can be said simply.
    pub(super) fn quick(&mut self, node: NodeId, object: u32) -> Option<Truth> {
        if !self.walks_closures {
            return None;
        }
        let mut found = Found {
            grounds: std::mem::take(&mut self.scratch.quick),
            granted: false,
        };
        found.grounds.clear();
        found.grounds.push((node, object));
        let said = self.follow_all(&mut found);
        self.scratch.quick = found.grounds;
        match said {
            Ok(()) if found.granted => Some(Truth::Has),
            Ok(()) => Some(Truth::No),
            Err(NotSimple) => None,
        }
    }

    fn follow_all(&mut self, found: &mut Found) -> Result<(), NotSimple> {
        let mut at = 0;
        while let Some((node, object)) = found.grounds.get(at).copied() {
            at += 1;
            let Some(op) = self.pruned.op(node) else {
                continue;
            };
            let parts = match op {
                Op::Union(parts) => parts.as_slice(),
                only => std::slice::from_ref(only),
            };
            for part in parts {
                match part {
                    Op::Itself => found.granted |= object == self.subject,
                    Op::Direct(direct) => self.look_at(direct, object, found)?,
                    Op::Arrow { steps, all: false } => {
                        for step in steps {
                            if let Some(target) = step.target {
                                found.follow(target, self.snapshot.forward(step.edges, object))?;
                            }
                        }
                    }
                    _ => return Err(NotSimple),
                }
                if found.granted {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn look_at(
        &mut self,
        direct: &Direct,
        object: u32,
        found: &mut Found,
    ) -> Result<(), NotSimple> {
        let snapshot = self.snapshot;
        let named = [(direct.member, self.subject), (direct.everyone, EVERYONE)];
        for (edges, subject) in named {
            let Some(edges) = edges else { continue };
            match snapshot.forward(edges, object).find(subject) {
                None => {}
                Some(0) => found.granted = true,
                Some(_) => return Err(NotSimple),
            }
        }
        for (edges, node) in &direct.usersets {
            let row = snapshot.forward(*edges, object);
            if found.granted || row.is_empty() {
                continue;
            }
            let Some(reached) = self.closure(*node) else {
                found.follow(*node, row)?;
                continue;
            };
            match reached.meets(row, |number| self.condition(number)) {
                Truth::No => {}
                Truth::Has => found.granted = true,
                Truth::Unknown => return Err(NotSimple),
            }
        }
        Ok(())
    }
}
