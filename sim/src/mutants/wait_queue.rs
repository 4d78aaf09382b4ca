//! Broken variants of the wait queue. Each is the shipped code but for the one thing its name tells.

use lockwright_kernel::{
    blocking::LineError,
    clock::Instant,
    fs::{Fs, FsError},
    id::Id,
    path::Name,
    wait_queue::{Admission, Door, Place, QueueError, Ticket, Turn, Wait, WaitQueue, Want},
    watch::{Wake, Watch},
};

use crate::{
    protocol::Property,
    replay::Replay,
    scenarios::{
        QueueClients,
        fair_worlds::{IN_TIME, LEASED, NobodyKnows, leased, standing},
        fast_lock::{lock_path, word},
        queue_clients::Line,
        wait_queue::{CUTTING, DOWNGRADING, FAIR_LOCK, LAST, READ_WRITE, WAITING, queue, short_queue, ticket_dir},
    },
};

/// A number is read, and the ticket appears later, with nobody waiting for those in between: Coordinator's time stamps.
pub const NO_DOORWAY: QueueClients = QueueClients { make: no_doorway, ..FAIR_LOCK };

/// The flag in the door goes down before the ticket is up.
pub const FLAG_DOWN_FIRST: QueueClients = QueueClients { make: flag_down_first, ..FAIR_LOCK };

/// A waiter looks first and watches the line after. (If it watched the ticket before it, as the shipped one does, there
/// would be no harm: that is gone when it leaves, and a watch that comes too late is told so.)
pub const LOOK_THEN_WATCH: QueueClients = QueueClients { waits: Some(look_then_watch), ..WAITING };

/// A waiter that is asked to leave gives its ticket back, and goes on waiting for its turn. Everybody overtakes it.
pub const WAITS_WITHOUT_TICKET: QueueClients = QueueClients { make: waits_without_ticket, in_order: true, ..CUTTING };

/// A waiter that is asked to leave gives its ticket back, and takes its turn when nobody is before it.
pub const HOLDS_WITHOUT_TICKET: QueueClients = QueueClients { make: holds_without_ticket, ..CUTTING };

/// A contender looks along the line first, and into the door after: who goes from one to the other in between is seen in
/// neither.
pub const LINE_BEFORE_DOOR: QueueClients = QueueClients { make: line_before_door, ..FAIR_LOCK };

/// A waiter finds that what it wants to watch is gone, and watches what it stood in, without another look.
pub const GONE_IS_WAITED_FOR: QueueClients = QueueClients { waits: Some(gone_is_waited_for), ..WAITING };

/// Who cuts in stops where somebody has left meanwhile.
pub const CUT_STOPS_HALF_WAY: QueueClients = QueueClients { make: cut_stops_half_way, ..CUTTING };

/// Who cuts in takes the turn of those whom it asked to leave, before they have left.
pub const CUT_STEALS: QueueClients = QueueClients { make: cut_steals, ..CUTTING };

/// Nobody asks who is dead.
pub const DEAD_BLOCK_THE_LINE: QueueClients = QueueClients { make: dead_block_the_line, ..FAIR_LOCK };

/// A writer becomes a reader by renaming its ticket. A listing under way misses both names.
pub const DOWNGRADE_BY_RENAME: QueueClients =
    QueueClients { make: downgrade_by_rename, wants: |_| Want::Alone, ..DOWNGRADING };

/// A reader looks for a writer, and takes its ticket then.
pub const READER_LOOKS_THEN_REGISTERS: QueueClients = QueueClients { make: looks_then_registers, ..READ_WRITE };

/// A reader that wants to write waits until it is alone, and so does another.
pub const UPGRADE_IN_PLACE: QueueClients =
    QueueClients { make: upgrade_in_place, wants: |_| Want::Shared, upgrades: true, ..READ_WRITE };

/// A lease is counted from the ticket's stamp to what the reader's wall clock says, which are two clocks.
pub const LEASE_BY_THE_WALL_CLOCK: QueueClients =
    QueueClients { make: |world| Box::new(leased(world, |_, world| world.wall_clock())), ..LEASED };

/// Who has to wait gives its place back, and comes again at the end of the line.
pub const COMES_AGAIN: QueueClients = QueueClients {
    make: |world| Box::new(standing(world, |turn| if matches!(turn, Turn::Wait(_)) { Turn::Cut } else { turn })),
    promises: &[Property::NoStarvation],
    ..IN_TIME
};

