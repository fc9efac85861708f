//! Which stage needs what: bases, `COPY --from`, `RUN --mount=from` (contract 8.4.7, 8.6).

use std::collections::{BTreeMap, BTreeSet};

use super::arguments::Arguments;
use super::operation::Origin;
use crate::dockerfile::{
    Dockerfile, DockerfileError, Instruction, InstructionKind, Problem, Stage, closest, mount,
};
use crate::expand::Expander;
use crate::request::NamedContext;

/// What a stage starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    /// Nothing.
    Scratch,
    /// Another stage, by index.
    Stage(usize),
    /// An image.
    Image(ImageNeed),
}

/// An image that a build needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ImageNeed {
    /// As written, variables expanded.
    pub reference: String,
    /// `--platform`; the target's when `None`.
    pub platform: Option<String>,
}

/// One stage's needs.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub base: Base,
    /// Where its copies and mounts take files from.
    pub inputs: BTreeSet<Origin>,
}

impl Node {
    fn needed_stages(&self) -> impl Iterator<Item = usize> {
        let base = match self.base {
            Base::Stage(index) => Some(index),
            _ => None,
        };
        base.into_iter().chain(self.inputs.iter().filter_map(|origin| match origin {
            Origin::Stage(index) => Some(*index),
            _ => None,
        }))
    }

    fn needed_images(&self) -> impl Iterator<Item = ImageNeed> {
        let base = match &self.base {
            Base::Image(need) => Some(need.clone()),
            _ => None,
        };
        base.into_iter().chain(self.inputs.iter().filter_map(|origin| match origin {
            Origin::Image(reference) => Some(ImageNeed { reference: reference.clone(), platform: None }),
            _ => None,
        }))
    }
}

/// The needs of all stages, by stage index.
#[derive(Debug)]
pub(crate) struct Graph(pub Vec<Node>);

/// What names can stand for.
pub(crate) struct Names<'a> {
    pub file: &'a Dockerfile,
    pub contexts: &'a BTreeMap<String, NamedContext>,
}

impl Graph {
    /// Reads all stages' needs.
    pub fn new(names: &Names, arguments: &Arguments) -> Result<Self, DockerfileError> {
        let stages = names.file.stages.iter().enumerate();
        stages.map(|(index, stage)| node(names, arguments, index, stage)).collect::<Result<_, _>>().map(Self)
    }

    /// The stages that the target needs, each after what it needs itself.
    pub fn order(&self, file: &Dockerfile, target: usize) -> Result<Vec<usize>, DockerfileError> {
        let mut visit = Visit { graph: self, file, open: Vec::new(), order: Vec::new() };
        visit.stage(target)?;
        Ok(visit.order)
    }

    /// The images that these stages need.
    pub fn images(&self, stages: &[usize]) -> BTreeSet<ImageNeed> {
        stages.iter().flat_map(|index| self.0[*index].needed_images()).collect()
    }
}

struct Visit<'a> {
    graph: &'a Graph,
    file: &'a Dockerfile,
    open: Vec<usize>,
    order: Vec<usize>,
}

impl Visit<'_> {
    fn stage(&mut self, index: usize) -> Result<(), DockerfileError> {
        if self.order.contains(&index) {
            return Ok(());
        }
        if self.open.contains(&index) {
            return Err(self.cycle(index));
        }
        self.open.push(index);
        for needed in self.graph.0[index].needed_stages() {
            self.stage(needed)?;
        }
        self.open.pop();
        self.order.push(index);
        Ok(())
    }

    fn cycle(&self, index: usize) -> DockerfileError {
        let from = self.open.iter().position(|open| *open == index).unwrap_or(0);
        let names: Vec<String> =
            self.open[from..].iter().chain([&index]).map(|stage| stage_name(self.file, *stage)).collect();
        let stage = &self.file.stages[index];
        self.file.error_at(
            stage.line,
            &stage.source,
            Problem::new(format!("circular dependency between stages: {}", names.join(" → "))),
        )
    }
}

/// The stage's name, or its number.
pub(crate) fn stage_name(file: &Dockerfile, index: usize) -> String {
    file.stages[index].name.clone().unwrap_or_else(|| format!("stage-{index}"))
}

