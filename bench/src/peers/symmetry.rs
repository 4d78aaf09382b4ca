//! Clients of the hand-written model are alike: of the states that differ only in who is who, one stands for all.

use stateright::Representative;

use super::{
    model::{At, Client, Open, State},
    tree::Id,
};

impl<const CLIENTS: usize> Representative for State<CLIENTS> {
    /// The least of the states that come of giving the clients other numbers.
    ///
    /// What a client is at, without regard to ids, puts most clients in order; only those that are equal in that are
    /// tried in each order.
    fn representative(&self) -> Self {
        let mut least = None;
        let keys = self.clients.map(|client| (client.crashes, client.at.renamed(|_| 0, |_| 0)));
        let mut order = std::array::from_fn(|client| client);
        order.sort_by_key(|&client: &usize| keys[client]);
        each_order(&mut order, 0, &keys, &mut |order| {
            let state = self.reordered(order);
            least = Some(least.map_or(state, |least: Self| least.min(state)));
        });
        least.unwrap_or(*self)
    }
}

/// Every order of the clients from `from` on that leaves their keys sorted.
fn each_order<const CLIENTS: usize, K: Eq>(
    order: &mut [usize; CLIENTS],
    from: usize,
    keys: &[K; CLIENTS],
    visit: &mut impl FnMut(&[usize; CLIENTS]),
) {
    if from == CLIENTS {
        return visit(order);
    }
    for at in from..CLIENTS {
        if keys[order[at]] == keys[order[from]] {
            order.swap(from, at);
            each_order(order, from + 1, keys, visit);
            order.swap(from, at);
        }
    }
}

impl<const CLIENTS: usize> State<CLIENTS> {
    /// The same state with `order[n]` as client `n`.
    fn reordered(&self, order: &[usize; CLIENTS]) -> Self {
        let crashes = self.crashes_left + self.clients.iter().map(|client| client.crashes).sum::<u8>();
        let each = usize::from(crashes) + 1;
        let mut place = [0; CLIENTS];
        for (at, &client) in order.iter().enumerate() {
            place[client] = at;
        }
        let id = |id: Id| {
            let (client, crashes) = (usize::from(id) / each, usize::from(id) % each);
            Id::try_from(place[client] * each + crashes).unwrap_or(Id::MAX)
        };
        let ids = |ids: u16| {
            let one = |client: usize| (ids >> (client * each) & ((1 << each) - 1)) << (place[client] * each);
            (0..CLIENTS).map(one).fold(0, |all, one| all | one)
        };
        let client = |client: usize| {
            let Client { crashes, at } = self.clients[client];
            Client { crashes, at: at.renamed(id, ids) }
        };
        Self { tree: self.tree.renamed(ids), clients: order.map(client), crashes_left: self.crashes_left }
    }
}

impl At {
    /// The same step about other ids.
    fn renamed(self, id: impl Fn(Id) -> Id, ids: impl Fn(u16) -> u16) -> Self {
        let renamed = |open: Open| Open { stood: ids(open.stood), fleeting: ids(open.fleeting), ..open };
        match self {
            Self::Looking(attempt, open) => Self::Looking(attempt, renamed(open)),
            Self::Sweeping(open) => Self::Sweeping(renamed(open)),
            Self::Ask(owner) => Self::Ask(id(owner)),
            Self::AskAbout(of) => Self::AskAbout(id(of)),
            Self::Recover(of, why) => Self::Recover(id(of), why),
            Self::Clean(part, of, why) => Self::Clean(part, id(of), why),
            other => other,
        }
    }
}
