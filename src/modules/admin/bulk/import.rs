use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Incoming, Line, LineProblem, SHOWN, Seen,
    matched::{Matches, Step, StepError, hold},
    placed::{Groups, Links, Memberships, Upstreams},
};
use crate::{
    clock::UnixMillis,
    modules::{
        admin::{Administration, Refusal},
        audit::{self, AuditEvent},
        user::{self, AttributeRules, AttributesRefused},
    },
    store::Tx,
};

/// Lines of one transaction: few enough that nobody waits for it, enough that it costs little.
pub const BATCH: usize = 1_000;
/// How often a batch is begun anew because somebody else has made one of its people meanwhile.
const TRIES: usize = 3;

/// How people are imported.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportOptions {
    /// Whether the lines are only looked through.
    #[serde(default)]
    pub dry_run: bool,
    /// Whether accounts that are there become what their lines say. Otherwise they are left as they are.
    #[serde(default)]
    pub update: bool,
    /// Whether groups that are named and not there are made.
    #[serde(default)]
    pub make_groups: bool,
}

/// What came of lines; of lines that are only looked through, what would.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// Accounts that were made.
    pub created: u64,
    /// Accounts that were there, and changed.
    pub updated: u64,
    /// Accounts that were there and stay as they are.
    pub unchanged: u64,
    /// Groups that were made.
    pub groups_made: u64,
    /// Whether nothing was written, because nothing was to be.
    pub dry_run: bool,
    /// How much is wrong. From the batch on in which the first problem is, nothing was written.
    pub problem_count: u64,
    /// What is wrong, the first hundred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<LineProblem>,
}

impl Imported {
    /// How many people were read of whom nothing is wrong.
    pub fn people(&self) -> u64 {
        self.created + self.updated + self.unchanged
    }

    /// This, and what came after it.
    pub fn add(&mut self, more: Self) {
        self.created += more.created;
        self.updated += more.updated;
        self.unchanged += more.unchanged;
        self.groups_made += more.groups_made;
        self.problem_count += more.problem_count;
        let room = SHOWN.saturating_sub(self.problems.len());
        self.problems.extend(more.problems.into_iter().take(room));
    }

    fn with_problems(problems: Vec<LineProblem>) -> Self {
        Self {
            problem_count: problems.len() as u64,
            problems,
            ..Self::default()
        }
    }
}

/// Takes lines as they come, and makes accounts of them.
pub struct Importer {
    administration: Administration,
    options: ImportOptions,
    upstreams: Upstreams,
    rules: AttributeRules,
    seen: Seen,
    waiting: Vec<Line>,
    /// The groups that would be made, by name as it is compared.
    missing_groups: HashSet<String>,
    so_far: Imported,
}

/// What came of one try at a batch.
enum Tried {
    /// Somebody else was in between.
    Crossed,
    Done(Imported, Groups),
}

impl Importer {
    /// Begins.
    pub async fn new(
        administration: Administration,
        options: ImportOptions,
    ) -> Result<Self, Refusal> {
        let mut tx = administration.store.begin_read().await?;
        let upstreams = Upstreams::all(&mut tx).await?;
        tx.rollback().await?;
        let rules = administration.attribute_rules().await?;
        Ok(Self {
            administration,
            options,
            upstreams,
            rules,
            seen: Seen::default(),
            waiting: Vec::new(),
            missing_groups: HashSet::new(),
            so_far: Imported {
                dry_run: options.dry_run,
                ..Imported::default()
            },
        })
    }

    /// Takes the next lines. What is no full batch yet waits for the lines after it.
    pub async fn take(&mut self, lines: Vec<Line>) -> Result<(), Refusal> {
        self.waiting.extend(lines);
        while self.waiting.len() >= BATCH {
            let batch = self.waiting.drain(..BATCH).collect();
            self.batch(batch).await?;
        }
        Ok(())
    }

    /// What came of the lines until now.
    pub fn so_far(&self) -> &Imported {
        &self.so_far
    }

    /// Takes what still waits, and says what came of it all.
    pub async fn finish(mut self) -> Result<Imported, Refusal> {
        let rest = std::mem::take(&mut self.waiting);
        self.batch(rest).await?;
        Ok(self.so_far)
    }

    async fn batch(&mut self, lines: Vec<Line>) -> Result<(), Refusal> {
        let now = self.administration.clock.now();
        let mut people = Vec::with_capacity(lines.len());
        let mut problems = Vec::new();
        for line in &lines {
            match Incoming::read(line, now) {
                Ok(person) => {
                    let doubled = self.seen.note(&person);
                    if doubled.is_empty() {
                        people.push(person);
                    }
                    problems.extend(doubled.into_iter().map(|(_, problem)| problem));
                }
                Err(wrong) => problems.extend(wrong),
            }
        }
        if people.is_empty() {
            self.so_far.add(Imported::with_problems(problems));
            return Ok(());
        }
        let is_sound = problems.is_empty() && self.so_far.problem_count == 0;
        let may_write = is_sound && !self.options.dry_run;
        let (mut done, groups) = self.carry_out(&people, may_write, now).await?;
        if self.options.make_groups {
            let missing = groups.missing().cloned();
            let named = missing.filter(|key| self.missing_groups.insert(key.clone()));
            done.groups_made += named.count() as u64;
        }
        if !problems.is_empty() {
            done.problem_count += problems.len() as u64;
            done.problems.append(&mut problems);
            done.problems.sort_by_key(|problem| problem.line);
        }
        if !self.options.dry_run && (self.so_far.problem_count > 0 || done.problem_count > 0) {
            // Nothing came of them.
            done = Imported {
                problem_count: done.problem_count,
                problems: done.problems,
                ..Imported::default()
            };
        }
        self.so_far.add(done);
        Ok(())
    }

