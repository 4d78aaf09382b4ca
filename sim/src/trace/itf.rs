//! A run in the Informal Trace Format, which the viewers of Apalache, Quint and TLA+ read.
//!
//! <https://apalache-mc.org/docs/adr/015adr-trace.html>: an object with `vars` and `states`, and for a run without an
//! end `loop`, the index of the state that follows the last one.

use serde_json::{Value, json};

use super::{
    Divergence, Trace,
    replay::Rerun,
    run::{Run, Taken},
};
use crate::{protocol::Protocol, scenario, state::State, world::World};

impl Trace {
    /// The run as JSON in the Informal Trace Format: the state at the beginning, and one after each step.
    ///
    /// | variable | |
    /// |---|---|
    /// | `tree` | the entries, sorted, a directory's with a `/` at the end, a file's with its contents |
    /// | `processes` | of each client its present process: `id`; `phase`, which is `idle`, `attempt` or `holding`; `last_call`, with its answer |
    /// | `step` | who does what, in the step that led here |
    ///
    /// # Errors
    ///
    /// [`Divergence`], when the trace does not run as it is written.
    pub fn to_itf(&self, protocol: &dyn Protocol) -> Result<String, Divergence> {
        let Rerun { run: Run { mut world, .. }, taken } = self.rerun(protocol)?;
        let mut calls = vec![String::new(); usize::from(self.scenario.clients)];
        let initial = world.initial();
        let mut states = vec![state(&world, &initial, 0, "", &calls)];
        for (index, Taken { event, act, state: after, .. }) in (1..).zip(&taken) {
            let (_, call) = act.split_once("  ").unwrap_or(("", act));
            if let Some(client) = event.client {
                call.clone_into(&mut calls[usize::from(client)]);
            }
            states.push(state(&world, after, index, act, &calls));
        }
        let mut trace = json!({
            "#meta": {
                "format": "ITF",
                "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
                "description": format!("{} is violated: {}", self.property, self.what),
                "source": self.token().to_string(),
            },
            "params": [],
            "vars": ["processes", "step", "tree"],
            "states": states,
        });
        if let (Some(from), Some(trace)) = (self.loop_from, trace.as_object_mut()) {
            // The last state is the one at the loop's begin; what follows it is the state after the loop's first step.
            trace.insert("loop".into(), json!(from + 1));
        }
        Ok(format!("{trace:#}\n"))
    }
}

fn state(world: &World<'_>, state: &State, index: usize, step: &str, calls: &[String]) -> Value {
    let processes = (0..).zip(&state.processes).zip(calls).map(|((client, process), call)| {
        let phase = match () {
            () if world.in_critical_section(process) => "holding",
            () if world.is_idle(process) => "idle",
            () => "attempt",
        };
        json!({ "id": scenario::id(client, process.incarnation).to_string(), "phase": phase, "last_call": call })
    });
    json!({
        "#meta": { "index": index },
        "processes": processes.collect::<Vec<Value>>(),
        "step": step,
        "tree": world.spell_tree(state),
    })
}
