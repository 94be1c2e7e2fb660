//! What goes in comes out.

use super::{Cell, Packed, Packer, packer::BLOCK};
use crate::script::value::BigInteger;
use rhai::{Array, Dynamic, Map};

#[test]
fn everything_comes_out_as_it_went_in() {
    let rows: Array = rhai::Engine::new()
        .eval(
            r#"[(), true, false, 0, -1, 9223372036854775807, -9223372036854775807 - 1, 1.5, "", "short", 'ß',
                "a text that is much too long to be shared with another row", [], [1, ["x"]], #{},
                #{a: 1, b: #{c: [()], d: "ä"}}, #{a: "t", b: ()}, #{a: "a text that is not shared with another row", z: "t"}, #{b: 3, z: "日本"},
                #{a: -9223372036854775807 - 1, b: 1.5, z: true}, 1..5]"#,
        )
        .unwrap();
    let mut packer = Packer::default();
    rows.iter().for_each(|row| packer.push(row));
    packer.push(&Dynamic::from(BigInteger(u64::MAX)));
    let packed: Packed = packer.finish();
    assert_eq!(packed.len(), rows.len() + 1);
    for (at, row) in rows.iter().enumerate() {
        assert_eq!(format!("{:?}", packed.row(at as u32)), format!("{row:?}"));
        let Some(map) = row.read_lock::<Map>() else {
            assert!(packed.field(at as u32, &packed.column("a")).is_none());
            continue;
        };
        for name in ["a", "b", "c", "z", ""] {
            let field = packed.field(at as u32, &packed.column(name)).map(|value| format!("{value:?}"));
            assert_eq!(field, map.get(name).map(|value| format!("{value:?}")), "{name}");
            let cell = packed.cell(at as u32, &packed.column(name));
            let text = map.get(name).and_then(|value| value.clone().into_string().ok());
            let wanted = match map.get(name) {
                Some(value) if value.is_unit() => Some(Cell::Nothing),
                Some(value) if value.is_int() => value.as_int().ok().map(Cell::Integer),
                _ => text.as_ref().map(|text| Cell::Text(text.as_bytes())),
            };
            assert_eq!(cell, wanted, "{name}");
        }
    }
    assert_eq!(packed.row(rows.len() as u32).cast::<BigInteger>(), BigInteger(u64::MAX));
}

#[test]
fn rows_larger_than_a_block_and_many_blocks_work() {
    let mut packer = Packer::default();
    for length in [1, BLOCK / 2, BLOCK, BLOCK * 3, 5] {
        packer.push(&"x".repeat(length).into());
    }
    let packed = packer.finish();
    let lengths: Vec<usize> = (0..5).map(|at| packed.row(at).into_string().unwrap().len()).collect();
    assert_eq!(lengths, [1, BLOCK / 2, BLOCK, BLOCK * 3, 5]);
}

#[test]
fn a_map_too_long_for_a_table_of_places_comes_out_all_the_same() {
    let long = "y".repeat(70_000);
    let map: Map = [("a", long.clone()), ("b", "x".into()), ("c", long)].map(|(k, v)| (k.into(), v.into())).into();
    let mut packer = Packer::default();
    let long = Dynamic::from_map(map);
    packer.push(&long);
    packer.push(&Dynamic::from_map(Map::from([("b".into(), "z".into())])));
    let packed = packer.finish();
    assert!(format!("{:?}", packed.row(0)) == format!("{long:?}"));
    let column = packed.column("b");
    assert_eq!(packed.cell(0, &column), Some(Cell::Text(b"x")));
    assert_eq!(packed.cell(1, &column), Some(Cell::Text(b"z")));
}