type World<'a> = &'a Replay<'a>;
type Queue<'a> = WaitQueue<World<'a>, World<'a>, World<'a>>;

/// The shipped queue, with some operations replaced.
struct Altered<'a> {
    world: World<'a>,
    queue: Queue<'a>,
    join: fn(&Altered<'_>, &Id, Want) -> Result<Ticket, QueueError>,
    turn: fn(&Altered<'_>, &mut Ticket) -> Result<Turn, QueueError>,
    cut_in: fn(&Altered<'_>, &Ticket) -> Result<(), QueueError>,
    downgrade: fn(&Altered<'_>, &mut Ticket) -> Result<(), QueueError>,
    upgrade: fn(&Altered<'_>, &Ticket) -> Result<(), QueueError>,
}

impl<'a> Altered<'a> {
    fn new(world: World<'a>, queue: Queue<'a>) -> Self {
        Self {
            world,
            queue,
            join: |this, me, want| this.queue.join(me, want),
            turn: |this, ticket| this.queue.turn(ticket),
            cut_in: |this, ticket| this.queue.cut_in(ticket),
            downgrade: |this, ticket| this.queue.downgrade(ticket),
            upgrade: |this, ticket| this.queue.upgrade(ticket),
        }
    }

    /// The places that are taken, in order.
    fn line(&self) -> Result<Vec<(Place, Name)>, FsError> {
        let names = match self.world.list(&lock_path()) {
            Err(FsError::NotFound) => Vec::new(),
            listed => listed?,
        };
        let read = |name: Name| {
            let (number, want) = match name.as_str().strip_suffix("-shared") {
                Some(number) => (number.parse(), Want::Shared),
                None => (name.as_str().parse(), Want::Alone),
            };
            Some((Place { number: number.ok()?, want }, name))
        };
        Ok(names.into_iter().filter_map(read).collect())
    }

    /// Asks for the turn as the shipped queue does. A waiter that is asked to leave does so without a word.
    fn turn_or_go(&self, ticket: &mut Ticket) -> Result<(Turn, bool), QueueError> {
        let turn = self.queue.turn(ticket)?;
        if turn != Turn::Cut {
            return Ok((turn, false));
        }
        let is_first = self.line()?.iter().all(|(place, _)| *place >= ticket.place);
        let leaf = ticket_dir(ticket.place, CUTTING.last).join(ticket.id.name());
        if is_first && self.world.exists(&leaf)? {
            return Ok((turn, is_first));
        }
        match self.queue.leave(ticket) {
            Ok(()) | Err(QueueError::NotInLine) => {
                let wait = Wait { on: lock_path(), death_of: None, looks_again: false };
                Ok((Turn::Wait(wait), is_first))
            }
            Err(error) => Err(error),
        }
    }
}

impl Line for Altered<'_> {
    fn join(&self, me: &Id, want: Want) -> Result<Ticket, QueueError> {
        (self.join)(self, me, want)
    }
    fn turn(&self, ticket: &mut Ticket) -> Result<Turn, QueueError> {
        (self.turn)(self, ticket)
    }
    fn leave(&self, ticket: &Ticket) -> Result<(), QueueError> {
        self.queue.leave(ticket)
    }
    fn cut_in(&self, ticket: &Ticket) -> Result<(), QueueError> {
        (self.cut_in)(self, ticket)
    }
    fn downgrade(&self, ticket: &mut Ticket) -> Result<(), QueueError> {
        (self.downgrade)(self, ticket)
    }
    fn upgrade(&self, ticket: &Ticket) -> Result<(), QueueError> {
        (self.upgrade)(self, ticket)
    }
    fn find(&self, me: &Id) -> Result<Option<Ticket>, QueueError> {
        self.queue.find(me)
    }
}

fn no_doorway<'a>(world: World<'a>) -> Box<dyn Line + 'a> {
    let join: fn(&Altered<'_>, &Id, Want) -> _ = |this, me, want| {
        let ticket = this.queue.join(me, want)?;
        Ok(Ticket { door: Door::Passed, ..ticket })
    };
    Box::new(Altered { join, ..Altered::new(world, queue(world, Admission::ONE)) })
}

fn flag_down_first<'a>(world: World<'a>) -> Box<dyn Line + 'a> {
    let join: fn(&Altered<'_>, &Id, Want) -> _ = |this, me, want| {
        let (world, door, aside) = (this.world, lock_path().join(&word("door")), lock_path().join(me.name()));
        let flag = door.join(me.name());
        world.ensure_dir(&lock_path())?;
        for dir in [door, flag.clone(), flag.join(me.name())] {
            world.ensure_dir(&dir).map_err(disturbed)?;
        }
        let first = this.line()?.last().map_or(1, |(place, _)| place.number + 1);
        world.rename(&flag, &aside).map_err(disturbed)?;
        for number in first..=LAST.into() {
            let place = Place { number, want };
            match world.rename(&aside, &ticket_dir(place, LAST)) {
                Ok(()) => return Ok(Ticket { id: me.clone(), place, door: Door::NotSeen }),
                Err(FsError::NotEmpty) => {}
                Err(error) => return Err(error.into()),
            }
        }
        world.discard_dir(&aside.join(me.name()))?;
        world.discard_dir(&aside)?;
        world.discard_dir(&lock_path().join(&word("door")))?;
        world.discard_dir(&lock_path())?;
        Err(QueueError::Disturbed)
    };
    Box::new(Altered { join, ..Altered::new(world, queue(world, Admission::ONE)) })
}

