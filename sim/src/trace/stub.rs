//! A run as a test for somebody's own test file.

use super::{Token, Trace};

impl Trace {
    /// Source text of a test that runs this trace by its token, whatever the code has become, and expects the property
    /// to be broken. Whoever mends the protocol turns the last line around.
    ///
    /// The choices of a token mean other steps when the protocol or the world changes; such a test says that a
    /// violation is still reached, and only a trace in full says by which steps.
    #[must_use]
    pub fn to_test(&self) -> String {
        let Self { scenario, property, what, .. } = self;
        let token = Token { code: None, ..self.token() };
        let name =
            identifier(&format!("{} {} {} {property}", scenario.protocol, scenario.clients, scenario.faults.crashes));
        let what: Vec<&str> = what.lines().collect();
        let what = what.join(" ");
        format!(
            "\
/// {property}: {what}.
#[test]
fn {name}() {{
    let token = \"{token}\";
    let token: lockwright_sim::Token = token.parse().expect(\"lockwright printed it\");
    let entry = lockwright_sim::catalogue::find(&token.scenario.protocol).expect(\"it is in the catalogue\");
    let violated = token.trace(entry.protocol()).map(|trace| trace.property);
    assert_eq!(violated, Ok(lockwright_sim::protocol::Property::{property:?}));
}}
"
        )
    }
}

fn identifier(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}
