//! What the process of a run says on standard error, line by line, for whoever wants to hear it while it is at work. The file
//! in the run's folder has it in any case.

use std::{
    fs::File,
    io::{self, Read},
};

/// Hears what comes into a file.
pub struct Ear {
    file: File,
    /// A line without its end.
    begun: Vec<u8>,
}

impl Ear {
    pub fn at(file: File) -> Ear {
        Ear { file, begun: Vec::new() }
    }

    /// The lines that came since the last time; when all `is_over`, the last one as well that has no end.
    pub fn lines(&mut self, is_over: bool) -> io::Result<Vec<String>> {
        self.file.read_to_end(&mut self.begun)?;
        let whole = match is_over {
            true => self.begun.len(),
            false => self.begun.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1),
        };
        let lines: Vec<u8> = self.begun.drain(..whole).collect();
        Ok(String::from_utf8_lossy(&lines).lines().map(String::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn lines_are_heard_once_they_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("err");
        let mut write = File::create(&path).unwrap();
        let mut ear = Ear::at(File::open(&path).unwrap());
        let none: [&str; 0] = [];
        assert_eq!(ear.lines(false).unwrap(), none);
        write.write_all("one\ntwo\nthr".as_bytes()).unwrap();
        assert_eq!(ear.lines(false).unwrap(), ["one", "two"]);
        write.write_all("ee\nfour".as_bytes()).unwrap();
        assert_eq!(ear.lines(false).unwrap(), ["three"]);
        assert_eq!(ear.lines(true).unwrap(), ["four"]);
        assert_eq!(ear.lines(true).unwrap(), none);
    }
}
