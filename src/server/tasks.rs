//! The background tasks of modules: started and stopped with them.

use std::collections::HashMap;

use assay_reconciler::spec::{ModuleName, ModuleSpec};
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::limits;
use crate::modules::{Context, Module};

/// What runs for each module that is on.
pub(super) struct Tasks {
    modules: &'static [Module],
    running: HashMap<ModuleName, RunningTasks>,
}

struct RunningTasks {
    spec: ModuleSpec,
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl RunningTasks {
    async fn end(self, module: ModuleName) {
        self.stop.cancel();
        self.tracker.close();
        if timeout(limits::TASK_END, self.tracker.wait())
            .await
            .is_err()
        {
            tracing::warn!(%module, "a background task does not end");
        }
    }
}

impl Tasks {
    pub(super) fn new(modules: &'static [Module]) -> Self {
        Self {
            modules,
            running: HashMap::new(),
        }
    }

    /// Starts what is on now, ends what is off now, and does both where settings changed.
    pub(super) async fn follow(&mut self, context: &Context) {
        for module in self.modules {
            let spec = context.snapshot.module(module.name);
            if let Some(running) = self.running.get(&module.name) {
                if running.spec == *spec {
                    continue;
                }
                if let Some(running) = self.running.remove(&module.name) {
                    running.end(module.name).await;
                }
            }
            if spec.enabled {
                let running = start(module, context, spec.clone());
                self.running.insert(module.name, running);
            }
        }
    }

    /// Ends everything, all at once.
    pub(super) async fn end(&mut self) {
        for running in self.running.values() {
            running.stop.cancel();
        }
        for (module, running) in self.running.drain() {
            running.end(module).await;
        }
    }
}

fn start(module: &Module, context: &Context, spec: ModuleSpec) -> RunningTasks {
    let stop = CancellationToken::new();
    let tracker = TaskTracker::new();
    for task in (module.tasks)(context, stop.clone()) {
        tracker.spawn(task);
    }
    RunningTasks {
        spec,
        stop,
        tracker,
    }
}
