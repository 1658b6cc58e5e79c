//! Every text file of the repository, read once, and the members found in it.

use std::io;
use std::path::Path;

/// Folders that hold nothing of ours.
const SKIPPED: &[&str] = &[".git", ".colink", "target", "node_modules", "dist"];
/// Nothing that a person writes is longer; longer files are listed without their text.
const MAX_BYTES: u64 = 1 << 20;

/// One file of the repository.
pub(super) struct SourceFile {
    /// Relative to the repository, with `/`.
    pub(super) path: String,
    /// Empty for a file that is not UTF-8 or too long to be source.
    pub(super) text: String,
}

impl SourceFile {
    /// The name without folders.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The part after the last dot of the name, empty without one.
    pub(super) fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Lines with their number from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// The number of the first line that holds `needle`, else 1.
    pub(super) fn line_of(&self, needle: &str) -> usize {
        self.lines().find(|(_, line)| line.contains(needle)).map_or(1, |(number, _)| number)
    }
}

/// A crate of the workspace.
pub(super) struct Member<'t> {
    /// `crates/colink-core`, `services/auth`, `ci/xtask`.
    pub(super) dir: &'t str,
    /// The name of the package; the folder's name if the manifest has none.
    pub(super) name: String,
    pub(super) manifest: &'t SourceFile,
    /// `None` when the manifest is not TOML.
    pub(super) table: Option<toml::Table>,
}

/// The repository as the rules see it.
pub(super) struct Tree {
    files: Vec<SourceFile>,
}

impl Tree {
    /// Reads everything below `root` but version control, build output and downloads.
    pub(super) fn read(root: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let entry = entry?;
                let (kind, path) = (entry.file_type()?, entry.path());
                if kind.is_dir() && !SKIPPED.iter().any(|name| entry.file_name() == *name) {
                    folders.push(path);
                } else if kind.is_file() {
                    files.push(SourceFile { path: relative(root, &path), text: read_text(&path)? });
                }
            }
        }
        Ok(Self::sorted(files))
    }

    /// A tree of the given paths and texts, for tests.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| SourceFile { path: (*path).into(), text: (*text).into() };
        Self::sorted(files.iter().map(file).collect())
    }

    fn sorted(mut files: Vec<SourceFile>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files }
    }

    /// All files, by path.
    pub(super) fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The file at exactly this path.
    pub(super) fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Files whose path starts with `prefix`, which ends with `/` to mean a folder.
    pub(super) fn under<'t>(&'t self, prefix: &'t str) -> impl Iterator<Item = &'t SourceFile> {
        self.files.iter().filter(move |file| file.path.starts_with(prefix))
    }

    /// Rust files whose path starts with `prefix`.
    pub(super) fn rust_under<'t>(&'t self, prefix: &'t str) -> impl Iterator<Item = &'t SourceFile> {
        self.under(prefix).filter(|file| file.extension() == "rs")
    }

    /// Every crate: the folders two levels deep in `crates/`, `services/` and `ci/` with a manifest.
    pub(super) fn members(&self) -> Vec<Member<'_>> {
        self.files.iter().filter_map(member).collect()
    }

    /// Names of the services, by name.
    pub(super) fn services(&self) -> Vec<&str> {
        self.members().iter().filter_map(|member| member.dir.strip_prefix("services/")).collect()
    }
}

fn member(manifest: &SourceFile) -> Option<Member<'_>> {
    let dir = manifest.path.strip_suffix("/Cargo.toml")?;
    let (group, folder) = dir.split_once('/')?;
    if folder.contains('/') || !["crates", "services", "ci"].contains(&group) {
        return None;
    }
    let table = manifest.text.parse::<toml::Table>().ok();
    let package = table.as_ref().and_then(|table| table.get("package"));
    let name = package.and_then(|package| package.get("name")).and_then(toml::Value::as_str);
    Some(Member { dir, name: name.unwrap_or(folder).to_owned(), manifest, table })
}

fn relative(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    inside.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn read_text(path: &Path) -> io::Result<String> {
    if path.metadata()?.len() > MAX_BYTES {
        return Ok(String::new());
    }
    Ok(String::from_utf8(std::fs::read(path)?).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_crates_two_levels_deep() {
        let tree = Tree::of(&[
            ("Cargo.toml", "[workspace]"),
            ("crates/colink-core/Cargo.toml", "[package]\nname = \"colink-core\""),
            ("services/auth/Cargo.toml", "[package]\nname = \"auth\""),
            ("crates/colink-core/fuzz/Cargo.toml", "[package]\nname = \"fuzz\""),
        ]);
        let members: Vec<_> = tree.members().iter().map(|member| member.name.clone()).collect();
        assert_eq!(members, ["colink-core", "auth"]);
        assert_eq!(tree.services(), ["auth"]);
    }
}
