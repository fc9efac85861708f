//! Expectations: a text file per case file, `=== title` and then `refused`, or the YAML, `--- json` and the JSON on one line.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::Output;
use crate::cases::{Case, folder};
use crate::output;

const JSON: &str = "\n--- json\n";

/// The expectations of one case file.
pub struct Golden {
    path: PathBuf,
    outputs: BTreeMap<String, Output>,
}

impl Golden {
    /// Reads them; none when there is no such file yet.
    pub fn read(file: &str) -> Self {
        let path = folder().join("golden").join(format!("{file}.txt"));
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let outputs = format!("\n{text}").split("\n=== ").skip(1).map(parse).collect();
        Self { path, outputs }
    }

    /// The expectation of a case.
    pub fn get(&self, title: &str) -> Option<&Output> {
        self.outputs.get(title)
    }

    /// Writes what the reference makes of each case, or we of one that differs.
    pub fn update(&mut self, cases: &[Case], reference: impl Fn(&Case) -> Output) {
        let mut text = String::new();
        self.outputs.clear();
        for case in cases {
            let output = if case.differs { output::ours(case).output } else { reference(case) };
            text += &format!("=== {}\n{}", case.title, print(&output));
            self.outputs.insert(case.title.clone(), output);
        }
        std::fs::write(&self.path, text).expect("the golden file");
    }
}

fn parse(block: &str) -> (String, Output) {
    let (title, body) = block.split_once('\n').unwrap_or((block, ""));
    let output = body.split_once(JSON).map_or(Output::Refused, |(yaml, json)| Output::Accepted {
        yaml: format!("{}\n", yaml.trim_end_matches('\n')),
        json: serde_json::from_str(json).expect("JSON"),
    });
    (title.to_owned(), output)
}

fn print(output: &Output) -> String {
    match output {
        Output::Refused => "refused\n".into(),
        Output::Accepted { yaml, json } => format!("{}{JSON}{json}\n", yaml.trim_end_matches('\n')),
    }
}
