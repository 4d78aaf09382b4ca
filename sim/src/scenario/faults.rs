//! Fault budgets: how many times each kind of fault may happen in a run.

/// How many times each kind of fault may happen, in all.
///
/// A budget is spent step by step, so a search covers every run with fewer faults too. What happens without a limit, as
/// the order of steps, has no budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Faults {
    /// A client's process is killed. Its client goes on as a new one.
    pub crashes: u8,
    /// A call on the file system answers an error that has no cause in the tree.
    pub errors: u8,
    /// Somebody removes an entry who takes no part in the protocol.
    pub removals: u8,
    /// The power is cut: all processes are killed, and the disk is what was durable.
    pub cuts: u8,
    /// What a process should have been told of a watched directory is lost.
    pub losses: u8,
    /// A second goes by, where time is counted.
    pub ticks: u8,
    /// A new process gets the number of a dead one.
    pub reuses: u8,
}

/// A kind of fault that has a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the field of `Faults` of that name")]
pub enum Budget {
    Crashes,
    Errors,
    Removals,
    Cuts,
    Losses,
    Ticks,
    Reuses,
}

impl Budget {
    /// All kinds, in the order in which they are written.
    pub const ALL: [Self; 7] =
        [Self::Crashes, Self::Errors, Self::Removals, Self::Cuts, Self::Losses, Self::Ticks, Self::Reuses];

    /// The word by which it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crashes => "crashes",
            Self::Errors => "errors",
            Self::Removals => "removals",
            Self::Cuts => "cuts",
            Self::Losses => "losses",
            Self::Ticks => "ticks",
            Self::Reuses => "reuses",
        }
    }

    /// The kind that is written so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|budget| budget.name() == name)
    }
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self { crashes: 0, errors: 0, removals: 0, cuts: 0, losses: 0, ticks: 0, reuses: 0 };

    /// The budget of one kind.
    #[must_use]
    pub const fn of(self, budget: Budget) -> u8 {
        match budget {
            Budget::Crashes => self.crashes,
            Budget::Errors => self.errors,
            Budget::Removals => self.removals,
            Budget::Cuts => self.cuts,
            Budget::Losses => self.losses,
            Budget::Ticks => self.ticks,
            Budget::Reuses => self.reuses,
        }
    }

    /// The budget of one kind, to be set.
    #[must_use]
    pub const fn of_mut(&mut self, budget: Budget) -> &mut u8 {
        match budget {
            Budget::Crashes => &mut self.crashes,
            Budget::Errors => &mut self.errors,
            Budget::Removals => &mut self.removals,
            Budget::Cuts => &mut self.cuts,
            Budget::Losses => &mut self.losses,
            Budget::Ticks => &mut self.ticks,
            Budget::Reuses => &mut self.reuses,
        }
    }

    /// The kinds of which there is any, each with how many.
    pub fn nonzero(self) -> impl Iterator<Item = (Budget, u8)> {
        Budget::ALL.into_iter().map(move |budget| (budget, self.of(budget))).filter(|(_, count)| *count > 0)
    }

    /// What is left after one fault of a kind; `None` when there was none left.
    /// True when nothing can go wrong any more.
    pub(crate) fn is_none(self) -> bool {
        self == Self::NONE
    }

    pub(crate) fn spend(mut self, budget: Budget) -> Option<Self> {
        let left = self.of_mut(budget);
        *left = left.checked_sub(1)?;
        Some(self)
    }
}
