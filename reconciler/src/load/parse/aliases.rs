//! Anchors and merge keys: values that stand for others, and what copying them may cost.

use std::{borrow::Cow, collections::HashSet};

use super::{
    super::{
        limits::{ALIAS_TEXT_UNIT, MAX_ALIAS_COST},
        tree::{Content, Entry, Node},
    },
    Builder, Stop,
};
use crate::problem::{ByteRange, Problem};

impl<'s> Builder<'s, '_> {
    /// `<<: *base` (YAML merge key): what the mapping says itself wins.
    pub(super) fn merge(
        &mut self,
        entries: &mut Vec<Entry<'s>>,
        merge: Node<'s>,
    ) -> Result<(), Stop> {
        let at = merge.at;
        match merge.content {
            Content::Map(merged) => {
                let own: HashSet<Cow<'s, str>> = entries.iter().map(|e| e.key.clone()).collect();
                entries.extend(merged.into_iter().filter(|entry| !own.contains(&entry.key)));
                if entries.len() > MAX_ALIAS_COST {
                    return Err(self.limit(at, format!("more than {MAX_ALIAS_COST} merged keys")));
                }
                Ok(())
            }
            Content::List(items) => {
                for item in items {
                    self.merge(entries, item)?;
                }
                Ok(())
            }
            _ => {
                self.problem(
                    "yaml",
                    at,
                    "`<<` merges mappings, and this is none",
                    "write `<<: *name`, where `&name` marks a mapping",
                );
                Ok(())
            }
        }
    }

    pub(super) fn alias(&mut self, id: usize, at: ByteRange) -> Result<Node<'s>, Stop> {
        let Some(target) = self.anchors.get(&id) else {
            // The anchor's own value is not closed yet.
            return Err(Stop {
                problem: Box::new(
                    Problem::new(
                        "yaml",
                        self.source.locate(at),
                        "an alias within the value it stands for",
                    )
                    .help("a value cannot contain itself"),
                ),
                is_limit: false,
            });
        };
        let mut node = target.clone();
        self.spend(&node, at)?;
        node.at = at;
        Ok(node)
    }

    /// Counts what copying `node` costs.
    pub(super) fn spend(&mut self, node: &Node<'s>, at: ByteRange) -> Result<(), Stop> {
        fn cost(node: &Node<'_>, nodes: &mut usize, text: &mut usize) {
            *nodes += 1;
            match &node.content {
                Content::Text(value) => *text += value.len(),
                Content::List(items) => items.iter().for_each(|item| cost(item, nodes, text)),
                Content::Map(entries) => {
                    for entry in entries {
                        *text += entry.key.len();
                        cost(&entry.value, nodes, text);
                    }
                }
                _ => {}
            }
        }
        let (mut nodes, mut text) = (0, 0);
        cost(node, &mut nodes, &mut text);
        *self.alias_cost += nodes + text / ALIAS_TEXT_UNIT;
        *self.nodes += nodes;
        if *self.alias_cost > MAX_ALIAS_COST {
            return Err(self.limit(
                at,
                format!("aliases that stand for more than {MAX_ALIAS_COST} values"),
            ));
        }
        Ok(())
    }
}
