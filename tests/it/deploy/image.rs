//! The image: built by the commands that CI runs, from what it needs and no more, and the process alone in it.

use std::collections::BTreeSet;

use super::{deploy, root};
use crate::support::python::venv;
use crate::support::rust::read;

/// The instructions of a Dockerfile by stage, continued lines joined, comments left out.
fn stages(text: &str) -> Vec<Vec<(String, String)>> {
    let lines: String =
        text.lines().filter(|line| !line.trim_start().starts_with('#')).fold(String::new(), |text, line| {
            match line.strip_suffix('\\') {
                Some(begun) => text + begun,
                None => text + line + "\n",
            }
        });
    let mut stages = Vec::new();
    for line in lines.lines() {
        let Some((word, rest)) = line.split_once(' ') else { continue };
        if word == "FROM" {
            stages.push(Vec::new());
        }
        if let Some(stage) = stages.last_mut() {
            stage.push((word.to_owned(), rest.trim().to_owned()));
        }
    }
    stages
}

#[test]
fn the_image_is_built_as_ci_builds() {
    let stages = stages(&read(&deploy("Dockerfile")));
    let ci = read(&root().join(".ci/run"));
    let runs = stages[0].iter().filter(|(word, _)| word == "RUN");
    let commands = runs.flat_map(|(_, command)| command.split("&&")).map(str::trim);
    let cargo: Vec<_> = commands.filter(|command| command.starts_with("cargo ")).collect();
    let (tools, builds): (Vec<_>, Vec<_>) =
        cargo.into_iter().partition(|command| command.starts_with("cargo install "));
    // The tool that lists the crates in the binary, at the version that CI tries.
    let [tool] = tools[..] else { panic!("the build stage installs {tools:?}") };
    let (name, version) =
        tool.strip_prefix("cargo install --locked ").and_then(|it| it.split_once('@')).unwrap();
    assert!(ci.lines().any(|line| line == format!("tool {name} {version}")), ".ci/run has another {tool}");
    assert!(!builds.is_empty(), "the build stage builds nothing");
    for command in builds {
        assert!(command.starts_with(&format!("{} build ", name.replace('-', " "))), "{command}");
        assert!(ci.lines().any(|line| line == command), ".ci/run does not run `{command}`");
        assert!(command.contains("--locked") && command.contains("--no-default-features"), "{command}");
    }
}

#[test]
fn the_image_runs_the_binary_alone_and_not_as_root() {
    let stages = stages(&read(&deploy("Dockerfile")));
    let last = stages.last().unwrap();
    let of = |word: &str| last.iter().filter(|it| it.0 == word).map(|it| it.1.as_str()).collect::<Vec<_>>();
    // In exec form no shell stands between the task's SIGTERM and the process.
    assert_eq!(of("ENTRYPOINT"), [r#"["/usr/local/bin/atrest"]"#]);
    assert_eq!((of("USER"), of("VOLUME")), (vec!["65532:65532"], vec![r#"["/scratch"]"#]));
    assert_eq!(of("RUN"), Vec::<&str>::new(), "the base has no shell to run anything in");
    assert!(of("COPY").contains(&"--from=build --chown=65532:65532 /build/image/scratch /scratch"));
    let census = read(&deploy("census.yaml"));
    for held in ["ReadonlyRootFilesystem: true", "ContainerPath: /scratch", "StopTimeout: 120"] {
        assert!(census.contains(held), "census.yaml has no `{held}`");
    }
}

#[test]
fn the_image_has_what_it_is_built_from() {
    let ignore = read(&root().join(".dockerignore"));
    let kept: BTreeSet<_> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(ignore.lines().any(|line| line == "*"), "all is left out but what is named");
    for needed in ["Cargo.lock", "Cargo.toml", "LICENSE", "queries", "src"] {
        assert!(kept.contains(needed), ".dockerignore leaves {needed} out");
    }
}

#[test]
fn the_dockerfile_lints() {
    let venv = venv();
    venv.run("lint_dockerfile.py", [deploy("Dockerfile")]).succeeded();
}
