//! JSON to script values. Nothing is rounded, dropped or renamed on the way: integers stay integers, null is `()`, and a
//! number too large for a script's integer keeps its digits. The way back is in `value`.

use super::{rows::Gaps, shape::Shape, texts::Texts, value::BigInteger};
use rhai::{Array, Dynamic, Identifier, Map};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::{fmt, sync::Arc};

/// Turns JSON into script values. Short strings that repeat (`active`, `customer`, field values) are shared, and maps
/// with the same names in the same order are made in one go.
#[derive(Default)]
pub struct Decoder {
    texts: Texts,
    /// What was seen at each depth.
    shapes: Vec<Shapes>,
    /// Room for the values of a map that is being read.
    spare: Vec<Vec<Dynamic>>,
    gaps: Gaps,
}

/// So many different shapes at one depth, and remembering more stops paying.
const SHAPES: usize = 32;

/// The shapes that maps of one depth had, and which of them came last.
#[derive(Default)]
struct Shapes {
    known: Vec<Arc<Shape>>,
    last: Option<Arc<Shape>>,
}

impl Shapes {
    /// A shape with these names at its beginning that goes on as wanted.
    fn like(&self, names: &[Identifier], goes_on: impl Fn(&[Identifier]) -> bool) -> Option<Arc<Shape>> {
        self.known.iter().find(|shape| shape.names().strip_prefix(names).is_some_and(&goes_on)).cloned()
    }
}

impl Decoder {
    /// The value of a whole JSON text. Fails only where it is not JSON or nests deeper than 128 levels.
    pub fn decode(&mut self, json: &[u8]) -> Result<Dynamic, serde_json::Error> {
        self.whole(serde_json::Deserializer::from_slice(json))
    }

    /// An object of the API, with the documented fields that the server left out.
    pub fn object(&mut self, json: &str) -> Result<Dynamic, serde_json::Error> {
        let mut value = self.whole(serde_json::Deserializer::from_str(json))?;
        let shape = self.shapes.first().and_then(|shapes| shapes.last.as_ref());
        self.gaps.fill(&mut value, shape);
        Ok(value)
    }

    fn whole<'de, R: serde_json::de::Read<'de>>(
        &mut self,
        mut source: serde_json::Deserializer<R>,
    ) -> Result<Dynamic, serde_json::Error> {
        let value = Seed(self, 0).deserialize(&mut source)?;
        source.end()?;
        Ok(value)
    }

    /// For the value of a member of an object.
    pub fn seed(&mut self) -> Seed<'_> {
        Seed(self, 1)
    }

    /// A text, shared with the same text where that came not long before.
    pub fn text(&mut self, text: &str) -> Dynamic {
        self.texts.shared(text).into()
    }

    fn shapes(&mut self, depth: usize) -> &mut Shapes {
        if self.shapes.len() <= depth {
            self.shapes.resize_with(depth + 1, Shapes::default);
        }
        &mut self.shapes[depth]
    }

    /// The map of these names and values, whose shape is kept.
    fn learn(&mut self, depth: usize, names: Vec<Identifier>, mut values: Vec<Dynamic>) -> Map {
        let shapes = self.shapes(depth);
        shapes.last = if shapes.known.len() < SHAPES { Shape::new(names.clone()).map(Arc::new) } else { None };
        if let Some(shape) = &shapes.last {
            shapes.known.push(shape.clone());
            return shape.map(&mut values);
        }
        // Of a name that stands there twice the last one counts, as in every JSON reader.
        let mut map = Map::new();
        map.extend(names.into_iter().zip(values));
        map
    }
}

