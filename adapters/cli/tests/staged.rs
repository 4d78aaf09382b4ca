//! Counterexamples of the checker, brought about on the wire.
//!
//! Each call of a trace is made by a client of its own for whose it is; each fault is done by the wire. A call that changes
//! something waits at the server until the step in which it takes effect. After each step the answer has to be that of the
//! trace, and so have the entries on the server: the same run, on sockets.

use std::{
    collections::BTreeMap,
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::Duration,
};

use lockwright_kernel::{
    fs::{
        Fs, FsError,
        call::{Answer, Call, Value},
    },
    path::{Name, Path},
};
use lockwright_nfs::{
    NfsFs,
    serve::{Copied, Held, Plan, Server},
};
use lockwright_sim::{
    Limits, Trace, Verdict,
    catalogue::{self, Entry, matrix},
    check,
    protocol::Property,
    scenario::{Profile, Scenario},
    unfold::{Deed, UnfoldedStep, Unfolding},
};

/// Nothing here takes that long; who waits for longer waits in vain.
const IN_VAIN: Duration = Duration::from_mins(1);

/// What the stage waits for.
enum News {
    /// A call has come in, and waits.
    Held(Held),
    /// A call was answered.
    Answered(String, Answer),
}

/// A client, in a thread of its own.
struct Actor {
    calls: Sender<Call>,
    /// Its call, while that waits at the server.
    held: Option<Held>,
    /// The answer to its call, until a step asks for that.
    answer: Option<Answer>,
    is_calling: bool,
}

struct Stage {
    server: Server,
    news: Receiver<News>,
    tell: Sender<News>,
    actors: BTreeMap<String, Actor>,
    copies: Vec<Copied>,
    /// Sees what stands on the server.
    eye: NfsFs,
}

impl Stage {
    fn new(profile: Profile) -> Self {
        let plan = Plan::none();
        let plan = if profile == Profile::Nfs3Nodrc { plan.without_replies() } else { plan };
        let server = Server::start("127.0.0.1:0", plan).expect("a port is free");
        let eye = NfsFs::open(server.address()).expect("it is served");
        let (tell, news) = mpsc::channel();
        let held = tell.clone();
        // Who listens no longer has all that it needs.
        server.hold(move |call| drop(held.send(News::Held(call))));
        Self { server, news, tell, actors: BTreeMap::new(), copies: Vec::new(), eye }
    }

    fn actor(&mut self, who: &str) -> &mut Actor {
        let (server, tell) = (&self.server, &self.tell);
        self.actors.entry(who.to_owned()).or_insert_with(|| {
            let (fs, tell, who) = (NfsFs::open(server.address()).expect("it is served"), tell.clone(), who.to_owned());
            let (calls, orders) = mpsc::channel::<Call>();
            thread::spawn(move || {
                for call in orders {
                    // The stage may be over.
                    let _ = tell.send(News::Answered(who.clone(), call.on(&fs)));
                }
            });
            Actor { calls, held: None, answer: None, is_calling: false }
        })
    }

    /// Has the call made, unless it is under way, and waits until it has come in or was answered.
    fn call(&mut self, who: &str, call: &Call) {
        let actor = self.actor(who);
        if !actor.is_calling {
            actor.is_calling = true;
            actor.calls.send(call.clone()).expect("it listens");
            self.hear_of(who);
        }
    }

    fn hear_of(&mut self, who: &str) {
        let news = self.news.recv_timeout(IN_VAIN).expect("the call comes in, or is answered");
        let actor = self.actors.get_mut(who).expect("it is there");
        match news {
            News::Held(held) => actor.held = Some(held),
            News::Answered(whose, answer) => {
                assert_eq!(whose, who, "one call at a time");
                actor.answer = Some(answer);
            }
        }
    }

    /// Lets the call of `who` go on, as far as to its next part or to its answer.
    fn pass(&mut self, who: &str) {
        let held = self.actor(who).held.take().expect("it waits");
        assert!(held.pass(), "the server answers");
        self.hear_of(who);
    }

    /// The answer to the call of `who`.
    fn answer(&mut self, who: &str) -> Answer {
        loop {
            if let Some(answer) = self.actor(who).answer.take() {
                self.actor(who).is_calling = false;
                return answer;
            }
            self.pass(who);
        }
    }

