//! A simulated network for [`glockd`](lockwright_kernel::glockd), and a search through all that can happen in it.
//!
//! The server that ships is a state machine without sockets, so it *is* a part of the world's state, and is handed its
//! input here as a driver would hand it in. Around it there are clients that go by the protocol, and a network that does
//! what networks do: bytes take any time, are read in pieces, and are lost with their connection; and that a connection
//! is lost is noticed by either side first, late, or on one side never. The server may die and be started again. Time
//! passes in ticks. What comes of handing a server something is worked out once, in however many states that happens.
//!
//! The [engine for file systems](crate::check) steps from call to call of code that is run again from its start, over a
//! tree of entries; nothing of that is here. So this search is one of its own: breadth first, each state once, and a
//! violation comes with a run of the fewest steps. What a scenario bounds (commands, ticks, faults) is explored in full;
//! states that differ only in which client is called what are one.
//!
//! What stays outside: locks of which only a fence at the resource can keep a late holder away, and clients that do not go
//! by the protocol, beyond what a [row](ROWS) says.
//!
//! ```
//! use lockwright_sim::network::{self, Verdict};
//!
//! let row = network::find("forgetful_restart").expect("it is one of the rows");
//! let report = network::check(&row.scenario, 1_000_000);
//! let Verdict::Violated(violation) = report.verdict else { panic!("it is broken") };
//! assert_eq!(Some(violation.property), row.expected);
//! assert_eq!(violation.steps.last().map(String::as_str), Some("B is told `1 Got Lock 4294967297`"));
//! ```

mod peer;
mod rows;
mod scenario;
mod search;
mod server;
mod servers;
mod world;

pub use rows::{ROWS, Row, find};
pub use scenario::{Flaw, Kind, Property, Scenario};
pub use search::{Report, Verdict, Violation, check, check_while};
pub use world::unfold;
