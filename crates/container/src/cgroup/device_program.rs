//! Device rules as an eBPF program of type `cgroup_device` (kernel 4.15), for cgroup v2.
//!
//! The kernel runs it for every open and mknod of a device with a `bpf_cgroup_dev_ctx`; 1 allows, 0 denies.

use crate::spec::{DeviceAccess, DeviceKind, DeviceRule};

/// `linux/bpf.h`: values of the context.
const BLOCK: i32 = 1;
const CHARACTER: i32 = 2;
const MAKE_NODE: i32 = 1;
const READ: i32 = 2;
const WRITE: i32 = 4;

/// Registers: the context, then its parts.
const RESULT: u8 = 0;
const CONTEXT: u8 = 1;
const SCRATCH: u8 = 1;
const KIND: u8 = 2;
const ACCESS: u8 = 3;
const MAJOR: u8 = 4;
const MINOR: u8 = 5;

/// Opcodes.
const LOAD_WORD: u8 = 0x61;
const MOVE_REGISTER: u8 = 0xbf;
const MOVE_NUMBER: u8 = 0xb7;
const AND_NUMBER: u8 = 0x57;
const SHIFT_RIGHT: u8 = 0x77;
const JUMP_IF_EQUAL: u8 = 0x15;
const JUMP_UNLESS_EQUAL: u8 = 0x55;
const JUMP_UNLESS_EQUAL_REGISTER: u8 = 0x5d;
const EXIT: u8 = 0x95;

/// The program for `rules`, of which the last match wins; without a match everything is allowed.
pub(super) fn compile(rules: &[DeviceRule]) -> Vec<u64> {
    let mut program = prologue();
    for rule in rules.iter().rev() {
        let tests = tests(rule);
        let unconditional = tests.is_empty();
        append_rule(&mut program, tests, rule.allow);
        if unconditional {
            // The verifier refuses code that cannot be reached.
            return program;
        }
    }
    append_verdict(&mut program, true);
    program
}

/// Takes the context apart. Its first word is `access << 16 | kind`.
fn prologue() -> Vec<u64> {
    vec![
        instruction(LOAD_WORD, KIND, CONTEXT, 0, 0),
        instruction(MOVE_REGISTER, ACCESS, KIND, 0, 0),
        instruction(AND_NUMBER, KIND, 0, 0, 0xffff),
        instruction(SHIFT_RIGHT, ACCESS, 0, 0, 16),
        instruction(LOAD_WORD, MAJOR, CONTEXT, 4, 0),
        instruction(LOAD_WORD, MINOR, CONTEXT, 8, 0),
    ]
}

/// An instruction before it is known how far the next rule is.
struct Test {
    code: u8,
    register: u8,
    source: u8,
    number: i32,
    jumps: bool,
}

fn tests(rule: &DeviceRule) -> Vec<Test> {
    let differs =
        |register, number| Test { code: JUMP_UNLESS_EQUAL, register, source: 0, number, jumps: true };
    let mut tests = Vec::new();
    tests.extend(rule.kind.map(|kind| differs(KIND, kind_number(kind))));
    tests.extend(rule.major.map(|major| differs(MAJOR, major as i32)));
    tests.extend(rule.minor.map(|minor| differs(MINOR, minor as i32)));
    if rule.access != DeviceAccess::ALL {
        tests.extend(access_tests(rule));
    }
    tests
}

/// An allowing rule must cover all of the access, a denying one any of it.
fn access_tests(rule: &DeviceRule) -> [Test; 3] {
    let step = |code, source, number| Test { code, register: SCRATCH, source, number, jumps: false };
    let skip = match rule.allow {
        true => Test { jumps: true, ..step(JUMP_UNLESS_EQUAL_REGISTER, ACCESS, 0) },
        false => Test { jumps: true, ..step(JUMP_IF_EQUAL, 0, 0) },
    };
    [step(MOVE_REGISTER, ACCESS, 0), step(AND_NUMBER, 0, access_mask(rule.access)), skip]
}

fn append_rule(program: &mut Vec<u64>, tests: Vec<Test>, allow: bool) {
    let count = tests.len();
    for (index, test) in tests.into_iter().enumerate() {
        // Behind the remaining tests and the two instructions of the verdict.
        let distance = if test.jumps { (count - index - 1 + 2) as i16 } else { 0 };
        program.push(instruction(test.code, test.register, test.source, distance, test.number));
    }
    append_verdict(program, allow);
}

fn append_verdict(program: &mut Vec<u64>, allow: bool) {
    program.push(instruction(MOVE_NUMBER, RESULT, 0, 0, i32::from(allow)));
    program.push(instruction(EXIT, 0, 0, 0, 0));
}

/// `struct bpf_insn` in the host's byte order.
fn instruction(code: u8, destination: u8, source: u8, offset: i16, number: i32) -> u64 {
    let registers =
        if cfg!(target_endian = "little") { source << 4 | destination } else { destination << 4 | source };
    let [offset_low, offset_high] = offset.to_ne_bytes();
    let [n0, n1, n2, n3] = number.to_ne_bytes();
    u64::from_ne_bytes([code, registers, offset_low, offset_high, n0, n1, n2, n3])
}

const fn kind_number(kind: DeviceKind) -> i32 {
    match kind {
        DeviceKind::Block => BLOCK,
        DeviceKind::Character => CHARACTER,
    }
}

fn access_mask(access: DeviceAccess) -> i32 {
    let bits = [(access.read, READ), (access.write, WRITE), (access.make_node, MAKE_NODE)];
    bits.iter().filter(|(set, _)| *set).map(|(_, bit)| bit).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::default_device_rules;

    #[test]
    fn nothing_follows_an_unconditional_rule() {
        assert_eq!(compile(&[DeviceRule::ALLOW_ALL]).len(), prologue().len() + 2);
        assert_eq!(compile(&[]).len(), prologue().len() + 2);
    }

    #[test]
    fn the_default_rules_are_a_short_program() {
        let program = compile(&default_device_rules());
        assert!(program.len() < 80, "{}", program.len());
        assert_eq!(program.last(), Some(&instruction(EXIT, 0, 0, 0, 0)));
    }
}