    async fn carry_out(
        &self,
        people: &[Incoming],
        may_write: bool,
        now: UnixMillis,
    ) -> Result<(Imported, Groups), Refusal> {
        for _ in 0..TRIES {
            let mut tx = if may_write {
                self.administration.store.begin().await?
            } else {
                self.administration.store.begin_read().await?
            };
            match self.try_batch(&mut tx, people, may_write, now).await? {
                Tried::Crossed => tx.rollback().await?,
                Tried::Done(done, groups) if may_write && done.problem_count == 0 => {
                    self.record(&mut tx, &done, now).await?;
                    tx.commit().await?;
                    return Ok((done, groups));
                }
                Tried::Done(done, groups) => {
                    tx.rollback().await?;
                    return Ok((done, groups));
                }
            }
        }
        Err(Refusal::Crossed)
    }

    async fn try_batch(
        &self,
        tx: &mut Tx,
        people: &[Incoming],
        may_write: bool,
        now: UnixMillis,
    ) -> Result<Tried, Refusal> {
        let matches = Matches::of(tx, people).await?;
        let mut problems = Vec::new();
        let mut steps = Vec::with_capacity(people.len());
        for person in people {
            let step = match matches.known(person) {
                Ok(known) => Step::of(person, known.cloned(), &self.rules, now),
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            match step {
                Ok(step) => steps.push(step),
                Err(StepError::Attributes(AttributesRefused::Misfit(misfits))) => {
                    let misfits = misfits.each();
                    problems.extend(
                        misfits.map(|(path, words)| LineProblem::of(person.line, path, words)),
                    );
                }
                Err(StepError::Attributes(refused)) => {
                    problems.push(LineProblem::of(person.line, "attributes", refused));
                }
                Err(StepError::Store(error)) => return Err(error.into()),
            }
        }
        if may_write && self.options.update {
            steps = hold(tx, steps, &self.rules, now).await?;
        }
        let mut groups = Groups::named(tx, &steps).await?;
        let mut groups_made = 0;
        if !self.options.make_groups {
            problems.extend(groups.problems(&steps));
        } else if may_write && problems.is_empty() {
            groups_made = groups.missing().count() as u64;
            if !groups.make(tx, now).await? {
                return Ok(Tried::Crossed);
            }
        }
        let (links, of_links) = Links::of(tx, &self.upstreams, &steps).await?;
        problems.extend(of_links);

        // Who is left as they are is looked at no further.
        let touched: Vec<&Step> = steps
            .iter()
            .filter(|step| self.options.update || step.known.is_none())
            .collect();
        let memberships = Memberships::of(tx, &groups, &touched).await?;
        let placed: HashSet<&str> = memberships.users().chain(links.users()).collect();
        let (created, there): (Vec<&Step>, Vec<&Step>) =
            touched.iter().partition(|step| step.known.is_none());
        let changes = |step: &&Step| step.differs() || placed.contains(step.record.id.as_str());
        let changed: Vec<&Step> = there.into_iter().filter(changes).collect();
        let done = Imported {
            created: created.len() as u64,
            updated: changed.len() as u64,
            unchanged: (steps.len() - created.len() - changed.len()) as u64,
            groups_made,
            dry_run: !may_write,
            problem_count: problems.len() as u64,
            problems,
        };
        if !may_write || done.problem_count > 0 {
            return Ok(Tried::Done(done, groups));
        }

        let new: Vec<&user::Record> = created.iter().map(|step| &step.record).collect();
        if user::create_all(tx, &new, now).await? < done.created {
            return Ok(Tried::Crossed);
        }
        let differing = changed.iter().filter(|step| step.differs());
        let records: Vec<&user::Record> = differing.map(|step| &step.record).collect();
        user::change_all(tx, &records, now).await?;
        for step in changed.iter().filter(|step| step.closes()) {
            user::end_all(tx, &step.record.id, None, now).await?;
        }
        memberships.write(tx, now).await?;
        let people = created.iter().chain(&changed);
        let people = people.map(|step| step.record.id.as_str()).collect();
        if !links.write(tx, &people, now).await? {
            return Ok(Tried::Crossed);
        }
        Ok(Tried::Done(done, groups))
    }

    /// One record a batch: who was in it would be as long as the batch, and is in the accounts.
    async fn record(&self, tx: &mut Tx, done: &Imported, now: UnixMillis) -> Result<(), Refusal> {
        if done.created + done.updated + done.groups_made == 0 {
            return Ok(());
        }
        let event = AuditEvent {
            actor: self.administration.actor.as_str(),
            action: "user.import",
            subject: None,
            detail: json!({
                "created": done.created,
                "updated": done.updated,
                "unchanged": done.unchanged,
                "groupsMade": done.groups_made,
            }),
            ip: None,
        };
        Ok(audit::record(tx, event, now).await?)
    }
}

impl From<StepError> for Refusal {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Attributes(refused) => Self::Attributes(refused),
            StepError::Store(error) => Self::Store(error),
        }
    }
}