    /// The call of `who` was executed, and is sent again.
    fn send_again(&mut self, who: &str) {
        let actor = self.actor(who);
        // What waited is lost, and with it the connection.
        drop(actor.held.take());
        self.hear_of(who);
    }

    /// Does what happens in this step; the answer that it brings.
    fn act(&mut self, step: &UnfoldedStep, changes: bool) -> Option<Answer> {
        match (step.deed, step.who.as_deref().zip(step.asked.as_ref())) {
            (Deed::Call, Some((who, call))) => {
                self.call(who, call);
                return Some(self.answer(who));
            }
            // A look is made in the step that answers it.
            (Deed::Begin, Some((who, call))) if changes_something(call) => {
                self.call(who, call);
                if changes {
                    self.pass(who);
                }
            }
            (Deed::Begin | Deed::Call, _) => {}
            (Deed::Double, Some((who, call))) => {
                self.call(who, call);
                let copy = self.actor(who).held.as_ref().expect("it has come in").copy();
                self.copies.push(copy);
            }
            (Deed::Late, _) => self.copies.remove(0).execute(),
            (Deed::Replay, Some((who, call))) => {
                self.call(who, call);
                self.actor(who).held.as_ref().expect("it has come in").execute();
                self.send_again(who);
            }
            (Deed::Restart, _) => {
                let [(who, call)] = &step.executed[..] else { panic!("several at once: {step:?}") };
                self.call(who, call);
                self.actor(who).held.as_ref().expect("it has come in").execute();
                self.server.restart();
                self.send_again(who);
            }
            other => panic!("no step for the wire: {other:?}"),
        }
        None
    }

    /// The entries on the server, as the checker writes them.
    fn tree(&self) -> Vec<String> {
        let mut entries = Vec::new();
        let mut dirs = vec![Path::root()];
        while let Some(dir) = dirs.pop() {
            for name in self.eye.list(&dir).expect("it stands") {
                let path = dir.join(&name);
                match self.eye.read(&path) {
                    Ok(contents) if contents.is_empty() => entries.push(path.to_string()),
                    Ok(contents) => entries.push(format!("{path} = \"{}\"", contents.escape_ascii())),
                    Err(_) => {
                        entries.push(format!("{path}/"));
                        dirs.push(path);
                    }
                }
            }
        }
        entries.sort();
        entries
    }
}

fn changes_something(call: &Call) -> bool {
    !matches!(call.effect(), Call::List(_) | Call::Read(_) | Call::Modified(_))
}

/// Whether two answers say the same. Of a directory with several entries any may be told.
fn is_alike(told: &Answer, answer: &Answer) -> bool {
    let sorted = |answer: &Answer| match answer {
        Ok(Value::Names(names)) => {
            let mut names = names.clone();
            names.sort();
            Ok(Value::Names(names))
        }
        other => other.clone(),
    };
    let is_any = |answer: &Answer| matches!(answer, Ok(Value::Name(Some(_))));
    sorted(told) == sorted(answer) || is_any(told) && is_any(answer)
}

/// A listing shows what stood there at no single moment. The server behind gives each in one reply.
#[derive(Debug)]
struct Patchwork;

/// The step after which a listing is to be made that is answered in the step `at`: it shows what stood there at some moment
/// since it began, not always at its end. None for what is no listing of two steps.
fn moment(run: &Unfolding, at: usize) -> Result<Option<usize>, Patchwork> {
    let step = &run.steps[at];
    let began = (0..at).rev().find(|&before| run.steps[before].who == step.who);
    let Some((began, dir)) = began.filter(|&began| run.steps[began].deed == Deed::Begin).zip(step.paths.first()) else {
        return Ok(None);
    };
    let is_told = |names: Vec<Name>| match &step.told {
        Some(Ok(Value::Names(told))) => Some(*told == names),
        Some(Ok(Value::Name(Some(told)))) => Some(names.contains(told)),
        Some(Ok(Value::Name(None))) => Some(names.is_empty()),
        _ => None,
    };
    let stood = |moment: usize| children(&run.states[run.steps[moment].to].tree, dir);
    if is_told(stood(at)).is_none() {
        return Ok(None);
    }
    let moment = (began..at).rev().find(|&moment| is_told(stood(moment)) == Some(true));
    moment.map(Some).ok_or(Patchwork)
}

