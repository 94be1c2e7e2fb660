//! Object maps by the thousand that have the same names: the rows of a list, of a file. The names are put in order once,
//! and each map is made as a copy of a blank one, which is faster than name by name, and smaller. Knows no format.

use rhai::{Dynamic, Identifier, Map};

/// The names of a map in the order in which its values come.
#[derive(Debug)]
pub struct Shape {
    names: Vec<Identifier>,
    /// For each name in the order of the map, where its value stands among those that come.
    order: Vec<usize>,
    /// A map of these names without values. Made in order, so that its nodes are full.
    blank: Map,
}

impl Shape {
    /// `None` where a name stands there twice.
    pub fn new(names: Vec<Identifier>) -> Option<Shape> {
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by(|a, b| names[*a].cmp(&names[*b]));
        let blank: Map = order.iter().map(|at| (names[*at].clone(), Dynamic::UNIT)).collect();
        (blank.len() == names.len()).then_some(Shape { names, order, blank })
    }

    /// The names in the order in which values come.
    pub fn names(&self) -> &[Identifier] {
        &self.names
    }

    /// The map with these values, one for each name; they are taken out of their places.
    pub fn map(&self, values: &mut [Dynamic]) -> Map {
        let mut map = self.blank.clone();
        for (slot, at) in map.values_mut().zip(&self.order) {
            *slot = std::mem::take(&mut values[*at]);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_find_their_names_and_a_name_that_stands_twice_makes_no_shape() {
        let names = |text: &str| text.split(' ').map(Identifier::from).collect::<Vec<_>>();
        let shape = Shape::new(names("b c a")).unwrap();
        let map = shape.map(&mut [1.into(), 2.into(), 3.into()]);
        assert_eq!(format!("{map:?}"), r#"{"a": 3, "b": 1, "c": 2}"#);
        assert!(Shape::new(names("a b a")).is_none());
        assert!(Shape::new(Vec::new()).unwrap().map(&mut []).is_empty());
    }
}