/// The index of the stage to build (contract 8.6.1).
pub(crate) fn target(file: &Dockerfile, wanted: Option<&str>) -> Result<usize, Problem> {
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else { return Ok(file.stages.len() - 1) };
    let lower = wanted.to_lowercase();
    let by_name = file.stages.iter().rposition(|stage| stage.name.as_deref() == Some(lower.as_str()));
    let by_number = || wanted.parse().ok().filter(|index| *index < file.stages.len());
    by_name.or_else(by_number).ok_or_else(|| {
        let problem = Problem::new(format!("target stage {wanted:?} could not be found"));
        let names = file.stages.iter().filter_map(|stage| stage.name.as_deref());
        match closest(wanted, names) {
            Some(near) => problem.help(format!("did you mean {near}?")),
            None => problem,
        }
    })
}

fn node(names: &Names, arguments: &Arguments, index: usize, stage: &Stage) -> Result<Node, DockerfileError> {
    let at_stage = |problem| names.file.error_at(stage.line, &stage.source, problem);
    let base = base(names, arguments, index, stage).map_err(at_stage)?;
    let mut inputs = BTreeSet::new();
    for instruction in &stage.instructions {
        let found = origins(names, index, instruction);
        inputs.extend(
            found.map_err(|problem| names.file.error_at(instruction.line, &instruction.source, problem))?,
        );
    }
    Ok(Node { base, inputs })
}

fn base(names: &Names, arguments: &Arguments, index: usize, stage: &Stage) -> Result<Base, Problem> {
    let lookup = |name: &str| arguments.in_from(name);
    let expander = Expander { escape: names.file.escape, lookup: &lookup };
    let reference = expander.word(&stage.base)?;
    if reference.is_empty() {
        return Err(Problem::new(format!("base name ({}) should not be blank", stage.base))
            .help("give the ARG a default, or pass a build argument"));
    }
    let platform = stage.platform.as_deref().map(|platform| expander.word(platform)).transpose()?;
    match names.context(&reference) {
        Some((_, NamedContext::Image(image))) => {
            return Ok(Base::Image(ImageNeed { reference: image.clone(), platform }));
        }
        Some((name, NamedContext::Directory(_))) => {
            return Err(Problem::new(format!(
                "the named context {name} is a directory; FROM needs an image"
            )));
        }
        None => {}
    }
    Ok(match names.stage_before(&reference, index) {
        Some(earlier) => Base::Stage(earlier),
        None if reference == "scratch" => Base::Scratch,
        None => Base::Image(ImageNeed { reference, platform }),
    })
}

fn origins(names: &Names, index: usize, instruction: &Instruction) -> Result<Vec<Origin>, Problem> {
    match &instruction.kind {
        InstructionKind::Copy(copy) => Ok(vec![names.origin(copy.from.as_deref(), index)?]),
        InstructionKind::Run(run) => {
            let sources = run.mounts.iter().filter_map(|text| mount::from_field(text));
            sources.map(|from| names.origin(Some(&from), index)).collect()
        }
        _ => Ok(Vec::new()),
    }
}