/// The names in a directory, sorted.
fn children(tree: &[String], dir: &Path) -> Vec<Name> {
    let below = |entry: &String| {
        let path = entry.split(" = ").next()?.trim_end_matches('/').parse::<Path>().ok()?;
        let (parent, name) = path.split_last()?;
        (parent == *dir).then(|| name.clone())
    };
    let mut names: Vec<Name> = tree.iter().filter_map(below).collect();
    names.sort();
    names
}

/// Brings a trace about, to its end.
fn stage(entry: Entry, trace: &Trace) -> Result<Stage, Patchwork> {
    let run = trace.unfold(entry.protocol()).expect("it runs as it is written");
    let moments: Vec<Option<usize>> = (0..run.steps.len()).map(|at| moment(&run, at)).collect::<Result<_, _>>()?;
    let mut stage = Stage::new(trace.scenario.profile);
    for (at, step) in run.steps.iter().enumerate() {
        let [before, after] = [step.from, step.to].map(|state| &run.states[state].tree);
        let answer = stage.act(step, before != after);
        let place = || format!("{}, step {}: {}", entry.name, at + 1, trace.steps[at].text);
        if let Some((told, answer)) = step.told.as_ref().zip(answer) {
            assert!(is_alike(told, &answer), "{}: told {told:?}, and on the wire {answer:?}", place());
        }
        assert_eq!(stage.tree(), *after, "{}", place());
        for later in (at..run.steps.len()).filter(|&later| moments[later] == Some(at)) {
            let UnfoldedStep { who, asked, .. } = &run.steps[later];
            let (who, call) = who.as_ref().zip(asked.as_ref()).expect("somebody lists");
            stage.call(who, call);
        }
    }
    Ok(stage)
}

fn counterexample(entry: Entry, scenario: &Scenario) -> Trace {
    let verdict = check(entry.protocol(), scenario, Limits::default(), &mut |_| {}).verdict;
    let Verdict::Violated(violation) = verdict else { panic!("{}: {verdict:?}", entry.name) };
    violation.trace.expect("a run shows it")
}

/// Violated where a listing shows what stood there at no single moment.
const OF_PATCHWORK: [&str; 1] = ["token"];

#[test]
fn each_violated_cell_of_the_matrix_is_violated_on_the_wire_as_well() {
    let cells = matrix::cells().into_iter().filter(|cell| {
        let profile = cell.scenario.profile;
        let is_violated = cell.expected.is_some_and(|finding| finding.violated().is_some());
        is_violated && matches!(profile, Profile::Nfs3Drc | Profile::Nfs3Nodrc)
    });
    let mut staged = 0;
    for cell in cells {
        let trace = counterexample(cell.entry, &cell.scenario);
        let (name, profile, steps) = (cell.entry.name, trace.scenario.profile.name(), trace.steps.len());
        let is_staged = stage(cell.entry, &trace).is_ok();
        println!(
            "{name} in {profile}: {steps} steps, {}{}",
            trace.property,
            if is_staged { "" } else { ": not on the wire" }
        );
        assert_eq!(is_staged, !OF_PATCHWORK.contains(&name), "{trace}");
        staged += usize::from(is_staged);
    }
    assert_ne!(staged, 0);
}

#[test]
fn a_release_that_comes_late_takes_the_lock_of_the_next() {
    let entry = catalogue::find("mkdir_lock.removed_twice").expect("it is in the catalogue");
    let trace = counterexample(entry, &entry.scenario());
    assert_eq!(trace.property, Property::NotDispossessed);
    stage(entry, &trace).expect("nothing is listed");
}

#[test]
fn our_client_does_not_believe_that_its_own_directory_is_anothers() {
    let entry = catalogue::find("mkdir_lock.reply_lost").expect("it is in the catalogue");
    let trace = counterexample(entry, &entry.scenario());
    assert_eq!(trace.property, Property::CanBeTaken);
    let mut stage = stage(entry, &trace).expect("nothing is listed");
    assert_eq!(stage.tree(), ["lock/"]);
    assert_eq!(stage.answer("A1"), Err(FsError::Io), "it was executed twice, and the second time refused");
    let looks = stage.eye.exists(&"lock".parse().expect("a path"));
    assert_eq!(looks, Ok(true));
}
