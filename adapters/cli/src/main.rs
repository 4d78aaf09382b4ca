//! The command `lockwright`.

fn main() {}
