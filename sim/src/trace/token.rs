//! A run as one line, short enough for a failure message.

use std::{fmt, num::ParseIntError, str::FromStr};

use super::{
    Code, Divergence, ShortCode, Trace, base32,
    replay::{can_be_run, other_code},
    run::Run,
    seen::seen,
};
use crate::{
    protocol::{Property, Protocol},
    scenario::{Scenario, ScenarioError},
};

const PREFIX: &str = "lw1";
/// What a scenario's first words are called; in a token they stand without their names.
const KEYS: [&str; 3] = ["clients", "crashes", "walk"];
const NO_CODE: &str = "any";

/// A run as one line: `lw1:PROTOCOL/CLIENTS/CRASHES/WALK:CODE:CHOICES`.
///
/// The choices are a digit each, as a rule. What the run does and which property it breaks is not in the token; that
/// comes of running it. (A run without an end says its property, and where its loop begins.)
///
/// ```
/// use lockwright_sim::{Limits, Token, Verdict, catalogue, check};
///
/// let entry = catalogue::find("dotlock.empty_is_live").expect("it is in the catalogue");
/// let report = check(entry.protocol(), &entry.scenario(), Limits::default(), &mut |_| {});
/// let Verdict::Violated(violation) = report.verdict else { panic!("it is broken") };
/// let trace = violation.trace.expect("a run shows it");
///
/// let line = trace.token().to_string();
/// assert!(line.starts_with("lw1:dotlock.empty_is_live/2/1/atomic:"));
/// let token: Token = line.parse()?;
/// assert_eq!(token.trace(entry.protocol())?, trace);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What is run.
    pub scenario: Scenario,
    /// The code that the run is of; `None` in a token that is to be tried whatever the code is.
    pub code: Option<ShortCode>,
    /// The run: which of the possible steps each time.
    pub choices: Vec<u16>,
    /// For a run without an end: the index from which on its steps come again, and the property that this breaks.
    pub lasso: Option<(usize, Property)>,
}

/// Why a text is no [`Token`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It has not the four parts.
    #[error("not a token: it should read `{PREFIX}:PROTOCOL/CLIENTS/CRASHES/WALK:CODE:CHOICES`")]
    Form,
    /// The scenario cannot be read.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The code has not the form of a [`ShortCode`].
    #[error("`{0}` is no code: it should be 8 hexadecimal digits, or `{NO_CODE}`")]
    Code(String),
    /// The choices are not as a token writes them; it may have been cut off.
    #[error("`{0}` are no choices: was the token cut off?")]
    Choices(String),
}

impl Trace {
    /// The same run as one line.
    #[must_use]
    pub fn token(&self) -> Token {
        let lasso = self.loop_from.map(|from| (from, self.property));
        Token {
            scenario: self.scenario.clone(),
            code: self.code.map(Code::short),
            choices: self.choices().collect(),
            lasso,
        }
    }
}

impl Token {
    /// True of a text that is meant to be a token, well formed or not.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.strip_prefix(PREFIX).is_some_and(|rest| rest.starts_with(':'))
    }

    /// Runs the token, and gives the trace that [`Trace::token`] made it of.
    ///
    /// # Errors
    ///
    /// [`Divergence::OtherCode`] when the token names other code; [`Divergence::Step`] when there are not as many steps
    /// to choose from; [`Divergence::NotViolated`] when nothing is wrong at the end, and [`Divergence::NoLoop`] when
    /// there should be a loop and is none.
    pub fn trace(&self, protocol: &dyn Protocol) -> Result<Trace, Divergence> {
        let current = Code::CURRENT.short();
        if let Some(made_by) = self.code.filter(|code| *code != current) {
            return Err(other_code(&made_by, &current));
        }
        can_be_run(&self.scenario)?;
        let mut run = Run::new(protocol, &self.scenario);
        for (number, &choice) in (1..).zip(&self.choices) {
            let there_are = run.events().len();
            if usize::from(choice) >= there_are {
                let [expected, got] =
                    [format!("(one of more than {choice} steps)"), format!("(there are {there_are})")];
                return Err(Divergence::Step { step: number, expected, got });
            }
            run.go(choice.into());
        }
        let trace = if let Some((from, property)) = self.lasso {
            let trace = Trace::record_loop(protocol, &self.scenario, property, &self.choices, from);
            trace.replay(protocol).map(|()| trace)?
        } else {
            let (property, what) = seen(&mut run.world, &run.state).ok_or(Divergence::NothingViolated)?;
            Trace::record(protocol, &self.scenario, property, &what, &self.choices)
        };
        Ok(Trace { code: self.code.map(|_| Code::CURRENT), ..trace })
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, code, choices, lasso } = self;
        let code = code.map_or_else(|| NO_CODE.to_owned(), |code| code.to_string());
        let digits = base32::write(choices.iter().map(|&choice| choice.into()));
        write!(f, "{PREFIX}:{}:{code}:{digits}", configuration(&scenario.to_string()))?;
        let Some((from, property)) = lasso else { return Ok(()) };
        let property = Property::ALL.iter().position(|known| known == property).unwrap_or_default();
        write!(f, ":{}", base32::write([*from, property]))
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let parts: Vec<&str> = text.trim().split(':').collect();
        let (&[PREFIX, scenario, code, choices], lasso) = (match parts.split_at_checked(4) {
            Some((head, [])) => (head, None),
            Some((head, [lasso])) => (head, Some(*lasso)),
            _ => return Err(TokenError::Form),
        }) else {
            return Err(TokenError::Form);
        };
        let numbers = |digits: &str| base32::read(digits).ok_or_else(|| TokenError::Choices(digits.into()));
        let code = match code {
            NO_CODE => None,
            code => Some(code.parse().map_err(|_: ParseIntError| TokenError::Code(code.into()))?),
        };
        let small: Result<Vec<u16>, _> = numbers(choices)?.into_iter().map(u16::try_from).collect();
        let choices = small.map_err(|_| TokenError::Choices(choices.into()))?;
        let lasso = match lasso {
            None => None,
            Some(digits) => match numbers(digits)?[..] {
                [from, property] if property < Property::ALL.len() => Some((from, Property::ALL[property])),
                _ => return Err(TokenError::Choices(digits.into())),
            },
        };
        Ok(Self { scenario: words(scenario).parse()?, code, choices, lasso })
    }
}

