//! What happens when nothing is heard: waits that end, signs of life that are asked for, clients that are taken for gone.

use crate::clock::Instant;

use super::{
    Glockd,
    chores::Chore,
    clients::{Busy, Client, ClientId, Life},
    output::Why,
    reply::Reply,
    settings::Settings,
};

impl Glockd {
    /// When [`Glockd::handle_time`] has something to do next, if nothing else happens.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let grace = self.grace.as_ref().filter(|grace| grace.is_claiming()).map(|grace| grace.ends);
        let alarm = self.alarms.first().map(|(at, _)| *at);
        grace.into_iter().chain(alarm).min()
    }

    /// Does what is due.
    pub fn handle_time(&mut self, now: Instant) {
        while let Some((_, slot)) = self.alarms.first().copied().filter(|(at, _)| *at <= now) {
            self.alarms.pop_first();
            let Some(client) = self.clients.at(slot) else { continue };
            client.alarm = None;
            let id = client.id;
            if client.is_leaving {
                self.chores.push_back(Chore::Release(id));
            } else {
                self.wake(id, now);
                self.set_alarm(id, now);
            }
        }
        self.end_grace(now);
    }

    fn wake(&mut self, id: ClientId, now: Instant) {
        let Some(client) = self.clients.get(id) else { return };
        let silence = now.saturating_since(client.heard);
        if client.life != Life::Unasked && silence >= self.settings.silence {
            self.statistics.silent += 1;
            return self.close(id, Why::Silent);
        }
        let is_of_no_use = client.held.is_empty() && client.shared.is_empty() && client.busy == Busy::Free;
        if is_of_no_use && self.settings.idle.is_some_and(|idle| silence >= idle) {
            return self.close(id, Why::Idle);
        }
        if client.life == Life::Shown && silence >= self.settings.ping {
            client.life = Life::Asked;
            self.reply(id, Reply::Ping);
        }
        self.end_wait(id, now);
    }

    fn end_wait(&mut self, id: ClientId, now: Instant) {
        let Some(Busy::Waits { name, until }) = self.clients.get(id).map(|client| &client.busy) else { return };
        if *until <= now {
            self.queue.leave(name, id.small());
            self.statistics.waits_timed_out += 1;
            self.reply(id, Reply::TimedOut);
            self.is_free_again(id);
        }
    }

    /// Sets when a client is looked at next. What is heard of it only ever makes that later, so it need not be set again for
    /// each line.
    pub(super) fn set_alarm(&mut self, id: ClientId, now: Instant) {
        let Some(client) = self.clients.get(id) else { return };
        let due = due(client, &self.settings, now);
        if client.alarm != due {
            self.alarms.extend(due.map(|at| (at, id.small())));
            if let Some(old) = client.alarm {
                self.alarms.remove(&(old, id.small()));
            }
            client.alarm = due;
        }
    }
}

fn due(client: &Client, settings: &Settings, now: Instant) -> Option<Instant> {
    let wait = if let Busy::Waits { until, .. } = client.busy { Some(until) } else { None };
    let sign_of_life = match client.life {
        Life::Unasked => None,
        Life::Shown => Some(client.heard.saturating_add(settings.ping)),
        Life::Asked => Some(client.heard.saturating_add(settings.silence)),
    };
    let idle = settings.idle.map(|idle| {
        let at = client.heard.saturating_add(idle);
        if at > now { at } else { now.saturating_add(idle) }
    });
    wait.into_iter().chain(sign_of_life).chain(idle).min()
}
