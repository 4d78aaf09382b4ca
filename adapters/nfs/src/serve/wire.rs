//! The wire between clients and a server: it passes records on, and does the damage that the plan asks for.
//!
//! One thread a connection, which has at most one call under way: what the clients of this crate do anyway, and what others
//! notice as a server that answers in order. Calls go to the server under numbers of the wire's own, so that the server
//! takes a copy of a call for another call.

use std::{
    collections::HashMap,
    io::{self, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{
    Programs,
    call::{Call, Procedure},
    gate::{Gate, Held},
    plan::{Fault, Figures, Plan},
    replies::Replies,
};
use crate::{line::cut, record};

/// The longest that the server behind may take for a call.
const ANSWER: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Wire {
    at: SocketAddr,
    programs: Programs,
    state: Mutex<State>,
    replies: Option<Replies>,
    xid: AtomicU32,
    is_over: AtomicBool,
    listening: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct State {
    plan: Plan,
    figures: Figures,
    /// Calls that are executed when so many have come in.
    put_off: Vec<(u64, Call)>,
    /// Where calls that change something wait, if they do.
    gate: Option<Gate>,
    /// The connections of clients, by a number each.
    clients: HashMap<u64, TcpStream>,
    connections: u64,
}

/// The connections of one client's connection to the server behind, made when they are needed.
#[derive(Default)]
struct Behind {
    mount: Option<TcpStream>,
    nfs: Option<TcpStream>,
}

impl Wire {
    /// Listens in a thread of its own.
    pub(super) fn start(listener: TcpListener, programs: Programs, plan: Plan) -> io::Result<Arc<Self>> {
        let wire = Arc::new(Self {
            at: listener.local_addr()?,
            programs,
            replies: plan.keeps_replies().then(Replies::default),
            state: Mutex::new(State {
                plan,
                figures: Figures::default(),
                put_off: Vec::new(),
                gate: None,
                clients: HashMap::new(),
                connections: 0,
            }),
            xid: AtomicU32::new(1),
            is_over: AtomicBool::new(false),
            listening: Mutex::new(None),
        });
        let listening = {
            let wire = wire.clone();
            thread::Builder::new().name("nfs-wire".to_owned()).spawn(move || wire.listen(&listener))?
        };
        *wire.listening.lock().unwrap_or_else(PoisonError::into_inner) = Some(listening);
        Ok(wire)
    }

    pub(super) fn figures(&self) -> Figures {
        self.state().figures
    }

    pub(super) fn restart(&self) {
        let mut state = self.state();
        state.figures.restarts += 1;
        let forgets = state.plan.forgets();
        state.hang_up();
        drop(state);
        if let Some(replies) = self.replies.as_ref().filter(|_| forgets) {
            replies.forget();
        }
    }

    pub(super) fn flush(&self) {
        let due = std::mem::take(&mut self.state().put_off);
        for (_, call) in due {
            self.execute_late(&call);
        }
    }

    pub(super) fn calm(&self) {
        self.state().plan.calm();
        self.flush();
    }

    pub(super) fn hold(&self, gate: Gate) {
        self.state().gate = Some(gate);
    }

    /// Ends all connections, and listens no longer.
    pub(super) fn stop(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        self.state().gate = None;
        self.state().hang_up();
        let listening = self.listening.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Wakes the listener, which waits for a client.
        if let (Ok(_), Some(listening)) = (TcpStream::connect(self.at), listening) {
            // A thread that panicked has ended as well.
            let _ = listening.join();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(self: Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            let Ok(client) = client else { continue };
            let wire = self.clone();
            // A client that cannot be served now is dropped, and comes again.
            let _ = thread::Builder::new().name("nfs-client".to_owned()).spawn(move || wire.serve(client));
        }
    }

    fn serve(self: &Arc<Self>, mut client: TcpStream) {
        let Ok(handle) = client.try_clone() else { return };
        let number = {
            let mut state = self.state();
            state.connections += 1;
            let number = state.connections;
            state.clients.insert(number, handle);
            number
        };
        let mut behind = Behind::default();
        while self.pass(&mut client, &mut behind).is_some() {}
        self.state().clients.remove(&number);
        cut(&client);
        // The handle above may still be in use elsewhere.
        let _ = client.shutdown(Shutdown::Both);
    }

    /// Passes one call on, and its reply back; `None` when that was the last of this connection.
    fn pass(self: &Arc<Self>, client: &mut TcpStream, behind: &mut Behind) -> Option<()> {
        let call = Call::parse(record::read(client).ok()?)?;
        // A guard in the condition would be held for as long as the call waits.
        let gate = self.state().gate.clone();
        if let Some(gate) = gate.filter(|_| call.procedure.changes()) {
            let (held, fate) = Held::new(self.clone(), call);
            gate.arrived(held);
            return client.write_all(&fate.wait()?).ok();
        }
        let (fault, due) = self.state().arrival(call.procedure);
        for call in &due {
            self.execute_late(call);
        }
        match fault {
            Some(Fault::LoseCall) => None,
            Some(Fault::Restart) => {
                self.restart();
                None
            }
            Some(Fault::Late { after }) => {
                self.state().put_off(after, call);
                None
            }
            Some(Fault::LoseReply) => {
                self.answer(&call, behind)?;
                None
            }
            Some(Fault::CutReply) => {
                let reply = self.answer(&call, behind)?;
                let length = self.state().plan.cut(reply.len());
                // The client may be gone.
                let _ = client.write_all(&reply[..length]);
                None
            }
            Some(Fault::DelayReply(delay)) => {
                let reply = self.answer(&call, behind)?;
                thread::sleep(delay);
                client.write_all(&reply).ok()
            }
            Some(Fault::Repeat { after }) => {
                let reply = self.answer(&call, behind)?;
                self.state().put_off(after, call);
                client.write_all(&reply).ok()
            }
            None => client.write_all(&self.answer(&call, behind)?).ok(),
        }
    }

    /// The reply to a call: the one that is kept, or that of the server behind.
    fn answer(&self, call: &Call, behind: &mut Behind) -> Option<Vec<u8>> {
        match self.replies.as_ref().filter(|_| call.procedure.changes()) {
            None => self.execute(call, behind),
            Some(replies) => {
                let reply = replies.get(&call.record, || self.execute(call, behind))?;
                self.state().figures.remembered += u64::from(reply.is_old);
                Some(reply.record)
            }
        }
    }

    /// The same, for a call that was held, and so has no connection of its own to the server behind.
    pub(super) fn answer_held(&self, call: &Call) -> Option<Vec<u8>> {
        self.answer(call, &mut Behind::default())
    }

    /// A call that was under way for long; nobody waits for its reply.
    pub(super) fn execute_late(&self, call: &Call) {
        self.state().figures.late += 1;
        self.answer(call, &mut Behind::default());
    }

    fn execute(&self, call: &Call, behind: &mut Behind) -> Option<Vec<u8>> {
        let (stream, server) = if call.is_mount() {
            (&mut behind.mount, self.programs.mount)
        } else {
            (&mut behind.nfs, self.programs.nfs)
        };
        if stream.is_none() {
            let connected = TcpStream::connect_timeout(&server, ANSWER).ok()?;
            connected.set_nodelay(true).ok()?;
            connected.set_read_timeout(Some(ANSWER)).ok()?;
            *stream = Some(connected);
        }
        let stream = stream.as_mut()?;
        let xid = self.xid.fetch_add(1, Ordering::Relaxed);
        stream.write_all(&call.numbered(xid, self.programs.is_ours)?).ok()?;
        let mut reply = record::read(stream).ok()?;
        // The client's own number goes back where it was.
        reply.get_mut(4..8)?.copy_from_slice(&record::xid(&call.record)?);
        Some(reply)
    }
}

impl State {
    /// Counts a call that came in; what happens to it, and what is to be executed before it.
    fn arrival(&mut self, procedure: Procedure) -> (Option<Fault>, Vec<Call>) {
        self.figures.calls += 1;
        let fault = self.plan.next(procedure);
        self.figures.faults += u64::from(fault.is_some());
        let now = self.figures.calls;
        let due = self.put_off.extract_if(.., |(at, _)| *at <= now).map(|(_, call)| call).collect();
        (fault, due)
    }

    fn put_off(&mut self, after: u64, call: Call) {
        self.put_off.push((self.figures.calls + after, call));
    }

    fn hang_up(&mut self) {
        for client in self.clients.values() {
            cut(client);
            // A client that is gone already needs none.
            let _ = client.shutdown(Shutdown::Both);
        }
        self.clients.clear();
    }
}
