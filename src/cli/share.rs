//! The rate budget of the client and the file of the store, which know nothing of each other, put together.

use crate::{
    api::client::{FORMAT, Ledger, Share, Unshared},
    api::request::BaseUrl,
    config,
    secret::Secret,
    store::rate::RateFile,
    text,
    ui::Ui,
};
use std::{sync::Arc, time::Duration};

/// The file as the client sees it.
struct Shared {
    file: RateFile,
    /// Where to say, once, that it cannot be used; to those who look at single requests.
    ui: Option<Ui>,
}

/// With whom the budget of `key` is shared at `base_url`; with nobody where this system or this user has no place for
/// it. Nothing is opened before the first call.
pub fn share(base_url: &BaseUrl, key: &Secret, interactive: bool, ui: Option<Ui>) -> Option<Share> {
    let file = config::state_dir().map_err(|failure| failure.message).and_then(|folder| {
        let file = RateFile::new(folder, &base_url.origin(), key, FORMAT);
        file.ok_or_else(|| "this system has no clock that processes share".into())
    });
    match file {
        Ok(file) => Some(Share { ledger: Arc::new(Shared { file, ui }), interactive }),
        Err(why) => {
            warn(ui.as_ref(), &why);
            None
        }
    }
}

impl Ledger for Shared {
    fn now(&self) -> Duration {
        self.file.now()
    }

    fn id(&self) -> u64 {
        self.file.id()
    }

    fn lives(&self, id: u64) -> bool {
        self.file.lives(id)
    }

    fn exchange(&self, change: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>) -> Result<(), Unshared> {
        self.file.exchange(change).map_err(|unusable| {
            let path = unusable.path.display().to_string();
            warn(self.ui.as_ref(), &format!("`{}` cannot be used: {}", text::escape_control(&path), unusable.why));
            Unshared
        })
    }
}

fn warn(ui: Option<&Ui>, why: &str) {
    if let Some(ui) = ui {
        ui.warn(&format!("the rate limit is not shared with other processes: {why}"));
    }
}