/// A scenario's line with `/` between its words, and without the names of those that every scenario has.
fn configuration(line: &str) -> String {
    let bare = |(at, word): (usize, &str)| {
        let key = at.checked_sub(1).and_then(|at| KEYS.get(at));
        let value = key.and_then(|key| word.strip_prefix(key)?.strip_prefix('='));
        value.unwrap_or(word).to_owned()
    };
    let words: Vec<String> = line.split_whitespace().enumerate().map(bare).collect();
    words.join("/")
}

/// The line that [`configuration`] was made of.
fn words(configuration: &str) -> String {
    let named = |(at, word): (usize, &str)| match at.checked_sub(1).and_then(|at| KEYS.get(at)) {
        Some(key) if !word.contains('=') => format!("{key}={word}"),
        _ => word.to_owned(),
    };
    let words: Vec<String> = configuration.split('/').enumerate().map(named).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_scenario_says_beyond_the_usual_stands_in_the_token_with_its_name() {
        for (line, short) in [
            ("fast_lock clients=2 crashes=1 walk=split", "fast_lock/2/1/split"),
            ("fast_lock clients=2 crashes=1 walk=split errors=2 lease=on", "fast_lock/2/1/split/errors=2/lease=on"),
            ("fast_lock clients=2 errors=2", "fast_lock/2/errors=2"),
            ("", ""),
        ] {
            assert_eq!(configuration(line), short);
            assert_eq!(words(short), line);
        }
    }

    #[test]
    fn a_text_that_is_no_token_is_told_why() {
        let error = |text: &str| text.parse::<Token>().unwrap_err().to_string();
        assert!(error("lw1:fast_lock/2/1/split:any").contains("it should read"));
        assert!(error("lw2:fast_lock/2/1/split:any:0").contains("it should read"));
        assert!(error("lw1:fast_lock/2/1/split:any:0:1:2").contains("it should read"));
        assert!(error("lw1:fast_lock/2/1:any:0").contains("no scenario"));
        assert!(error("lw1:fast_lock/2/1/split:some:0").contains("`some` is no code"));
        assert!(error("lw1:fast_lock/2/1/split:any:01z").contains("cut off"));
        assert!(error("lw1:fast_lock/2/1/split:any:zzzzz1").contains("no choices"), "beyond 65535");
        assert!(error("lw1:fast_lock/2/1/split:any:0:0z1").contains("no choices"), "no such property");
        assert!(Token::is_meant("lw1:") && !Token::is_meant("lw1.trace"));
    }

    #[test]
    fn a_run_without_an_end_says_so_in_its_token() {
        let scenario = Scenario::new("fast_lock", 2, 1);
        for lasso in [None, Some((0, Property::CanBeTaken)), Some((20, Property::Sometimes))] {
            let token = Token { scenario: scenario.clone(), code: None, choices: vec![0, 16, 65535], lasso };
            assert_eq!(token.to_string().parse(), Ok(token));
        }
    }
}
