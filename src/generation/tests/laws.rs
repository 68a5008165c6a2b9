//! Laws that hold for every sequence of changes, tried on random ones.
#![allow(clippy::print_stdout)]

use std::{collections::BTreeMap, sync::Arc};

use assay_reconciler::{
    diff::SetName,
    object::{Object, Spec},
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::Index,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use super::{
    fixture::{Room, admin_key, client_with, module, options, renamed, upstream},
    snapshots::told,
};
use crate::{
    generation::{Actor, ApplyError, ApplyOptions, Generation, Outcome, Owner, Snapshot},
    store::testing::both_databases,
};

/// How many sequences are tried on each database, and how long they are.
const SEQUENCES: usize = 6;
const STEPS: usize = 10;

/// One thing in a manifest.
#[derive(Clone, Debug)]
enum Said {
    Client {
        name: u8,
        variant: u8,
        was: Option<u8>,
    },
    Upstream {
        name: u8,
        variant: u8,
    },
    AdminKey {
        name: u8,
        variant: u8,
    },
    Module {
        name: u8,
        enabled: bool,
    },
}

#[derive(Clone, Debug)]
enum Step {
    Apply {
        set: u8,
        said: Vec<Said>,
        prune: bool,
        take_over: bool,
    },
    ByHand(Said),
    Rollback(Index),
}

fn said() -> impl Strategy<Value = Said> {
    let was = proptest::option::weighted(0.2, 0..5_u8);
    prop_oneof![
        4 => (0..5_u8, 0..3_u8, was)
            .prop_map(|(name, variant, was)| Said::Client { name, variant, was }),
        1 => (0..2_u8, 0..2_u8).prop_map(|(name, variant)| Said::Upstream { name, variant }),
        1 => (0..3_u8, 0..2_u8).prop_map(|(name, variant)| Said::AdminKey { name, variant }),
        1 => (0..3_u8, any::<bool>()).prop_map(|(name, enabled)| Said::Module { name, enabled }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let apply = (0..2_u8, vec(said(), 0..8), any::<bool>(), any::<bool>()).prop_map(
        |(set, said, prune, take_over)| Step::Apply {
            set,
            said,
            prune,
            take_over,
        },
    );
    prop_oneof![
        6 => apply,
        1 => said().prop_map(Step::ByHand),
        2 => any::<Index>().prop_map(Step::Rollback),
    ]
}

fn object(said: &Said) -> Object {
    match said {
        Said::Client { name, variant, was } => {
            let secret = format!("secret {name} {}", variant % 2);
            let client = client_with(
                &format!("client-{name}"),
                json!({ "displayName": format!("V{variant}"), "clientSecret": { "value": secret } }),
            );
            match was {
                Some(was) => renamed(client, &format!("client-{was}")),
                None => client,
            }
        }
        Said::Upstream { name, variant } => {
            upstream(&format!("upstream-{name}"), &format!("secret {variant}"))
        }
        Said::AdminKey { name, variant } => {
            admin_key(&format!("key-{name}"), &format!("sk_{name}_{variant}"))
        }
        Said::Module { name, enabled } => {
            let modules = ["passkey", "password", "oidc_provider"];
            module(modules[usize::from(*name)], *enabled)
        }
    }
}

/// Each object once: of two manifests of one name, the first.
fn objects(said: &[Said]) -> Vec<Object> {
    let all = said.iter().rev().map(object);
    let by_key: BTreeMap<_, _> = all.map(|object| (object.key(), object)).collect();
    by_key.into_values().collect()
}

/// The live configuration as text, without secrets.
async fn masked(room: &Room) -> Vec<String> {
    let objects = room.engine.export(None).await.unwrap();
    let text = |(object, owner): (Object, Owner)| {
        let mut manifest = object.to_manifest().unwrap();
        for pointer in object.spec.sensitive_pointers() {
            if let Some(secret) = manifest["spec"].pointer_mut(pointer) {
                *secret = Value::from("***");
            }
        }
        format!("{owner} {manifest}")
    };
    objects.into_iter().map(text).collect()
}

/// A state that was reached, and what the laws are checked against.
struct Course {
    room: Room,
    serving: Arc<Snapshot>,
    history: Vec<Vec<String>>,
}

impl Course {
    /// Takes one step, and checks that it was whole or nothing.
    async fn take(&mut self, step: &Step) {
        let before = self.room.exported().await;
        let base = self.room.engine.current().await.unwrap();
        let outcome = match step {
            Step::Apply {
                set,
                said,
                prune,
                take_over,
            } => {
                let set: SetName = format!("set-{set}").parse().unwrap();
                self.apply(&set, objects(said), *prune, *take_over).await
            }
            Step::ByHand(said) => {
                let options = ApplyOptions {
                    yes: true,
                    ..ApplyOptions::new(Actor::new("admin-key:ci"))
                };
                self.room
                    .engine
                    .apply_as(Owner::AdminApi, vec![object(said)], vec![], options)
                    .await
                    .map(|applied| applied.outcome)
            }
            Step::Rollback(index) if base > Generation(0) => {
                let to = index.index(self.history.len());
                self.roll_back(to).await
            }
            Step::Rollback(_) => return,
        };
        let now = self.room.engine.current().await.unwrap();
        match outcome {
            Ok(Outcome::Applied) => assert_eq!(now, base.next()),
            Ok(Outcome::Unchanged) => assert_eq!(now, base),
            Ok(Outcome::DryRun) => panic!("nobody asked for one"),
            Err(error) => {
                assert!(matches!(error, ApplyError::Plan(_)), "{error}");
                assert_eq!(now, base);
            }
        }
        if now == base {
            assert_eq!(self.room.exported().await, before);
        } else {
            self.history.push(masked(&self.room).await);
        }
        self.check_export().await;
        self.check_snapshot().await;
    }

    async fn apply(
        &self,
        set: &SetName,
        objects: Vec<Object>,
        prune: bool,
        take_over: bool,
    ) -> Result<Outcome, ApplyError> {
        let engine = &self.room.engine;
        let mut options = options();
        options.ownership.prune = prune;
        options.ownership.take_over = take_over;
        let desired = engine.desired(set.clone(), objects.clone())?;
        let plan = engine.plan(&desired, options.ownership).await;
        let applied = engine.apply(desired, options.clone()).await?;
        assert_eq!(plan.unwrap().summary(), applied.plan.summary());

        // Once more, from files in another order.
        let reversed: Vec<Object> = objects.into_iter().rev().collect();
        let desired = engine.desired(set.clone(), reversed)?;
        assert_eq!(desired.digest, applied.plan.digest);
        let again = engine.apply(desired, options).await?;
        assert_eq!(again.outcome, Outcome::Unchanged, "{:?}", again.plan);
        Ok(applied.outcome)
    }

    async fn roll_back(&self, to: usize) -> Result<Outcome, ApplyError> {
        let generation = Generation(i64::try_from(to).unwrap() + 1);
        let applied = self.room.engine.rollback(generation, options()).await?;
        assert_eq!(masked(&self.room).await, self.history[to]);
        Ok(applied.outcome)
    }

    /// What is exported is what is there.
    async fn check_export(&self) {
        for set in ["set-0", "set-1"] {
            let set: SetName = set.parse().unwrap();
            let exported = self.room.engine.export(Some(&set)).await.unwrap();
            let objects: Vec<Object> = exported.into_iter().map(|(object, _)| object).collect();
            let read_back = objects.into_iter().map(|object| {
                let spec = serde_json::to_value(&object.spec).unwrap();
                Object {
                    spec: Spec::decode(object.kind(), object.name(), spec).unwrap(),
                    ..object
                }
            });
            let engine = &self.room.engine;
            let desired = engine.desired(set, read_back.collect()).unwrap();
            let plan = engine.plan(&desired, options().ownership).await.unwrap();
            assert!(plan.is_empty(), "{plan:?}");
        }
    }

    /// What was read step by step is what is read as a whole.
    async fn check_snapshot(&mut self) {
        let engine = &self.room.engine;
        self.serving = engine.snapshot(Some(&self.serving)).await.unwrap();
        let whole = engine.snapshot(None).await.unwrap();
        assert_eq!(told(&self.serving), told(&whole));
    }
}

both_databases! {
    async fn hold_for_every_sequence_of_changes(db: TestDb) {
        let room = Room::new(db).await;
        let serving = room.engine.snapshot(None).await.unwrap();
        let mut course = Course { room, serving, history: Vec::new() };
        let mut runner = TestRunner::new(Config::default());
        for _ in 0..SEQUENCES {
            let steps = vec(step(), STEPS).new_tree(&mut runner).unwrap().current();
            // Shown when it fails: each sequence goes on from where the one before ended.
            println!("{steps:#?}");
            for step in &steps {
                course.take(step).await;
            }
        }
        assert!(course.history.len() > SEQUENCES, "too little of it was applied");
    }
}
