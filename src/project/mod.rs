//! The files a script can reach: those of its project folder, the modules below its own folder, and the paths that were
//! granted on the command line. Owns every rule about which path is allowed; knows no script engine and no format.

mod error;
mod folder;
mod module;
mod path;
mod settings;

pub use error::{FileError, FileErrorKind};
pub use module::Module;
pub use settings::{BadSettings, Settings};

use folder::Folder;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The file that marks a project folder, and may say which workspace it is for. It may be empty.
pub const MARKER: &str = "onramp.toml";

/// What a script's relative paths mean, and what else it may open.
#[derive(Clone, Debug)]
pub struct Project {
    /// Where files are read and written.
    files: Folder,
    /// Where imports begin: the script's own folder.
    modules: Folder,
    /// The script's own file in that folder; `None` for a text that is no file.
    script: Option<PathBuf>,
    /// What is put before a module's path where people see it, so that it reads like the script's own.
    shown_modules: PathBuf,
    /// Files outside that were named on the command line, by their absolute paths.
    granted: Vec<PathBuf>,
    /// Where files are written instead of into their places, in a dry run.
    preview: Option<Folder>,
}

impl Project {
    /// The project of a script's file. Links are followed first: a script that is reached through one belongs to the
    /// project it lies in.
    pub fn of_script(script: &Path) -> Project {
        let real = fs::canonicalize(script).unwrap_or_else(|_| script.to_path_buf());
        let own = real.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf();
        let shown = script.parent().unwrap_or(Path::new("")).to_path_buf();
        Project { script: real.file_name().map(PathBuf::from), ..Project::below(own, shown) }
    }

    /// The project of a text that is no file: the working directory stands for the script's own folder.
    pub fn of_working_directory() -> Project {
        Project::below(std::env::current_dir().unwrap_or_else(|_| ".".into()), PathBuf::new())
    }

    fn below(own: PathBuf, shown: PathBuf) -> Project {
        let root = own.ancestors().find(|folder| folder.join(MARKER).is_file()).unwrap_or(&own).to_path_buf();
        Project {
            files: Folder::new(root),
            modules: Folder::new(own),
            script: None,
            shown_modules: shown,
            granted: Vec::new(),
            preview: None,
        }
    }

    /// The folder where relative paths start.
    pub fn root(&self) -> &Path {
        self.files.path()
    }

    /// What the project file says.
    pub fn settings(&self) -> Result<Settings, BadSettings> {
        Settings::of_folder(self.root())
    }

    /// Grants exactly one file, inside the project or not, because its user named it on the command line. Gives back
    /// the absolute path by which the script opens it.
    pub fn grant(&mut self, path: &Path) -> io::Result<PathBuf> {
        let absolute = match fs::canonicalize(path) {
            Ok(real) => real,
            // A file that is still to be written has no real path yet, but its folder has.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let name = path.file_name().ok_or(error)?;
                let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
                fs::canonicalize(parent)?.join(name)
            }
            Err(error) => return Err(error),
        };
        self.granted.push(absolute.clone());
        Ok(absolute)
    }

    /// Writes files into `folder` from here on, and reads there first: what a dry run writes must not take the place of
    /// anything.
    pub fn preview_in(&mut self, folder: PathBuf) {
        self.preview = Some(Folder::new(folder));
    }

    /// Where a file goes in a preview: below the name of its folder, if it lies outside of the project.
    fn previewed(&self, path: &str) -> Result<PathBuf, FileError> {
        match self.granted_file(path) {
            Some((_, name)) => Ok(Path::new("outside").join(name)),
            None => path::inside(path, &self.files),
        }
    }

    /// The bytes of a file.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        if let Some(preview) = &self.preview {
            let place = self.previewed(path)?;
            if preview.holds(&place) {
                return preview.read(path, &place);
            }
        }
        match self.granted_file(path) {
            Some((folder, name)) => folder.read(path, Path::new(&name)),
            None => self.files.read(path, &path::inside(path, &self.files)?),
        }
    }

    /// Writes a file, whole or not at all. Scripts and project files are out of bounds: what a run may do must not
    /// change from within.
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<(), FileError> {
        path::writable(path)?;
        if let Some(preview) = &self.preview {
            // What could not be written in earnest fails here too.
            self.try_write(path)?;
            let place = self.previewed(path)?;
            preview.make_parents(path, &place)?;
            return preview.write(path, &place, bytes);
        }
        match self.granted_file(path) {
            Some((folder, name)) => folder.write(path, Path::new(&name), bytes),
            None => self.files.write(path, &path::inside(path, &self.files)?, bytes),
        }
    }

    /// The paths that begin like `typed`, for completion: files, and folders with a `/` behind. Empty where there are none
    /// or they are out of reach.
    pub fn names_below(&self, typed: &str) -> Vec<String> {
        let (folder, begun) = typed.rsplit_once('/').map_or(("", typed), |(folder, begun)| (folder, begun));
        // The name that is being typed stands for all files beside it.
        let Ok(path) = path::inside(&format!("{typed}x"), &self.files) else { return Vec::new() };
        let shown = |name: &str| if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") };
        let mut names: Vec<String> = self
            .files
            .names_beside(&path)
            .into_iter()
            .filter(|name| name.starts_with(begun) && (!name.starts_with('.') || begun.starts_with('.')))
            .map(|name| if self.files.is_folder(&path.with_file_name(&name)) { name + "/" } else { name })
            .map(|name| shown(&name))
            .collect();
        names.sort_unstable();
        names
    }

    /// Fails where [`Project::write`] would, before there is anything to write.
    pub fn try_write(&self, path: &str) -> Result<(), FileError> {
        path::writable(path)?;
        match self.granted_file(path) {
            Some((folder, name)) => folder.try_write(path, Path::new(&name)),
            None => self.files.try_write(path, &path::inside(path, &self.files)?),
        }
    }

    /// The text of the module that an import names, without its ending: `lib/dates`.
    pub fn module(&self, path: &str) -> Result<Module, FileError> {
        module::load(path, &self.modules, &self.shown_modules)
    }

    /// The script's own file below the folder where imports begin; `None` for a text that is no file.
    pub fn script(&self) -> Option<&Path> {
        self.script.as_deref()
    }

    fn granted_file(&self, path: &str) -> Option<(Folder, std::ffi::OsString)> {
        let granted = self.granted.iter().find(|granted| granted.as_path() == Path::new(path))?;
        Some((Folder::new(granted.parent()?.to_path_buf()), granted.file_name()?.to_os_string()))
    }
}

#[cfg(test)]
mod tests;
