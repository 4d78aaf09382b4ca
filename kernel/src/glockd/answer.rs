//! One command at a time: what it changes, and what is answered.

use alloc::vec::Vec;

use core::time::Duration;

use crate::clock::Instant;

use super::{
    Glockd,
    clients::{Busy, ClientId, Life, Name},
    command::{Command, NoCommand},
    dump::{Dump, Form, known_as},
    fences::Fence,
    grace::Grace,
    reply::Reply,
    shared::Joined,
};

impl Glockd {
    /// Does what a line says.
    pub(super) fn answer(&mut self, id: ClientId, line: &[u8], now: Instant) {
        let command = Command::parse(line);
        self.statistics.count(command.as_ref().ok());
        match command {
            Ok(command) if !self.is_allowed(id, &command) => self.forbid(id),
            Ok(command) => self.carry_out(id, &command, now),
            Err(NoCommand::Form(form)) => self.reply(id, Reply::Usage(form)),
            Err(NoCommand::Unknown) => {}
        }
    }

    fn carry_out(&mut self, id: ClientId, command: &Command<'_>, now: Instant) {
        match command {
            Command::Get(name) => self.get(id, name),
            Command::Release(name) => self.release(id, name, now),
            Command::Inspect(name) => {
                // Of what was not claimed yet nobody knows whether it is held.
                let is_held = self.exclusive.hold(name).is_some() || self.grace.is_some();
                self.reply(id, if is_held { Reply::Locked(name) } else { Reply::NotLocked(name) });
            }
            Command::SharedGet(name) => self.shared_get(id, name),
            Command::SharedRelease(name) => {
                let released = self.shared.release(&mut self.clients, name, id.small());
                self.reply(id, if released { Reply::SharedReleased(name) } else { Reply::SharedCannotRelease(name) });
            }
            Command::SharedInspect(name) => match self.shared.count(name) {
                0 => self.reply(id, Reply::SharedNotLocked(name)),
                count => self.reply(id, Reply::SharedLocked(count, name)),
            },
            Command::List(_) | Command::SharedList(_) | Command::Dump | Command::SharedDump | Command::Who(_) => {
                self.show(id, command);
            }
            Command::Statistics => {
                let mut shown = Vec::new();
                self.write_statistics(&mut shown);
                self.emit(id, |out| out.extend_from_slice(&shown));
            }
            Command::Me => self.tell(id, |client| Reply::Me { from: client.from.as_bytes(), name: known_as(client) }),
            Command::Iam(name) => self.iam(id, name),
            Command::Hello => self.hello(id, now),
            Command::Ping => self.reply(id, Reply::Pong),
            Command::Pong => {}
            Command::Lock(name, wait) => self.lock(id, name, *wait, now),
            Command::SharedLimited(name, limit) => self.shared_limited(id, name, *limit),
            Command::Back(name, fence) => self.back(id, name, *fence),
        }
    }

    fn get(&mut self, id: ClientId, name: &[u8]) {
        if self.grace.is_some() || self.has_too_many(id) {
            return self.get_again(id, name);
        }
        let epoch = self.fences.epoch();
        let slot = self.exclusive.take(&mut self.clients, name, id.small(), &mut self.fences).slot;
        self.persist_after(epoch);
        self.reply(id, if slot == id.small() { Reply::Got(name) } else { Reply::CannotGet(name) });
    }

    /// What is answered to who can be given nothing that it does not hold.
    fn get_again(&mut self, id: ClientId, name: &[u8]) {
        match self.exclusive.hold(name) {
            Some(hold) if hold.slot == id.small() => self.reply(id, Reply::Got(name)),
            None if self.grace.is_none() => self.refuse(id, Reply::TooManyLocks),
            _ => self.reply(id, Reply::CannotGet(name)),
        }
    }

    fn release(&mut self, id: ClientId, name: &[u8], now: Instant) {
        match self.exclusive.release(&mut self.clients, name, id.small()) {
            Some(name) => {
                self.reply(id, Reply::Released(&name));
                self.serve(&name, now);
            }
            None => self.reply(id, Reply::CannotRelease(name)),
        }
    }

    fn lock(&mut self, id: ClientId, name: &[u8], wait: Duration, now: Instant) {
        let hold = self.exclusive.hold(name);
        let is_settled = |grace: &Grace| grace.has_granted() && !self.queue.lines.contains_key(name);
        let is_free = hold.is_none() && self.grace.as_ref().is_none_or(is_settled);
        if let Some(hold) = hold.filter(|hold| hold.slot == id.small()) {
            return self.reply(id, Reply::Granted { count: 1, fence: hold.fence });
        }
        if self.has_too_many(id) {
            return self.refuse(id, Reply::TooManyLocks);
        }
        if is_free {
            let fence = self.grant(id.small(), name.into());
            return self.reply(id, Reply::Granted { count: 1, fence });
        }
        if wait.is_zero() {
            self.statistics.waits_timed_out += 1;
            return self.reply(id, Reply::TimedOut);
        }
        if self.queue.waiting >= self.settings.waiters {
            return self.refuse(id, Reply::QueueFull);
        }
        let name = self.exclusive.held.get_key_value(name).map_or_else(|| Name::from(name), |(name, _)| name.clone());
        self.queue.join(Name::clone(&name), id.small());
        if let Some(client) = self.clients.get(id) {
            let until = now.saturating_add(wait.min(self.settings.wait));
            client.busy = Busy::Waits { name, until };
        }
        self.set_alarm(id, now);
    }

