//! How the keys of what is printed as JSON are told in the help.

/// A line for each key, below one about all of them.
pub(crate) fn help(about: &str, keys: &[(&str, &str)]) -> String {
    let width = keys.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
    let lines = keys.iter().map(|(key, about)| format!("\n  {key:<width$} {about}"));
    about.to_owned() + &lines.collect::<String>()
}

/// Fails unless the keys of an object are those that are told.
#[cfg(test)]
pub(crate) fn has_keys(object: &serde_json::Value, keys: &[(&str, &str)]) {
    let mut told: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
    let mut there: Vec<&str> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    told.sort_unstable();
    there.sort_unstable();
    assert_eq!(there, told);
}
