//! Templates: built-in ones work, broken ones say where.

use super::*;
use crate::agenda::context::empty_frame;

fn frame() -> Value {
    Value::from_pairs(empty_frame("Elena", "Bob", jiff::SignedDuration::from_mins(30), None))
}

#[test]
fn every_built_in_renders_with_nothing() {
    for name in built_in_templates() {
        let (shared, private) = halves(built_in_template(name).unwrap());
        let shared = render(name, &shared, &frame()).unwrap();
        assert!(shared.sections.len() >= 5, "{name}: {shared:?}");
        for section in &shared.sections {
            assert!(section.weight >= 2, "{name}: {section:?}");
        }
        assert!(!render(name, &private, &frame()).unwrap().sections.is_empty(), "{name}");
    }
}
