//! Faults still to come: scripted ones first, then random ones.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Call, Fault, JobScenario, Random};

/// Faults and job scenarios still to come.
#[derive(Default)]
pub(crate) struct FaultPlan(Mutex<State>);

#[derive(Default)]
struct State {
    /// Scripted faults of the next calls of each kind. `None` is a call without a fault.
    calls: HashMap<Call, VecDeque<Option<Fault>>>,
    jobs: VecDeque<JobScenario>,
    random: Random,
}

impl FaultPlan {
    pub(crate) fn new(random: Random) -> Self {
        Self(Mutex::new(State { random, ..State::default() }))
    }

    pub(crate) fn script(&self, call: Call, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.lock().calls.entry(call).or_default().extend(faults);
    }

    pub(crate) fn script_jobs(&self, scenarios: impl IntoIterator<Item = JobScenario>) {
        self.lock().jobs.extend(scenarios);
    }

    pub(crate) fn set_random(&self, random: Random) {
        self.lock().random = random;
    }

    /// Removes all scripted and random faults.
    pub(crate) fn clear(&self) {
        *self.lock() = State::default();
    }

    /// Returns the fault of the `nth` call of a kind, or of the `nth` call about job `job`.
    pub(crate) fn fault(&self, call: Call, job: u64, nth: u64) -> Option<Fault> {
        let mut state = self.lock();
        match state.calls.get_mut(&call).and_then(VecDeque::pop_front) {
            Some(scripted) => scripted,
            None => state.random.fault(call, job, nth),
        }
    }

    /// Returns the scenario of job `job`, which is being accepted.
    pub(crate) fn scenario(&self, job: u64) -> JobScenario {
        let mut state = self.lock();
        state.jobs.pop_front().unwrap_or_else(|| state.random.scenario(job))
    }

    /// A poisoned lock still guards a consistent plan.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