impl Names<'_> {
    /// A named context, also under the name with the default tag.
    fn context(&self, name: &str) -> Option<(&String, &NamedContext)> {
        self.contexts
            .get_key_value(name)
            .or_else(|| self.contexts.get_key_value(name.strip_suffix(":latest")?))
            .or_else(|| self.contexts.get_key_value(&format!("{name}:latest")))
    }

    fn stage_before(&self, name: &str, index: usize) -> Option<usize> {
        let lower = name.to_lowercase();
        self.file.stages[..index].iter().rposition(|stage| stage.name.as_deref() == Some(lower.as_str()))
    }

    fn stage_named(&self, name: &str, index: usize) -> Option<usize> {
        let lower = name.to_lowercase();
        self.stage_before(name, index).or_else(|| {
            self.file.stages.iter().position(|stage| stage.name.as_deref() == Some(lower.as_str()))
        })
    }

    /// What a `--from` in the stage `index` means.
    pub fn origin(&self, from: Option<&str>, index: usize) -> Result<Origin, Problem> {
        let Some(from) = from else { return Ok(Origin::Context) };
        if from.contains('$') {
            return Err(Problem::new(format!("variables are not expanded in from={from}"))
                .help("give the image a stage of its own: FROM image AS name"));
        }
        match self.context(from) {
            Some((name, NamedContext::Directory(_))) => return Ok(Origin::Directory(name.clone())),
            Some((_, NamedContext::Image(image))) => return Ok(Origin::Image(image.clone())),
            None => {}
        }
        if let Some(stage) = self.stage_named(from, index) {
            return Ok(Origin::Stage(stage));
        }
        match from.parse::<usize>() {
            Ok(number) if number < index => Ok(Origin::Stage(number)),
            Ok(number) => Err(Problem::new(format!("--from={number} does not name an earlier stage"))
                .help(format!("this is stage {index}; stages are counted from 0"))),
            Err(_) => Ok(Origin::Image(from.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use wharf_image::Platform;

    use super::*;
    use crate::dockerfile::parse;

    fn graph(
        text: &str,
        contexts: &BTreeMap<String, NamedContext>,
    ) -> Result<(Dockerfile, Graph), DockerfileError> {
        let file = parse("Dockerfile", text)?;
        let arguments = Arguments::new(&file, &IndexMap::new(), &Platform::host(), "")?;
        let graph = Graph::new(&Names { file: &file, contexts }, &arguments)?;
        Ok((file, graph))
    }

    fn order(text: &str, wanted: Option<&str>) -> Vec<usize> {
        let (file, graph) = graph(text, &BTreeMap::new()).expect("valid");
        graph.order(&file, target(&file, wanted).expect("target")).expect("no cycle")
    }

    const THREE: &str = "FROM a AS one\nFROM b AS two\nCOPY --from=one / /\nFROM c AS three\nRUN --mount=from=one,target=/x y\n";

    #[test]
    fn only_needed_stages_are_built_each_after_its_needs() {
        assert_eq!(order(THREE, None), [0, 2]);
        assert_eq!(order(THREE, Some("TWO")), [0, 1]);
        assert_eq!(order(THREE, Some("0")), [0]);
        assert_eq!(order("FROM a AS x\nFROM x\nFROM b\nCOPY --from=1 / /", None), [0, 1, 2]);
    }

    #[test]
    fn names_mean_contexts_then_stages_then_images() {
        let contexts = BTreeMap::from([
            ("alpine".to_owned(), NamedContext::Image("mirror/alpine".to_owned())),
            ("src".to_owned(), NamedContext::Directory("/src".into())),
        ]);
        let text = "FROM alpine:latest AS one\nCOPY --from=src / /\nCOPY --from=other:1 / /\nFROM one\nCOPY --from=0 / /\n";
        let (_, graph) = graph(text, &contexts).expect("valid");
        let mirror = ImageNeed { reference: "mirror/alpine".to_owned(), platform: None };
        assert_eq!(graph.0[0].base, Base::Image(mirror));
        assert!(graph.0[0].inputs.contains(&Origin::Directory("src".to_owned())));
        assert!(graph.0[0].inputs.contains(&Origin::Image("other:1".to_owned())));
        assert_eq!(graph.0[1].base, Base::Stage(0));
        assert!(graph.0[1].inputs.contains(&Origin::Stage(0)));
    }

    #[test]
    fn cycles_and_wrong_numbers_are_errors_with_their_line() {
        let (file, graph_found) =
            graph("FROM a AS one\nCOPY --from=two / /\nFROM b AS two\nCOPY --from=one / /", &BTreeMap::new())
                .expect("valid");
        let error = graph_found.order(&file, 1).expect_err("cycle").to_string();
        assert!(
            error.starts_with("Dockerfile:3: circular dependency between stages: two → one → two"),
            "{error}"
        );
        let error = graph("FROM a\nCOPY --from=0 / /", &BTreeMap::new()).expect_err("itself").to_string();
        assert!(error.starts_with("Dockerfile:2: --from=0 does not name an earlier stage"), "{error}");
        let error = graph("ARG V\nFROM $V", &BTreeMap::new()).expect_err("blank").to_string();
        assert!(error.starts_with("Dockerfile:2: base name ($V) should not be blank"), "{error}");
    }

    #[test]
    fn an_unknown_target_gets_a_suggestion() {
        let file = parse("D", "FROM a AS builder").expect("valid");
        let problem = target(&file, Some("bulder")).expect_err("unknown");
        assert_eq!(problem.help.as_deref(), Some("did you mean builder?"));
    }
}