/// Decodes one value within a larger JSON text, so many levels below its top.
pub struct Seed<'a>(&'a mut Decoder, usize);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Dynamic;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Dynamic, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Dynamic;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Dynamic, E> {
        Ok(Dynamic::UNIT)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Dynamic, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Dynamic, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Dynamic, E> {
        Ok(i64::try_from(value).map_or_else(|_| Dynamic::from(BigInteger(value)), Dynamic::from))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Dynamic, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Dynamic, E> {
        Ok(self.0.text(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Dynamic, A::Error> {
        let mut array = Array::new();
        while let Some(item) = items.next_element_seed(Seed(self.0, self.1 + 1))? {
            array.push(item);
        }
        Ok(Dynamic::from_array(array))
    }
    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Dynamic, A::Error> {
        let Seed(decoder, depth) = self;
        let mut values = decoder.spare.pop().unwrap_or_default();
        let map = decoder.map(depth, fields, &mut values)?;
        values.clear();
        decoder.spare.push(values);
        Ok(Dynamic::from_map(map))
    }
}

impl Decoder {
    /// Reads a map in the belief that it has the names of the one before.
    fn map<'de, A: MapAccess<'de>>(
        &mut self,
        depth: usize,
        mut fields: A,
        values: &mut Vec<Dynamic>,
    ) -> Result<Map, A::Error> {
        let mut believed = self.shapes(depth).last.clone();
        // It fits; or it does not, with the name that is new, or because the map ends.
        let fits = loop {
            let names = believed.as_ref().map_or(&[][..], |shape| shape.names());
            let (before, expected) = (&names[..values.len()], names.get(values.len()));
            match fields.next_key_seed(Expected(expected))? {
                Some(None) => {}
                Some(Some(other)) => match self.shapes(depth).like(before, |rest| rest.first() == Some(&other)) {
                    Some(shape) => believed = Some(shape),
                    None => break Err(Some(other)),
                },
                None if expected.is_none() && believed.is_some() => break Ok(()),
                None => match self.shapes(depth).like(before, <[Identifier]>::is_empty) {
                    Some(shape) => {
                        believed = Some(shape);
                        break Ok(());
                    }
                    None => break Err(None),
                },
            }
            values.push(fields.next_value_seed(Seed(self, depth + 1))?);
        };
        let mut next = match (fits, &believed) {
            (Ok(()), Some(shape)) => {
                let map = shape.map(values);
                self.shapes(depth).last = believed;
                return Ok(map);
            }
            (fits, _) => fits.err().flatten(),
        };
        let begun = believed.as_ref().map_or(&[][..], |shape| &shape.names()[..values.len()]);
        let (mut names, mut values) = (begun.to_vec(), std::mem::take(values));
        while let Some(name) = next {
            names.push(name);
            values.push(fields.next_value_seed(Seed(self, depth + 1))?);
            next = fields.next_key_seed(Expected(None))?.flatten();
        }
        Ok(self.learn(depth, names, values))
    }
}

/// A key: `None` if it is the expected one, which needs no copy.
struct Expected<'n>(Option<&'n Identifier>);

impl<'de> DeserializeSeed<'de> for Expected<'_> {
    type Value = Option<Identifier>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Expected<'_> {
    type Value = Option<Identifier>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(if self.0.is_some_and(|expected| expected.as_str() == key) { None } else { Some(key.into()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::value::encode;
    use proptest::prelude::*;

    fn text(value: &Dynamic) -> String {
        String::from_utf8(encode(value).unwrap()).unwrap()
    }

    #[test]
    fn broken_json_is_an_error() {
        let mut decoder = Decoder::default();
        for json in ["", "{", r#"{"a":1}x"#, "nul", r#"{"a"}"#, r#"{"a":1,}"#] {
            assert!(decoder.decode(json.as_bytes()).is_err(), "{json}");
        }
        assert_eq!(text(&decoder.decode(br#"{"b":1,"a":2}"#).unwrap()), r#"{"a":2,"b":1}"#);
    }

    #[test]
    fn of_a_name_that_stands_there_twice_the_last_one_counts() {
        let mut decoder = Decoder::default();
        for _ in 0..3 {
            assert_eq!(text(&decoder.decode(br#"{"a":1,"b":2,"a":3}"#).unwrap()), r#"{"a":3,"b":2}"#);
            assert_eq!(text(&decoder.decode(br#"{"a":1,"b":2}"#).unwrap()), r#"{"a":1,"b":2}"#);
        }
    }

    #[test]
    fn an_object_gets_the_documented_fields_that_are_missing() {
        let mut decoder = Decoder::default();
        for object in [r#"{"object":"contact","id":"c1"}"#, r#"{"object":"customer","id":"c1"}"#] {
            for _ in 0..2 {
                let value = decoder.object(object).unwrap();
                let map = value.read_lock::<Map>().unwrap();
                assert_eq!(map.contains_key("email"), object.contains("contact"), "{map:?}");
                assert_eq!(map.contains_key("mrr"), object.contains("customer"), "{map:?}");
            }
        }
    }

    proptest! {
        /// Whatever came before: the memory of shapes never shows in a value.
        #[test]
        fn each_value_is_what_it_would_be_alone(rows in proptest::collection::vec("[ab]{0,3}", 0..60)) {
            let mut decoder = Decoder::default();
            for row in rows {
                let members = |text: &str| text.char_indices().map(|(at, c)| format!("{:?}:{at}", c.to_string())).collect::<Vec<_>>().join(",");
                let json = format!(r#"{{{}{}"in":{{{}}}}}"#, members(&row), if row.is_empty() { "" } else { "," }, members(&row));
                let alone = Decoder::default().decode(json.as_bytes()).unwrap();
                prop_assert_eq!(text(&decoder.decode(json.as_bytes()).unwrap()), text(&alone));
                let plain: serde_json::Value = serde_json::from_str(&json).unwrap();
                let ours: serde_json::Value = serde_json::from_str(&text(&alone)).unwrap();
                prop_assert_eq!(ours, plain);
            }
        }
    }
}
