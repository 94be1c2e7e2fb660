//! The run itself: waiting, failing, ending early.

use super::Builtin;
use crate::{
    script::{
        fault::{Fault, FaultKind, Spot, Thrown},
        host::{Host, Raised},
        registry::Registry,
        value::kind_of,
    },
    session::SessionError,
    text,
};
use rhai::{Dynamic, EvalAltResult, FLOAT, INT, NativeCallContext};
use std::{sync::Arc, time::Duration};

pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "sleep",
        signatures: &["sleep(seconds)", "sleep(\"500ms\")"],
        summary: "Waits; Ctrl-C and the run's time-out end the wait",
        example: "sleep(\"1ms\")",
    },
    Builtin {
        name: "fail",
        signatures: &["fail(message)"],
        summary: "Ends the script with this error, as `throw` does: a `catch` around it gets the message",
        example: "try { fail(\"no customer is left\") } catch (e) { print(e.message) }",
    },
    Builtin {
        name: "exit",
        signatures: &["exit()", "exit(code)"],
        summary: "Ends the script here, past every `catch`: well with 0 or nothing, as failed with 1",
        example: "print(\"this is said\"); exit(); print(\"this is not\")",
    },
];

/// The longest wait that can be asked for: ten years, as for durations in words.
const LONGEST: f64 = 315_360_000.0;

pub fn register(registry: &mut Registry<'_>, host: &Arc<Host>) {
    let waiting = host.clone();
    registry.register_fn("sleep", move |ctx: NativeCallContext, seconds: INT| sleep(&waiting, &ctx, seconds as f64));
    let waiting = host.clone();
    registry.register_fn("sleep", move |ctx: NativeCallContext, seconds: FLOAT| sleep(&waiting, &ctx, seconds));
    let waiting = host.clone();
    registry.register_fn("sleep", move |ctx: NativeCallContext, words: &str| {
        let span = text::parse_duration(words).map_err(|why| {
            Thrown::argument("sleep", None, text::escape_control(&why).into_owned()).raise(ctx.call_position())
        })?;
        wait(&waiting, span, &Spot::of(&ctx))
    });
    registry.register_fn("fail", |ctx: NativeCallContext, message: &str| {
        Err::<(), Raised>(Thrown::general("failed", message.to_string()).raise(ctx.call_position()))
    });
    registry.register_fn("exit", |ctx: NativeCallContext| {
        Err::<(), Raised>(Box::new(EvalAltResult::Exit(Dynamic::UNIT, ctx.call_position())))
    });
    let ending = host.clone();
    registry.register_fn("exit", move |ctx: NativeCallContext, code: Dynamic| {
        let spot = Spot::of(&ctx);
        Err::<(), Raised>(match code.as_int() {
            Ok(0) => Box::new(EvalAltResult::Exit(Dynamic::UNIT, spot.at)),
            Ok(1) => ending.end(Fault::new(FaultKind::Script, "the script ended itself with `exit(1)`"), &spot),
            _ => {
                let found = code.as_int().map_or_else(|_| kind_of(&code).to_string(), |code| code.to_string());
                Thrown::argument("exit", None, format!("a script can end with 0 or 1, not with {found}"))
                    .hint("the other exit codes are onramp's own; say what went wrong with `fail(\"…\")`".into())
                    .raise(spot.at)
            }
        })
    });
}

fn sleep(host: &Host, ctx: &NativeCallContext, seconds: f64) -> Result<(), Raised> {
    let spot = Spot::of(ctx);
    // Written so that what is no number at all is refused, too.
    if !(0.0..=LONGEST).contains(&seconds) {
        let message = format!("it waits for 0 to {LONGEST} seconds, and this is another number");
        return Err(Thrown::argument("sleep", None, message).raise(spot.at));
    }
    wait(host, Duration::from_secs_f64(seconds), &spot)
}

fn wait(host: &Host, span: Duration, spot: &Spot) -> Result<(), Raised> {
    host.sink.flush();
    host.session.sleep(span).map_err(|error: SessionError| host.raise(error, spot))
}