fn disturbed(error: FsError) -> QueueError {
    if error == FsError::NotFound { QueueError::Disturbed } else { error.into() }
}

fn look_then_watch(world: &Replay<'_>, ticket: &mut Ticket, until: Option<Instant>) -> Result<(), LineError> {
    match queue(world, Admission::ONE).turn(ticket)? {
        Turn::Holding => return Ok(()),
        Turn::Cut => return Err(LineError::Cut),
        Turn::Wait(wait) => match world.watch(&lock_path()) {
            Ok(watch) => {
                if world.wait(watch, wait.death_of.as_ref(), until)? != Wake::Changed {
                    return Err(LineError::TimedOut { behind: None });
                }
            }
            Err(FsError::NotFound) => {}
            Err(error) => return Err(LineError::Queue(error.into())),
        },
    }
    Err(LineError::Queue(QueueError::Fs(FsError::Exhausted)))
}

fn gone_is_waited_for(world: &Replay<'_>, ticket: &mut Ticket, until: Option<Instant>) -> Result<(), LineError> {
    let queue = queue(world, Admission::ONE);
    let wait = match queue.turn(ticket)? {
        Turn::Holding => return Ok(()),
        Turn::Cut => return Err(LineError::Cut),
        Turn::Wait(wait) => wait,
    };
    let watch = match world.watch(&wait.on) {
        Ok(watch) => match queue.turn(ticket)? {
            Turn::Holding => return Ok(()),
            Turn::Cut => return Err(LineError::Cut),
            Turn::Wait(_) => watch,
        },
        Err(FsError::NotFound) => world.watch(&lock_path()).map_err(QueueError::from)?,
        Err(error) => return Err(LineError::Queue(error.into())),
    };
    match world.wait(watch, wait.death_of.as_ref(), until)? {
        Wake::Changed => Err(LineError::Queue(QueueError::Fs(FsError::Exhausted))),
        _ => Err(LineError::TimedOut { behind: None }),
    }
}

fn line_before_door<'a>(world: World<'a>) -> Box<dyn Line + 'a> {
    let turn: fn(&Altered<'_>, &mut Ticket) -> _ = |this, ticket| {
        let line = this.line()?;
        let wait = |on| Ok(Turn::Wait(Wait { on, death_of: None, looks_again: false }));
        let door = lock_path().join(&word("door"));
        if ticket.door != Door::Passed {
            match this.world.any(&door) {
                Ok(None) | Err(FsError::NotFound) => ticket.door = Door::Passed,
                Ok(Some(_)) => return wait(door),
                Err(error) => return Err(error.into()),
            }
        }
        if line.iter().all(|(place, _)| *place >= ticket.place) { Ok(Turn::Holding) } else { wait(lock_path()) }
    };
    Box::new(Altered { turn, ..Altered::new(world, queue(world, Admission::ONE)) })
}

