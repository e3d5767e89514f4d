//! Rust sources read as far as the house's rules need it: tokens without comments and texts, what is
//! test code, which files a `mod` reaches.
//!
//! No parser: a token list and a stack of braces answer every question that is asked, and fit on a
//! page. What macros make is not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Reads a file of the package; panics with its name.
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("failed to read {}: {error}", path.display()))
}

/// A file's tokens.
pub struct Source {
    tokens: Vec<Token>,
    modules: Vec<Declared>,
}

struct Token {
    text: String,
    /// Modules written out in the file around it.
    inline: usize,
}

/// A `mod name;`.
struct Declared {
    /// The modules written out around it, then its name.
    path: Vec<String>,
    test: bool,
}

/// What a brace opened.
struct Scope {
    module: Option<String>,
    test: bool,
}

impl Source {
    /// The product's tokens: what stands under `#[cfg(test)]` is left out.
    pub fn of(text: &str) -> Self {
        Self::read(text, false)
    }

    /// All tokens.
    pub fn with_tests(text: &str) -> Self {
        Self::read(text, true)
    }

    fn read(text: &str, keep_tests: bool) -> Self {
        let texts = tokens(text);
        let is = |at: usize, word: &str| texts.get(at).is_some_and(|it| it == word);
        let mut source = Self { tokens: Vec::new(), modules: Vec::new() };
        let mut scopes: Vec<Scope> = Vec::new();
        // Whether `#[cfg(test)]` waits for its item, and the module whose brace or semicolon is next.
        let (mut test_item, mut module) = (false, None);
        for (at, token) in texts.iter().enumerate() {
            let in_test = test_item || scopes.iter().any(|scope| scope.test);
            let inline: Vec<&String> = scopes.iter().filter_map(|scope| scope.module.as_ref()).collect();
            match token.as_str() {
                "cfg" if is(at + 1, "(") && is(at + 2, "test") && is(at + 3, ")") => test_item = true,
                "mod" if is(at + 2, ";") || is(at + 2, "{") => module = texts.get(at + 1).cloned(),
                ";" => {
                    if let Some(name) = module.take() {
                        let path = inline.iter().map(|it| (*it).clone()).chain([name]).collect();
                        source.modules.push(Declared { path, test: in_test });
                    }
                    test_item = false;
                }
                _ => {}
            }
            if keep_tests || !in_test {
                source.tokens.push(Token { text: token.clone(), inline: inline.len() });
            }
            match token.as_str() {
                "{" => {
                    scopes.push(Scope { module: module.take(), test: test_item });
                    test_item = false;
                }
                "}" => drop(scopes.pop()),
                _ => {}
            }
        }
        source
    }

