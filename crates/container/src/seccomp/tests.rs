//! The filters are run as the kernel runs them.

use super::emit::run;
use super::syscalls::ABIS;
use super::*;

const ALLOW: u32 = 0x7fff_0000;
const EPERM: u32 = 0x0005_0001;
const ENOSYS: u32 = 0x0005_0026;

fn number(abi: usize, name: &str) -> u32 {
    ABIS[abi].calls().find(|(_, known)| *known == name).unwrap().0
}

fn verdict(filter: &Filter, name: &str, first_argument: u64) -> u32 {
    run(&filter.program, ABIS[0].audit, number(0, name), [first_argument, 0, 0, 0, 0, 0])
}

fn default_with(extra: u64) -> Filter {
    let capabilities = Capabilities::from_bits(Capabilities::docker_defaults().bits() | extra);
    default::profile().compile(capabilities).unwrap()
}

#[test]
fn the_default_filter_decides_as_docker_does() {
    let filter = usual_filter().clone().unwrap();
    let cases = [
        ("read", 0, ALLOW),
        ("ptrace", 0, ALLOW),
        ("chroot", 0, ALLOW),
        ("mount", 0, EPERM),
        ("unshare", 0, EPERM),
        ("keyctl", 0, EPERM),
        ("io_uring_setup", 0, EPERM),
        ("bpf", 0, EPERM),
        ("clone3", 0, ENOSYS),
        ("clone", 0x1200011, ALLOW),
        ("clone", 0x1000_0000, EPERM),
        ("clone", 0x0002_0000, EPERM),
        ("personality", 0, ALLOW),
        ("personality", 0xffff_ffff, ALLOW),
        ("personality", 0x4_0000, EPERM),
        ("socket", 1, ALLOW),
        ("socket", 37, ALLOW),
        ("socket", 38, EPERM),
        ("socket", 39, ALLOW),
        ("socket", 40, EPERM),
        ("socket", 41, ALLOW),
        ("socket", 1 << 32 | 38, EPERM),
    ];
    for (name, argument, expected) in cases {
        assert_eq!(verdict(&filter, name, argument), expected, "{name}({argument:#x})");
    }
}

#[test]
fn every_number_gets_what_the_decisions_say() {
    let circumstances =
        Circumstances { capabilities: Capabilities::docker_defaults(), kernel: running_kernel() };
    let filter = usual_filter().clone().unwrap();
    for abi in &ABIS {
        let decisions = compile::decide(&default::profile(), abi, &circumstances);
        for number in 0..600 {
            let (_, decision) = decisions.iter().rev().find(|(start, _)| *start <= number).unwrap();
            if let compile::Decision::Always(value) = decision {
                assert_eq!(run(&filter.program, abi.audit, number, [0; 6]), *value, "{number}");
            }
        }
    }
}

#[test]
fn capabilities_open_system_calls() {
    let sys_admin = default_with(1 << 21);
    for (name, argument) in [("mount", 0), ("clone", 0x1000_0000), ("clone3", 0), ("setns", 0)] {
        assert_eq!(verdict(&sys_admin, name, argument), ALLOW, "{name}");
    }
    assert_eq!(verdict(&default_with(1 << 25), "settimeofday", 0), ALLOW);
}

#[test]
fn newer_calls_and_other_interfaces() {
    let filter = usual_filter().clone().unwrap();
    let call = |interface, number| run(&filter.program, interface, number, [0; 6]);
    assert_eq!(call(ABIS[0].audit, 467), ENOSYS, "newer than the profile");
    assert_eq!(call(ABIS[0].audit, 0xffff_ffff), ENOSYS);
    assert_eq!(call(ABIS[1].audit, number(1, "read")), ALLOW, "32-bit programs work");
    assert_eq!(call(ABIS[1].audit, number(1, "mount")), EPERM);
    assert_eq!(call(0x1234, 0), 0x8000_0000);
    if cfg!(target_arch = "x86_64") {
        assert_eq!(call(ABIS[0].audit, 0x4000_0000), ENOSYS, "x32");
    }
}

#[test]
fn the_default_filter_is_short() {
    let length = usual_filter().clone().unwrap().program.len();
    assert!(length < 700, "{length} instructions");
}

fn custom(json: &str) -> Filter {
    Profile::parse(json).unwrap().compile(Capabilities::docker_defaults()).unwrap()
}

#[test]
fn a_custom_profile_that_denies_one_call() {
    let json = r#"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"],"syscalls":[
        {"names":["chmod","no_such_call"],"action":"SCMP_ACT_ERRNO","args":null},
        {"name":"mkdir","action":"SCMP_ACT_KILL","args":[]}]}"#;
    let filter = custom(json);
    assert_eq!(verdict(&filter, "mkdir", 0), 0);
    assert_eq!(verdict(&filter, "read", 0), ALLOW);
    assert_eq!(run(&filter.program, ABIS[0].audit, 5000, [0; 6]), ALLOW, "no ENOSYS where all is allowed");
    if cfg!(target_arch = "x86_64") {
        assert_eq!(verdict(&filter, "chmod", 0), EPERM);
    }
}

#[test]
fn comparisons_look_at_all_64_bits() {
    let big = 1u64 << 32 | 5;
    let cases = [
        ("SCMP_CMP_EQ", [(big, true), (5, false), (big + 1, false)]),
        ("SCMP_CMP_NE", [(big, false), (5, true), (big + 1, true)]),
        ("SCMP_CMP_LT", [(big, false), (5, true), (6, true)]),
        ("SCMP_CMP_LE", [(big, true), (big - 1, true), (big + 1, false)]),
        ("SCMP_CMP_GT", [(big, false), (2 << 32, true), (6, false)]),
        ("SCMP_CMP_GE", [(big, true), (2 << 32, true), (6, false)]),
    ];
    for (op, values) in cases {
        let json = format!(
            r#"{{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{{"names":["dup"],"action":"SCMP_ACT_ALLOW",
               "args":[{{"index":0,"value":{big},"op":"{op}"}},{{"index":1,"value":0,"op":"SCMP_CMP_EQ"}}]}}]}}"#
        );
        let filter = custom(&json);
        for (value, allowed) in values {
            let expected = if allowed { ALLOW } else { EPERM };
            assert_eq!(verdict(&filter, "dup", value), expected, "{value:#x} {op} {big:#x}");
        }
    }
}

#[test]
fn what_cannot_be_done_is_refused() {
    let wrong = [
        r#"{"defaultAction":"SCMP_ACT_NOTIFY","syscalls":[]}"#,
        r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[],"surprise":1}"#,
        r#"{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_NEW"],"syscalls":[]}"#,
        r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["dup"],"action":"SCMP_ACT_ERRNO",
            "args":[{"index":6,"value":0,"op":"SCMP_CMP_EQ"}]}]}"#,
    ];
    for json in wrong {
        assert!(Profile::parse(json).is_err(), "{json}");
    }
}