fn cutting(world: World<'_>) -> Altered<'_> {
    Altered::new(world, short_queue(world).with_cutting())
}

fn waits_without_ticket<'a>(world: World<'a>) -> Box<dyn Line + 'a> {
    Box::new(Altered { turn: |this, ticket| Ok(this.turn_or_go(ticket)?.0), ..cutting(world) })
}

fn holds_without_ticket<'a>(world: World<'a>) -> Box<dyn Line + 'a> {
    let turn: fn(&Altered<'_>, &mut Ticket) -> _ = |this, ticket| match this.turn_or_go(ticket)? {
        (Turn::Wait(_), true) => Ok(Turn::Holding),
        (turn, _) => Ok(turn),
    };
    Box::new(Altered { turn, ..cutting(world) })
}

fn cut_stops_half_way<'a>(world: World<'a>) -> Box<dyn Line + 'a> {
    let cut_in: fn(&Altered<'_>, &Ticket) -> _ = |this, ticket| {
        for (_, name) in this.line()?.iter().filter(|(place, _)| *place < ticket.place) {
            let dir = lock_path().join(name);
            if let Some(id) = this.world.any(&dir)? {
                this.world.remove_dir(&dir.join(&id).join(&word("stay")))?;
            }
        }
        Ok(())
    };
    Box::new(Altered { cut_in, ..cutting(world) })
}

fn cut_steals<'a>(world: World<'a>) -> Box<dyn Line + 'a> {
    let turn: fn(&Altered<'_>, &mut Ticket) -> _ = |this, ticket| match this.queue.turn(ticket)? {
        Turn::Wait(Wait { on, death_of: Some(_), .. })
            if !on.starts_with(&lock_path().join(&word("door"))) && !this.world.exists(&on.join(&word("stay")))? =>
        {
            Ok(Turn::Holding)
        }
        other => Ok(other),
    };
    Box::new(Altered { turn, ..cutting(world) })
}

fn dead_block_the_line<'a>(world: World<'a>) -> Box<dyn Line + 'a> {
    let last = std::num::NonZeroU64::MIN.saturating_add(u64::from(LAST) - 1);
    Box::new(WaitQueue::new(world, NobodyKnows, world, lock_path(), Admission::ONE).with_last_number(last))
}

fn read_write(world: World<'_>) -> Altered<'_> {
    let last = std::num::NonZeroU64::MIN.saturating_add(u64::from(READ_WRITE.last) - 1);
    Altered::new(world, queue(world, Admission::ReadWrite).with_last_number(last))
}

fn downgrade_by_rename<'a>(world: World<'a>) -> Box<dyn Line + 'a> {
    let downgrade: fn(&Altered<'_>, &mut Ticket) -> _ = |this, ticket| {
        let dir = |place| ticket_dir(place, READ_WRITE.last);
        let shared = Place { want: Want::Shared, ..ticket.place };
        this.world.discard_dir(&dir(ticket.place).join(ticket.id.name()).join(&word("alone")))?;
        this.world.rename(&dir(ticket.place), &dir(shared))?;
        ticket.place = shared;
        Ok(())
    };
    Box::new(Altered { downgrade, ..read_write(world) })
}

fn looks_then_registers<'a>(world: World<'a>) -> Box<dyn Line + 'a> {
    let join: fn(&Altered<'_>, &Id, Want) -> _ = |this, me, want| {
        if want == Want::Shared && this.line()?.iter().any(|(place, _)| place.want == Want::Alone) {
            return Err(QueueError::Disturbed);
        }
        this.queue.join(me, want)
    };
    let turn: fn(&Altered<'_>, &mut Ticket) -> _ = |this, ticket| match ticket.place.want {
        Want::Shared if this.world.exists(&lock_path())? => Ok(Turn::Holding),
        _ => this.queue.turn(ticket),
    };
    Box::new(Altered { join, turn, ..read_write(world) })
}

fn upgrade_in_place<'a>(world: World<'a>) -> Box<dyn Line + 'a> {
    let upgrade: fn(&Altered<'_>, &Ticket) -> _ =
        |this, _| if this.line()?.len() > 1 { Err(QueueError::Disturbed) } else { Ok(()) };
    Box::new(Altered { upgrade, ..read_write(world) })
}
