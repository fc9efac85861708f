//! The process of an exec, made from the container's own (contract 1.12.1, 1.12.2).

use wharf_container::capabilities::Capabilities;
use wharf_container::spec::{ExecSpec, Process, TerminalSize};

use crate::container::run::Run;
use crate::container::spec::overlay;
use crate::model::exec::ExecConfig;

/// The spec of an exec in a running container. `size` is height and width.
pub fn exec_spec(run: &Run, config: &ExecConfig, size: Option<[u32; 2]>) -> ExecSpec {
    let process = process(&run.process, config, size);
    ExecSpec::new(run.identity.clone(), run.cgroup_spec.clone(), process)
}

fn process(template: &Process, config: &ExecConfig, size: Option<[u32; 2]>) -> Process {
    let mut process = template.clone();
    process.arguments = config.cmd.clone().unwrap_or_default();
    process.environment = environment(template, config);
    if !config.user.is_empty() {
        process.user.clone_from(&config.user);
    }
    if !config.working_dir.is_empty() {
        process.working_directory.clone_from(&config.working_dir);
    }
    if config.privileged {
        process.filter_capabilities = Some(template.filter_capabilities.unwrap_or(template.capabilities));
        process.capabilities = Capabilities::all();
    }
    process.terminal = config.tty.then(|| {
        let [rows, columns] = size.unwrap_or_default().map(|size| u16::try_from(size).unwrap_or(0));
        TerminalSize { rows, columns }
    });
    process
}

fn environment(template: &Process, config: &ExecConfig) -> Vec<String> {
    let mut environment = template.environment.clone();
    if config.tty && !environment.iter().any(|item| item.starts_with("TERM=")) {
        environment.push("TERM=xterm".to_owned());
    }
    overlay(environment, config.env.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_container_is_the_template() {
        let mut template = Process::docker_defaults(vec!["sleep".to_owned()]);
        template.environment.push("A=1".to_owned());
        template.user = "app".to_owned();
        let config = ExecConfig {
            cmd: Some(vec!["id".to_owned()]),
            env: Some(vec!["A=2".to_owned()]),
            tty: true,
            ..ExecConfig::default()
        };
        let process = process(&template, &config, Some([24, 80]));
        assert_eq!((process.arguments, process.user.as_str()), (vec!["id".to_owned()], "app"));
        assert!(process.environment.contains(&"A=2".to_owned()));
        assert!(process.environment.contains(&"TERM=xterm".to_owned()));
        assert_eq!(process.terminal, Some(TerminalSize { rows: 24, columns: 80 }));
    }

    #[test]
    fn all_rights_come_without_the_calls_that_the_container_may_not_make() {
        let template = Process::docker_defaults(vec!["sleep".to_owned()]);
        let config = ExecConfig { privileged: true, ..ExecConfig::default() };
        let process = process(&template, &config, None);
        assert_eq!(process.capabilities, Capabilities::all());
        assert_eq!(process.filter_capabilities, Some(Capabilities::docker_defaults()));
    }
}
