//! In place of those functions of the engine that make much out of little: each asks first whether what it is about to
//! make still fits. What has no stand-in here is held by the allocator, which knows no place in the script.

use crate::{
    memory,
    script::{
        fault::Spot,
        host::{Host, Raised},
        registry::Registry,
        value::kind_of,
    },
};
use rhai::{Array, Blob, Dynamic, INT, ImmutableString, Map, NativeCallContext};
use std::sync::Arc;

/// What an element takes of an array, and what a short string takes besides.
const ELEMENT: usize = size_of::<Dynamic>();
const STRING: usize = 48;
/// Characters that a string is padded with in one go.
const PIECE: usize = 4096;

pub fn register(registry: &mut Registry<'_>, host: &Arc<Host>) {
    register_padding(registry, host);
    register_strings(registry, host);
    register_words(registry, host);
}

/// Whether so many more bytes fit; if not, the run ends.
fn room(host: &Host, ctx: &NativeCallContext, bytes: usize) -> Result<(), Raised> {
    if memory::used().saturating_add(bytes) <= host.limits.bound() {
        return Ok(());
    }
    Err(host.end(host.limits.out_of_memory(), &Spot::of(ctx)))
}

fn register_padding(registry: &mut Registry<'_>, host: &Arc<Host>) {
    let own = host.clone();
    registry.register_fn("pad", move |ctx: NativeCallContext, array: &mut Array, length: INT, item: Dynamic| {
        let more = missing(length, array.len());
        room(&own, &ctx, more.saturating_mul(ELEMENT.saturating_add(weight(&item))))?;
        array.resize(array.len() + more, item);
        Ok::<_, Raised>(())
    });
    let own = host.clone();
    registry.register_fn("pad", move |ctx: NativeCallContext, blob: &mut Blob, length: INT, byte: INT| {
        let more = missing(length, blob.len());
        room(&own, &ctx, more)?;
        blob.resize(blob.len() + more, byte as u8);
        Ok::<_, Raised>(())
    });
    let own = host.clone();
    registry.register_fn("pad", move |ctx: NativeCallContext, text: &mut ImmutableString, length: INT, with: char| {
        let more = missing(length, text.chars().count());
        room(&own, &ctx, more.saturating_mul(with.len_utf8()))?;
        // Piece by piece, which is far faster than one by one.
        let piece = with.to_string().repeat(more.min(PIECE));
        let text = text.make_mut();
        for _ in 0..more / PIECE {
            text.push_str(&piece);
        }
        text.extend(std::iter::repeat_n(with, more % PIECE));
        Ok::<_, Raised>(())
    });
    let own = host.clone();
    registry.register_fn("pad", move |ctx: NativeCallContext, text: &mut ImmutableString, length: INT, with: &str| {
        let more = missing(length, text.chars().count());
        room(&own, &ctx, more.saturating_mul(4.min(with.len())))?;
        text.make_mut().extend(with.chars().cycle().take(more));
        Ok::<_, Raised>(())
    });
    let own = host.clone();
    registry.register_fn("blob", move |ctx: NativeCallContext, length: INT| blob(&own, &ctx, length, 0));
    let own = host.clone();
    registry.register_fn("blob", move |ctx: NativeCallContext, length: INT, byte: INT| blob(&own, &ctx, length, byte));
}

fn missing(length: INT, present: usize) -> usize {
    usize::try_from(length).unwrap_or(0).saturating_sub(present)
}

fn blob(host: &Host, ctx: &NativeCallContext, length: INT, byte: INT) -> Result<Blob, Raised> {
    let length = missing(length, 0);
    room(host, ctx, length)?;
    Ok(vec![byte as u8; length])
}

/// What a copy of a value takes beyond its place: text is shared, arrays and object maps are copied whole.
fn weight(value: &Dynamic) -> usize {
    if value.is_shared() {
        return 0;
    }
    if let Some(array) = value.read_lock::<Array>() {
        return array.iter().fold(64, |sum, inner| sum.saturating_add(ELEMENT + weight(inner)));
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map.values().fold(64, |sum, inner| sum.saturating_add(STRING + weight(inner)));
    }
    value.read_lock::<Blob>().map_or(0, |blob| blob.len())
}