    fn is(&self, at: usize, word: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.text == word)
    }

    /// Whether the tokens stand there in this order.
    pub fn has(&self, wanted: &[&str]) -> bool {
        self.after(wanted).next().is_some()
    }

    /// The token after each place where the tokens stand in this order.
    pub fn after(&self, wanted: &[&str]) -> impl Iterator<Item = String> {
        let at = |window: &[Token]| wanted.iter().zip(window).all(|(word, token)| token.text == *word);
        let windows = self.tokens.windows(wanted.len() + 1);
        windows
            .filter(|window| at(window))
            .map(|window| window[wanted.len()].text.clone())
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// The names that follow `root::`, also in `root::{a, b::c}`.
    pub fn paths_from(&self, root: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for at in (0..self.tokens.len()).filter(|at| self.is(*at, root) && self.is(at + 1, "::")) {
            if !self.is(at + 2, "{") {
                found.extend(self.tokens.get(at + 2).map(|token| token.text.clone()));
                continue;
            }
            let mut depth = 0;
            for inner in at + 2..self.tokens.len() {
                match self.tokens[inner].text.as_str() {
                    "{" => depth += 1,
                    "}" if depth == 1 => break,
                    "}" => depth -= 1,
                    name if depth == 1 && (self.is(inner - 1, "{") || self.is(inner - 1, ",")) => {
                        found.insert(name.to_owned());
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// Those of `names` that a path or a `use` begins with.
    pub fn roots(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        let begins = |at: usize| {
            let inside = at.checked_sub(1).is_some_and(|before| self.is(before, "::"));
            // `::serde` is the crate, too; `a::serde` is not.
            let absolute = inside
                && at.checked_sub(2).is_none_or(|before| {
                    !self.tokens[before]
                        .text
                        .ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '>'))
                });
            let used = at.checked_sub(1).is_some_and(|before| self.is(before, "use"));
            (!inside || absolute) && (self.is(at + 1, "::") || used)
        };
        let places = self.tokens.iter().enumerate();
        places
            .filter(|(at, token)| names.contains(&token.text) && begins(*at))
            .map(|(_, t)| t.text.clone())
            .collect()
    }

    /// The longest row of `super::`, less the modules that the file itself writes out around it.
    pub fn most_supers_beyond_inline(&self) -> usize {
        let row = |at: usize| {
            let pairs = (at..self.tokens.len()).step_by(2);
            let length = pairs.take_while(|at| self.is(*at, "super") && self.is(at + 1, "::")).count();
            length.saturating_sub(self.tokens[at].inline)
        };
        (0..self.tokens.len()).map(row).max().unwrap_or(0)
    }
}

/// A file that a `mod` reaches.
pub struct Module {
    /// Its text.
    pub text: String,
    /// Whether only tests have it.
    pub test: bool,
}

impl Module {
    /// Adds a target's file and all that it declares, with paths from the package's root.
    pub fn reach(root: &Path, target: &Path, reached: &mut BTreeMap<PathBuf, Self>) {
        Self::visit(root, target, target.parent().unwrap(), false, reached);
    }

    fn visit(root: &Path, file: &Path, folder: &Path, test: bool, reached: &mut BTreeMap<PathBuf, Self>) {
        let text = read(&root.join(file));
        for declared in Source::of(&text).modules {
            let stem = declared.path.iter().fold(folder.to_owned(), |path, name| path.join(name));
            let flat = stem.with_extension("rs");
            let next = if root.join(&flat).exists() { flat } else { stem.join("mod.rs") };
            Self::visit(root, &next, &stem, test || declared.test, reached);
        }
        reached.insert(file.to_owned(), Self { text, test });
    }
}

/// Identifiers and punctuation; comments, texts and character literals are left out.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let get = |at: usize| chars.get(at).copied().unwrap_or('\0');
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        if c == '/' && get(at + 1) == '/' {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if c == '/' && get(at + 1) == '*' {
            at = after_comment(&chars, at);
        } else if c == '"' {
            at = after_text(&chars, at);
        } else if let Some(end) = after_raw_text(&chars, at) {
            at = end;
        } else if c == '\'' && (get(at + 1) == '\\' || get(at + 2) == '\'') {
            // A character, not a lifetime: its end is the next quote that is not the escaped one.
            at += if get(at + 1) == '\\' { 3 } else { 2 };
            while at < chars.len() && chars[at] != '\'' {
                at += 1;
            }
            at += 1;
        } else if word(c) {
            let start = at;
            while word(get(at)) {
                at += 1;
            }
            found.push(chars[start..at].iter().collect());
        } else if c == ':' && get(at + 1) == ':' {
            found.push("::".to_owned());
            at += 2;
        } else {
            if !c.is_whitespace() {
                found.push(c.to_string());
            }
            at += 1;
        }
    }
    found
}

fn after_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn after_text(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Where a raw text that begins here ends: `r"…"`, `br#"…"#`.
fn after_raw_text(chars: &[char], start: usize) -> Option<usize> {
    let mut at = start;
    if matches!(chars[at], 'b' | 'c') {
        at += 1;
    }
    if chars.get(at) != Some(&'r') {
        return None;
    }
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    at += 1 + hashes;
    if chars.get(at) != Some(&'"') {
        return None;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let length = chars[at + 1..].windows(end.len()).position(|window| window == end)?;
    Some(at + 1 + length + end.len())
}
