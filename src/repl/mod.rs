//! The REPL: a loop over lines on the same engine, session and limits as a file has.