fn register_strings(registry: &mut Registry<'_>, host: &Arc<Host>) {
    let own = host.clone();
    registry.register_fn("replace", move |ctx: NativeCallContext, text: &mut ImmutableString, from: &str, to: &str| {
        replace(&own, &ctx, text, from, to)
    });
    let own = host.clone();
    registry.register_fn("replace", move |ctx: NativeCallContext, text: &mut ImmutableString, from: &str, to: char| {
        replace(&own, &ctx, text, from, to.encode_utf8(&mut [0; 4]))
    });
    let own = host.clone();
    registry.register_fn("replace", move |ctx: NativeCallContext, text: &mut ImmutableString, from: char, to: &str| {
        replace(&own, &ctx, text, from.encode_utf8(&mut [0; 4]), to)
    });
    let own = host.clone();
    registry.register_fn("replace", move |ctx: NativeCallContext, text: &mut ImmutableString, from: char, to: char| {
        replace(&own, &ctx, text, from.encode_utf8(&mut [0; 4]), to.encode_utf8(&mut [0; 4]))
    });
    let own = host.clone();
    registry.register_fn("split", move |ctx: NativeCallContext, text: &mut ImmutableString, at: &str| {
        split(&own, &ctx, text, at)
    });
    let own = host.clone();
    registry.register_fn("split", move |ctx: NativeCallContext, text: &mut ImmutableString, at: char| {
        split(&own, &ctx, text, at.encode_utf8(&mut [0; 4]))
    });
    let own = host.clone();
    registry.register_fn("to_chars", move |ctx: NativeCallContext, text: &mut ImmutableString| {
        room(&own, &ctx, text.len().saturating_mul(ELEMENT))?;
        Ok::<Array, Raised>(text.chars().map(Dynamic::from).collect())
    });
}

fn replace(
    host: &Host,
    ctx: &NativeCallContext,
    text: &mut ImmutableString,
    from: &str,
    to: &str,
) -> Result<(), Raised> {
    let found = text.matches(from).count();
    room(host, ctx, text.len().saturating_add(found.saturating_mul(to.len().saturating_sub(from.len()))))?;
    *text = text.replace(from, to).into();
    Ok(())
}

fn split(host: &Host, ctx: &NativeCallContext, text: &str, at: &str) -> Result<Array, Raised> {
    if text.is_empty() {
        return Ok(vec![Dynamic::from(ImmutableString::new())]);
    }
    let pieces = text.matches(at).count() + 1;
    room(host, ctx, text.len().saturating_add(pieces.saturating_mul(ELEMENT + STRING)))?;
    Ok(text.split(at).map(|piece| Dynamic::from(ImmutableString::from(piece))).collect())
}

/// Arrays and object maps as text: many references to one long string make a text that is far longer.
fn register_words(registry: &mut Registry<'_>, host: &Arc<Host>) {
    for name in ["print", "to_string", "debug", "to_debug"] {
        let own = host.clone();
        registry.register_fn(name, move |ctx: NativeCallContext, array: &mut Array| {
            let mut text = String::from("[");
            for (at, element) in array.iter_mut().enumerate() {
                let sep = if at == 0 { "" } else { ", " };
                if !add(&own, &ctx, &mut text, sep, element) {
                    break;
                }
            }
            text + "]"
        });
        let own = host.clone();
        registry.register_fn(name, move |ctx: NativeCallContext, map: &mut Map| {
            let mut text = String::from("#{");
            for (at, (key, value)) in map.iter_mut().enumerate() {
                let sep = format!("{}{key:?}: ", if at == 0 { "" } else { ", " });
                if !add(&own, &ctx, &mut text, &sep, value) {
                    break;
                }
            }
            text + "}"
        });
    }
}

/// Adds one element's text. Where it does not fit, or the run is to stop, the run ends and this gives `false`: an error
/// would be swallowed on the way, and the whole text made all the same.
fn add(host: &Host, ctx: &NativeCallContext, text: &mut String, before: &str, element: &mut Dynamic) -> bool {
    let said = ctx.call_native_fn_raw("to_debug", true, &mut [element]);
    let said = said.ok().and_then(|said| said.into_immutable_string().ok());
    let said = said.unwrap_or_else(|| kind_of(element).into());
    // The text grows by doubling, and is copied once more when it is done.
    let more = text.len().saturating_mul(2).saturating_add(said.len());
    if host.must_stop() || room(host, ctx, more).is_err() {
        return false;
    }
    text.push_str(before);
    text.push_str(&said);
    true
}
