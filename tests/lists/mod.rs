//! Lists through the real program: how many pages a walk asks for and when, what happens where one fails, and ties that
//! fill a page. The rows themselves are the sandbox's or this folder's small server's.

mod failing;
mod fetching;
mod server;
mod ties;
