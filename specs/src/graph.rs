//! The states of a specification and the steps between them, read from what the model checker writes for Graphviz.

use std::collections::HashMap;

/// All states, and the steps between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateGraph {
    /// The states.
    pub states: Vec<SpecState>,
    /// The steps, each by the indices of its states. Where a step changes nothing, both are one.
    pub steps: Vec<(usize, usize)>,
}

/// The value of each variable, as the model checker writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpecState {
    values: Vec<(String, String)>,
}

impl SpecState {
    /// The value of a variable.
    #[must_use]
    pub fn get(&self, variable: &str) -> Option<&str> {
        self.values.iter().find(|(name, _)| name == variable).map(|(_, value)| value.as_str())
    }

    /// The state without a variable.
    #[must_use]
    pub fn without(&self, variable: &str) -> Self {
        Self { values: self.values.iter().filter(|(name, _)| name != variable).cloned().collect() }
    }

    /// The state with these variables only.
    #[must_use]
    pub fn only(&self, variables: &[&str]) -> Self {
        let kept = self.values.iter().filter(|(name, _)| variables.contains(&name.as_str()));
        Self { values: kept.cloned().collect() }
    }
}

impl StateGraph {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// What could not be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut graph, mut index) = (Self::default(), HashMap::new());
        let mut steps = Vec::new();
        for line in text.lines().map(str::trim) {
            // A step that has no name has no label.
            let (head, label) = line.split_once(" [label=\"").unwrap_or((line.trim_end_matches(';'), ""));
            if let Some((from, to)) = head.split_once(" -> ") {
                steps.push((from, to));
                continue;
            }
            if label.is_empty() {
                continue;
            }
            // What a value holds of quotes and backslashes is escaped, so a bare `\n` parts two variables.
            let end = closing_quote(label).ok_or_else(|| format!("no end of the label: {line}"))?;
            let values = label[..end].split("\\n").map(|part| {
                let (name, value) = part.split_once('=').ok_or_else(|| format!("no value: {part}"))?;
                Ok((name.to_owned(), value.replace("\\\"", "\"")))
            });
            let values = values.collect::<Result<_, String>>()?;
            index.insert(head, graph.states.len());
            graph.states.push(SpecState { values });
        }
        let at = |name: &str| index.get(name).copied().ok_or_else(|| format!("no state {name}"));
        graph.steps = steps.into_iter().map(|(from, to)| Ok((at(from)?, at(to)?))).collect::<Result<_, String>>()?;
        Ok(graph)
    }
}

fn closing_quote(label: &str) -> Option<usize> {
    let mut is_escaped = false;
    label.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_steps_are_read() {
        let text = r#"digraph StateGraph {
  node [shape=box, fontname="monospace"];
  s0 [label="tree={<<\"lock\">>}\nat=1"];
  s1 [label="tree={}\nat=2", style=filled];
  s0 -> s1 [label="Next"];
  s1 -> s1;
}"#;
        let graph = StateGraph::parse(text).unwrap();
        assert_eq!(graph.states[0].get("tree"), Some("{<<\"lock\">>}"));
        assert_eq!(graph.states[1].get("at"), Some("2"));
        assert_eq!(graph.states[1].without("at"), graph.states[1].only(&["tree"]));
        assert_eq!(graph.steps, [(0, 1), (1, 1)]);
        assert!(StateGraph::parse("s0 -> s1 [label=\"\"]").is_err());
    }
}
