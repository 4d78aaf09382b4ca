//! A client that goes by the protocol: what it asks, what it makes of the answers, and what it takes for its own.

use smallvec::{SmallVec, smallvec};

use super::scenario::{Flaw, Kind, Property, Scenario};

/// Something for each name. There are two names at most, and states are copied often.
pub(super) type Each<T> = SmallVec<[T; 2]>;

/// A command, about the name of this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Ask {
    Ping,
    Get(u8),
    Lock(u8),
    Release(u8),
    /// A release of what is another's.
    Stray(u8),
    Join(u8),
    Part(u8),
    Back(u8, u64),
}

impl Ask {
    /// The line, with its end.
    pub(super) fn line(self, scenario: &Scenario) -> String {
        let name = |name: u8| scenario.names[usize::from(name)];
        match self {
            Self::Ping => "ping\n".into(),
            Self::Get(number) => format!("g {}\n", name(number)),
            Self::Lock(number) => format!("lg {} {}\n", name(number), scenario.wait),
            Self::Release(number) | Self::Stray(number) => format!("r {}\n", name(number)),
            Self::Join(number) => format!("sg {}\n", name(number)),
            Self::Part(number) => format!("sr {}\n", name(number)),
            Self::Back(number, fence) => format!("back {} {fence}\n", name(number)),
        }
    }
}

/// What a client knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Peer {
    pub(super) is_online: bool,
    pub(super) connects_left: u8,
    pub(super) commands_left: u8,
    /// What was sent and not answered, and when.
    pub(super) unanswered: SmallVec<[(Ask, u8); 2]>,
    /// When the last line was sent that was answered.
    pub(super) confirmed: u8,
    /// For each name the fence of the grant, 0 where none was told.
    pub(super) holds: Each<Option<u64>>,
    pub(super) joined: Each<bool>,
    /// What it held when its connection was lost.
    pub(super) lost: Each<Option<u64>>,
}

impl Peer {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let names = scenario.names.len();
        Self {
            is_online: false,
            connects_left: scenario.connects,
            commands_left: scenario.commands,
            unanswered: SmallVec::new(),
            confirmed: 0,
            holds: smallvec![None; names],
            joined: smallvec![false; names],
            lost: smallvec![None; names],
        }
    }

    /// Whether it takes the lock for its own.
    pub(super) fn believes(&self, name: usize, scenario: &Scenario, now: u8) -> bool {
        let is_sure = !scenario.says_hello || now < self.confirmed + Scenario::SILENCE;
        self.is_online && self.holds[name].is_some() && is_sure
    }

    /// What it may ask next.
    pub(super) fn asks(&self, scenario: &Scenario, now: u8) -> Vec<Ask> {
        let mut asks = Vec::new();
        if !self.is_online || self.unanswered.len() >= usize::from(scenario.ahead) {
            return asks;
        }
        let kinds = scenario.asks.iter();
        for kind in kinds.filter(|kind| self.commands_left > 0 || **kind == Kind::Ping) {
            if *kind == Kind::Ping {
                asks.extend(self.has_use_for_ping(now).then_some(Ask::Ping));
                continue;
            }
            for (number, name) in (0..).zip(0..scenario.names.len()) {
                let asked = self.unanswered.iter().any(|(ask, _)| {
                    matches!(ask, Ask::Get(of) | Ask::Lock(of) | Ask::Join(of) | Ask::Back(of, _) if *of == number)
                });
                let is_free = !asked && self.holds[name].is_none();
                asks.extend(match kind {
                    Kind::Get => is_free.then_some(Ask::Get(number)),
                    Kind::Lock => is_free.then_some(Ask::Lock(number)),
                    Kind::Release => self.holds[name].map(|_| Ask::Release(number)),
                    Kind::Stray => is_free.then_some(Ask::Stray(number)),
                    Kind::Join => (!asked && !self.joined[name]).then_some(Ask::Join(number)),
                    Kind::Part => self.joined[name].then_some(Ask::Part(number)),
                    Kind::Back => {
                        self.lost[name].filter(|fence| is_free && *fence > 0).map(|fence| Ask::Back(number, fence))
                    }
                    Kind::Ping => None,
                });
            }
        }
        asks
    }

    fn has_use_for_ping(&self, now: u8) -> bool {
        let holds = self.holds.iter().any(Option::is_some);
        holds && self.confirmed < now && !self.unanswered.iter().any(|(_, sent)| *sent == now)
    }

    /// Notes what it sends. A lock is its own until it asks for its release.
    pub(super) fn sends(&mut self, ask: Ask, now: u8) {
        match ask {
            Ask::Ping => {}
            _ => self.commands_left -= 1,
        }
        match ask {
            Ask::Release(name) => self.holds[usize::from(name)] = None,
            Ask::Part(name) => self.joined[usize::from(name)] = false,
            Ask::Back(name, _) => self.lost[usize::from(name)] = None,
            _ => {}
        }
        self.unanswered.push((ask, now));
    }

    /// Makes what it can of an answer.
    pub(super) fn hears(&mut self, answer: &str, scenario: &Scenario, now: u8) -> Result<(), (Property, String)> {
        let misfit = |why: &str| Err((Property::AnswersFit, format!("`{answer}` is {why}")));
        if self.unanswered.is_empty() {
            return misfit("an answer to nothing");
        }
        let (ask, sent) = self.unanswered.remove(0);
        let from_answer = scenario.flaw == Some(Flaw::CountsFromAnswer);
        self.confirmed = self.confirmed.max(if from_answer { now } else { sent });
        let is_yes = !answer.starts_with('0');
        let expected = match ask {
            Ask::Ping => "1 Pong",
            Ask::Release(_) | Ask::Part(_) => "1 Released Lock",
            Ask::Stray(_) => "Release",
            _ if is_yes => "Got Lock",
            _ => "0 ",
        };
        if !answer.contains(expected) {
            return misfit(&format!("no answer to {ask:?}"));
        }
        match ask {
            Ask::Get(name) if is_yes => self.holds[usize::from(name)] = Some(0),
            Ask::Lock(name) | Ask::Back(name, _) if is_yes => {
                let fence = answer.rsplit(' ').next().and_then(|word| word.parse().ok());
                self.holds[usize::from(name)] = Some(fence.unwrap_or(0));
            }
            Ask::Join(name) => self.joined[usize::from(name)] = is_yes,
            _ => {}
        }
        Ok(())
    }

    /// It is connected, and the server has its `hello`.
    pub(super) fn connects(&mut self, now: u8) {
        self.is_online = true;
        self.connects_left -= 1;
        self.confirmed = now;
    }

    /// Its connection is lost, and it knows.
    pub(super) fn loses(&mut self) {
        self.is_online = false;
        self.unanswered.clear();
        self.joined.fill(false);
        self.confirmed = 0;
        for (lost, hold) in self.lost.iter_mut().zip(&mut self.holds) {
            *lost = hold.take().or(*lost);
        }
    }

    /// It goes, and comes back knowing nothing.
    pub(super) fn goes(&mut self) {
        self.loses();
        self.lost.fill(None);
    }
}
