use std::fmt;

use assay_reconciler::spec::{
    ModuleName, ModuleSettings,
    module::{AccountSettings, AttributeSchema, MAX_MISFITS, Misfit},
};
use serde_json::Value;

use super::AttributesRefused;
use crate::generation::Snapshot;

/// Misfits that are told.
const SHOWN: usize = 20;

/// What operators say the attributes of people must be; anything, unless they do.
#[derive(Clone, Debug, Default)]
pub struct AttributeRules(Option<AttributeSchema>);

/// Where attributes are not like that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfits(Vec<Misfit>);

impl Misfits {
    /// The first of them, each with the path to it, as in `attributes.address.country`, and what would be right.
    pub fn each(&self) -> impl Iterator<Item = (String, &str)> {
        self.0.iter().take(SHOWN).map(|misfit| {
            let path = if misfit.path.is_empty() {
                "attributes".to_owned()
            } else {
                format!("attributes.{}", misfit.path)
            };
            (path, misfit.words.as_str())
        })
    }
}

impl fmt::Display for Misfits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (path, words)) in self.each().enumerate() {
            let between = if place == 0 { "" } else { "; " };
            write!(f, "{between}`{path}`: {words}")?;
        }
        Ok(())
    }
}

impl AttributeRules {
    /// Those of a generation.
    pub fn of(snapshot: &Snapshot) -> Self {
        match &snapshot.module(ModuleName::Account).settings {
            ModuleSettings::Account(settings) => Self::of_settings(settings),
            _ => Self::default(),
        }
    }

    /// Those of the settings of module `account`.
    pub fn of_settings(settings: &AccountSettings) -> Self {
        Self(settings.attribute_schema.clone())
    }

    /// Whether somebody new can be like that.
    pub(super) fn check_new(&self, attributes: &Value) -> Result<(), AttributesRefused> {
        refuse(self.misfits(attributes))
    }

    /// Whether somebody can be like that who was otherwise before. What did not fit then and is not among
    /// what changes is left alone: nobody could change anything else.
    pub(super) fn check_change(
        &self,
        before: &Value,
        after: &Value,
        changed: &[&str],
    ) -> Result<(), AttributesRefused> {
        let mut misfits = self.misfits(after);
        // Of more than are looked for, nobody knows which are new.
        if !misfits.is_empty() && misfits.len() < MAX_MISFITS {
            let known = self.misfits(before);
            misfits.retain(|misfit| {
                let attribute = misfit.attribute.as_deref();
                let is_written = attribute.is_some_and(|attribute| changed.contains(&attribute));
                is_written || !known.contains(misfit)
            });
        }
        refuse(misfits)
    }

    fn misfits(&self, attributes: &Value) -> Vec<Misfit> {
        let schema = self.0.as_ref();
        schema.map_or_else(Vec::new, |schema| schema.misfits(attributes))
    }
}

fn refuse(mut misfits: Vec<Misfit>) -> Result<(), AttributesRefused> {
    misfits.sort();
    misfits.dedup();
    if misfits.is_empty() {
        Ok(())
    } else {
        Err(AttributesRefused::Misfit(Misfits(misfits)))
    }
}