    /// Gives the lock, which nobody holds, to the client in `slot`.
    pub(super) fn grant(&mut self, slot: u32, name: Name) -> Fence {
        let fence = self.next_fence();
        self.exclusive.grant(&mut self.clients, name, slot, fence);
        fence
    }

    fn next_fence(&mut self) -> Fence {
        let epoch = self.fences.epoch();
        let fence = self.fences.next();
        self.persist_after(epoch);
        fence
    }

    /// Where the fences have come to another epoch than this, that is persisted.
    fn persist_after(&mut self, epoch: u32) {
        if self.fences.epoch() != epoch {
            self.persist(false);
        }
    }

    /// Gives the lock to who has waited longest for it, unless somebody holds it.
    pub(super) fn serve(&mut self, name: &[u8], now: Instant) {
        if self.queue.waiting == 0 || self.exclusive.hold(name).is_some() {
            return;
        }
        let Some(slot) = self.queue.next(name) else { return };
        let Some(id) = self.clients.see_at(slot).map(|client| client.id) else { return };
        let fence = self.grant(slot, name.into());
        self.statistics.waits_granted += 1;
        self.reply(id, Reply::Granted { count: 1, fence });
        self.is_free_again(id);
        self.set_alarm(id, now);
    }

    fn shared_get(&mut self, id: ClientId, name: &[u8]) {
        if self.has_too_many(id) && !self.shared.has(name, id.small()) {
            return self.refuse(id, Reply::TooManyLocks);
        }
        if self.grace.is_some() {
            return self.reply(id, Reply::SharedCannotGet(name));
        }
        match self.shared.join(&mut self.clients, name, id.small(), None) {
            Joined::Of(count) => self.reply(id, Reply::SharedGot(count, name)),
            Joined::Full | Joined::OtherLimit(_) => self.reply(id, Reply::SharedCannotGet(name)),
        }
    }

    fn shared_limited(&mut self, id: ClientId, name: &[u8], limit: u32) {
        if self.has_too_many(id) && !self.shared.has(name, id.small()) {
            return self.refuse(id, Reply::TooManyLocks);
        }
        if self.grace.is_some() {
            return self.reply(id, Reply::SharedCannotGet(name));
        }
        match self.shared.join(&mut self.clients, name, id.small(), Some(limit)) {
            Joined::Of(count) => {
                let fence = self.next_fence();
                self.reply(id, Reply::Granted { count, fence });
            }
            Joined::Full => self.reply(id, Reply::LimitReached),
            Joined::OtherLimit(limit) => self.reply(id, Reply::LimitIs(limit)),
        }
    }

    fn show(&mut self, id: ClientId, command: &Command<'_>) {
        if !self.settings.dump || (matches!(command, Command::Who(_)) && !self.settings.registry) {
            return self.reply(id, Reply::Disabled);
        }
        let mut shown = Vec::new();
        match command {
            Command::List(Some(name)) => self.list_one(name, &mut shown),
            Command::SharedList(Some(name)) => self.shared_list_one(name, &mut shown),
            Command::Who(Some(name)) => self.who_is(name, &mut shown),
            Command::SharedList(None) => return self.begin_dump(id, Dump::Held(Form::SharedList, None)),
            Command::Dump => return self.begin_dump(id, Dump::Held(Form::Map, None)),
            Command::SharedDump => return self.begin_dump(id, Dump::Held(Form::SharedMap, None)),
            Command::Who(None) => return self.begin_dump(id, Dump::Who(None)),
            _ => return self.begin_dump(id, Dump::Held(Form::List, None)),
        }
        self.emit(id, |out| out.extend_from_slice(&shown));
    }

    fn iam(&mut self, id: ClientId, name: &[u8]) {
        if !self.settings.registry {
            return self.reply(id, Reply::Disabled);
        }
        let Some(client) = self.clients.get(id) else { return };
        client.name = Some(name.into()).filter(|_| !name.is_empty());
        let place = (client.from.clone(), id.small());
        if name.is_empty() {
            self.registry.remove(&place);
        } else {
            self.registry.insert(place);
        }
        self.reply(id, Reply::Ok);
    }

    fn hello(&mut self, id: ClientId, now: Instant) {
        let (silence_s, epoch) = (self.settings.silence.as_secs(), self.fences.epoch());
        if let Some(client) = self.clients.get(id) {
            client.life = Life::Shown;
        }
        self.set_alarm(id, now);
        self.tell(id, |client| Reply::Hello { silence_s, epoch, from: client.from.as_bytes() });
    }

    pub(super) fn has_too_many(&self, id: ClientId) -> bool {
        self.clients.see(id).is_none_or(|client| {
            let claims = if let Busy::Claims(claims) = &client.busy { claims.len() } else { 0 };
            client.held.len() + client.shared.len() + claims >= self.settings.locks_each
        })
    }

    pub(super) fn forbid(&mut self, id: ClientId) {
        self.statistics.forbidden += 1;
        self.reply(id, Reply::NotAllowed);
    }

    pub(super) fn refuse(&mut self, id: ClientId, reply: Reply<'_>) {
        self.statistics.refused += 1;
        self.reply(id, reply);
    }
}
