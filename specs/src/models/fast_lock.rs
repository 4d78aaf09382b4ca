//! The models of `fast_lock`.

use super::Model;

pub(super) const MODELS: [Model; 0] = [];
